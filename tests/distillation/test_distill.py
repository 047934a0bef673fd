"""Stage 1 end to end, on 60 concepts and a tiny random encoder."""

from dataclasses import replace

import pandas as pd
import pytest
import torch
from torch.testing import assert_close
from transformers import BertConfig, BertModel, BertTokenizerFast

from modeling_kogner.commands.main import call
from modeling_kogner.distillation import distill as module
from modeling_kogner.distillation.distill import DistillSettings, centre, distill
from modeling_kogner.distillation.name_encoder import encode_names
from modeling_kogner.distillation.student_training import StudentSettings
from modeling_kogner.distillation.teacher import TeacherSettings
from modeling_kogner.graph.knowledge_folder import SEMANTIC_TYPES, Knowledge
from modeling_kogner.student_gnn import DenseTransformerConv

WORDS = ["acid", "tumour", "kinase", "acute", "chronic", "mouse"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("encoder")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *map(str, range(10))]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    BertModel(BertConfig(vocab_size=len(vocabulary), **sizes)).save_pretrained(folder)
    return str(folder)


def synthetic_knowledge() -> Knowledge:
    names = [f"{WORDS[i % 6]} {i // 10} {i % 10}" for i in range(60)]
    types = [("Chemical", "Disease")[i % 2] for i in range(60)]
    concepts = pd.DataFrame({"id": [f"X:{i}" for i in range(60)], "name": names, "type": types})
    surfaces = pd.DataFrame({"surface": names, "concept": pd.Series(range(60), dtype="int32")})
    rows = [(f"X:{i}", "is_a", f"X:{i // 3}") for i in range(1, 60)]
    rows += [(f"X:{i}", "treats", f"X:{(i * 7 + 1) % 60}") for i in range(0, 60, 2)]
    edges = pd.DataFrame(rows, columns=["head", "relation", "tail"])
    same = pd.DataFrame({"id": ["Y:1"], "preferred": ["X:1"]})
    return Knowledge(list(SEMANTIC_TYPES), concepts, surfaces, edges, same, report={"built": 1})


def small(encoder: str, **changes) -> DistillSettings:
    teacher = TeacherSettings(
        held_out=0.05, transr_width=8, transr_steps=8, transformer_width=16, transformer_steps=5, negatives=16
    )
    return DistillSettings(encoder, teacher=teacher, student=StudentSettings(width=8, hidden=16, steps=20), **changes)


def test_distilled_folder_survives_the_disk_and_reports_every_part(encoder, tmp_path):
    """What later stages read: a code row a concept, the layer under torch_geometric's names, numbers in the report."""
    before = synthetic_knowledge()
    distill(before, small(encoder)).save(tmp_path / "out")
    kept = Knowledge.load(tmp_path / "out")
    assert before.codes is None
    assert kept.codes.shape == (60, 7)
    assert kept.codebooks.shape == (7, 256, 8)
    layers = ("lin_key", "lin_query", "lin_value")
    assert set(kept.student) == {f"{layer}.{name}" for layer in layers for name in ("weight", "bias")}
    report = kept.report["distillation"]
    assert kept.report["built"] == 1
    assert set(report["teacher"]["test"]) == {"teacher", "graph transformer", "TransR", "degree in relation"}
    assert set(report["student"]["cosine"]["centred"]) == {"whole", "Z", "Z'", "Z''"}


def test_centring_moves_the_origin_and_nothing_else():
    """A shift that the layer did not take in would change every message between mentions."""
    torch.manual_seed(0)
    codebooks, codes = torch.randn(3, 256, 8) + 1, torch.randint(256, (40, 3), dtype=torch.uint8)
    layer = DenseTransformerConv(8, 2)
    vectors = sum(codebooks[stage][codes[:, stage].long()] for stage in range(3))
    moved, weights = centre(codebooks, codes, layer.state_dict())
    centred = sum(moved[stage][codes[:, stage].long()] for stage in range(3))
    assert_close(centred, vectors - vectors.mean(0))
    adjacent = torch.rand(1, 40, 40) > 0.5
    before = layer(vectors[None], adjacent)
    layer.load_state_dict(weights)
    assert_close(layer(centred[None], adjacent), before)


def test_seed_repeats_a_run_and_another_seed_does_not(encoder):
    """Unseeded sampling anywhere would make reported numbers unrepeatable."""
    first, second = (distill(synthetic_knowledge(), small(encoder)) for _ in range(2))
    assert torch.equal(first.codes, second.codes)
    assert_close(first.codebooks, second.codebooks, rtol=0, atol=0)
    assert not torch.equal(first.codes, distill(synthetic_knowledge(), small(encoder, seed=14)).codes)


def test_a_cut_off_run_goes_on_from_finished_phases_and_ends_the_same(encoder, tmp_path, monkeypatch):
    """A student that fails after the teacher's minutes must not cost them again, nor change the result."""
    settings = small(encoder)
    whole = distill(synthetic_knowledge(), settings)
    with monkeypatch.context() as broken:
        broken.setattr(module, "train_student", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            distill(synthetic_knowledge(), settings, tmp_path)
    with monkeypatch.context() as absent:
        absent.setattr(module, "Teacher", None)
        absent.setattr(module, "encode_names", None)
        resumed = distill(synthetic_knowledge(), settings, tmp_path)
    assert torch.equal(whole.codes, resumed.codes)
    assert not list(tmp_path.glob("*.partial"))


def test_kept_phases_of_other_settings_are_not_taken(encoder, tmp_path):
    """A stale H would be reported under settings it was not made with."""
    first = distill(synthetic_knowledge(), small(encoder), tmp_path)
    longer = small(encoder)
    longer.teacher = replace(longer.teacher, transr_steps=30)
    (tmp_path / "name_vectors.safetensors").write_bytes(b"half")  # incomplete, as after a full disk
    other = distill(synthetic_knowledge(), longer, tmp_path)
    assert not torch.equal(first.codes, other.codes)


def test_a_part_of_the_graph_keeps_surfaces_and_concepts_together(encoder):
    """Surfaces that keep old indices would name other concepts."""
    part = distill(synthetic_knowledge(), small(encoder, max_concepts=40))
    assert len(part.concepts) == len(part.codes) == 40
    assert part.concepts["name"].iloc[part.surfaces["concept"]].tolist() == part.surfaces["surface"].tolist()


def test_command_writes_nothing_when_the_input_is_no_knowledge_folder(encoder, tmp_path):
    """A wrong folder must end before any training time, with the fix."""
    with pytest.raises(ValueError, match="knowledge"):
        call("graph distill", ["--knowledge", tmp_path, "--encoder", encoder, "--output", tmp_path / "out"])
    assert not (tmp_path / "out").exists()


def test_name_vectors_do_not_depend_on_their_batch(encoder):
    """Padding that enters the mean would make a vector depend on its neighbours in the batch."""
    names = ["acid 1", "chronic tumour 2 3 4 5", "mouse"]
    together = encode_names(names, encoder, torch.device("cpu"))
    alone = torch.cat([encode_names([name], encoder, torch.device("cpu"), batch_size=1) for name in names])
    assert_close(together, alone, atol=1e-5, rtol=1e-5)
    with pytest.raises(ValueError, match="concepts"):
        encode_names([], encoder, torch.device("cpu"))

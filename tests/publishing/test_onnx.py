"""The exported graph says what the model says, linker included."""

import json
import os
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from conftest import train_tokenizer
from support import ROOT, kogner, mentions_of, run_process, tiny_model
from transformers.modeling_outputs import TokenClassifierOutput

from modeling_kogner.corpora.corpus import load_corpus
from modeling_kogner.inference.annotator import Annotator
from modeling_kogner.inference.exported_tables import EXPORT_VERSION, TABLES_FILE
from modeling_kogner.inference.exported_tagger import INPUTS, RUNTIMES, ExportedTagger
from modeling_kogner.inference.load_model import load_model
from modeling_kogner.publishing import onnx_export
from modeling_kogner.publishing.onnx_export import _OnnxOperators, save_tables
from modeling_kogner.publishing.onnx_int8 import quantise

TEXTS = [
    "Aspirin reduced the fever of patients with acute lymphoblastic leukemia, breast cancers and diabetes mellitus.",
    "The BRCA1 gene, IL-2 and il 2; at 1 h Parkinson's disease was seen in HeLa cells.",
    "no",
]


def mentions(tagger, tokenizer, texts):
    found = mentions_of(Annotator(tagger, tokenizer), texts)
    return [[(m.start, m.end, m.type, m.id, *[c.id for c in m.alternatives]) for m in row] for row in found]


def save(knowledge, kind, folder):
    tokenizer = train_tokenizer(kind)
    model = tiny_model(knowledge, tokenizer)
    model.config.constrained_decoding = model.config.whole_words = True
    model.config.decision_shifts = {"none": {"Disease": 0.5}}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def annotate(model, text, code=0, *options):
    """Run the command; its mentions, or its message."""
    command = ["annotate", "--json", "--model", str(model), "--device", "cpu", *options, text]
    result = kogner(*command)
    assert result.exit_code == code, result.output
    return result.stderr if code else json.loads(result.stdout)["mentions"]


@pytest.fixture
def traced_once(monkeypatch):
    """Exports of one model share its trace, which is what takes the time."""
    for trace in ("_tagging", "_embedding"):
        monkeypatch.setattr(onnx_export, trace, cache(getattr(onnx_export, trace)))


@pytest.fixture
def by_piece(knowledge, wordpiece, tmp_path):
    """A model whose logits depend on the piece alone, and a folder with the same as a graph of one node."""
    model = tiny_model(knowledge, wordpiece).to(torch.float32)
    table = torch.randn(len(wordpiece), model.config.num_labels, generator=torch.Generator().manual_seed(0))
    table[:, [0, 2, 4]] -= 9  # every word is a mention, so that many are linked
    kinds = {"ids": onnx.TensorProto.INT64, "float": onnx.TensorProto.FLOAT}
    inputs = [
        onnx.helper.make_tensor_value_info(name, kinds["ids"], ["B", "T", "n", "C"][: 2 if "ngram" not in name else 4])
        for name in INPUTS
    ]
    output = onnx.helper.make_tensor_value_info("logits", kinds["float"], ["B", "T", table.shape[1]])
    node = onnx.helper.make_node("Gather", ["table", INPUTS[0]], ["logits"])
    weights = [onnx.numpy_helper.from_array(table.numpy(), "table")]
    graph = onnx.helper.make_graph([node], "tagger", inputs, [output], weights)
    opset = onnx.helper.make_opsetid("", 20)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=10), tmp_path / "model.onnx")
    save_tables(model, tmp_path)
    model.config.save_pretrained(tmp_path)
    wordpiece.save_pretrained(tmp_path)
    model.forward = lambda input_ids, attention_mask: TokenClassifierOutput(logits=table[input_ids])
    return model, tmp_path


def test_annotate_links_without_the_model(by_piece, wordpiece):
    """The graph holds no names: with tables of its own left out, or those of another model, the ids would differ."""
    model, folder = by_piece
    for text in TEXTS:
        (expected,) = mentions_of(Annotator(model, wordpiece), [text])
        assert annotate(folder, text) == [mention.to_dict() for mention in expected]
    linked = [mention["id"] for text in TEXTS for mention in annotate(folder, text)]
    assert set(linked) - {None}


LIGHT = """
import sys
from importlib.abc import MetaPathFinder

class Without(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "transformers", "pandas", "pyarrow", "onnx", "datasets", "sklearn"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Without())
from modeling_kogner.commands.main import app
app()
"""


def test_annotate_needs_no_torch(by_piece, tmp_path):
    """One import too many, and two gigabytes have to be installed; the same for a file and several processes."""
    _, folder = by_piece
    source = tmp_path / "in.txt"
    source.write_text("\n".join(TEXTS))
    expected = [annotate(folder, text) for text in TEXTS]
    for ending, options in (("jsonl", ()), ("jobs.jsonl", ("--jobs", "2", "--batch-size", "1")), ("html", ())):
        output = tmp_path / f"out.{ending}"
        command = ["annotate", "--model", folder, "--backend", "onnx", "--input", source, "--output", output, *options]
        done = run_process("-c", LIGHT, *map(str, command), cwd=ROOT)
        assert done.returncode == 0, done.stderr
        if ending != "html":
            assert [json.loads(line)["mentions"] for line in output.open()] == expected
    refused = run_process("-c", LIGHT, "explain", "--model", str(folder), "fever", cwd=ROOT)
    assert "pip install 'kogner[torch]'" in refused.stderr


def test_annotate_says_what_an_export_cannot_do(by_piece, monkeypatch):
    """An option that is silently without effect, or a traceback from another package."""
    _, folder = by_piece
    assert "includes its knowledge" in annotate(folder, "fever", 2, "--knowledge", "off")
    assert "runs on the CPU" in annotate(folder, "fever", 2, "--device", "cuda")
    with pytest.raises(ValueError, match="an exported model, which only annotates"):
        load_model(folder)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "onnxruntime", None)
        assert "pip install 'kogner[onnx]'" in annotate(folder, "fever", 2, "--backend", "onnx")
    (folder / TABLES_FILE).unlink()
    message = annotate(folder, "fever", 1)
    assert re.search(r"tables\.safetensors: cannot be read .*; export the model again", message)
    assert len(message.strip().splitlines()) == 1


@torch.inference_mode()
def test_other_operators_same_links(knowledge, tokenizer):
    """A search that is one row off or a product that stops early would lose links in the export alone."""
    model = tiny_model(knowledge, tokenizer)
    batch = tokenizer(TEXTS, padding=True, return_tensors="pt")
    inputs = (batch["input_ids"], batch["attention_mask"])
    expected = model.kogner.link(*inputs)
    assert expected.is_mention.sum() >= 8
    with _OnnxOperators():
        links = model.kogner.link(*inputs)
        logits = model(*inputs).logits
    for ours, theirs in zip(links, expected, strict=True):
        assert torch.equal(ours, theirs)
    torch.testing.assert_close(logits, model(*inputs).logits)


@pytest.mark.slow
@torch.inference_mode()
def test_logits_are_those_of_the_model(knowledge, tmp_path, traced_once, monkeypatch):
    """A size taken for constant would show in onnxruntime alone; in 8 bits, too many rounded tables or no layer."""
    folder = save(knowledge, "bytelevel", tmp_path / "model")
    (model, tokenizer), (plain, _) = load_model(folder), load_model(folder, "none")
    monkeypatch.setattr("modeling_kogner.publishing.onnx_int8._NARROW", 16)  # this one has no wider layers
    for name in ("fp32", "int8"):
        onnx_export.export_onnx(model, tokenizer, tmp_path / name, int8=name == "int8")
    exact, rounded = (ExportedTagger(tmp_path / name, "onnx", threads=1) for name in ("fp32", "int8"))

    def odds(tagger, inputs):
        return torch.from_numpy(tagger.odds(*(tensor.numpy() for tensor in inputs)))

    for texts in (TEXTS, TEXTS[:1], TEXTS[2:], TEXTS[:2] * 5):
        batch = tokenizer(texts, padding=True, return_tensors="pt")
        inputs = (batch["input_ids"], batch["attention_mask"])
        logits = model(*inputs).logits
        expected = logits[..., 1:] - logits[..., :1]
        torch.testing.assert_close(odds(exact, inputs), expected, rtol=0, atol=1e-4)
        assert texts == TEXTS[2:] or (plain(*inputs).logits - logits).abs().max() > 0.1
        if texts == TEXTS:
            assert (odds(rounded, inputs) - expected).abs().mean() < 0.05 * expected.abs().mean()
    exact.share(2)
    with ThreadPoolExecutor(2) as executor:
        first, *others = executor.map(lambda _: odds(exact, inputs), range(4))
    assert all(torch.equal(first, other) for other in others)
    torch.testing.assert_close(first, expected, rtol=0, atol=1e-4)
    assert mentions(exact, tokenizer, TEXTS) == mentions(model, tokenizer, TEXTS)
    assert str(ROOT).encode() not in (tmp_path / "fp32/model.onnx").read_bytes(), "files of the machine that exported"
    operators = [node.op_type for node in onnx.load(tmp_path / "int8/model.onnx").graph.node]
    assert operators.count("MatMulInteger") >= 8
    assert "DequantizeLinear" not in operators


def test_large_channels_do_not_coarsen_the_others(tmp_path, monkeypatch):
    """One channel that is fifty times the others takes most of their 8 bits, and tags change."""
    draw = np.random.default_rng(1)
    weight, given = (draw.standard_normal(size).astype(np.float32) for size in ((96, 80), (2, 40, 96)))
    given[..., 7] *= 50
    values = [onnx.helper.make_tensor_value_info(name, 1, [None, None, size]) for name, size in (("x", 96), ("y", 80))]
    node = onnx.helper.make_node("MatMul", ["x", "w"], ["y"], "product")
    graph = onnx.helper.make_graph([node], "g", values[:1], values[1:], [onnx.numpy_helper.from_array(weight, "w")])
    plain = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)

    def error():
        onnx.save(plain, tmp_path / "g.onnx")
        quantise(tmp_path / "g.onnx", [{"x": given}])
        (found,) = onnxruntime.InferenceSession(tmp_path / "g.onnx").run(None, {"x": given})
        return np.abs(found - given @ weight).mean()

    divided = error()
    monkeypatch.setattr("modeling_kogner.publishing.onnx_int8._FACTOR", 1e9)
    assert divided < error() / 5


@pytest.mark.slow
@pytest.mark.corpora
def test_bundled_model_on_real_sentences(data_folder, tmp_path, traced_once):
    """Tables of a million rows: their search is 21 steps deep, and their hashes fill all 64 bits.

    In 8 bits too, from the same trace; `KOGNER_EXPORT` names the folder where `.ci/run` reads it without torch.
    """
    model, tokenizer = load_model(ROOT / "hub_card")
    plain, narrow = tmp_path / "fp32", Path(os.environ.get("KOGNER_EXPORT", tmp_path / "int8"))
    for folder in (plain, narrow):
        onnx_export.export_onnx(model, tokenizer, folder, int8=folder == narrow)
    rows = load_corpus(str(data_folder / "data/ner/BC5CDR")).split("validation")["tokens"][:100]
    texts = [" ".join(row) for row in rows]
    expected = mentions(model, tokenizer, texts)
    assert sum(map(len, expected)) > 150

    def agreement(tagger):
        """Share of mentions, without their other candidates, that both find."""
        own, theirs = (
            {(number, *each[:4]) for number, row in enumerate(rows) for each in row}
            for rows in (mentions(tagger, tokenizer, texts), expected)
        )
        return len(own & theirs) / max(len(own), len(theirs))

    assert mentions(ExportedTagger(plain, "onnx", threads=1), tokenizer, texts) == expected
    assert agreement(ExportedTagger(narrow, "onnx", threads=1)) > 0.95
    if find_spec("openvino"):
        assert mentions(ExportedTagger(plain, "openvino", "fp32", threads=1), tokenizer, texts) == expected
        assert agreement(ExportedTagger(plain, "openvino", threads=1)) > 0.985


def test_what_is_no_export(by_piece, tmp_path):
    """A wrong path or a broken copy ends in one message, not in onnxruntime's."""
    result = kogner("export", str(tmp_path / "absent"), "--output", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert not (tmp_path / "out").exists()
    with pytest.raises(ValueError, match=r"model\.onnx: no such file; write it with kogner export"):
        ExportedTagger(tmp_path / "out")
    _, folder = by_piece
    shutil.copy(__file__, folder / "model.onnx")
    for backend, package in RUNTIMES.items():
        if find_spec(package) is None:
            continue
        exported = ExportedTagger(folder, backend)
        with pytest.raises(ValueError, match=r"model\.onnx: damaged"):
            exported.odds(*[np.ones((1, 3), dtype=np.int64)] * 2)


def test_backends_and_precisions_that_do_not_fit(by_piece, monkeypatch):
    """One that is silently replaced by another gives other speeds or scores than were asked for."""
    model, folder = by_piece
    assert "give the model it was made from" in annotate(folder, "fever", 2, "--backend", "torch")
    assert "kogner export MODEL --output FOLDER --int8" in annotate(folder, "fever", 2, "--precision", "int8")
    assert "--backend openvino" in annotate(folder, "fever", 2, "--backend", "onnx", "--precision", "bf16")
    assert ExportedTagger(folder, "onnx").precision == "fp32"
    save_tables(model, folder, "int8")
    assert ExportedTagger(folder).backend == "onnx"
    assert "an export in int8" in annotate(folder, "fever", 2, "--precision", "fp32")
    monkeypatch.setattr("modeling_kogner.inference.exported_tables.EXPORT_VERSION", "next")
    message = annotate(folder, "fever", 1)
    assert re.search(f"an export of version {EXPORT_VERSION}, .* version next; export the model again", message)
    assert "kogner export" in annotate(ROOT / "hub_card", "fever", 2, "--backend", "openvino")

"""A knowledge folder is whole or refused."""

import json

import pandas as pd
import pytest
import torch

from modeling_kogner.graph.knowledge_folder import SEMANTIC_TYPES, Knowledge


def make(distilled=True):
    return Knowledge(
        semantic_types=list(SEMANTIC_TYPES),
        concepts=pd.DataFrame({"id": ["A:1", "A:2"], "name": ["one", "two"], "type": ["Gene", "Disease"]}),
        surfaces=pd.DataFrame({"surface": ["one", "two"], "concept": pd.Series([0, 1], dtype="int32")}),
        edges=pd.DataFrame({"head": ["A:1"], "relation": ["is_a"], "tail": ["A:2"]}),
        equivalents=pd.DataFrame({"id": ["B:1"], "preferred": ["A:1"]}),
        codes=torch.tensor([[1, 2], [3, 255]], dtype=torch.uint8) if distilled else None,
        codebooks=torch.randn(2, 256, 4) if distilled else None,
        student={"att": torch.ones(1, 2, 4)} if distilled else None,
        report={"note": "\u03b1"},
    )


@pytest.mark.parametrize("distilled", [True, False])
def test_round_trip(tmp_path, distilled):
    """Types, dtypes or tensors that change on disk would shift concepts or vectors."""
    before = make(distilled)
    before.save(tmp_path / "k")
    after = Knowledge.load(tmp_path / "k")
    for table in ("concepts", "surfaces", "edges", "equivalents"):
        assert getattr(after, table).to_dict() == getattr(before, table).to_dict()
    assert after.surfaces["concept"].dtype == "int32"
    assert after.report == before.report
    if distilled:
        assert torch.equal(after.codes, before.codes)
        assert torch.equal(after.codebooks, before.codebooks)
        assert torch.equal(after.student["att"], before.student["att"])
    else:
        assert after.codes is after.codebooks is after.student is None


def test_saving_again_replaces_the_folder_and_spares_other_files(tmp_path):
    """Vectors of an older build beside new tables would belong to other concepts."""
    make(distilled=True).save(tmp_path / "k")
    (tmp_path / "k" / "cache.bin").write_text("mine")
    make(distilled=False).save(tmp_path / "k")
    assert not (tmp_path / "k" / "distilled.safetensors").exists()
    assert (tmp_path / "k" / "cache.bin").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["k"]


def test_a_failed_save_leaves_the_old_folder(tmp_path):
    """A report that is not JSON must not cost the folder that was there."""
    make().save(tmp_path / "k")
    broken = make()
    broken.report = {"tensor": torch.ones(1)}
    with pytest.raises(TypeError):
        broken.save(tmp_path / "k")
    assert len(Knowledge.load(tmp_path / "k").concepts) == 2


def test_not_a_knowledge_folder(tmp_path):
    """A wrong path must fail before training, by its name."""
    with pytest.raises(ValueError, match=r"no knowledge.json.*kogner graph build"):
        Knowledge.load(tmp_path)


@pytest.mark.parametrize("name", ["concepts.parquet", "edges.parquet", "distilled.safetensors", "knowledge.json"])
def test_missing_or_truncated_file(tmp_path, name):
    """A half-downloaded folder must not load with what is there."""
    folder = tmp_path / "k"
    make().save(folder)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=f"{name}: "):
        Knowledge.load(folder)
    (folder / name).unlink()
    with pytest.raises(ValueError, match=name):
        Knowledge.load(folder)


def test_tables_of_different_builds(tmp_path):
    """Swapped tables and foreign codes load well one by one."""
    folder = tmp_path / "k"
    make().save(folder)
    manifest = json.loads((folder / "knowledge.json").read_text())
    manifest["rows"]["surfaces"] = 7
    (folder / "knowledge.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match=r"2 rows, knowledge.json promises 7"):
        Knowledge.load(folder)
    beyond = make()
    beyond.surfaces.loc[1, "concept"] = 2
    with pytest.raises(ValueError, match="field concept: runs from 0 to 2"):
        beyond.save(tmp_path / "other")
    short = make()
    short.codes = short.codes[:1]
    with pytest.raises(ValueError, match="do not fit 2 concepts"):
        short.save(tmp_path / "other")

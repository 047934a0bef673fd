"""Folders and files of the graph stage under kills, full disks and flipped bytes."""

import json
import shutil
from dataclasses import replace
from functools import partial

import pytest
import torch
from doomed import kill_everywhere, run_doomed

from modeling_kogner.files.tensor_file import kept_tensors
from modeling_kogner.graph.index_tables import load_tables
from modeling_kogner.graph.knowledge_folder import Knowledge

OLD, NEW = {"made": "before"}, {"made": "after"}


def flip(path, place=-100) -> None:
    """Turn one bit of a file over."""
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_a_kill_at_any_moment_leaves_a_whole_folder(knowledge, tmp_path):
    """Half of a new build beside half of the old one would load, and link to other concepts.

    The user's own file in the folder must outlive every kill too.
    """
    folder = tmp_path / "k"
    before, after = replace(knowledge, report=OLD), replace(knowledge, report=NEW, codes=knowledge.codes ^ 1)
    before.save(folder)
    (folder / "mine.txt").write_text("mine")
    ends = set()
    for where in kill_everywhere(partial(after.save, folder), tmp_path, sizes=(1, 500, 3000, 20_000)):
        try:
            left = Knowledge.load(folder)
            ends.add(left.report["made"])
            assert torch.equal(left.codes, (before if left.report == OLD else after).codes), where
        except ValueError as error:
            ends.add("told")
            assert "rename" in str(error), where  # noqa: PT017 - whole, or told
        before.save(folder)
        assert (folder / "mine.txt").read_text() == "mine", where
        assert sorted(path.name for path in tmp_path.iterdir()) == ["k"], where
    assert ends == {"before", "after", "told"}
    assert Knowledge.load(folder).report == NEW


def test_a_full_disk_is_told_and_left_as_it_was(knowledge, tmp_path):
    """A traceback out of a writer names no file, and half a folder keeps the disk full."""
    knowledge.save(tmp_path / "k")
    larger = replace(knowledge, codebooks=torch.randn(3, 512, 64))
    said = run_doomed(partial(larger.save, tmp_path / "k"), tmp_path, bytes_a_file=-100_000)
    assert said.startswith("OSError")
    assert "distilled.safetensors: could not be written" in said
    assert [path.name for path in tmp_path.iterdir()] == ["k"]
    assert Knowledge.load(tmp_path / "k").codebooks.shape == knowledge.codebooks.shape


@pytest.mark.parametrize("name", ["concepts", "surfaces", "edges", "equivalents", "distilled"])
def test_a_flipped_bit_of_any_file_is_noticed(knowledge, tmp_path, name):
    """In a vector or in a name it would change what is learned, without an error."""
    knowledge.save(tmp_path / "k")
    (file,) = (tmp_path / "k").glob(f"{name}.*")
    flip(file)
    with pytest.raises(ValueError, match=rf"{file.name}: damaged, its checksum"):
        Knowledge.load(tmp_path / "k")


def test_a_folder_without_checksums_loads(knowledge, tmp_path):
    """Folders of earlier versions have none."""
    knowledge.save(tmp_path / "k")
    manifest = json.loads((tmp_path / "k/knowledge.json").read_text())
    del manifest["checksums"]
    (tmp_path / "k/knowledge.json").write_text(json.dumps(manifest))
    assert len(Knowledge.load(tmp_path / "k").concepts) == len(knowledge.concepts)


def test_damaged_tables_beside_the_graph_are_built_again(knowledge, wordpiece, tmp_path):
    """The tables that training keeps there are copied into every model made from them."""
    knowledge.save(tmp_path / "k")
    _, tables = load_tables(tmp_path / "k", wordpiece)
    (kept,) = (tmp_path / "k").glob("index-*.safetensors")
    for damage in (lambda: flip(kept), lambda: kept.write_bytes(kept.read_bytes()[:-50])):
        damage()
        _, again = load_tables(tmp_path / "k", wordpiece)
        assert all(torch.equal(again[name], table) for name, table in tables.items())


CALLS = []


def phase():
    """What takes hours."""
    CALLS.append(1)
    return {"H": torch.arange(5000.0)}, {"steps": 3}


def run(folder):
    """A run of that one phase."""
    folder.mkdir(exist_ok=True)
    return kept_tensors(folder / "teacher.safetensors", "mark", phase)


def test_a_distillation_goes_on_from_its_last_phase(tmp_path):
    """A phase that takes hours is not to be taken from half a file, and not to be repeated."""
    for where in kill_everywhere(partial(run, tmp_path), tmp_path, sizes=(1, 200, 9000)):
        tensors, facts = run(tmp_path)
        assert torch.equal(tensors["H"], torch.arange(5000.0)), where
        assert facts == {"steps": 3}
        shutil.rmtree(tmp_path)
    run(tmp_path)
    CALLS.clear()
    run(tmp_path)
    assert CALLS == []
    flip(tmp_path / "teacher.safetensors")
    assert torch.equal(run(tmp_path)[0]["H"], torch.arange(5000.0))
    assert CALLS == [1]

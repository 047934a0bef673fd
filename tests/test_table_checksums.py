"""Damaged knowledge tables are noticed at load, wherever the model is loaded."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from support import run_as_user, tiny_model
from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification

from modeling_kogner import KognerForTokenClassification
from modeling_kogner.inference.load_model import load_model
from modeling_kogner.table_checksums import _PART, checksum

TABLES = ["kogner.catalogue", "kogner.nodes.codebooks", "kogner.nodes.codes"]
TABLES += [f"kogner.index.{name}" for name in ("concept_type", "surface_concept", "surface_hash", "token_hash")]


@pytest.fixture(scope="module")
def model(knowledge, wordpiece):
    return tiny_model(knowledge, wordpiece)


@pytest.fixture
def folder(model, wordpiece, tmp_path):
    model.save_pretrained(tmp_path / "m", max_shard_size="20KB")
    wordpiece.save_pretrained(tmp_path / "m")
    return tmp_path / "m"


def damage(folder, name):
    """Flip the highest bit of a byte in the middle of a tensor on the disk."""
    for shard in folder.glob("*.safetensors"):
        with safe_open(shard, "pt") as file:
            held = name in file.keys()  # noqa: SIM118
        if held:
            tensors = load_file(shard)
            content = tensors[name].view(torch.uint8).flatten()
            content[len(content) // 2 | 1] ^= 128
            save_file(tensors, shard, metadata={"format": "pt"})
            return
    raise AssertionError(name)


def test_worked_out_by_hand():
    """Another formula would refuse every checkpoint that is out there."""
    # Words 1 and 2 (the bytes end in the middle of the second): 1 * 1 + 3 * 2.
    assert checksum(torch.tensor([1, 0, 0, 0, 0, 0, 0, 0, 2, 0], dtype=torch.uint8)) == f"{7:016x}"
    assert checksum(torch.tensor([-1, 2])) == f"{5:016x}"
    assert checksum(torch.zeros(0, dtype=torch.int32)) == f"{0:016x}"
    long = torch.zeros(_PART + 1, dtype=torch.long)
    long[_PART] = 1
    assert checksum(long) == f"{2 * _PART + 1:016x}"


def test_every_changed_byte_and_every_exchange_shows():
    """A sum of bytes would not see two rows that changed places."""
    table = torch.randint(0, 256, (3, 7), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    sums = {checksum(table)}
    for place in range(table.numel()):
        changed = table.flatten().clone()
        changed[place] ^= 64
        sums.add(checksum(changed))
    sums |= {checksum(table[order]) for order in ([1, 0, 2], [0, 2, 1], [2, 1, 0])}
    assert len(sums) == 1 + table.numel() + 3


@pytest.mark.parametrize("name", TABLES)
def test_a_flipped_bit_in_a_table(folder, name):
    """It would link to another concept, or to none, and nobody would know."""
    damage(folder, name)
    message = rf"tables are damaged \({name.removeprefix('kogner.')}: .* again"
    for load in (load_model, AutoModel.from_pretrained, AutoModelForTokenClassification.from_pretrained):
        with pytest.raises(ValueError, match=message):
            load(folder)


def test_a_flipped_bit_where_the_package_is_not_installed(folder, tmp_path):
    """The shipped code must find it alone."""
    damage(folder, "kogner.index.surface_hash")
    code = """
import sys
from transformers import pipeline
pipeline("ner", model=sys.argv[2], trust_remote_code=True)
"""
    process = run_as_user(tmp_path, code, str(folder), HF_HOME=str(tmp_path / "home"))
    assert process.returncode != 0
    assert "tables are damaged (index.surface_hash" in process.stderr


@pytest.mark.parametrize("stored", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("loaded", [torch.float32, torch.float16, torch.bfloat16, "auto"])
def test_what_is_whole_loads_in_every_precision(knowledge, wordpiece, tmp_path, stored, loaded):
    """Rounding is not damage."""
    tiny_model(knowledge, wordpiece).to(stored).save_pretrained(tmp_path)
    model = KognerForTokenClassification.from_pretrained(tmp_path, dtype=loaded)
    assert model.config.table_checksums["index.surface_hash"] == checksum(model.kogner.index.surface_hash)


def test_other_ways_to_make_a_model(folder, model):
    """On the meta device there is nothing to check; a checkpoint of an earlier version has no checksums."""
    config = AutoConfig.from_pretrained(folder)
    with torch.device("meta"):
        assert AutoModelForTokenClassification.from_config(config).kogner.nodes.codes.is_meta
    assert KognerForTokenClassification.from_pretrained(folder, device_map="cpu").config.table_checksums
    _, found = KognerForTokenClassification.from_pretrained(folder, output_loading_info=True)
    assert not found["missing_keys"]
    content = json.loads((folder / "config.json").read_text())
    assert set(content.pop("table_checksums")) == set(model.tables)
    (folder / "config.json").write_text(json.dumps(content))
    damage(folder, "kogner.nodes.codes")
    assert KognerForTokenClassification.from_pretrained(folder).config.table_checksums is None


def test_changed_tables_are_saved_with_new_checksums(knowledge, wordpiece, tmp_path):
    """`kogner graph add` changes them; its model must load."""
    model = tiny_model(knowledge, wordpiece)
    model.save_pretrained(tmp_path / "a")
    model.kogner.nodes.codes ^= 1
    model.save_pretrained(tmp_path / "b")
    loaded = KognerForTokenClassification.from_pretrained(tmp_path / "b")
    assert torch.equal(loaded.kogner.nodes.codes, model.kogner.nodes.codes)

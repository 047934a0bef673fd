"""The release folder against the model it was made from."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from support import tiny_model
from transformers import AutoModelForTokenClassification

from modeling_kogner.files.errors import InputError
from modeling_kogner.publishing import shards
from modeling_kogner.publishing.release import release


def test_a_release_is_half_on_disk_and_single_in_memory(knowledge, wordpiece, tmp_path):
    """Half-precision arithmetic on a CPU would be slow, and a rounded table would link to other concepts."""
    model = tiny_model(knowledge, wordpiece)
    model.save_pretrained(tmp_path / "trained")
    wordpiece.save_pretrained(tmp_path / "trained")
    card = tmp_path / "hub" / "README.md"
    card.parent.mkdir()
    card.write_text("card")
    release(str(tmp_path / "trained"), tmp_path / "hub")
    released = AutoModelForTokenClassification.from_pretrained(tmp_path / "hub")
    assert released.dtype == torch.float32
    assert card.read_text() == "card"
    assert (tmp_path / "hub" / "modeling_kogner.py").exists()
    assert torch.equal(released.kogner.index.surface_hash, model.kogner.index.surface_hash)
    weight = model.classifier.weight
    assert torch.equal(released.classifier.weight, weight.half().float())
    assert not torch.equal(released.classifier.weight, weight)


def test_a_new_training_leaves_the_files_of_the_tables_as_they_were(knowledge, wordpiece, tmp_path, monkeypatch):
    """Each release would carry the whole graph again."""
    monkeypatch.setattr(shards, "SHARD_BYTES", 20_000)
    model = tiny_model(knowledge, wordpiece)
    released = []
    for name in ("first", "second"):
        model.save_pretrained(tmp_path / name)
        wordpiece.save_pretrained(tmp_path / name)
        release(str(tmp_path / name), tmp_path / f"hub-{name}")
        released.append({path.name: path.read_bytes() for path in (tmp_path / f"hub-{name}").glob("model-*")})
        with torch.no_grad():
            model.classifier.weight += 1
    first, second = released
    changed = {name for name in first if first[name] != second[name]}
    assert first.keys() == second.keys()
    assert changed
    assert all("weights" in name for name in changed)
    tables = {name for name in first if "weights" not in name}
    assert {name.split("-")[1].removesuffix(".safetensors") for name in tables} == {"catalogue", "index", "nodes"}
    weight_map = json.loads((tmp_path / "hub-first" / shards.INDEX).read_text())["weight_map"]
    state = {
        name: tensor
        for file in set(weight_map.values())
        for name, tensor in load_file(tmp_path / "hub-first" / file).items()
    }
    assert state.keys() == model.state_dict().keys()
    loaded = AutoModelForTokenClassification.from_pretrained(tmp_path / "hub-second").state_dict()
    assert all(torch.equal(state[name], loaded[name]) for name in state if "index" in name or "catalogue" in name)


def test_what_is_trained_together_lies_together(tmp_path):
    """Each new choice would carry the vectors of all names again, and new vectors the encoder."""
    linking = ["kogner.linking.name_hash", "kogner.names.row", "kogner.link_choice.score.0.0.weight"]
    names = ["kogner.names.codes", "kogner.name_adapter.projection.weight"]
    weights = ["kogner.encoder.pooler.weight"]
    every = [*linking, *names, *weights]
    save_file({name: torch.zeros(3) for name in every}, tmp_path / "model.safetensors")
    shards.separate_tables(tmp_path)
    files = json.loads((tmp_path / shards.INDEX).read_text())["weight_map"]
    groups = [{files[name] for name in group} for group in (linking, names, weights)]
    assert groups == [{f"model-{group}.safetensors"} for group in ("linking", "names", "weights")]


def test_a_file_too_large_for_the_hub_is_an_error(knowledge, wordpiece, tmp_path, monkeypatch):
    """The push would fail after minutes, or need Git LFS."""
    tiny_model(knowledge, wordpiece).save_pretrained(tmp_path / "model")
    wordpiece.save_pretrained(tmp_path / "model")
    monkeypatch.setattr(shards, "LARGEST_FILE", 1_000)
    with pytest.raises(InputError, match="smaller --max-surfaces"):
        release(str(tmp_path / "model"), tmp_path / "hub")
    assert not (tmp_path / "hub").exists()

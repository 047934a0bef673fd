"""Damaged, foreign and missing models end with one clear error."""

import json
import shutil

import pytest
import torch
from tiny_tagger import save_tagger
from transformers import AutoModelForTokenClassification
from transformers.utils import logging

from modeling_kogner.inference.load_model import load_model


@pytest.fixture(scope="module")
def model_folder(knowledge, tmp_path_factory):
    return save_tagger(knowledge, tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def copy(model_folder, tmp_path):
    return shutil.copytree(model_folder, tmp_path / "copy")


def edit_config(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_good_folder_loads_with_its_tokenizer(model_folder):
    """The repair must not break what is whole; half precision on disk must become single in memory."""
    model, tokenizer = load_model(model_folder, "none")
    assert model.config.evidence == "none"
    assert model.dtype == torch.float32
    assert not model.training
    assert len(tokenizer) == model.config.num_token_keys


def test_nothing_is_printed_where_nobody_looks(model_folder, capfd):
    """A bar of a second's work would fill the log of every script that loads a model."""
    shown = logging.is_progress_bar_enabled()
    logging.enable_progress_bar()
    try:
        capfd.readouterr()
        load_model(model_folder)
        AutoModelForTokenClassification.from_pretrained(model_folder)  # as the stock pipeline does
        assert "".join(capfd.readouterr()) == ""
        assert logging.is_progress_bar_enabled()
    finally:
        if not shown:
            logging.disable_progress_bar()


def test_half_downloaded_weights(copy):
    """A download that broke off."""
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"model\.safetensors: damaged or half downloaded .* again"):
        load_model(copy)
    weights.write_bytes(b"")
    with pytest.raises(ValueError, match=r"model\.safetensors: damaged or half downloaded"):
        load_model(copy)
    weights.unlink()
    with pytest.raises(ValueError, match=r"model\.safetensors: the file is missing"):
        load_model(copy)


def test_a_missing_shard_is_named(model_folder, tmp_path):
    """A big model comes in shards; the second may never have arrived."""
    model, tokenizer = load_model(model_folder)
    model.save_pretrained(tmp_path, max_shard_size="20KB")
    tokenizer.save_pretrained(tmp_path)
    load_model(tmp_path)
    shard = sorted(tmp_path.glob("model-*.safetensors"))[1]
    shard.unlink()
    with pytest.raises(ValueError, match=f"{shard.name}: the file is missing"):
        load_model(tmp_path)


def test_weights_that_do_not_fill_the_model(copy):
    """Layers left random would tag at random, without an error."""
    edit_config(copy, fusion_layers=2)
    with pytest.raises(ValueError, match=r"tensors missing from the weights: \d+, first kogner\.fusion\.1"):
        load_model(copy)
    edit_config(copy, fusion_layers=1, num_surfaces=5)
    with pytest.raises(ValueError, match="weights are damaged"):
        load_model(copy)


def test_folders_that_are_no_kogner_model(copy, tmp_path):
    """A knowledge folder, an encoder or a mistyped path given for a model."""
    with pytest.raises(ValueError, match="no such folder"):
        load_model(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"no config\.json"):
        load_model(tmp_path / "empty")
    edit_config(copy, model_type="bert")
    with pytest.raises(ValueError, match=r"'bert' is not a KoGNER model; train one from it with train\.py --encoder"):
        load_model(copy)
    (copy / "config.json").write_text('{"model_type": "kog')
    with pytest.raises(ValueError, match=r"config\.json: not JSON"):
        load_model(copy)


def test_a_model_without_its_own_tokenizer(copy):
    """Swapped tokenizer files give other ids."""
    (copy / "tokenizer_config.json").unlink()
    tokenizer = copy / "tokenizer.json"
    content = json.loads(tokenizer.read_text())
    vocabulary = content["model"]["vocab"]
    first, second = list(vocabulary)[10:12]
    vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]
    tokenizer.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="another vocabulary"):
        load_model(copy)
    tokenizer.unlink()
    with pytest.raises(ValueError, match="tokenizer's files are missing"):
        load_model(copy)


def test_unknown_evidence_is_refused(model_folder):
    """A typo would otherwise read as the default."""
    with pytest.raises(ValueError, match="choose one of none, types, concepts, graph"):
        load_model(model_folder, "off")

"""The release folder against the model it was made from."""

import torch
from support import tiny_model
from transformers import AutoModelForTokenClassification

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

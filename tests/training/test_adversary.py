"""Adversarial steps on the embeddings."""

import pytest
import torch
from support import tiny_model
from transformers import DistilBertConfig, GPT2Config

from modeling_kogner.training.adversary import EmbeddingAdversary, step


def test_step_by_hand():
    """One norm for the batch, or one a token, would be another method."""
    gradient = torch.tensor([[[3.0, 0.0], [0.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]])
    assert torch.allclose(step(gradient, 2.0), torch.tensor([[[1.2, 0.0], [0.0, 1.6]], [[0.0] * 2] * 2]))


@pytest.fixture
def model(knowledge, wordpiece):
    return tiny_model(knowledge, wordpiece)


def loss_of(model, batch):
    return model(**batch, labels=torch.zeros_like(batch["input_ids"])).loss


def test_the_second_pass_is_harder(model, wordpiece):
    """Moved down the gradient, or not at all, the model would learn to be sure of itself."""
    batch = wordpiece(["Aspirin reduced the fever .", "Heart failure did not ."], padding=True, return_tensors="pt")
    batch = {name: batch[name] for name in ("input_ids", "attention_mask")}
    adversary = EmbeddingAdversary(model.kogner, 0.05)
    with adversary.watch():
        first = loss_of(model, batch)
        first.backward()
    after_one = model.classifier.weight.grad.clone()
    with adversary.attack():
        second = loss_of(model, batch)
        second.backward()
    assert second > first
    assert not torch.allclose(model.classifier.weight.grad, 2 * after_one)
    assert loss_of(model, batch) == first  # outside of both nothing is moved


def test_an_encoder_without_embeddings_is_refused(knowledge, wordpiece):
    """It would train for hours without its adversary."""
    small = {"vocab_size": len(wordpiece), "n_embd": 16, "n_layer": 1, "n_head": 2}
    model = tiny_model(knowledge, wordpiece, GPT2Config(**small))
    with pytest.raises(ValueError, match=r"--adversarial-norm: GPT2Model has no module `embeddings`"):
        EmbeddingAdversary(model.kogner, 1.0)
    small = {"vocab_size": len(wordpiece), "dim": 16, "hidden_dim": 16, "n_layers": 1, "n_heads": 2}
    EmbeddingAdversary(tiny_model(knowledge, wordpiece, DistilBertConfig(**small)).kogner, 1.0)

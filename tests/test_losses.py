"""The losses against numbers worked out by hand."""

from math import log

import pytest
import torch

from modeling_kogner.losses import bio_loss, distillation_loss

# Log-odds of two types at two tokens, so that softmax([0, b, i]) is [1, 2, 3] / 6 for type 0 and [1, 1, 2] / 4 for 1.
LOGITS = torch.tensor([[[9.0, log(2), log(3), 0, log(2)]] * 2])
BEGIN_0, INSIDE_1 = 1, 4


@pytest.mark.parametrize(
    ("labels", "type_mask", "expected"),
    [
        # Token 0: type 0 begins, 2/6; type 1 is outside, 1/4. Token 1: type 0 is outside, 1/6; type 1 inside, 2/4.
        ([BEGIN_0, INSIDE_1], None, (log(3) + log(4) + log(6) + log(2)) / 2),
        ([0, 0], None, log(6) + log(4)),
        ([BEGIN_0, -100], None, log(3) + log(4)),
        ([-100, -100], None, 0.0),
        ([BEGIN_0, INSIDE_1], [1, 0], (log(3) + log(6)) / 2),
        ([BEGIN_0, INSIDE_1], [0, 1], (log(4) + log(2)) / 2),
        ([BEGIN_0, INSIDE_1], [0, 0], 0.0),
    ],
)
def test_bio_loss(labels, type_mask, expected):
    """An ignored piece, an unannotated type or a shifted label column would be learned as outside, silently."""
    mask = None if type_mask is None else torch.tensor([type_mask], dtype=torch.bool)
    assert bio_loss(LOGITS, torch.tensor([labels]), mask).item() == pytest.approx(expected)


def test_bio_loss_of_decisions_chosen_token_by_token():
    """A token that says nothing about one type alone would teach that it is none: here token 1 says nothing of 0."""
    mask = torch.tensor([[[True, True], [False, True]]])
    expected = (log(3) + log(4) + log(2)) / 2
    assert bio_loss(LOGITS, torch.tensor([[BEGIN_0, INSIDE_1]]), mask).item() == pytest.approx(expected)


def test_bio_loss_averages_over_the_tokens_that_a_corpus_speaks_on():
    """A sentence of a corpus without any type of the batch would dilute the loss of all others."""
    logits, labels = LOGITS.repeat(2, 1, 1), torch.tensor([[BEGIN_0, INSIDE_1]] * 2)
    mask = torch.tensor([[True, True], [False, False]])
    assert bio_loss(logits, labels, mask).item() == pytest.approx(bio_loss(LOGITS, labels[:1]).item())


def test_bio_loss_leaves_unannotated_types_without_gradient():
    """Training on a disease corpus would teach the model that there are no genes."""
    logits = LOGITS.clone().requires_grad_()
    bio_loss(logits, torch.tensor([[BEGIN_0, 0]]), torch.tensor([[True, False]])).backward()
    assert (logits.grad[..., 1:3] != 0).all()
    assert (logits.grad[..., [0, 3, 4]] == 0).all()


def test_distillation_loss():
    """Cosines 0, 0.6 and one that the mask hides: (1 + 0.4) / 2; a wrong sign would push vectors apart."""
    spans = torch.tensor([[[1.0, 0.0], [3.0, 4.0], [1.0, 1.0]]])
    concepts = torch.tensor([[[0.0, 2.0], [7.0, 0.0], [-1.0, -1.0]]])
    assert distillation_loss(spans, concepts, torch.tensor([[True, True, False]])).item() == pytest.approx(0.7)


def test_distillation_loss_moves_the_text_not_the_graph():
    """The concept side would drift to meet the text, and knowledge would be lost."""
    spans, concepts = (torch.randn(1, 3, 4, generator=torch.Generator().manual_seed(s)) for s in (0, 1))
    spans.requires_grad_(), concepts.requires_grad_()
    distillation_loss(spans, concepts, torch.tensor([[True, False, True]])).backward()
    assert concepts.grad is None
    assert (spans.grad.abs().sum(-1) > 0).tolist() == [[True, False, True]]


def test_distillation_loss_without_mentions_is_zero_and_differentiable():
    """A batch without mentions has zero vectors everywhere: 0 / 0 would end the run in NaN."""
    spans = torch.zeros(1, 3, 4, requires_grad=True)
    loss = distillation_loss(spans, torch.zeros(1, 3, 4), torch.zeros(1, 3, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0
    assert spans.grad.abs().sum() == 0

"""Distillation of several teachers on running text."""

import math

import numpy as np
import pytest
import torch
from tiny_tagger import make_tagger
from torch import nn

from modeling_kogner.training.ensemble import Ensemble


@pytest.fixture
def teachers(knowledge, wordpiece):
    """Two taggers that disagree, with two conventions."""
    made = [make_tagger(knowledge, wordpiece, conventions=["a", "b"]) for _ in range(2)]
    nn.init.ones_(made[1].classifier.bias)
    for each in made:
        each.config.constrained_decoding = False
    return made


def ensemble(teachers, wordpiece, told: float) -> Ensemble:
    windows = np.array(wordpiece(["heart failure of rats", "aspirin reduced the fever"], padding=True)["input_ids"])
    annotated = torch.tensor([[True, False, False], [False, True, True]])
    return Ensemble(teachers, windows, annotated, size=8, told=told, seed=0)


def entropy(teachers, batch, types) -> float:
    """Of the teachers' mean probabilities, the least that the loss can be."""
    odds = torch.stack([teacher(**batch).logits[..., 1:].unflatten(-1, (-1, 2)) for teacher in teachers])
    mean = nn.functional.pad(odds, (1, 0)).softmax(-1).mean(0)  # (B, T, K, 3)
    return (-(mean * mean.log()).sum(-1)[..., types]).sum().item() / batch["input_ids"].numel()


def test_a_student_that_agrees_has_the_least_loss(teachers, wordpiece):
    """A wrong mean, or a decision that is counted twice, would draw the student elsewhere."""
    both = ensemble(teachers, wordpiece, told=0.0)
    batch = both.draw()
    assert batch["convention"].eq(0).all()
    least = entropy(teachers, batch, [0, 1, 2])
    alone = Ensemble(teachers[:1], both._windows, torch.ones(2, 3, dtype=torch.bool), 8, 0.0, 0)
    with torch.no_grad():
        assert math.isclose(
            alone.loss(teachers[0], batch).item(), entropy(teachers[:1], batch, [0, 1, 2]), rel_tol=1e-4
        )
        assert min(both.loss(teacher, batch).item() for teacher in teachers) > least + 0.01


def test_with_a_convention_only_its_types_count(teachers, wordpiece):
    """What a corpus does not annotate, nobody taught the teachers under its convention."""
    both = ensemble(teachers, wordpiece, told=1.0)
    batch = both.draw()
    assert set(batch["convention"].tolist()) == {1, 2}
    batch["convention"].fill_(1)
    with torch.no_grad():
        before = both.loss(teachers[0], batch)
        teachers[0].classifier.bias[2:] += 3.0  # of the other two types, in teacher and student
        after = both.loss(teachers[0], batch)
    torch.testing.assert_close(before, after)


def test_draws_repeat_with_the_seed(teachers, wordpiece):
    """Else a run could not be repeated."""
    first, again = (ensemble(teachers, wordpiece, told=0.5).draw() for _ in range(2))
    assert all(first[name].equal(again[name]) for name in first)

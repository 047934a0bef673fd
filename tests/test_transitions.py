"""Decoding on whole paths: against all paths, one by one, and in the model."""

import itertools

import pytest
import torch
from tiny_tagger import make_tagger
from transformers import pipeline

from modeling_kogner import KognerConfig
from modeling_kogner.transitions import LEVELS, path_odds

OUTSIDE, BEGIN, INSIDE = range(3)


def paths(length: int, continues=()) -> list[tuple[int, ...]]:
    """All tag sequences of one type on which every inside follows a begin or an inside and words stay whole."""
    every = itertools.product((OUTSIDE, BEGIN, INSIDE), repeat=length)
    return [
        path
        for path in every
        if all(tag != INSIDE or before for before, tag in zip((OUTSIDE, *path[:-1]), path, strict=True))
        and all(path[token] == (INSIDE if path[token - 1] else OUTSIDE) for token in continues)
    ]


def best_through(odds: torch.Tensor, continues=()) -> torch.Tensor:
    """Score of the best path through each tag of each token, by trying all: ``(T, 3)``, for ``(T, 2)`` odds."""
    scores = torch.nn.functional.pad(odds, (1, 0))  # (T, 3)
    best = torch.full_like(scores, -torch.inf)
    for path in paths(len(odds), continues):
        total = sum(scores[token, tag] for token, tag in enumerate(path))
        for token, tag in enumerate(path):
            best[token, tag] = torch.maximum(best[token, tag], total)
    return best


@pytest.mark.parametrize("seed", range(8))
def test_odds_are_those_of_the_best_paths(seed):
    """A wrong recursion would still give plausible tags."""
    torch.manual_seed(seed)
    odds = 3 * torch.randn(1, 6, 4)  # two types
    found = path_odds(odds)[0].unflatten(-1, (2, 2))  # (T, K, 2)
    for kind in range(2):
        best = best_through(odds[0, :, 2 * kind : 2 * kind + 2])
        expected = best[:, 1:] - best[:, :1]
        torch.testing.assert_close(found[1:, kind], expected[1:])
        torch.testing.assert_close(found[0, kind, 0], expected[0, 0])
        assert found[0, kind, 1] < -1000  # nothing is open before the text


@pytest.mark.parametrize("seed", range(8))
def test_words_are_taken_or_left_whole(seed):
    """A pipeline would show half a word; or the pieces after the first would have no say in it."""
    torch.manual_seed(seed)
    odds, within = 3 * torch.randn(1, 7, 4), [2, 3, 6]
    mask = torch.zeros(1, 7, dtype=torch.bool)
    mask[0, within] = True
    found = path_odds(odds, continues=mask)[0].unflatten(-1, (2, 2))  # (T, K, 2)
    for kind in range(2):
        best = best_through(odds[0, :, 2 * kind : 2 * kind + 2], within)
        expected = best[:, 1:] - best[:, :1]
        torch.testing.assert_close(found[1:, kind, 1], expected[1:, 1])
        torch.testing.assert_close(found[~mask[0], kind, 0], expected[~mask[0], 0])
        assert (found[within, kind, 0] < -1000).all()  # nothing begins within a word


def test_a_mention_does_not_fall_apart():
    """Worked out by hand: B O I becomes B I I, since leaving the last token out costs 2 and holding on costs 1."""
    odds = torch.tensor([[[3.0, -5.0], [-5.0, -1.0], [-5.0, 2.0]]])
    before = torch.nn.functional.pad(odds, (1, 0)).argmax(-1)
    after = torch.nn.functional.pad(path_odds(odds), (1, 0)).argmax(-1)
    assert (before.tolist(), after.tolist()) == ([[1, 0, 2]], [[1, 2, 2]])


@pytest.mark.parametrize("length", [1, 2, 100, 2**LEVELS + 50])
def test_argmax_is_a_path(length):
    """A stock pipeline takes the argmax; an orphan inside would open a mention that nobody began."""
    torch.manual_seed(1)
    tags = torch.nn.functional.pad(path_odds(4 * torch.randn(8, length, 2)), (1, 0)).argmax(-1)
    before = torch.nn.functional.pad(tags, (1, 0))[:, :-1]
    assert not ((tags == INSIDE) & (before == OUTSIDE)).any()


@pytest.mark.parametrize("left", [True, False])
def test_padding_changes_nothing(left):
    """Tags would depend on what else is in a batch."""
    torch.manual_seed(2)
    odds = 4 * torch.randn(1, 9, 6)
    text = slice(3, 9) if left else slice(0, 6)
    mask = torch.zeros(1, 9)
    mask[:, text] = 1
    alone, padded = path_odds(odds[:, text]), path_odds(odds, mask)[:, text]
    possible = alone > -1000
    torch.testing.assert_close(padded[possible], alone[possible])
    assert (padded[~possible] < -1000).all()


def test_the_model_decodes_outside_of_training_only(knowledge, wordpiece):
    """A loss on decoded odds would train something else; an older model must answer as it did."""
    model = make_tagger(knowledge, wordpiece).eval()
    batch = wordpiece("New fever of leukemia and heart failure in patients", return_tensors="pt")
    labels = torch.ones_like(batch["input_ids"])
    assert not KognerConfig().constrained_decoding
    model.config.constrained_decoding = False
    free = model(**batch, labels=labels)
    model.config.constrained_decoding = True
    bound = model(**batch, labels=labels)
    torch.testing.assert_close(bound.logits[..., 1:], path_odds(free.logits[..., 1:]))
    assert not torch.allclose(bound.logits, free.logits)
    torch.testing.assert_close(bound.loss, free.loss)


def test_a_stock_pipeline_gives_whole_words(knowledge, wordpiece):
    """Half of a word is no mention, and a user of the stock pipeline knows no argument that would complete it."""
    model = make_tagger(knowledge, wordpiece).eval()
    model.config.constrained_decoding = True
    texts = [
        "Overexpressed p53wt/HER2-positive tumours; dexamethasone-treated (n=12) xenografts.",
        "hydroxyurea, 5-fluorouracil and tetrahydrocannabinol against glioblastoma multiforme",
    ]
    halves = {whole: sum(_cuts(model, wordpiece, text, whole) for text in texts) for whole in (False, True)}
    assert halves[False] > 0 == halves[True]


def _cuts(model, tokenizer, text, whole):
    """Ends of the pipeline's entities that lie within a word."""
    model.config.whole_words = whole
    found = pipeline("ner", model=model, tokenizer=tokenizer, aggregation_strategy="simple")(text)
    assert found
    places = [place for each in found for place in (each["start"], each["end"])]
    return sum(text[place - 1 : place].isalnum() and text[place : place + 1].isalnum() for place in places)


def test_shifts_move_one_type_of_one_convention(knowledge, wordpiece):
    """A shift that reaches the loss, another type or another convention would be found by nobody."""
    model = make_tagger(knowledge, wordpiece).eval()
    model.config.conventions = ["A", "B"]
    batch = wordpiece("New fever of leukemia and heart failure in patients", return_tensors="pt")
    labels = torch.ones_like(batch["input_ids"])
    plain = model(**batch, labels=labels)
    model.config.decision_shifts = {"none": {"Disease": 0.5}, "B": {"Gene": -1.0, "Disease": 2.0}}
    for convention, shifts in ((None, {3: 0.5}), (0, {3: 0.5}), (1, {}), (2, {3: 2.0, 5: -1.0})):
        told = {} if convention is None else {"convention": torch.tensor([convention])}
        moved = model(**batch, labels=labels, **told)
        expected = torch.zeros_like(plain.logits)
        for start, shift in shifts.items():
            expected[..., start : start + 2] = shift
        torch.testing.assert_close(moved.logits, plain.logits + expected)
        torch.testing.assert_close(moved.loss, plain.loss)
    for wrong in ({"C": {}}, {"A": {"Virus": 1.0}}):
        with pytest.raises(ValueError, match="decision_shifts names"):
            KognerConfig(**{**model.config.to_dict(), "decision_shifts": wrong})

"""A concept under two names of which one stands in brackets, on sentences of our own."""

import pytest

from modeling_kogner.corpora.mention import Mention
from modeling_kogner.inference.bracketed_names import agreed


def concepts(text, *given):
    """Concept of each mention, and its probability, once brackets are read; given by name, type, concepts."""
    mentions, ranked, at = [], [], 0
    for name, kind, *found in given:
        at = text.index(name, at)
        mentions.append(Mention(at, at + len(name), name, kind))
        ranked.append(found)
        at += 1
    return [found[0] if found else None for found in agreed(text, mentions, ranked)]


SURE, UNSURE = ("quinpirole", "Chemical", (1, 0.9)), ("LY-1", "Chemical", (2, 0.3), (1, 0.2))


@pytest.mark.parametrize("text", ["LY-1 (quinpirole) acts", "LY-1 [quinpirole] acts"])
def test_an_unsure_name_takes_the_concept_beside_it(text):
    """A code that no list has is the name that follows it."""
    assert concepts(text, UNSURE, SURE) == [(1, 0.9), (1, 0.9)]
    assert concepts(text, ("LY-1", "Chemical"), SURE) == [(1, 0.9), (1, 0.9)]


def test_it_has_it_everywhere_in_the_document():
    """Later mentions stand without brackets, and some begin a sentence."""
    text = "wasting palsy (sclerosis) is rare. Wasting palsy ends badly."
    given = [("wasting palsy", "Disease"), ("sclerosis", "Disease", (1, 0.9)), ("Wasting palsy", "Disease")]
    assert concepts(text, *given) == [(1, 0.9)] * 3


@pytest.mark.parametrize(
    "text",
    ["LY-1 and quinpirole", "LY-1 (and quinpirole)", "LY-1 (quinpirole-like)", "LY-1, quinpirole", "LY-1/quinpirole"],
)
def test_what_is_not_in_brackets_alone_says_nothing(text):
    """Of names joined by a slash 67 % mean two genes in the same documents."""
    assert concepts(text, UNSURE, SURE) == [(2, 0.3), (1, 0.9)]


def test_a_sure_name_keeps_its_concept():
    """Brackets also hold what a disease is a kind of, or brings with it."""
    assert concepts("LY-1 (quinpirole)", ("LY-1", "Chemical", (2, 0.85)), SURE) == [(2, 0.85), (1, 0.9)]


def test_another_type_is_another_thing():
    """The disease in brackets behind a gene is what it causes."""
    assert concepts("LY-1 (quinpirole)", ("LY-1", "Gene", (2, 0.3)), SURE) == [(2, 0.3), (1, 0.9)]


def test_forms_that_do_not_stand_in_the_text_are_left_alone():
    """A whole name that is asked for in place of a shortened one has the place of that, not its brackets."""
    mentions = [
        Mention(0, 4, "LY-1", "Chemical"),
        Mention(0, 4, "other form", "Chemical"),
        Mention(6, 8, "Q1", "Chemical"),
    ]
    assert agreed("LY-1 (Q1)", mentions, [[], [(2, 0.3)], [(1, 0.9)]]) == [[(1, 0.9)], [(2, 0.3)], [(1, 0.9)]]


def test_the_nearest_mention_counts():
    """A gene's organism may differ from sentence to sentence."""
    text = "In mice ABC (Xyz1) grew. In men ABC fell and Xyz1 rose."
    given = [("ABC", "Gene"), ("Xyz1", "Gene", (10, 0.9)), ("ABC", "Gene"), ("Xyz1", "Gene", (20, 0.9))]
    assert concepts(text, *given) == [(10, 0.9), (10, 0.9), (20, 0.9), (20, 0.9)]

"""What is done to mentions after decoding: borders, nesting, and a document's own abbreviations."""

from itertools import product

import numpy as np
import pytest

from modeling_kogner.corpora.mention import Mention
from modeling_kogner.corpora.text_windows import Word
from modeling_kogner.inference.abbreviations import find_abbreviations, spread
from modeling_kogner.inference.borders import repaired
from modeling_kogner.inference.coherence import coherent, without_pieces
from modeling_kogner.inference.decoding import decode


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("fluticasone/salmeterol", "fluticasone/", "fluticasone"),
        ("(lung) tissue", ") tissue", "tissue"),
        ("(in lung and liver) tissue", "lung and liver) tissue", "lung and liver"),
        ("HER2-positive", "HER2-", "HER2"),
        ("aspirin-induced", "-induced", "induced"),
        ("the -308G allele", "-308G", "-308G"),
        ("interferon (IFN) was", "interferon (IFN", "interferon (IFN)"),
        ("(+)-catechin.", "(+)-catechin", "(+)-catechin"),
        ("poly(ADP-ribose)", "poly(ADP-ribose)", "poly(ADP-ribose)"),
        ("chloride (Cl-) ions", "Cl-", "Cl-"),
        ("a / b", " / ", ""),
    ],
)
def test_borders(text, found, expected):
    """Names that end in a separator or hold half a bracket; and names whose signs belong to them."""
    start, end = repaired(text, text.index(found), text.index(found) + len(found))
    assert text[start:end] == expected


def test_brackets_that_cross():
    """Brackets in any order come to an end: at "(b [c)" the same bracket was once added and cut off for ever."""
    for text in map("".join, product("a([)]", repeat=6)):
        start, end = repaired(text, 0, 5)
        assert 0 <= start <= end <= 6


def at(text, words, kind, score=0.9, start=0):
    start = text.index(words, start)
    return Mention(start, start + len(words), words, kind, score)


def test_types_are_decoded_apart():
    """A disease that holds an organ would lose its words to it, and a type not asked for would be reported."""
    text = "colon cancer of mice"
    places = [(0, 5), (6, 12), (13, 15), (16, 20)]
    words = [Word(i, i, *place, window=None) for i, place in enumerate(places)]
    odds = np.array([[3.0, -9, 1, -9], [-9, 2, -9, -9], [-9, -9, -9, -9], [-9, -9, 2, 3]])
    found = decode(text, words, odds, ["Disease", "Anatomy"], ["Disease", "Anatomy"])
    assert [(m.text, m.type) for m in found] == [
        ("colon cancer", "Disease"),
        ("colon", "Anatomy"),
        ("mice", "Anatomy"),  # an inside that continues nothing opens one
    ]
    assert found[1].score == pytest.approx(1 / (1 + np.exp(-1)), abs=1e-3)
    assert [m.type for m in decode(text, words, odds, ["Disease", "Anatomy"], ["Disease"])] == ["Disease"]


def test_a_piece_before_a_disease_goes():
    """A modifier ("inherited") would be a disease beside its deficiency; sure neighbours and other types stay."""
    text = "inherited factor V deficiency, renal failure hypertension and soluble CD4"
    names = [("inherited", "Disease", 0.8), ("factor V deficiency", "Disease", 0.9), ("renal failure", "Disease", 0.99)]
    names += [("hypertension", "Disease", 0.6), ("soluble", "Gene", 0.6), ("CD4", "Gene", 0.9)]
    found = without_pieces(text, [at(text, *name) for name in names])
    assert [mention.text for mention in found] == [words for words, *_ in names[1:]]


def test_nested_mentions_stay_where_the_rules_permit():
    """A chemical inside a gene's name is none, a species inside a disease's name is one."""
    text = "NMDA receptor and human papillomavirus infection"
    gene, disease = at(text, "NMDA receptor", "Gene"), at(text, "human papillomavirus infection", "Disease")
    virus = at(text, "human papillomavirus", "Species", 0.1)
    assert coherent([gene, at(text, "NMDA", "Chemical", 0.99), disease, virus]) == [gene, disease, virus]


def test_one_stretch_has_one_type_and_mentions_do_not_cross():
    """Users would count a gene twice, once as its family; a family goes, otherwise the better score decides."""
    text = "MAP kinase kinase"
    gene, family = at(text, "MAP kinase", "Gene", 0.6), at(text, "MAP kinase", "GeneFamily", 0.7)
    assert coherent([gene, family]) == coherent([family, gene]) == [gene]
    disease = at(text, "MAP kinase", "Disease", 0.8)
    assert coherent([gene, disease]) == coherent([disease, gene]) == [disease]
    crossing = at(text, "kinase kinase", "Gene", 0.9)
    assert coherent([disease, crossing]) == [crossing]
    assert coherent([gene, at(text, "kinase kinase", "GeneFamily", 0.9)]) == [gene]


def test_a_short_form_has_the_type_of_its_long_form():
    """The same abbreviation as a disease here and a gene there; but not inside a longer name, nor inside a word."""
    text = "Charcot-Marie-Tooth disease (CMT) is rare. CMT type 1 differs from CMT in CMTs."
    long = at(text, "Charcot-Marie-Tooth disease", "Disease")
    wrong, longer = at(text, "CMT", "Gene"), at(text, "CMT type 1", "Species")
    found, long_forms = spread(text, [long, wrong, longer])
    last = text.index("CMT in")
    assert [(m.start, m.text, m.type) for m in found] == [
        (0, long.text, "Disease"),
        (text.index("CMT"), "CMT", "Disease"),
        (longer.start, longer.text, "Species"),
        (last, "CMT", "Disease"),
    ]
    assert long_forms["CMT"] == long.text


def test_initials_tell_where_a_long_form_begins():
    """ROS would be oxygen; but a mention of other words than the initials' is what the guideline marks."""
    text = "Reactive oxygen species (ROS) harm. Patients with chronic heart failure (HF) died."
    part, whole = at(text, "oxygen species", "Chemical"), at(text, "chronic heart failure", "Disease")
    assert spread(text, [part, whole])[1] == {"ROS": "Reactive oxygen species", "HF": "chronic heart failure"}


def test_nothing_spreads_from_words_that_are_no_mention():
    """An imaging method with a short form must not become a mention."""
    text = "Magnetic resonance imaging (MRI) of mice. MRI was repeated."
    mice = at(text, "mice", "Species")
    assert spread(text, [mice]) == ([mice], find_abbreviations(text))

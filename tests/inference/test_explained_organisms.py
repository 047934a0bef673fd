"""Organisms that a document explains itself, on sentences of our own."""

import pytest

from modeling_kogner.corpora.mention import Mention
from modeling_kogner.inference.explained_organisms import explained, whole_names


def mentions_of(text, *given):
    """Mentions of organisms in the order of the text; of each its text, and id and name if it is linked."""
    found, at = [], 0
    for name, *concept in given:
        at = text.index(name, at)
        mention = Mention(at, at + len(name), name, "Species")
        at += len(name)
        if concept:
            mention.id, mention.name = concept
        found.append(mention)
    return found


def ids(text, *given):
    """Id of each mention after what the document says."""
    mentions = mentions_of(text, *given)
    for mention, other in explained(text, mentions):
        mention.id = other.id
    return [mention.id for mention in mentions]


GORDONIA, PEA, BEAN = ("T:1", "Gordonia humi"), ("T:2", "Pisum sativum"), ("T:3", "Vicia faba")


@pytest.mark.parametrize(
    ("text", "strains", "expected"),
    [
        ("Gordonia humi strain A-1(T) grew. A-1 died.", ["A-1(T)", "A-1"], "T:1"),
        ("Gordonia humi sp. nov. is proposed for A-1(T) (=DSM 2(T)).", ["A-1(T)", "DSM 2(T)"], "T:1"),
        # Nothing says whose it is.
        ("Gordonia humi grew better than A-1.", ["A-1"], None),
        ("Gordonia humi strain A-12 was kept beside A-1.", ["A-1"], None),
        ("Gordonia humi was kept; strain A-1 was not.", ["A-1"], None),
    ],
)
def test_numbers_of_strains(text, strains, expected):
    """Half of the mentions in a species' first description are its number, and no list has it."""
    given = [("Gordonia humi", *GORDONIA), *((strain,) for strain in strains)]
    assert ids(text, *given) == ["T:1", *[expected] * len(strains)]


def test_a_strain_has_its_own_new_species():
    """Of two that are described together, the one before its number."""
    text = "Vicia faba sp. nov. (type strain V 1(T)) and Pisum sativum sp. nov. (type strain P 1(T)); P 1 is red."
    given = [("Vicia faba", *BEAN), ("V 1(T)",), ("Pisum sativum", *PEA), ("P 1(T)",), ("P 1",)]
    assert ids(text, *given) == ["T:3", "T:3", "T:2", "T:2", "T:2"]


def test_common_names_beside_a_species():
    """A list has the family under such a name, the document says which of its species."""
    text = (
        "The field beans (Vicia faba) and Pisum sativum (pisum) grew; the bean, not Fabaceae (Vicia faba), was eaten."
    )
    given = [("field beans",), ("Vicia faba", *BEAN), ("Pisum sativum", *PEA), ("pisum", "T:8", "Fabaceae"), ("bean",)]
    given += [("Fabaceae", "T:8", "Fabaceae"), ("Vicia faba", *BEAN)]
    assert ids(text, *given) == ["T:3", "T:3", "T:2", "T:2", "T:3", "T:8", "T:3"]


def test_a_linked_species_keeps_its_concept():
    """What stands in brackets may be another organism: a host, a parasite."""
    text = "Mice (Pisum sativum), MICE (Pisum sativum) and 2 mice (Pisum sativum or Vicia faba)."
    given = [("Mice", "T:4", "Mus musculus"), ("Pisum sativum", *PEA), ("MICE",), ("2 mice",), ("Vicia faba", *BEAN)]
    assert ids(text, *given) == ["T:4", "T:2", None, None, "T:3"]


def test_the_only_species_of_a_genus():
    """Two of them leave it open; the name of the genus itself means the genus."""
    vetch, other = ("vetch", "T:9", "Vicia"), ("Vicia sativa", "T:5", "Vicia sativa")
    assert ids("vetch, Vicia faba", vetch, ("Vicia faba", *BEAN)) == ["T:3", "T:3"]
    assert ids("vetch, Vicia faba, Vicia sativa", vetch, ("Vicia faba", *BEAN), other) == ["T:9", "T:3", "T:5"]
    assert ids("Vicia, Vicia faba", ("Vicia", "T:9", "Vicia"), ("Vicia faba", *BEAN)) == ["T:9", "T:3"]


def test_whole_names():
    """H. petiolaris is a sunflower beside Helianthus annuus, whatever else begins so; a strain is in no list."""
    text = "Here we cross Helianthus annuus, H. petiolaris and Hakea sericea; Hakea sericea is no Hakea petiolaris."
    mentions = mentions_of(text, ("H. petiolaris",), ("Hakea sericea",))
    whole = ["Hakea petiolaris", "Helianthus petiolaris"]
    assert whole_names(text, mentions) == {"H. petiolaris": whole, "Hakea sericea": ["Hakea sericea"]}
    for name in ("Gordonia humi strain A-1", "G. humi strain A-1"):
        forms = whole_names(f"Gordonia humi, {name}", mentions_of(name, (name,)))
        assert forms == {name: ["Gordonia humi strain A-1", "Gordonia humi"]}
    for name in ("mice", "Gordonia humi phage 3"):  # not its host
        assert whole_names(name, mentions_of(name, (name,))) == {}


def test_nothing_linked_explains_nothing():
    """An empty document, other types, and names without a concept."""
    assert ids("A-1 and peas (Pisum sativum)", ("A-1",), ("peas",), ("Pisum sativum",)) == [None, None, None]
    assert list(explained("", [])) == []

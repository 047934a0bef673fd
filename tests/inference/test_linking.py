"""From mentions to ranked concepts, and how that is scored."""

import dataclasses
import lzma
import random

import numpy as np
import pandas as pd
import pytest
from support import mentions_of
from tiny_tagger import make_tagger

import modeling_kogner.inference.linker as linker_module
from modeling_kogner.concept_catalogue import ConceptCatalogue
from modeling_kogner.corpora.document import Document
from modeling_kogner.corpora.mention import Candidate, Mention, Passage
from modeling_kogner.inference.abbreviations import find_abbreviations
from modeling_kogner.inference.annotator import Annotator
from modeling_kogner.inference.linker import Linker
from modeling_kogner.inference.name_lookup import Named, NameLookup
from modeling_kogner.inference.near_names import NearNames, name_similarity
from modeling_kogner.inference.spelled_concepts import SpelledConcepts

EQUIVALENTS = pd.DataFrame([("DOID:9", "MONDO:4"), ("MESH:D010300", "MONDO:4")], columns=["id", "preferred"])


@pytest.fixture(scope="module")
def tagger(knowledge, tokenizer):
    return make_tagger(dataclasses.replace(knowledge, equivalents=EQUIVALENTS), tokenizer)


@pytest.fixture(scope="module")
def linker(tagger, tokenizer):
    return Linker(tagger, tokenizer)


def ids(candidates):
    return [candidate.id for candidate in candidates]


def linked(linker, text, kind, mention=None):
    """The mention of a text after linking."""
    mention = mention or text
    start = text.index(mention)
    document = Document("1", [Passage(text)], [Mention(start, start + len(mention), mention, kind)])
    linker.link([document])
    return document.mentions[0]


def slow_similarity(left, right, names):
    """The formula of NearNames, over sets of strings."""

    def grams(name):
        words = "".join(c if c.isalnum() else " " for c in name.lower()).split()
        return {f" {word} "[i : i + 3] for word in words for i in range(len(word))}

    def weight(gram):
        return np.log((len(names) + 1) / (sum(gram in grams(name) for name in names) + 1)) ** 2

    def total(found):
        return sum(map(weight, found))

    one, other = grams(left), grams(right)
    return total(one & other) / max(np.sqrt(total(one) * total(other)), 1e-9)


def test_near_names_agree_with_the_formula():
    """A slip in hashing or in the postings would rank names by accident, without an error."""
    chance = random.Random(0)
    names = [" ".join(chance.choices(["renal", "cell", "carcinoma", "IL-2", "naive", "b"], k=3)) for _ in range(40)]
    near = NearNames(names)
    for text in ("Renal-cell", "cell carcinomas", "il 2", "carcinoma cell renal"):
        found = dict(near.search(text, 40))
        expected = [slow_similarity(text, name, names) for name in names]
        assert [found.get(row, 0.0) for row in range(40)] == pytest.approx(expected, abs=1e-6)
        assert list(found.values()) == sorted(found.values(), reverse=True)
    assert near.search("qqq", 5) == near.search("", 5) == NearNames([]).search("renal", 5) == []
    assert len(near.search("renal", 3)) == 3


def test_word_order_does_not_count():
    """Vocabularies write "Carcinoma, Renal Cell"."""
    assert name_similarity("renal cell carcinoma", "Carcinoma, Renal Cell") == 1
    assert name_similarity("renal", "xyz") == 0


def test_exact_forms_come_first_and_fit_the_type(linker):
    """A gene linked to the cancer of its name; or a mere neighbour before the concept itself."""
    assert linker.candidates("BRCA1", "Gene")[0] == Candidate("HGNC:1100", "BRCA1", "Gene", 1.0, ["HGNC:1100"])
    assert ids(linker.candidates("BRCA1", "Disease"))[0] == "MONDO:3"
    assert {c.type for c in linker.candidates("BRCA1", "Disease")} <= {"Disease", "Phenotype"}
    assert linker.candidates("BRCA1", "Procedure") == []  # an unlisted type fits its namesake alone
    assert linker.candidates("BRCA1", "Gene", known=[]) != []


def test_the_best_spelled_of_several_concepts_wins(linker, tagger, tokenizer, monkeypatch):
    """A name such as "amphetamine" is a written form of Amphetamines too, which the index may list first."""
    monkeypatch.setattr(
        NameLookup,
        "exact",
        lambda self, texts: {texts[0]: tuple(Named(each, each - 1, 0, 0, is_listed=True) for each in (1, 2))},
    )
    assert ids(Linker(tagger, tokenizer).candidates("acute lymphoblastic leukemia", "Disease"))[:2] == [
        "MONDO:2",
        "MONDO:1",
    ]


def test_a_misspelled_mention_gets_candidates_and_a_stranger_none(linker):
    """Without a threshold every mention would be linked to something."""
    near = linker.candidates("acute lymphoblastic leukemias B", "Disease")
    assert near[0].id == linked(linker, "acute lymphoblastic leukemias B", "Disease").id == "MONDO:2"
    far = linker.candidates("heart block", "Disease")
    assert far
    assert 0 < far[0].score < linker_module.NIL_THRESHOLD
    assert linked(linker, "heart block", "Disease").id is None


def test_equivalents_and_the_vocabulary_asked_for(tagger, tokenizer, linker):
    """A user who works with MeSH must get its ids, and never another vocabulary's in their place."""
    first = linker.candidates("Parkinson's disease", "Disease")[0]
    assert (first.id, first.ids) == ("MONDO:4", ["MONDO:4", "DOID:9", "MESH:D010300"])
    mesh = Linker(tagger, tokenizer, "MESH").candidates("Parkinson's disease", "Disease")
    assert [(c.id, c.ids) for c in mesh] == [("MESH:D010300", ["MESH:D010300", "MONDO:4", "DOID:9"])]
    with pytest.raises(ValueError, match="no id of the vocabulary 'OMIM'; it knows CVCL, DOID, HGNC, HP, MESH"):
        Linker(tagger, tokenizer, "OMIM")


def test_abbreviations_are_those_the_text_defines():
    """The letters of the short form must be found in order; otherwise every bracket would be a definition."""
    text = "Patients with acute lymphoblastic leukemia (ALL) and interleukin-2 (IL-2; n = 3) took aspirin (see below)."
    assert find_abbreviations(text) == {"ALL": "acute lymphoblastic leukemia", "IL-2": "interleukin-2"}
    assert find_abbreviations("Hoffmann (HD), Huntington disease (HD), again Hodgkin disease (HD)") == {
        "HD": "Huntington disease"
    }
    text = "attenuated adenomatous polyposis coli (AAPC)"  # the last three words have these letters, too
    assert find_abbreviations(text) == {"AAPC": "attenuated adenomatous polyposis coli"}
    assert find_abbreviations("(" * 9999 + " " * 9999 + "(A)" + ")" * 99) == {}


def test_an_abbreviation_is_linked_by_its_long_form(linker):
    """Two-letter forms are in no index; "DM" is myotonic dystrophy in one text, diabetes in the next."""
    assert linked(linker, "PD", "Disease").id is None
    assert linked(linker, "Parkinson's disease (PD). PD is common.", "Disease", "PD is"[:2]).id == "MONDO:4"


def test_mentions_carry_concept_score_and_alternatives(tagger, tokenizer, monkeypatch):
    """What the annotator reports must be what the linker ranks, cut at the threshold."""
    annotator = Annotator(tagger, tokenizer)
    ranked = [Candidate("A:1", "one", "Disease", 0.9, ["A:1", "B:1"]), Candidate("A:2", "two", "Disease", 0.4)]
    monkeypatch.setattr(annotator.linker, "candidates", lambda *_, **__: list(ranked))
    linked = mentions_of(annotator, ["Aspirin for leukemia of rats"])[0][0]
    assert (linked.id, linked.name, linked.link_score) == ("A:1", "one", 0.9)
    assert (linked.ids[1:], linked.alternatives) == (["B:1"], ranked[1:])
    del ranked[0]
    nil = mentions_of(annotator, ["Aspirin for leukemia of rats"])[0][0]
    assert (nil.id, nil.link_score, nil.alternatives) == (None, None, ranked)


def test_a_packed_catalogue_grows_at_its_end():
    """Adding must not shift an id, and models without equivalents must still be read."""
    first = ConceptCatalogue(["A:1", "A:2"], ["one", "two"])
    second = ConceptCatalogue(["B:1"], ["three"], {"A:1": ["C:1"]})
    third = ConceptCatalogue(further={"B:1": ["C:2", "C:1"], "A:1": ["C:3"]})
    packed = b"".join(part.to_bytes() for part in (first, second, third))
    grown = ConceptCatalogue.from_bytes(packed)
    assert (grown.ids, grown.names) == (["A:1", "A:2", "B:1"], ["one", "two", "three"])
    assert (grown.further_ids(0), grown.further_ids(2)) == (["C:1", "C:3"], ["C:2", "C:1"])
    assert grown.further_ids(1) == []
    assert grown.owners == {"C:1": ["A:1", "B:1"], "C:2": ["B:1"], "C:3": ["A:1"]}
    mapped = ConceptCatalogue.from_arrays(grown.to_arrays())
    for same in (ConceptCatalogue.from_bytes(grown.to_bytes()), mapped):
        assert (same.ids, same.names, same.owners.keys()) == (grown.ids, grown.names, grown.owners.keys())
        assert [same.further_ids(number) for number in range(3)] == [["C:1", "C:3"], [], ["C:2", "C:1"]]
    assert (mapped.names[1:], mapped.further_ids(0), mapped.further_ids(1)) == (["two", "three"], ["C:1", "C:3"], [])
    assert (
        len(ConceptCatalogue.from_bytes(b"")) == len(ConceptCatalogue.from_arrays(ConceptCatalogue().to_arrays())) == 0
    )


def test_a_catalogue_of_an_older_checkpoint_is_read():
    """Its further ids were pairs behind the names; they would be lost, or end the loading."""
    blob = lzma.compress(b"A:1\nA:2\n\none\ntwo\n\nC:1\tA:1\nC:2\tA:1")
    read = ConceptCatalogue.from_bytes(blob)
    assert (read.ids, read.names, read.further_ids(0)) == (["A:1", "A:2"], ["one", "two"], ["C:1", "C:2"])


def test_similar_names_are_searched_for_only_where_they_are_shown(tagger, tokenizer, monkeypatch):
    """A search for alternatives that nobody asked for costs a second at the first text, and time at each."""
    searched = []
    real = SpelledConcepts._search
    monkeypatch.setattr(SpelledConcepts, "_search", lambda self, *what: searched.append(what) or real(self, *what))
    annotator = Annotator(tagger, tokenizer, alternatives=0)
    exact = annotator.linker.candidates("aspirin", "Chemical", limit=1)
    assert (exact[0].id, searched) == ("MESH:D001241", [])
    assert annotator.linker.candidates("disease of Parkinson", "Disease", limit=1)[0].id == "MONDO:4"
    assert searched == [("disease of Parkinson", "Disease")]
    assert not any(mention.alternatives for mention in annotator("Aspirin for leukemia of rats").mentions)

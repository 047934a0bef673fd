"""The public interface: what is exported, what it costs to import, and that every form says the same."""

import json
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import TEXT, make_knowledge, train_tokenizer
from support import ROOT, run_process
from tiny_tagger import save_tagger

import modeling_kogner
from modeling_kogner import Annotator, Document, Mention, explain, load


@pytest.fixture(scope="module")
def folder(knowledge, tmp_path_factory):
    return save_tagger(knowledge, tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def kogner(folder):
    return load(folder, device="cpu")


def test_exports_exist_and_load_late():
    """A name that is listed but cannot be had; an import that costs seconds before anything is used."""
    assert all(getattr(modeling_kogner, name) is not None for name in modeling_kogner.__all__)
    assert set(modeling_kogner.__all__) <= set(dir(modeling_kogner))
    with pytest.raises(AttributeError, match="no attribute 'loda'"):
        modeling_kogner.loda  # noqa: B018
    code = """
import sys, modeling_kogner
from modeling_kogner import Document, Mention
heavy = {"torch", "transformers", "pandas", "pyarrow", "datasets"} & {*sys.modules}
assert not heavy, heavy
"""
    process = run_process("-c", code, cwd=ROOT)
    assert process.returncode == 0, process.stderr


def test_one_text_and_many(kogner):
    """A document that loses its place, its id or its fields on the way."""
    assert isinstance(kogner, Annotator)
    one = kogner(TEXT[0])
    assert isinstance(one, Document)
    assert all(
        isinstance(mention, Mention) and one.text[mention.start : mention.end] == mention.text
        for mention in one.mentions
    )
    many = kogner.annotate(iter(TEXT[:3]), batch_size=2)
    documents = list(many)
    assert [document.id for document in documents] == ["1", "2", "3"]
    assert documents[0].mentions == one.mentions
    again = kogner(Document("paper", one.passages, record={"year": 1999}))
    assert (again.id, again.record, again.mentions) == ("paper", {"year": 1999}, one.mentions)


def test_every_form_says_the_same():
    """A form that drops, shifts or escapes a mention."""
    text = "Aspirin & <b>fever</b>\tof rats\nwith acute 🧬\nleukemia in HeLa\tcells"
    document = Document.of(text)
    for words, kind, concept in (
        ("Aspirin", "Chemical", "MESH:D001241"),
        ("fever", "Disease", None),
        ("acute 🧬\nleukemia", "Disease", "MONDO:1"),
        ("🧬", "Cell", None),
        ("HeLa\tcells", "CellLine", "CVCL:1"),
    ):
        start = text.index(words)
        document.mentions.append(Mention(start, start + len(words), words, kind, 0.5, concept, concept and "name"))
    places = [(mention.start, mention.end, mention.type) for mention in document.mentions]

    plain = json.loads(json.dumps(document.to_dict()))
    assert [(m["start"], m["end"], m["type"]) for m in plain["mentions"]] == places
    table = document.to_pandas()
    assert list(zip(table["start"], table["end"], table["type"], strict=True)) == places
    (bioc,) = json.loads(document.to_bioc())["documents"]
    found = [each for passage in bioc["passages"] for each in passage["annotations"]]
    assert [(a["locations"][0]["offset"], a["infons"]["type"]) for a in found] == [(s, kind) for s, _, kind in places]
    rows = [line.split("\t") for line in document.to_pubtator().splitlines() if "\t" in line]
    assert [(int(row[1]), int(row[2]), row[4]) for row in rows] == places
    bound = [line.split("\t") for line in document.to_brat().splitlines() if line.startswith("T")]
    assert [each[1].split()[0] for each in bound] == [kind for _, _, kind in places]
    for _, head, written in bound:  # the offsets of the parts give the text, as brat checks
        spans = [span.split() for span in head.partition(" ")[2].split(";")]
        assert " ".join(text[int(start) : int(end)] for start, end in spans).replace("\t", " ") == written
    body = ElementTree.fromstring(document._repr_html_())
    assert [mark.get("title")[:4] for mark in body.iter("mark")] == [kind[:4] for _, _, kind in places]
    assert [mark.get("title")[:4] for mark in body.findall("mark/mark")] == ["Cell"]  # inside the disease
    for small in body.iter("sub"):
        small.text = ""
    assert "".join(body.itertext()).rstrip("\n") == text
    assert document.to_html().count("<mark style") == len(places)


def test_the_iterator_has_the_same_forms(kogner):
    """Forms of many documents that lose all but one."""

    def read():
        return kogner.annotate(TEXT[:3])

    single = [kogner(text) for text in TEXT[:3]]
    mentions = sum(len(document.mentions) for document in single)
    assert len(read().to_dict()) == 3
    assert len(read().to_pandas()) == mentions
    assert read().to_pandas()["document"].nunique() == 3
    assert len(json.loads(read().to_bioc())["documents"]) == 3
    assert read().to_pubtator().count("|t|") == 3
    assert list(read().to_brat()) == ["1", "2", "3"]
    assert read().to_html().count("<mark") == mentions


def test_types_vocabularies_and_conventions_in_any_case(folder, kogner):
    """`--types disease` must not be an error, nor an empty answer."""
    expected = list(kogner.annotate(TEXT[:3], types=["Disease"]).to_pandas()["text"])
    assert list(load(folder, types=["dIsease"], device="cpu").annotate(TEXT[:3]).to_pandas()["text"]) == expected
    linker = load(folder, vocabulary="mondo", device="cpu").linker
    assert linker.candidates("breast cancer", "Disease")[0].id == "MONDO:3"
    assert all(each.id.startswith("MONDO:") for each in linker.candidates("heart failure", "Disease"))
    with pytest.raises(ValueError, match="does not know the type Virus; it knows Chemical, Disease, Gene"):
        load(folder, types=["Virus"])


def test_another_graph_or_none(folder, tmp_path):
    """Knowledge that is named but not read, or read but not linked to."""
    text = "Aspirin and tremelimumab reduced the fever"
    assert load(folder, knowledge="none", device="cpu").model.config.evidence == "none"
    other = make_knowledge()
    other.concepts.loc[0, ["id", "name"]] = ["LAB:1", "tremelimumab"]
    other.surfaces.loc[other.surfaces["concept"] == 0, "surface"] = "tremelimumab"
    other.save(tmp_path / "graph")
    annotator = load(folder, knowledge=tmp_path / "graph", device="cpu")
    candidates = annotator.linker.candidates("tremelimumab", "Chemical")
    assert (candidates[0].id, candidates[0].score) == ("LAB:1", 1.0)
    explained = explain(annotator, text)
    assert [each.mention for each in explained.mentions] == annotator(text).mentions
    assert "Aspirin" not in [surface.text for each in explained.mentions for surface in each.surfaces]
    with pytest.raises(ValueError, match="not a knowledge folder"):
        load(folder, knowledge=folder)


def test_a_tokenizer_of_another_vocabulary_is_refused(folder):
    """Ids of other pieces would give other words to the model, without an error."""
    model = load(folder, device="cpu").model
    with pytest.raises(ValueError, match="another vocabulary"):
        Annotator(model, train_tokenizer("bytelevel"))

"""Every form of annotated documents, read back by a reader that is not ours."""

import io
import json
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import bioc
import pandas as pd
import pytest
from bioc import biocjson, biocxml, pubtator

from modeling_kogner.corpora.document import Document
from modeling_kogner.corpora.formats import OUTPUTS
from modeling_kogner.corpora.mention import Mention, Passage
from modeling_kogner.corpora.vocabularies import PAGES
from modeling_kogner.inference.resumable_file import Done, ResumableFile

TITLE = "Aspirin \u03b1 & <rats>"
BODY = 'It reduced\r\nfever, \U0001f9ec "acute\nleukemia" and =SUM(1), \x0c 5\u2032.'
MENTIONS = [
    ("Aspirin", "Chemical", 0.98765, "MESH:D001241", "Aspirin, the drug"),
    ("fever", "Disease", 0.5, None, None),
    ("acute\nleukemia", "Disease", 1.0, "MONDO:2", "acute leukemia"),
    ("=SUM(1)", "Gene family", 0.25, "X:1", '"quoted"\tname'),
]


def document(name: str) -> Document:
    """Two passages with what formats trip over: markup, line breaks, a form feed, characters beyond 16 bits."""
    made = Document(name, [Passage(TITLE, 0, {"type": "title"}), Passage(BODY, len(TITLE) + 1)])
    for text, kind, score, concept, concept_name in MENTIONS:
        start = made.text.index(text)
        ids = [concept, f"{concept}b"] if concept else []
        made.mentions.append(Mention(start, start + len(text), text, kind, score, concept, concept_name, ids=ids))
    return made


DOCUMENTS = [document("PMC1"), Document("2/b", [Passage("nothing here")]), document("2 b")]


@pytest.fixture
def written(tmp_path):
    """Write the documents as `kogner annotate` does, in two steps."""

    def write(kind: str, name: str) -> Path:
        output = ResumableFile(tmp_path / name, OUTPUTS[kind], {})
        for number, each in enumerate(DOCUMENTS, start=1):
            output.append([output.form.render(each)], Done(number, number))
        output.finish()
        return tmp_path / name

    return write


def places(documents):
    """What a table holds of the mentions."""
    return [(d.id, m.start, m.end, m.type, m.id) for d in documents for m in d.mentions]


@pytest.mark.parametrize(("kind", "name"), [("csv", "a.csv"), ("tsv", "a.tsv"), ("excel", "a.xlsx")])
def test_tables_are_read_by_pandas(written, kind, name):
    """A comma, quotation mark or line break in a name would shift the columns; ``=SUM(1)`` would be computed."""
    path = written(kind, name)
    how = {"keep_default_na": False, "dtype": {"document": str}}
    table = (
        pd.read_excel(path, **how) if kind == "excel" else pd.read_csv(path, sep={"csv": ",", "tsv": "\t"}[kind], **how)
    )
    found = [(row.document, row.start, row.end, row.type, row.id or None) for row in table.itertuples()]
    assert found == places(DOCUMENTS)
    assert list(table["score"][:2]) == [0.9877, 0.5]
    texts = [text if kind != "tsv" else text.replace("\n", " ") for text, *_ in MENTIONS]
    assert list(table["mention"]) == texts * 2
    if kind != "tsv":
        assert table["name"][3] == '"quoted"\tname'


def test_excel_begins_another_sheet_where_one_is_full(written, monkeypatch):
    """Excel cannot open a sheet of more than a million rows."""
    monkeypatch.setattr("modeling_kogner.corpora.excel._ROWS", 3)
    sheets = pd.read_excel(written("excel", "a.xlsx"), sheet_name=None)
    assert [(name, len(table)) for name, table in sheets.items()] == [
        ("mentions", 3),
        ("mentions 2", 3),
        ("mentions 3", 2),
    ]


def test_json_lines_and_parquet_are_read_by_pandas(written):
    """Ids and names are nested; a reader without our schema must find them."""
    by_line = pd.read_json(written("jsonl", "a.jsonl"), lines=True)
    by_column = pd.read_parquet(written("parquet", "a.parquet"))
    for table in (by_line, by_column):
        assert list(table["id"].astype(str)) == [each.id for each in DOCUMENTS]
        for text, mentions, made in zip(table["text"], table["mentions"], DOCUMENTS, strict=True):
            assert [text[int(m["start"]) : int(m["end"])] for m in mentions] == [m.text for m in made.mentions]
            assert [list(m["ids"]) for m in mentions] == [m.ids for m in made.mentions]


@pytest.mark.parametrize(("kind", "name", "reader"), [("bioc", "a.json", biocjson), ("bioc-xml", "a.xml", biocxml)])
def test_bioc_is_read_by_the_bioc_library(written, kind, name, reader):
    """Offsets that do not slice the text as the library reads it are of no use to anyone; a bare CR is such a trap."""
    with written(kind, name).open("rb" if kind == "bioc-xml" else "r") as stream:
        collection = reader.load(stream)
    assert [each.id for each in collection.documents] == [each.id for each in DOCUMENTS]
    for read, made in zip(collection.documents, DOCUMENTS, strict=True):
        found = []
        for passage in read.passages:
            for each in passage.annotations:
                place = each.total_span
                text = passage.text[place.offset - passage.offset : place.end - passage.offset]
                assert text == each.text
                found.append((place.offset, place.end, text, each.infons["type"], each.infons.get("identifier")))
        assert found == [(m.start, m.end, m.text, m.type, m.id) for m in made.mentions]
    assert isinstance(collection, bioc.BioCCollection)


def test_pubtator_is_read_by_the_bioc_library(written, monkeypatch):
    """The format has one line a text, so line breaks become spaces and offsets stay."""
    with written("pubtator", "a.pubtator").open() as stream:
        read = pubtator.load(stream)
    assert [each.pmid for each in read] == ["PMC1", "2/b", "2_b"]
    for each, made in zip(read, DOCUMENTS, strict=True):
        assert [(a.start, a.end, a.type) for a in each.annotations] == [(m.start, m.end, m.type) for m in made.mentions]
        assert all(each.text[a.start : a.end] == a.text for a in each.annotations)


@pytest.mark.parametrize("name", ["a.zip", "folder"])
def test_brat_files_slice_their_texts(written, name):
    """Brat refuses a whole document for one span that is not where it says, or a type that is not configured."""
    path = written("brat", name)
    if name == "a.zip":
        files = {each: zipfile.ZipFile(path).read(each).decode() for each in zipfile.ZipFile(path).namelist()}
    else:
        files = {each.name: each.read_bytes().decode() for each in path.iterdir()}
    expected = {f"{each}.{end}" for each in ("PMC1", "2_b", "2_b_2") for end in ("txt", "ann")}
    assert set(files) == {*expected, "annotation.conf"}
    configured = re.search(r"\[entities\]\n(.*?)\n\n\[relations\]", files["annotation.conf"], re.DOTALL)[1].split("\n")
    assert configured == ["Chemical", "Disease", "Gene_family"]
    for each in ("PMC1", "2_b_2"):
        text, spans = files[f"{each}.txt"], {}
        assert text == DOCUMENTS[0].text
        for line in files[f"{each}.ann"].splitlines():
            key, place, said = line.split("\t")
            if key[0] == "T":
                kind, where = place.split(" ", 1)
                assert kind in configured
                parts = [text[slice(*map(int, part.split()))] for part in where.split(";")]
                assert " ".join(parts) == said
                assert not any("\n" in part for part in parts)
                spans[key] = said
            else:
                assert re.fullmatch(r"Reference T\d+ \S+:\S+", place)
                assert place.split()[1] in spans
        assert len(spans) == 4
    assert files["2_b.ann"] == ""


class Marks(HTMLParser):
    """Marked mentions and what each tells a click; addresses that a browser would load."""

    def __init__(self, page: str):
        super().__init__()
        self.marks, self.loaded, self.articles, self._inside = [], [], [], None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        """Note it."""
        given = dict(attributes)
        self.loaded += [given[name] for name in ("src", "href", "srcset", "data") if name in given]
        if tag == "mark":
            self.marks.append([given, ""])
        self._inside = tag

    def handle_endtag(self, tag):
        """Text belongs to no mention any more."""
        self._inside = None

    def handle_data(self, data):
        """The text of a mention or a heading."""
        if self._inside == "mark":
            self.marks[-1][1] += data
        elif self._inside == "h2":
            self.articles.append(data)


def test_the_page_is_one_file_with_all_ids(written):
    """A script or font from elsewhere would fail offline; an id that is not escaped would end the attribute."""
    page = written("html", "a.html").read_text()
    read = Marks(page)
    assert read.loaded == []
    assert "http" not in page.replace(json.dumps(PAGES), "")  # of links, which nobody follows unasked
    assert "@import" not in page
    assert read.articles == [each.id for each in DOCUMENTS]
    assert [text.replace("\r\n", "\n") for _, text in read.marks] == [m.text for d in DOCUMENTS for m in d.mentions]
    first, second, *_, last = [given for given, _ in read.marks]
    assert (first["data-id"], first["data-ids"]) == ("MESH:D001241", "MESH:D001241 MESH:D001241b")
    assert "data-id" not in second
    assert last["data-name"] == '"quoted"\tname'
    assert first["style"] != second["style"]


def test_json_spools_hold_texts_that_no_file_can(tmp_path):
    """Documents made in Python may hold half a surrogate pair, which ended the run at its last moment."""
    odd = replace(document("x"), passages=[Passage("a\u2028b\x85c")], mentions=[Mention(0, 1, "a", "Gene", 1.0)])
    for kind in ("brat", "excel", "parquet"):
        output = ResumableFile(tmp_path / f"{kind}.zip", OUTPUTS[kind], {})
        output.append([output.form.render(odd)], Done(1, 1))
        output.finish()
    with zipfile.ZipFile(tmp_path / "brat.zip") as archive:
        assert archive.read("x.txt").decode() == "a\u2028b\x85c"
    assert json.loads(json.dumps(pd.read_excel(io.BytesIO((tmp_path / "excel.zip").read_bytes()))["mention"][0])) == "a"

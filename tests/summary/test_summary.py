"""`kogner summary`: the numbers, the formats that it reads, and its pictures."""

import json
import math
import re
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support import kogner

from modeling_kogner.corpora.document import Document, to_pandas
from modeling_kogner.corpora.formats import OUTPUTS
from modeling_kogner.corpora.mention import Candidate, Mention
from modeling_kogner.graph.branch import Branch
from modeling_kogner.summary.annotated_files import Counted, Named, read_annotated, year_of
from modeling_kogner.summary.counts import summarise

A, B, C = (Named("Disease", f"MONDO:{i}", f"disease {i}") for i in range(1, 4))
DRUG, NEW = Named("Chemical", "MESH:D001241", "aspirin <b>$x$"), Named("Chemical", None, None)
DOCUMENTS = [
    *[Counted([A, A, DRUG], 2001)] * 2,
    Counted([B, C, NEW], 2001),
    Counted([B], 2003),
    Counted([], None),
    Counted([B, A], 2003),
]


def write(path: Path) -> Path:
    """The documents as `kogner annotate` writes them, with alternatives and a field of the input."""
    documents = []
    for number, counted in enumerate(DOCUMENTS):
        text = "".join(f"{mention.name}, " for mention in counted.mentions)
        mentions, start = [], 0
        for kind, name_id, name in counted.mentions:
            other = [Candidate("X:1", "other", "Disease", 0.5, ["X:1"])]
            form = str(name)
            mention = Mention(start, start + len(form), form, kind, 0.9, name_id, name, alternatives=other)
            mentions.append(mention)
            start += len(form) + 2
        document = Document.of(text, str(number))
        record = {"id": str(number), "text": text, "year": counted.year and f"{counted.year}-05-01"}
        documents.append(replace(document, mentions=mentions, record=record))
    if path.suffix == ".csv":
        to_pandas(documents).to_csv(path, index=False)
        return path
    form = OUTPUTS[path.suffix[1:]]
    lines = path.with_suffix(".lines") if form.pack else path
    lines.write_text(form.whole(documents), encoding="utf-8")
    if form.pack:
        form.pack(lines, path)
    return path


def test_the_numbers():
    """Worked out by hand: six documents, of which three name concept 1, two of them with aspirin."""
    found = summarise(lambda: DOCUMENTS)
    counts = ("documents", "documents_with_mentions", "mentions", "linked", "concepts_found")
    assert [found[name] for name in counts] == [6, 5, 12, 11, 4]
    assert found["types"] == [
        {"type": "Disease", "mentions": 9, "documents": 5, "linked": 9, "concepts": 3},
        {"type": "Chemical", "mentions": 3, "documents": 3, "linked": 2, "concepts": 1},
    ]
    assert [(row["id"], row["mentions"], row["documents"]) for row in found["concepts"]] == [
        ("MONDO:1", 5, 3),
        ("MONDO:2", 3, 3),
        ("MESH:D001241", 2, 2),
        ("MONDO:3", 1, 1),
    ]
    best, other = found["pairs"]  # 1 and 2 meet less often than by chance
    assert (best["first"]["id"], best["second"]["id"], best["documents"]) == ("MESH:D001241", "MONDO:1", 2)
    assert (best["expected"], best["lift"], best["pmi"]) == (1.0, 2.0, 1.0)
    assert other["lift"] == 2.0
    assert math.isclose(other["expected"], 0.5)
    assert found["years"] == [{"year": 2001, "documents": 3}, {"year": 2003, "documents": 2}]
    assert found["concepts_over_time"][0]["documents"] == {"2001": 2, "2003": 1}


def test_each_concept_of_a_composite_mention_counts():
    """A composite such as "breast and ovarian cancer" would be a third concept beside its two."""
    both = Counted([Named("Disease", "MONDO:1|MONDO:2", "disease 1|disease 2")], None)
    found = summarise(lambda: [both, both, Counted([], None)])
    assert {row["id"]: row["name"] for row in found["concepts"]} == {"MONDO:1": "disease 1", "MONDO:2": "disease 2"}
    assert (found["mentions"], found["linked"]) == (2, 2)
    assert [(row["first"]["id"], row["second"]["id"]) for row in found["pairs"]] == [("MONDO:1", "MONDO:2")]


def test_a_branch():
    """Concepts outside of it are no top concepts, but what meets those inside is."""
    found = summarise(lambda: DOCUMENTS, Branch("MONDO:1", "disease 1", frozenset(["MONDO:1", "MONDO:3"])))
    assert [row["id"] for row in found["concepts"]] == ["MONDO:1", "MONDO:3"]
    assert found["under"] == {"id": "MONDO:1", "name": "disease 1", "concepts_found": 2}
    assert [(row["first"]["id"], row["second"]["id"]) for row in found["pairs"]] == [
        ("MESH:D001241", "MONDO:1"),
        ("MONDO:2", "MONDO:3"),
    ]


@pytest.mark.parametrize("form", ["parquet", "jsonl", "tsv", "csv"])
def test_every_form_gives_the_same_documents(form, tmp_path):
    """A form in which concepts were lost would look like text without any."""
    found = list(read_annotated(write(tmp_path / f"annotated.{form}")))
    if form in ("tsv", "csv"):  # they have no row for a document without mentions, and no dates
        expected = [counted._replace(year=None) for counted in DOCUMENTS if counted.mentions]
    else:
        expected = DOCUMENTS
    assert found == expected


def test_a_table_of_mentions_with_dates(tmp_path):
    """Parquet of a data frame, and dates that are no text."""
    table = pa.table(
        {
            "document": ["1", "1", "2"],
            "type": ["Disease"] * 3,
            "id": ["MONDO:1", None, "MONDO:2"],
            "name": ["a", None, "b"],
            "when": pa.array([0, 0, 400], pa.date32()),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    first, second = read_annotated(tmp_path / "a.parquet", "when")
    assert (first.year, second.year, len(first.mentions)) == (1970, 1971, 2)


@pytest.mark.parametrize(
    ("value", "year"),
    [
        (1998, 1998),
        (1998.0, 1998),
        ("1998-03", 1998),
        ("2 Mar 1998", 1998),
        (None, None),
        ("n/a", None),
        (12345, None),
    ],
)
def test_years(value, year):
    """A page number taken for a year would be a point far from all others."""
    assert year_of(value) == year


WRONG = {
    "a.xml": ("", "the name tells no format that is summarised; give .parquet, .jsonl, .tsv, .csv", 2),
    "a.jsonl": ('{"mentions": []}\n{"text": "a"}\n', "a.jsonl, line 2: not a document with mentions", 1),
    "b.jsonl": ('{"mentions": [3]}\n', "b.jsonl, line 1: not a document with mentions", 1),
    "a.tsv": ("document\ttype\n1\tGene\n", "a.tsv, field id: the column is missing", 1),
    "a.parquet": ("PAR1", "a.parquet: not readable as annotated documents", 1),
    "c.jsonl": ('{"mentions": []}\n', "c.jsonl, line 1: no column 'when'; it has mentions; correct --date-column", 1),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(name, tmp_path):
    """File, row and field, instead of a traceback or half a count."""
    content, message, code = WRONG[name]
    (tmp_path / name).write_text(content)
    result = kogner("summary", tmp_path / name, *(["--date-column", "when"] if name == "c.jsonl" else []))
    assert message in result.stderr
    assert result.exit_code == code


def test_the_command(tmp_path, knowledge):
    """Tables, JSON, pictures in both forms and a page that runs and loads nothing."""
    pytest.importorskip("matplotlib")
    path, output = write(tmp_path / "annotated.parquet"), tmp_path / "out"
    knowledge.save(tmp_path / "knowledge")
    branch = ["--under", "Leukemia", "--knowledge", tmp_path / "knowledge"]
    result = kogner("summary", path, "--output", output, *branch)
    assert result.exit_code == 0, result.output
    assert "concepts under leukemia (MONDO:1), 2 found" in result.stdout
    assert {each.name for each in output.iterdir()} == {
        *(f"{name}.{form}" for name in ("types", "concepts", "pairs", "years") for form in ("png", "svg")),
        "summary.html",
        "summary.json",
    }
    written = json.loads((output / "summary.json").read_text())
    assert written == json.loads(kogner("summary", path, "--json", *branch).stdout)
    for picture in output.glob("*.svg"):
        assert ElementTree.parse(picture).getroot().tag.endswith("svg")
    page = (output / "summary.html").read_text()
    assert "aspirin &lt;b&gt;$x$" in page
    assert not re.search(r"<script|https?://|<b>", page)
    assert page.count("data:image/svg+xml;base64,") == 4


def test_legend_covers_no_bar():
    """With as many documents for the last concept as for the first, names of types would lie on its bar."""
    pytest.importorskip("matplotlib")
    from modeling_kogner.summary.pictures import pictures

    kinds = ["Disease", "Chemical", "Gene"]
    concepts = [{"name": f"concept {i}", "documents": 1, "type": kinds[i % 3]} for i in range(6)]
    empty = {"under": None, "pairs": [], "years": [], "concepts_over_time": []}
    types = [{"type": kind, "mentions": 2} for kind in kinds]
    figure, _ = pictures({**empty, "types": types, "concepts": concepts})["concepts"]
    figure.draw_without_rendering()
    (axes,) = figure.axes
    legend = axes.get_legend().get_window_extent()
    assert not any(legend.overlaps(bar.get_window_extent()) for bar in axes.patches)
    assert all(float(tick).is_integer() for tick in axes.get_xticks())


def test_without_matplotlib_and_without_graph(tmp_path, monkeypatch):
    """Tables need no drawing library; who asks for pictures or a branch learns what is missing before any work."""
    path = write(tmp_path / "annotated.jsonl")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "modeling_kogner.summary.pictures", raising=False)
    monkeypatch.delattr("modeling_kogner.summary.pictures", raising=False)
    assert kogner("summary", path).exit_code == 0
    result = kogner("summary", path, "--output", tmp_path / "out")
    assert (result.exit_code, "pip install 'kogner[pictures]'" in result.stderr) == (2, True)
    result = kogner("summary", path, "--under", "leukemia")
    assert (result.exit_code, "--under needs the graph; name its folder with --knowledge" in result.stderr) == (2, True)


def test_memory_does_not_grow_with_the_documents(tmp_path):
    """A million documents would not fit into memory at once."""
    rows = [{"mentions": [{"type": "Disease", "id": f"MONDO:{i % 50}", "name": "n" * 50}] * 5} for i in range(400)]
    peaks = []
    for times in (10, 40):
        path = tmp_path / f"{times}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows) * times)
        tracemalloc.start()
        found = summarise(lambda path=path: read_annotated(path))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found["documents"] == 400 * times
    assert peaks[1] < 1.5 * peaks[0]


def test_pandas_is_not_needed_to_name_documents(tmp_path):
    """Shards are counted together, in the order given."""
    paths = [write(tmp_path / f"{name}.jsonl") for name in "ab"]
    result = kogner("summary", paths[0], "--more", paths[1], "--json")
    assert json.loads(result.stdout)["documents"] == 2 * len(DOCUMENTS)
    assert pd.DataFrame(json.loads(result.stdout)["concepts"])["documents"].max() == 6

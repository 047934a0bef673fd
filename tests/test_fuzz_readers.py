"""Damaged files of every format: each is read, or refused with one message that names the file and the place."""

import re
from pathlib import Path

import pytest
from file_formats import FORMATS
from hypothesis import given
from hypothesis import strategies as st

NASTY = [
    *(b"\x00", b"\xff", b"\t", b"\n", b"\r", b"\r\n", b'"', b"'", b"|", b"\\", b"{", b"]", b",", b":", b" ", b"!"),
    *(b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\x1c", b"\x0b", b"\xc2\xa0", b"9" * 25, b"-1", b"NaN", b"null", b"\\ud83e"),
    *(b"\n\n", b"B-", b"I-X", b"|t|", b"[Term]", b"import: http://127.0.0.1:9/x.obo\n", b"\xed\xa0\x80", b"[" * 3000),
]


@st.composite
def damaged(draw, content):
    """The content after one to four changes such as a bad disk, editor or export script makes."""
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content)))
        end = min(len(content), place + draw(st.integers(0, 40)))
        kind = draw(st.sampled_from(["insert", "insert", "replace", "delete", "double", "cut", "byte", "line"]))
        if kind == "insert":
            content = content[:place] + draw(st.sampled_from(NASTY)) + content[place:]
        elif kind == "replace":
            content = content[:place] + draw(st.sampled_from(NASTY)) + content[end:]
        elif kind == "delete":
            content = content[:place] + content[end:]
        elif kind == "double":
            content = content[:end] + content[place:]
        elif kind == "cut":
            content = content[:place]
        elif kind == "byte":
            content = content[:place] + bytes([draw(st.integers(0, 255))]) + content[place + 1 :]
        else:
            rows = content.split(b"\n")
            row = rows.pop(draw(st.integers(0, len(rows) - 1)))
            rows.insert(draw(st.integers(0, len(rows))), row)
            content = b"\n".join(rows)
    return content


def read_any(folder: Path, kind: str, content: bytes):
    """Number of units and the errors; anything but a ValueError ends the test."""
    name, _, reader, _ = FORMATS[kind]
    path = folder / name
    path.write_bytes(content)
    try:
        count, wrong = reader(
            path,
            {".txt": "lines", ".json": "bioc", ".xml": "bioc-xml", ".nxml": "jats"}.get(path.suffix, path.suffix[1:]),
        )
    except ValueError as error:
        count, wrong = None, [str(error)]
    for message in wrong:
        assert str(path.parent) in message, message  # of three tables, another may be the one that is wrong
        assert len(message) < 1000, message
    return count, wrong


@pytest.mark.parametrize("kind", FORMATS)
@given(data=st.data())
def test_damaged_files_are_read_or_refused(kind, tmp_path_factory, data):
    """A traceback from below tells the user nothing, and a row that is skipped in silence is lost for good."""
    content = data.draw(damaged(FORMATS[kind][1]))
    count, _ = read_any(tmp_path_factory.mktemp("damaged"), kind, content)
    expected = FORMATS[kind][3]
    if expected is not None and count is not None:
        assert count == expected(content)


@pytest.mark.parametrize("kind", FORMATS)
def test_whole_files_are_read(kind, tmp_path):
    """Files that no reader takes, or counts that never hold, would make the test above pass for nothing."""
    content, _, expected = FORMATS[kind][1:]
    count, wrong = read_any(tmp_path, kind, content)
    assert wrong == []
    assert count
    assert expected is None or count == expected(content)


def edited(kind, *changes):
    """The good file of a format, each change made once."""
    content = FORMATS[kind][1]
    for old, new in changes:
        assert old in content
        content = content.replace(old, new, 1)
    return content


# What was found here and fixed: a traceback, a message without the file, or rows that were silently gone. None:
# the file can be read.
FOUND = {
    "relation without its Typedef": (
        "graph, OBO",
        [(b"[Typedef]\nid: located_in\n", b"[Typedef]\nid: x\n")],
        r"TOY:2, field rel",
    ),
    "short row": (
        "graph, nodes.tsv",
        [(b"Gene\tA\n", b"Gene\n")],
        "row 2, field source: 3 fields where the header has 4",
    ),
    "long row": ("graph, nodes.tsv", [(b"Gene\tA\n", b"Gene\tA\tB\n")], "row 2, field source: 5 fields"),
    "rows in a quotation": (
        "graph, names.tsv",
        [(b"acetyl", b'"acetyl'), (b'5" end', b'end"')],
        "row 1, field name: .* runs",
    ),
    "quotation mark": ("graph, names.csv", [(b'sour"', b'"sour')], r"names\.csv, near row 1: "),
    "pandas' note": ("graph, nodes.parquet", [(b'{"index_columns"', b'["index_columns"')], None),
    "Hub's note": ("corpus, parquet", [(b'{"info"', b'["info"')], "description of the columns is damaged"),
    "data page": (
        "documents, parquet",
        [(FORMATS["documents, parquet"][1][4:12], b"\xff" * 8)],
        "after row 0: damaged",
    ),
    "brackets": ("corpus, jsonl", [(b'{"id": "b"', b'{"id": ' + b"[" * 100_000)], "line 2: brackets nested too deeply"),
    "half a character": ("corpus, jsonl", [(b'"no"', b'"no\\ud83e"')], None),
    "cut mention": ("corpus, pubtator", [(b"fever\tDisease\tD2", b"fever")], "line 4: .* is not a mention"),
    "second abstract": ("corpus, pubtator", [(b"1\t0", b"1|a|x\n1\t0")], "line 3: '1|a|x' is unexpected"),
    "second list": ("documents, bioc", [(b'"a": 1', b'"documents": []')], "two fields 'documents'"),
    "no end": ("documents, bioc", [(b', "a": 1}', b"")], "not BioC JSON"),
    "long word": ("corpus, conll", [(b"fell O", b"[" * 3000 + b" X")], r"token 3 \('\[{59}\): unknown tag 'X'"),
}


@pytest.mark.parametrize("case", FOUND)
def test_what_was_found_stays_mended(case, tmp_path):
    """Chance finds it again only by chance."""
    kind, changes, message = FOUND[case]
    count, wrong = read_any(tmp_path, kind, edited(kind, *changes))
    if message is None:
        assert count
        assert wrong == []
    else:
        (found,) = wrong
        assert re.search(message, found), found

"""PubTator: a title and an abstract for each document, mentions by their offsets in both."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from ..files.errors import InputError, located
from .document import Document
from .lines import decode, numbered_lines
from .mention import Mention, Passage
from .record import Fields, Record, parse_all

_TITLE = re.compile(rb"(?:\xef\xbb\xbf)?[^|\s]+\|t\|")
_HEAD = re.compile(r"([^|\s]+)\|([ta])\|(.*)", re.DOTALL)
_RELATION = re.compile(r"[A-Za-z][\w-]*")
_MARK = re.compile(r"[\W_]")
_WORD = re.compile(r"\w+|[^\w\s]")
_SENTENCE_END = re.compile(r"[.?!][\"')\]]*\s+(?=[\"'(\[]*[A-Z0-9])")
# Dots that end no sentence: initials as in "E. coli", and what abstracts abbreviate before a capital or a number.
_ABBREVIATION = re.compile(
    r"(?:\b[A-Za-z]|\b(?:vs|cf|al|approx|ca|no|nos|fig|figs|dr|drs|st|sp|spp|var|resp))\.$", re.IGNORECASE
)


def read_pubtator(
    stream: BinaryIO, name: str, fields: Fields | None = None, mentions: bool = False
) -> Iterator[Record]:
    """A title line begins a document, a blank line ends one.

    Args:
        stream: the file.
        name: of the file, for messages.
        fields: not used.
        mentions: read the mentions too, and check them; else they are skipped. Relations always are.
    """
    block: list[tuple[int, bytes]] = []
    end = 0

    def record() -> Record:
        return Record(name, f"line {block[0][0]}", end, partial(_document, block, mentions))

    for number, position, line in numbered_lines(stream):
        if block and (not line.strip() or _TITLE.match(line)):
            yield record()
            block = []
        if line.strip():
            block.append((number, line))
        end = position
    if block:
        yield record()


def load_pubtator(path: str | Path) -> list[Document]:
    """The documents of a file with their mentions.

    Raises:
        InputError: a document or mention is wrong, or two documents share an id; names file and line.
    """
    with Path(path).open("rb") as stream:
        return parse_all(read_pubtator(stream, str(path), mentions=True), path)


def _document(block: list[tuple[int, bytes]], with_mentions: bool) -> Document:
    parts: dict[str, str] = {}
    name = ""
    annotations: list[tuple[int, str]] = []
    for number, content in block:
        with located(None, f"line {number}"):
            line = decode(content)
            head = _HEAD.fullmatch(line)
            if head and head[1] == (name or head[1]) and head[2] not in parts and not annotations:
                name, parts[head[2]] = head[1], head[3]
            elif name and line.startswith(f"{name}\t"):
                annotations.append((number, line))
            else:
                raise InputError(
                    f"{line!r:.60} is unexpected",
                    fix="write ID|t|title, ID|a|abstract, then lines that begin with ID, and give each document an id "
                    "of its own",
                )
    title = parts.get("t", "")
    document = Document(name, [Passage(title), Passage(parts.get("a", ""), len(title) + 1)])
    if with_mentions:
        text = document.text
        for number, line in annotations:
            with located(None, f"line {number}"):
                document.mentions += _mention(line, text)
    return document


def _mention(line: str, text: str) -> Iterator[Mention]:
    """The mention of a line; none if it is a relation."""
    fields = line.split("\t")
    if len(fields) in (4, 5) and _RELATION.fullmatch(fields[1]):  # a mention that was cut short has a number there
        return
    if len(fields) < 5 or not (fields[1].isdigit() and fields[2].isdigit()):
        raise InputError(
            f"{line!r:.60} is not a mention", fix="write ID, start, end, mention, type, concept id, with tabs between"
        )
    start, end, given = int(fields[1]), int(fields[2]), fields[3]
    held = text[start:end]
    # Some exports blank the quotation marks inside a mention, so only letters and digits have to agree.
    if not given or _MARK.sub(" ", held) != _MARK.sub(" ", given):
        raise InputError(
            f"mention {given!r:.60} is not at {start}-{end}, where {held!r:.60} stands",
            fix="offsets count characters of the title, one separator and the abstract",
        )
    yield Mention(start, end, held, fields[4], id=fields[5] if len(fields) > 5 else "")


def to_rows(document: Document) -> tuple[list[dict[str, Any]], Counter[str]]:
    """Turn a document into tagged sentences with character offsets.

    A token is a run of letters, digits and underscores, or one other visible character. A sentence ends with the
    title, and after ``.``, ``?`` or ``!`` before a space and a capital or digit, unless the dot ends an initial or a
    common abbreviation, or the place is inside a mention. IOB2 holds no mention inside another: of mentions that
    overlap the longest stays. A mention that ends within a token is widened to it.

    Returns:
        Rows of ``id``, ``document`` (its id), ``tokens``, ``ner_tags`` and ``offsets`` (``[start, end]`` in
        ``document.text``), and counts of ``mentions``, ``tagged``, ``overlapping`` (left out) and ``widened``.
    """
    report: Counter[str] = Counter(mentions=len(document.mentions), tagged=0, overlapping=0, widened=0)
    text = document.text
    words = [match.span() for match in _WORD.finditer(text)]
    starts, ends = [start for start, _ in words], [end for _, end in words]
    tags = ["O"] * len(words)
    for mention in sorted(document.mentions, key=lambda each: (each.start - each.end, each.start)):
        covered = range(bisect_right(ends, mention.start), bisect_left(starts, mention.end))
        if not covered or any(tags[i] != "O" for i in covered):
            report["overlapping"] += 1
            continue
        report["tagged"] += 1
        report["widened"] += (words[covered[0]][0], words[covered[-1]][1]) != (mention.start, mention.end)
        for i in covered:
            tags[i] = f"{'B' if i == covered[0] else 'I'}-{mention.type}"
    rows = []
    for start, end in _sentences(document, text):
        inside = range(bisect_left(starts, start), bisect_left(starts, end))
        if inside:
            rows.append(
                {
                    "id": f"{document.id}-{start}",
                    "document": document.id,
                    "tokens": [text[words[i][0] : words[i][1]] for i in inside],
                    "ner_tags": [tags[i] for i in inside],
                    "offsets": [list(words[i]) for i in inside],
                }
            )
    return rows, report


def _sentences(document: Document, text: str) -> Iterator[tuple[int, int]]:
    start = 0
    borders = [len(document.passages[0].text) + 1]
    for match in _SENTENCE_END.finditer(text):
        if not _ABBREVIATION.search(text[max(0, match.start() - 8) : match.start() + 1]):
            borders.append(match.end())
    for border in sorted(set(borders)):
        if not any(mention.start < border < mention.end for mention in document.mentions):
            yield start, border
            start = border
    yield start, len(text)

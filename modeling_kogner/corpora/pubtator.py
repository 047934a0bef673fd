"""PubTator files: abstracts with mentions at character offsets, read strictly and turned into tagged sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

_HEAD = re.compile(r"(\w+)\|([ta])\|(.*)", re.DOTALL)
_RELATION = re.compile(r"[A-Za-z][\w-]*")
_MARK = re.compile(r"[\W_]")
_WORD = re.compile(r"\w+|[^\w\s]")
_SENTENCE_END = re.compile(r"[.?!][\"')\]]*\s+(?=[\"'(\[]*[A-Z0-9])")
# Dots that end no sentence: initials as in "E. coli", and what abstracts abbreviate before a capital or a number.
_ABBREVIATION = re.compile(
    r"(?:\b[A-Za-z]|\b(?:vs|cf|al|approx|ca|no|nos|fig|figs|dr|drs|st|sp|spp|var|resp))\.$", re.IGNORECASE
)


class Mention(NamedTuple):
    """A mention at characters ``start`` to ``end`` (one past the last), with its concept ids as written."""

    start: int
    end: int
    text: str
    type: str
    ids: str


@dataclass
class Document:
    """An abstract: ``text`` is title, one separator, abstract, which the offsets of the mentions count."""

    pmid: str
    title: str
    abstract: str = ""
    mentions: list[Mention] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Title and abstract as the offsets count them."""
        return f"{self.title} {self.abstract}"


def read_pubtator(path: str | Path) -> list[Document]:
    """Read a PubTator file; relation lines (four fields) are passed over.

    Raises:
        ValueError: a line is of no known form, belongs to no document, or its offsets do not hold its mention; the
            message names file and line.
    """
    documents: dict[str, Document] = {}
    with Path(path).open(encoding="utf-8-sig", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            line = line.rstrip("\r\n")
            if not line.strip():
                continue
            try:
                _read_line(line, documents)
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from None
    return list(documents.values())


def _read_line(line: str, documents: dict[str, Document]) -> None:
    if head := _HEAD.fullmatch(line):
        pmid, part, text = head.groups()
        if part == "t":
            if pmid in documents:
                raise ValueError(f"document {pmid} has a second title; give each document its own id")
            documents[pmid] = Document(pmid, text)
        elif pmid not in documents:
            raise ValueError(f"abstract of {pmid} without a title line before it; write {pmid}|t|... first")
        elif documents[pmid].abstract:
            raise ValueError(f"document {pmid} has a second abstract; give each document its own id")
        else:
            documents[pmid].abstract = text
        return
    fields = line.split("\t")
    if fields[0] not in documents:
        raise ValueError(
            f"{line!r:.60} belongs to no document read so far; expected ID|t|title, ID|a|abstract, mentions"
        )
    if len(fields) == 4 and _RELATION.fullmatch(fields[1]):  # a mention that was cut short is none
        return
    if len(fields) < 5 or not (fields[1].isdigit() and fields[2].isdigit()):
        raise ValueError(
            f"{line!r:.60} is no mention; expected ID, start, end, mention, type, concept id, tabs between"
        )
    document, start, end, text = documents[fields[0]], int(fields[1]), int(fields[2]), fields[3]
    held = document.text[start:end]
    # Some exports blank the quotation marks inside a mention, so only letters and digits have to agree.
    if not text or _MARK.sub(" ", held) != _MARK.sub(" ", text):
        raise ValueError(
            f"mention {text!r:.60} is not at {start}-{end}, where {held!r:.60} stands; "
            "offsets count characters of the title, one separator and the abstract"
        )
    document.mentions.append(Mention(start, end, held, fields[4], fields[5] if len(fields) > 5 else ""))


def to_rows(document: Document) -> tuple[list[dict[str, Any]], Counter[str]]:
    """Turn a document into tagged sentences with character offsets.

    A token is a run of letters, digits and underscores, or one other visible character. A sentence ends with the
    title, and after ``.``, ``?`` or ``!`` before a blank and a capital or digit, unless the dot ends an initial or a
    common abbreviation, or the place is inside a mention. IOB2 holds no mention inside another: of mentions that
    overlap the longest stays. A mention that ends within a token is widened to it.

    Returns:
        Rows of ``id``, ``tokens``, ``ner_tags`` and ``offsets`` (``[start, end]`` in ``document.text``), and counts of
        ``mentions``, ``tagged``, ``overlapping`` (left out) and ``widened``.
    """
    report: Counter[str] = Counter(mentions=len(document.mentions), tagged=0, overlapping=0, widened=0)
    words = [match.span() for match in _WORD.finditer(document.text)]
    tags = ["O"] * len(words)
    for mention in sorted(document.mentions, key=lambda each: (each.start - each.end, each.start)):
        covered = [i for i, (start, end) in enumerate(words) if start < mention.end and end > mention.start]
        if not covered or any(tags[i] != "O" for i in covered):
            report["overlapping"] += 1
            continue
        report["tagged"] += 1
        report["widened"] += (words[covered[0]][0], words[covered[-1]][1]) != (mention.start, mention.end)
        for i in covered:
            tags[i] = f"{'B' if i == covered[0] else 'I'}-{mention.type}"
    rows = []
    for start, end in _sentences(document):
        inside = [i for i, word in enumerate(words) if start <= word[0] < end]
        if inside:
            rows.append(
                {
                    "id": f"{document.pmid}-{start}",
                    "tokens": [document.text[words[i][0] : words[i][1]] for i in inside],
                    "ner_tags": [tags[i] for i in inside],
                    "offsets": [list(words[i]) for i in inside],
                }
            )
    return rows, report


def _sentences(document: Document) -> Iterator[tuple[int, int]]:
    text, start = document.text, 0
    borders = [len(document.title) + 1]
    for match in _SENTENCE_END.finditer(text):
        if not _ABBREVIATION.search(text[max(0, match.start() - 8) : match.start() + 1]):
            borders.append(match.end())
    for border in sorted(set(borders)):
        if not any(mention.start < border < mention.end for mention in document.mentions):
            yield start, border
            start = border
    yield start, len(text)

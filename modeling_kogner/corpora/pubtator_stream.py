"""PubTator: a title and an abstract a document, mentions by their offset in both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from ..inference.annotator import Mention
from .document import Document, Fields, Passage, Record, one_line
from .plain_text import decode, numbered_lines

_TITLE = re.compile(rb"[^|\s]+\|t\|")
_HEAD = re.compile(r"([^|\s]+)\|([ta])\|(.*)", re.DOTALL)


def read_pubtator(stream: BinaryIO, name: str, fields: Fields) -> Iterator[Record]:
    """A title line begins a document, a blank line ends one; mentions and relations are passed over."""
    block: list[bytes] = []
    first, end = 1, 0
    for number, position, line in numbered_lines(stream):
        if block and (not line.strip() or _TITLE.match(line)):
            yield Record(f"{name}, line {first}", end, partial(_document, block))
            block = []
        if line.strip():
            first = first if block else number
            block.append(line)
        end = position
    if block:
        yield Record(f"{name}, line {first}", end, partial(_document, block))


def render_pubtator(document: Document, mentions: list[Mention]) -> str:
    """The first passage as title, the others as abstract; a text of one passage is all title.

    Line breaks and tabs become blanks, so that offsets stay.
    """
    name = re.sub(r"[|\s]", "_", document.id)
    text = one_line(document.text)
    title = len(document.passages[0].text) + document.passages[0].offset if document.passages else 0
    if text[title : title + 1] != " ":  # the format has one character between title and abstract
        title = len(text)
    lines = [f"{name}|t|{text[:title]}", f"{name}|a|{text[title + 1 :]}"]
    for mention in mentions:
        place = (str(mention.start), str(mention.end), one_line(mention.text))
        lines.append("\t".join((name, *place, mention.type, mention.concept_id or "-")))
    return "\n".join(lines) + "\n\n"


def _document(block: list[bytes]) -> Document:
    parts: dict[str, str] = {}
    name = None
    for line in map(decode, block):
        head = _HEAD.fullmatch(line)
        if head and (name is None or head[1] == name) and head[2] not in parts:
            name, parts[head[2]] = head[1], head[3]
        elif name is None or not line.startswith(f"{name}\t"):
            raise ValueError(
                f"{line!r:.60} is unexpected; write ID|t|title, ID|a|abstract, then lines that begin with ID"
            )
    title = parts.get("t", "")
    return Document(name, [Passage(title), Passage(parts.get("a", ""), len(title) + 1)])

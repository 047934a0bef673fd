"""Annotated documents as text: one function for each format, each for one document."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .mention import Mention, Passage

if TYPE_CHECKING:
    from collections.abc import Callable

TSV_COLUMNS = ("document", "start", "end", "mention", "type", "score", "id", "name")
# Okabe & Ito's palette, lightened: types stay apart for the colour-blind, and black text is legible on all.
_COLOURS = ("#9ad0f3", "#f5c869", "#8fd9bb", "#f2b5d4", "#f7f0a0", "#c9c2f0", "#f0b592", "#d5d5d5")
_BREAKS = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029")


class Annotated(Protocol):
    """What is written of a document."""

    id: str
    passages: list[Passage]
    mentions: list[Mention]
    record: dict[str, Any] | None

    @property
    def text(self) -> str:
        """The whole text."""


@dataclass
class OutputFormat:
    """How documents become a file.

    Args:
        render: a document with its mentions as text.
        head: before the first document.
        separator: between two.
        tail: after the last.
        pack: makes the file from what was rendered, where the format cannot be written piece by piece.
    """

    render: Callable[[Any], str]
    head: str = ""
    separator: str = ""
    tail: str = ""
    pack: Callable[[Path, Path], None] | None = None

    def whole(self, documents: list[Annotated]) -> str:
        """A file of these documents."""
        return self.joined(list(map(self.render, documents)), 0) + self.end(len(documents))

    def joined(self, rendered: list[str], before: int) -> str:
        """What is written of some documents, after so many others."""
        parts = enumerate(rendered, start=before)
        return "".join((self.separator if number else self.head) + part for number, part in parts)

    def end(self, count: int) -> str:
        """What ends a file of so many documents."""
        return self.tail if count else self.head + self.tail


def one_line(text: str) -> str:
    """The text with each line break and tab replaced by a space, so that offsets stay."""
    return "".join(" " if character in _BREAKS else character for character in text)


def tab_separated(document: Annotated) -> str:
    """One line for each mention; a document without mentions has none."""
    rows = [
        (document.id, m.start, m.end, m.text, m.type, "" if m.score is None else f"{m.score:.4f}", m.id, m.name)
        for m in document.mentions
    ]
    return "".join("\t".join("" if c is None else one_line(str(c)) for c in row) + "\n" for row in rows)


def as_dict(document: Annotated) -> dict[str, Any]:
    """The fields of the record, or id and text, and ``mentions``; an older field of that name is replaced."""
    record = {"id": document.id, "text": document.text} if document.record is None else document.record
    return {**record, "mentions": [mention.to_dict() for mention in document.mentions]}


def json_line(document: Annotated) -> str:
    """:func:`as_dict` as one line."""
    # str: dates and decimals of tables; JSON has none.
    return json.dumps(as_dict(document), ensure_ascii=False, default=str) + "\n"


def pubtator(document: Annotated) -> str:
    """The first passage as title, the others as abstract; a text of one passage is all title."""
    name = re.sub(r"[|\s]", "_", document.id)
    text = one_line(document.text)
    title = len(document.passages[0].text) + document.passages[0].offset if document.passages else 0
    if text[title : title + 1] != " ":  # the format has one character between title and abstract
        title = len(text)
    lines = [f"{name}|t|{text[:title]}", f"{name}|a|{text[title + 1 :]}"]
    for mention in document.mentions:
        place = (str(mention.start), str(mention.end), one_line(mention.text))
        lines.append("\t".join((name, *place, mention.type, mention.id or "-")))
    return "\n".join(lines) + "\n\n"


def bioc(document: Annotated) -> str:
    """A document with its passages and mentions as their annotations, which replace older ones and relations."""
    passages, rest = [], list(enumerate(document.mentions, start=1))
    for passage in document.passages:
        end = passage.offset + len(passage.text)
        own = [_annotation(number, each) for number, each in rest if passage.offset <= each.start < end]
        content = {"infons": passage.infons, "offset": passage.offset, "text": passage.text}
        passages.append({**content, "sentences": [], "annotations": own, "relations": []})
    return json.dumps({"id": document.id, "infons": {}, "passages": passages, "relations": []}, ensure_ascii=False)


def _annotation(number: int, mention: Mention) -> dict[str, Any]:
    fields = {"score": mention.score, "identifier": mention.id, "name": mention.name}
    fields |= {"semantic_type": mention.semantic_type}
    infons = {"type": mention.type} | {key: value for key, value in fields.items() if value is not None}
    locations = [{"offset": mention.start, "length": mention.end - mention.start}]
    return {"id": str(number), "infons": infons, "text": mention.text, "locations": locations}


def brat(document: Annotated) -> str:
    """The ``.ann`` file of a document: text-bound annotations, and a normalisation for each linked mention.

    Brat wants one annotation to stand on one line of the text, so line breaks inside a mention cut it into parts.
    """
    lines = []
    for number, mention in enumerate(document.mentions, start=1):
        parts = [m.span() for m in re.finditer(r"[^\n]*[^\s]", mention.text)]
        spans = ";".join(f"{mention.start + start} {mention.start + end}" for start, end in parts)
        text = one_line(" ".join(mention.text[start:end] for start, end in parts))
        lines.append(f"T{number}\t{re.sub(r'[^A-Za-z0-9_-]', '_', mention.type)} {spans}\t{text}")
        if mention.id:
            lines.append(f"N{number}\tReference T{number} {mention.id}\t{one_line(mention.name or mention.text)}")
    return "".join(f"{line}\n" for line in lines)


def html_block(document: Annotated) -> str:
    """The text with its mentions marked, as an HTML element; a mention's title names its concept."""
    types = list(dict.fromkeys(mention.type for mention in document.mentions))
    parts, place, text = [], 0, document.text
    for mention in document.mentions:
        concept = f"{mention.id} {mention.name}" if mention.id else "no concept"
        score = "" if mention.score is None else f", {mention.score:.2f}"
        colour = _COLOURS[types.index(mention.type) % len(_COLOURS)]
        parts.append(html.escape(text[place : mention.start]))
        parts.append(
            f'<mark title="{html.escape(f"{mention.type}{score}: {concept}")}" style="background:{colour};color:#000;'
            f'padding:0 .2em;border-radius:.2em">{html.escape(mention.text)}<sub style="font-size:70%;margin-left:'
            f'.3em">{html.escape(mention.type)}</sub></mark>'
        )
        place = mention.end
    parts.append(html.escape(text[place:]))
    return f'<div style="white-space:pre-wrap;line-height:1.8">{"".join(parts)}</div>\n'


BIOC = OutputFormat(bioc, '{"source": "KoGNER", "date": "", "key": "", "infons": {}, "documents": [\n', ",\n", "\n]}\n")
HTML = OutputFormat(html_block, '<!DOCTYPE html>\n<meta charset="utf-8">\n<title>KoGNER</title>\n', "<hr>\n")
TSV = OutputFormat(tab_separated, head="\t".join(TSV_COLUMNS) + "\n")
JSON_LINES = OutputFormat(json_line)
PUBTATOR = OutputFormat(pubtator)

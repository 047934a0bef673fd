"""Annotated documents as tables, JSON, PubTator and BioC JSON: one function a format, each for one document."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

from .mention import Mention
from .output_format import Annotated, OutputFormat, one_line

COLUMNS = ("document", "start", "end", "mention", "type", "score", "id", "name", "link_score", "organism")


def rows(document: Annotated) -> list[list[Any]]:
    """The columns of tables for each mention; a document without mentions has no row."""
    return [[document.id, *_row(mention)] for mention in document.mentions]


def _row(m: Mention) -> list[Any]:
    found = [m.start, m.end, m.text, m.type, _rounded(m.score)]
    return [*found, m.id, m.name, _rounded(m.link_score), m.organism]


def tab_separated(document: Annotated) -> str:
    """One line for each mention."""
    return "".join("\t".join(one_line(_cell(value)) for value in row) + "\n" for row in rows(document))


def comma_separated(document: Annotated) -> str:
    """One row for each mention, as spreadsheets and pandas read it: quotation marks around what holds a comma."""
    content = io.StringIO()
    csv.writer(content, lineterminator="\n").writerows([list(map(_cell, row)) for row in rows(document)])
    return content.getvalue()


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 4)


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)


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
    fields |= {name: getattr(mention, name) for name in ("semantic_type", "link_score", "organism")}
    infons = {"type": mention.type} | {key: value for key, value in fields.items() if value is not None}
    locations = [{"offset": mention.start, "length": mention.end - mention.start}]
    return {"id": str(number), "infons": infons, "text": mention.text, "locations": locations}


BIOC = OutputFormat(bioc, '{"source": "KoGNER", "date": "", "key": "", "infons": {}, "documents": [\n', ",\n", "\n]}\n")
TSV = OutputFormat(tab_separated, head="\t".join(COLUMNS) + "\n")
CSV = OutputFormat(comma_separated, head=",".join(COLUMNS) + "\n")
JSON_LINES = OutputFormat(json_line)
PUBTATOR = OutputFormat(pubtator)

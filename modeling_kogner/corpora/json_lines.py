"""JSON lines: an object a line, which keeps its fields and gets its mentions."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO

from ..inference.annotator import Mention
from .document import Document, Fields, Record
from .plain_text import decode, numbered_lines


def read_json_lines(stream: BinaryIO, name: str, fields: Fields) -> Iterator[Record]:
    """Every line that is not blank is a document."""
    for number, position, line in numbered_lines(stream):
        if line.strip():
            yield Record(f"{name}, line {number}", position, partial(_document, line, fields, number))


def read_json(text: str) -> Any:
    """Parse JSON; half a surrogate pair, which no file can hold, becomes a question mark.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        value = json.loads(text)
        if "\\u" in text:
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON ({error.msg} at character {error.pos}); write one object a line") from None
    except RecursionError:
        raise ValueError("brackets nested too deeply for JSON; flatten it") from None
    return value


def render_json_line(document: Document, mentions: list[Mention]) -> str:
    """The fields of the record, or id and text, and ``mentions``; an older field of that name is replaced."""
    record = {"id": document.id, "text": document.text} if document.record is None else document.record
    found = [dataclasses.asdict(mention) for mention in mentions]
    # str: dates and decimals of tables; JSON has none.
    return json.dumps({**record, "mentions": found}, ensure_ascii=False, default=str) + "\n"


def _document(line: bytes, fields: Fields, number: int) -> Document:
    record = read_json(decode(line))
    if not isinstance(record, dict):
        raise ValueError(f"{type(record).__name__} in place of an object; write {{{fields.text!r}: ...}}")
    return fields.document(record, number)

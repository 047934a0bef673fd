"""JSON lines: one object per line, which keeps its fields and gets its mentions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO

from ..files.errors import InputError
from .document import Document
from .plain_text import decode, numbered_lines
from .record import Fields, Record


def read_json_lines(stream: BinaryIO, name: str, fields: Fields) -> Iterator[Record]:
    """Every line that is not blank is a document."""
    for number, position, line in numbered_lines(stream):
        if line.strip():
            yield Record(name, f"line {number}", position, partial(_document, line, fields, number))


def read_json(text: str) -> Any:
    """Parse JSON; half a surrogate pair, which no file can hold, becomes a question mark.

    Raises:
        InputError: it is not JSON.
    """
    try:
        value = json.loads(text)
        if "\\u" in text:
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON ({error.msg} at character {error.pos})", fix="write one object per line") from None
    except RecursionError:
        raise InputError("brackets nested too deeply for JSON", fix="flatten it") from None
    return value


def _document(line: bytes, fields: Fields, number: int) -> Document:
    record = read_json(decode(line))
    if not isinstance(record, dict):
        raise InputError(f"{type(record).__name__} instead of an object", fix=f"write {{{fields.text!r}: ...}}")
    return fields.document(record, number)

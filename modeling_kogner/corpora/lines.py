"""Plain text, one document per line or per file, and JSON lines, whose objects keep their fields and get mentions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import PurePath
from typing import Any, BinaryIO

from ..files.errors import InputError
from .document import Document
from .record import Fields, Record


def read_lines(stream: BinaryIO, name: str, fields: Fields) -> Iterator[Record]:
    """Every line is a document, empty ones included: the id is the number of the line."""
    for number, position, line in numbered_lines(stream):
        yield Record(name, f"line {number}", position, partial(_text_document, line, str(number)))


def read_whole(stream: BinaryIO, name: str, fields: Fields) -> Iterator[Record]:
    """The file is one document, named after the file."""
    content = stream.read()
    yield Record(name, None, len(content), partial(_text_document, content, PurePath(name).stem))


def read_json_lines(stream: BinaryIO, name: str, fields: Fields) -> Iterator[Record]:
    """Every line that is not blank is a document."""
    for number, position, line in numbered_lines(stream):
        if line.strip():
            yield Record(name, f"line {number}", position, partial(_json_document, line, fields, number))


def numbered_lines(stream: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Number, position of the end and content of each line; only a line feed ends one."""
    position = 0
    for number, line in enumerate(stream, start=1):
        position += len(line)
        yield number, position, line.removesuffix(b"\n").removesuffix(b"\r")


def decode(content: bytes) -> str:
    """UTF-8, with or without a byte-order mark.

    Raises:
        InputError: it is not.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text ({error.reason} at byte {error.start})", fix="convert it first") from None


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


def _text_document(content: bytes, name: str) -> Document:
    return Document.of(decode(content), name)


def _json_document(line: bytes, fields: Fields, number: int) -> Document:
    record = read_json(decode(line))
    if not isinstance(record, dict):
        raise InputError(f"{type(record).__name__} instead of an object", fix=f"write {{{fields.text!r}: ...}}")
    return fields.document(record, number)

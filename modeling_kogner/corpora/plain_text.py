"""Plain text: one document per line, or per file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import PurePath
from typing import BinaryIO

from ..files.errors import InputError
from .document import Document
from .record import Fields, Record


def read_lines(stream: BinaryIO, name: str, fields: Fields) -> Iterator[Record]:
    """Every line is a document, empty ones included: the id is the number of the line."""
    for number, position, line in numbered_lines(stream):
        yield Record(name, f"line {number}", position, partial(_document, line, str(number)))


def read_whole(stream: BinaryIO, name: str, fields: Fields) -> Iterator[Record]:
    """The file is one document, named after the file."""
    content = stream.read()
    yield Record(name, None, len(content), partial(_document, content, PurePath(name).stem))


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


def _document(content: bytes, name: str) -> Document:
    return Document.of(decode(content), name)

"""A document that is not read yet: errors appear when it is parsed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..files.errors import InputError, located
from .document import Document
from .mention import Passage


@dataclass
class Record:
    """A document's place in a file, and how it is made.

    Args:
        file: where it stands.
        row: its place there, such as ``line 7``.
        position: bytes of the input up to its end.
        make: makes the document, or raises an :class:`InputError`.
    """

    file: str
    row: str | None
    position: int
    make: Callable[[], Document]

    def parse(self) -> Document:
        """The document.

        Raises:
            InputError: it is wrong; names file and row.
        """
        with located(self.file, self.row):
            return self.make()


def position_in(stream: BinaryIO) -> int:
    """Bytes that were read; 0 of a pipe."""
    return stream.tell() if stream.seekable() else 0


@dataclass
class Fields:
    """Names of the fields of JSON objects and tables that hold the text and the document's id."""

    text: str = "text"
    id: str = "id"

    def document(self, record: dict[str, Any], number: int) -> Document:
        """A row as a document; a row without an id is named by its number.

        Raises:
            InputError: the text is missing or no string.
        """
        if self.text not in record:
            has = ", ".join(map(str, record)) or "none"
            raise InputError(f"no field {self.text!r}; it has {has:.200}", fix="name the one with --text-column")
        text = record[self.text]
        if not isinstance(text, str):
            raise InputError(f"{type(text).__name__}, not a string", field=repr(self.text), fix="write '' for no text")
        return Document(str(record.get(self.id, number)), [Passage(text)], record=record)


def parse_all(records: Iterable[Record], path: str | Path) -> list[Document]:
    """The documents of a file.

    Raises:
        InputError: a document is wrong, or two share an id; names file and row.
    """
    documents: dict[str, Document] = {}
    for record in records:
        document = record.parse()
        if document.id in documents:
            raise InputError(
                f"document {document.id} occurs twice", file=path, row=record.row, fix="give each document its own id"
            )
        documents[document.id] = document
    return list(documents.values())

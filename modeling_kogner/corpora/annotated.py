"""Documents with the mentions that somebody marked in them, from PubTator and BioC files."""

from __future__ import annotations

from pathlib import Path

from ..files.errors import InputError
from .bioc import read_bioc
from .document import Document
from .formats import format_of
from .pubtator import read_pubtator
from .record import parse_all

_READERS = {"pubtator": read_pubtator, "bioc": read_bioc}


def load_documents(path: str | Path) -> list[Document]:
    """The documents of a file with their mentions.

    Raises:
        InputError: the file is missing, a document or mention is wrong, or two documents share an id; names the file
            and the place in it.
        UsageError: the file's name does not say that it is PubTator or BioC.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise InputError("no such file", file=path, fix="name a PubTator or BioC file")
    read = _READERS[format_of(path, _READERS, "the ending .pubtator or .json")]
    with path.open("rb") as stream:
        return parse_all(read(stream, str(path), mentions=True), path)

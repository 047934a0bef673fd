"""Which formats are read and written, and which one a file name stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from ..inference.annotator import Mention
from . import bioc_json, tab_separated
from .bioc_json import read_bioc, render_bioc
from .document import Document, Fields, Record
from .json_lines import read_json_lines, render_json_line
from .parquet import pack, read_parquet
from .plain_text import read_lines, read_whole
from .pubtator_stream import read_pubtator, render_pubtator
from .tab_separated import render_rows


@dataclass
class OutputFormat:
    """How documents become a file.

    Args:
        render: a document and its mentions as text.
        head: before the first document.
        separator: between two.
        tail: after the last.
        pack: makes the file of what was rendered, where the format cannot be written bit by bit.
    """

    render: Callable[[Document, list[Mention]], str]
    head: str = ""
    separator: str = ""
    tail: str = ""
    pack: Callable[[Path, Path], None] | None = None


READERS: dict[str, Callable[[BinaryIO, str, Fields], Iterator[Record]]] = {
    "lines": read_lines,
    "text": read_whole,
    "jsonl": read_json_lines,
    "parquet": read_parquet,
    "pubtator": read_pubtator,
    "bioc": read_bioc,
}
OUTPUTS = {
    "tsv": OutputFormat(render_rows, head="\t".join(tab_separated.COLUMNS) + "\n"),
    "jsonl": OutputFormat(render_json_line),
    "parquet": OutputFormat(render_json_line, pack=pack),
    "pubtator": OutputFormat(render_pubtator),
    "bioc": OutputFormat(render_bioc, bioc_json.HEAD, bioc_json.SEPARATOR, bioc_json.TAIL),
}
_SUFFIXES = {
    ".txt": "lines",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".parquet": "parquet",
    ".pubtator": "pubtator",
    ".json": "bioc",
}


def format_of(path: Path, among: dict, option: str) -> str:
    """The format that a file's name stands for.

    Raises:
        ValueError: none of these; ``option`` names it.
    """
    name = _SUFFIXES.get(path.suffix.lower())
    if name not in among:
        raise ValueError(f"{path}: the name does not tell the format; choose with {option}: {', '.join(among)}")
    return name


def input_files(inputs: list[Path], kind: str | None) -> list[tuple[Path, str]]:
    """Files and their formats; a folder stands for its files of known formats, in order of their names.

    Raises:
        ValueError: a file is missing or of no known format.
    """
    files = []
    for path in inputs:
        if path.is_dir():
            own = sorted(p for p in path.iterdir() if p.is_file() and _SUFFIXES.get(p.suffix.lower()) in READERS)
            if not own:
                raise ValueError(f"{path}: no file of a known format in this folder; name files with --input")
            files += own
        elif path.is_file():
            files.append(path)
        else:
            raise ValueError(f"{path}: no such file or folder; check --input")
    return [(path, kind or format_of(path, READERS, "--from")) for path in files]


def read_records(
    files: list[tuple[Path, str]], fields: Fields, stream: BinaryIO | None = None, done: int = 0, shard=(0, 1)
) -> Iterator[Record]:
    """Records of a shard: every n-th, in order; positions count the bytes of all files.

    Args:
        files: with their formats.
        fields: of JSON and tables.
        stream: read in place of the first file.
        done: records of this shard that are left out, because an earlier run wrote them.
        shard: which, from 0, and of how many.
    """

    def records() -> Iterator[Record]:
        before = 0
        for path, kind in files:
            with nullcontext(stream) if stream else path.open("rb") as source:
                for record in READERS[kind](source, str(path), fields):
                    record.position += before
                    yield record
            before += 0 if stream else path.stat().st_size

    index, count = shard
    return islice(records(), index + done * count, None, count)

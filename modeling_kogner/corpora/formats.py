"""Which formats are read and written, and which one a file name stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from ..files.errors import InputError, UsageError
from . import writers
from .bioc import read_bioc
from .lines import read_json_lines, read_lines, read_whole
from .pubtator import read_pubtator
from .record import Fields, Record


def _read_parquet(stream: BinaryIO, name: str, fields: Fields) -> Iterator[Record]:
    from .parquet import read_parquet  # pyarrow takes a while to load

    return read_parquet(stream, name, fields)


def _pack(lines: Path, path: Path) -> None:
    from .parquet import pack

    pack(lines, path)


READERS: dict[str, Callable[[BinaryIO, str, Fields], Iterator[Record]]] = {
    "lines": read_lines,
    "text": read_whole,
    "jsonl": read_json_lines,
    "parquet": _read_parquet,
    "pubtator": read_pubtator,
    "bioc": read_bioc,
}
OUTPUTS = {
    "tsv": writers.TSV,
    "jsonl": writers.JSON_LINES,
    "parquet": replace(writers.JSON_LINES, pack=_pack),
    "pubtator": writers.PUBTATOR,
    "bioc": writers.BIOC,
    "html": writers.HTML,
}
_SUFFIXES = {
    ".txt": "lines",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".parquet": "parquet",
    ".pubtator": "pubtator",
    ".json": "bioc",
    ".html": "html",
}


def format_of(path: Path, among: dict, option: str) -> str:
    """The format that a file's name stands for.

    Raises:
        UsageError: none of these; ``option`` names it.
    """
    name = _SUFFIXES.get(path.suffix.lower(), "")
    if name not in among:
        raise UsageError(
            "the name does not tell the format", file=path, fix=f"choose with {option}: {', '.join(among)}"
        )
    return name


def input_files(inputs: list[Path], kind: str | None) -> list[tuple[Path, str]]:
    """Files and their formats; a folder stands for its files of known formats, in order of their names.

    Raises:
        InputError: a file is missing or of no known format.
    """
    files = []
    for path in inputs:
        if path.is_dir():
            own = sorted(p for p in path.iterdir() if p.is_file() and _SUFFIXES.get(p.suffix.lower()) in READERS)
            if not own:
                raise InputError("no file of a known format in this folder", file=path, fix="name files with --input")
            files += own
        elif path.is_file():
            files.append(path)
        else:
            raise InputError("no such file or folder", file=path, fix="check --input")
    return [(path, kind or format_of(path, READERS, "--from")) for path in files]


def read_records(
    files: list[tuple[Path, str]],
    fields: Fields,
    stream: BinaryIO | None = None,
    done: int = 0,
    shard: tuple[int, int] = (0, 1),
) -> Iterator[Record]:
    """Records of a shard: every n-th, in order; positions count the bytes of all files.

    Args:
        files: with their formats.
        fields: of JSON and tables.
        stream: read instead of the first file.
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

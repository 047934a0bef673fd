"""Which formats are read and written, and which one a file name stands for."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from ..files.errors import InputError, UsageError
from . import bioc_xml, brat, excel, html_page, jats, pubmed, writers
from .bioc import read_bioc
from .lines import read_json_lines, read_lines, read_whole
from .pubtator import read_pubtator
from .record import Fields, Record
from .xml_elements import root_of


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
    "bioc-xml": bioc_xml.read_bioc_xml,
    "jats": jats.read_jats,
    "pubmed": pubmed.read_pubmed,
}
OUTPUTS = {
    "tsv": writers.TSV,
    "csv": writers.CSV,
    "excel": excel.EXCEL,
    "jsonl": writers.JSON_LINES,
    "parquet": replace(writers.JSON_LINES, pack=_pack, needs="pyarrow"),
    "pubtator": writers.PUBTATOR,
    "bioc": writers.BIOC,
    "bioc-xml": bioc_xml.BIOC_XML,
    "brat": brat.BRAT,
    "html": html_page.HTML,
}
_SUFFIXES = {
    ".txt": "lines",
    ".tsv": "tsv",
    ".csv": "csv",
    ".xlsx": "excel",
    ".jsonl": "jsonl",
    ".parquet": "parquet",
    ".pubtator": "pubtator",
    ".json": "bioc",
    ".xml": "bioc-xml",
    ".nxml": "jats",
    ".zip": "brat",
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
            own = sorted(p for p in path.iterdir() if p.is_file() and _SUFFIXES.get(_suffix(p)) in READERS)
            if not own:
                raise InputError("no file of a known format in this folder", file=path, fix="name files with --input")
            files += own
        elif path.is_file():
            files.append(path)
        else:
            raise InputError("no such file or folder", file=path, fix="check --input")
    return [(path, kind or _input_format(path)) for path in files]


def _input_format(path: Path) -> str:
    """What the name says; of XML, what its outermost element says."""
    if _suffix(path) != ".xml":
        return format_of(path.with_name(_plain_name(path)), READERS, "--from")
    with ExitStack() as stack:
        root = root_of(_opened(path, stack)[0], str(path))
    for kind, roots in (("jats", jats.ROOTS), ("pubmed", pubmed.ROOTS), ("bioc-xml", bioc_xml.ROOTS)):
        if root in roots:
            return kind
    raise UsageError(f"an XML file of <{root}>", file=path, fix="give BioC, JATS (PubMed Central) or PubMed's XML")


def _plain_name(path: Path) -> str:
    return path.stem if path.suffix.lower() == ".gz" else path.name


def _suffix(path: Path) -> str:
    return Path(_plain_name(path)).suffix.lower()


def _opened(path: Path, stack: ExitStack) -> tuple[BinaryIO, BinaryIO]:
    """A file's content, and the file itself, whose position says how much of it was read."""
    file = stack.enter_context(path.open("rb"))
    if path.suffix.lower() != ".gz":
        return file, file
    return cast(BinaryIO, stack.enter_context(gzip.GzipFile(fileobj=file))), file


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
            if stream:
                yield from READERS[kind](stream, str(path), fields)
                continue
            for record in _records_of(path, kind, fields):
                record.position += before
                yield record
            before += path.stat().st_size

    index, count = shard
    return islice(records(), index + done * count, None, count)


def _records_of(path: Path, kind: str, fields: Fields) -> Iterator[Record]:
    """Records of one file.

    Raises:
        InputError: it is compressed, and damaged.
    """
    with ExitStack() as stack:
        source, file = _opened(path, stack)
        try:
            for record in READERS[kind](source, str(path), fields):
                if source is not file:
                    record.position = file.tell()
                yield record
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise InputError(f"damaged ({error})", file=path, fix="download it again") from None

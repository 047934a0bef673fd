"""Annotated documents of a file, one after another and reduced to what is counted."""

from __future__ import annotations

import csv
import datetime
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from ..files.errors import InputError, UsageError, first_line
from ..files.tables import PARQUET_ERRORS

DATES = ("year", "date", "publication_date", "publication_year", "pub_date", "pubdate")  # columns looked for, in order
ROWS = 4096  # in memory at once
_CELL = 10_000_000  # characters; csv's own limit is less than a long mention in quotation marks


class Named(NamedTuple):
    """A mention as it is counted: its entity type, and id and name of its concept, None without one."""

    type: str
    id: str | None
    name: str | None


class Counted(NamedTuple):
    """A document as it is counted."""

    mentions: list[Named]
    year: int | None


def read_annotated(path: Path, date_column: str | None = None) -> Iterator[Counted]:
    """The documents of a file that `kogner annotate` wrote: parquet or JSON lines, or TSV or CSV with a row a mention.

    Args:
        path: of the file.
        date_column: a column with years or dates; by default the first of :data:`DATES` that there is.

    Raises:
        UsageError: the file's name does not tell one of these formats.
        InputError: the file cannot be read, or has no mentions or no such column; names file, row and field.
    """
    if (reader := _READERS.get(path.suffix.lower())) is None:
        raise UsageError("the name tells no format that is summarised", file=path, fix=f"give {', '.join(_READERS)}")
    if not path.is_file():
        raise InputError("no such file", file=path, fix="name one that kogner annotate --output wrote")
    return reader(path, date_column)


def year_of(value: Any) -> int | None:
    """The year of a date in any usual form; None where there is none."""
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.year
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    found = re.match(r"\s*([12]\d{3})(?!\d)", str(value)) or re.search(r"(?<!\d)([12]\d{3})\s*$", str(value))
    return int(found[1]) if found else None


def _date_field(names: Sequence[str], wanted: str | None, path: Path) -> str | None:
    if wanted is not None and wanted not in names:
        has = ", ".join(names)
        raise InputError(f"no column {wanted!r}; it has {has:.200}", file=path, fix="correct --date-column")
    return wanted or next((each for date in DATES for each in names if each.lower() == date), None)


def _read_parquet(path: Path, date_column: str | None) -> Iterator[Counted]:
    try:
        table = pq.ParquetFile(path)
        names = table.schema_arrow.names
        date = _date_field(names, date_column, path)
        if "mentions" not in names:
            yield from _by_document(_table_rows(table, date), path, names, date)
            return
        # Only what is counted: the further concepts of each mention are most of a file.
        leaves = [table.schema.column(i).path for i in range(len(table.schema))]
        wanted = [leaf for leaf in leaves if re.fullmatch(r"mentions\.[^.]+\.[^.]+\.(type|id|name)", leaf)]
        for batch in table.iter_batches(ROWS, columns=wanted + [date] * bool(date)):
            mentions = batch.column("mentions")
            columns = [mentions.values.field(name).to_pylist() for name in Named._fields]
            years = [None] * len(batch) if date is None else map(year_of, batch.column(date).to_pylist())
            offsets = mentions.offsets.to_pylist()
            for start, end, year in zip(offsets, offsets[1:], years, strict=False):
                yield Counted(list(map(Named, *(column[start:end] for column in columns))), year)
    except (*PARQUET_ERRORS, KeyError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        problem = f"not readable as annotated documents ({first_line(error)})"
        raise InputError(problem, file=path, fix="annotate again") from error


def _table_rows(table: pq.ParquetFile, date: str | None) -> Iterator[dict[str, Any]]:
    names = [name for name in ("document", *Named._fields, date) if name in table.schema_arrow.names]
    for batch in table.iter_batches(ROWS, columns=list(dict.fromkeys(names))):
        yield from batch.to_pylist()


def _read_json_lines(path: Path, date_column: str | None) -> Iterator[Counted]:
    with path.open(encoding="utf-8", errors="replace") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                date = _date_field(list(record), date_column, path)
                mentions = [Named(each["type"], each.get("id"), each.get("name")) for each in record["mentions"]]
            except InputError as error:
                error.row = f"line {number}"
                raise
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                problem, fix = "not a document with mentions", "write the file with kogner annotate"
                raise InputError(problem, file=path, row=f"line {number}", fix=fix) from error
            yield Counted(mentions, year_of(record[date]) if date else None)


def _read_separated(path: Path, date_column: str | None) -> Iterator[Counted]:
    csv.field_size_limit(_CELL)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        is_csv = path.suffix.lower() == ".csv"
        # A tab-separated file of `kogner annotate` has no quotation marks that mean anything.
        quoting = {"delimiter": ","} if is_csv else {"delimiter": "\t", "quoting": csv.QUOTE_NONE}
        rows = csv.DictReader(stream, **quoting)
        names = list(rows.fieldnames or ())
        try:
            yield from _by_document(rows, path, names, _date_field(names, date_column, path))
        except csv.Error as error:
            raise InputError(str(error), file=path, row=f"line {rows.line_num}", fix="write the file again") from error


def _by_document(
    rows: Iterable[dict[str, Any]], path: Path, names: Sequence[str], date: str | None
) -> Iterator[Counted]:
    """Rows of mentions that follow one another and name the same document."""
    if missing := {"document", *Named._fields} - set(names):
        fix = "summarise what kogner annotate wrote"
        raise InputError("the column is missing", file=path, field=min(missing), fix=fix)
    for _, group in groupby(rows, key=lambda row: row["document"]):
        found = list(group)
        mentions = [Named(row["type"], row["id"] or None, row["name"] or None) for row in found if row["type"]]
        yield Counted(mentions, year_of(found[0][date]) if date else None)


_READERS: dict[str, Callable[[Path, str | None], Iterator[Counted]]] = {
    ".parquet": _read_parquet,
    ".jsonl": _read_json_lines,
    ".tsv": _read_separated,
    ".csv": _read_separated,
}

"""Parquet: read by row groups, written from JSON lines once they are all there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from ..files.errors import InputError, first_line
from ..files.tables import PARQUET_ERRORS
from .record import Fields, Record

ROWS = 1024  # in memory at once


def _struct(strings: str, numbers: str, **more: pa.DataType) -> pa.StructType:
    fields = [(name, pa.string()) for name in strings.split()] + [(name, pa.float64()) for name in numbers.split()]
    return pa.struct([*fields, *more.items()])


_IDS = pa.list_(pa.string())
# The same even if no document has a mention, or no mention a concept: the files of all shards must fit together.
MENTIONS = pa.list_(
    _struct(
        "text type id name semantic_type organism",
        "score link_score",
        start=pa.int64(),
        end=pa.int64(),
        ids=_IDS,
        alternatives=pa.list_(_struct("id name type organism", "score", ids=_IDS)),
    )
)


def read_parquet(stream: BinaryIO, name: str, fields: Fields) -> Iterator[Record]:
    """Every row is a document.

    Raises:
        InputError: it is not a parquet file, or has no such column.
    """
    if not stream.seekable():
        raise InputError("parquet cannot be read from a pipe", file=name, fix="name the file with --input")
    try:
        table = pq.ParquetFile(stream)
    except PARQUET_ERRORS as error:
        raise InputError(
            f"not a parquet file ({first_line(error)})", file=name, fix="write it again, or name its format with --from"
        ) from None
    if fields.text not in table.schema_arrow.names:
        has = ", ".join(table.schema_arrow.names)
        raise InputError(
            f"no column {fields.text!r}; it has {has:.200}", file=name, fix="name the one with --text-column"
        )
    size, number = stream.seek(0, 2), 0
    try:
        for batch in table.iter_batches(ROWS):
            batch.validate(full=True)  # damaged text would end in an error that does not name the file
            for row in batch.to_pylist():
                number += 1
                position = size * number // table.metadata.num_rows
                yield Record(name, f"row {number}", position, partial(fields.document, row, number))
    except PARQUET_ERRORS as error:
        raise InputError(
            f"damaged ({first_line(error)})", file=name, row=f"after row {number}", fix="write the file again"
        ) from None


def pack(lines: Path, path: Path) -> None:
    """JSON lines -> parquet, in constant memory; a field whose values have no type in common is written as JSON."""
    schema = pa.schema([("mentions", MENTIONS)])
    as_json: set[str] = set()
    for rows in _batches(lines):
        for name in dict.fromkeys(name for row in rows for name in row):
            try:
                column = pa.schema([(name, pa.array([row.get(name) for row in rows]).type)])
                schema = pa.unify_schemas([schema, column], promote_options="permissive")
            except (pa.ArrowException, OverflowError):
                as_json.add(name)
    as_json |= {part.name for part in schema if "struct<>" in str(part.type)}  # parquet holds no object without fields
    kinds = {part.name: part.type for part in schema} | dict.fromkeys(as_json, pa.string())
    schema = pa.schema(list(kinds.items()))
    with pq.ParquetWriter(path, schema) as writer:
        for rows in _batches(lines):
            for row in rows:
                row |= {name: json.dumps(row[name], ensure_ascii=False) for name in as_json & row.keys()}
            writer.write_table(pa.Table.from_pylist(rows, schema))


def _batches(lines: Path) -> Iterator[list[dict[str, Any]]]:
    with lines.open("rb") as stream:
        while rows := [json.loads(line) for line in islice(stream, ROWS)]:
            yield rows

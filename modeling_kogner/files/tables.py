"""Tables from users: parquet, TSV and CSV, and the rules that their rows must keep."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .errors import InputError, first_line

# What pyarrow raises on damaged files, depending on where the damage is: most are its own, some are not.
PARQUET_ERRORS = (pa.ArrowException, OSError, ValueError, OverflowError)


def read_table(path: Path, columns: list[str]) -> pd.DataFrame:
    """Read columns of a ``.parquet``, ``.tsv`` or ``.csv`` file as text without spaces around it.

    The frame also has `file` and `row`, see :func:`with_origin`. In text files the first line names the columns, every
    line that is not blank is a row of as many fields, and a field in quotation marks may hold the separator.

    Raises:
        InputError: no such file, not readable, a column is missing or occurs twice, or a row has too few or too many
            fields.
    """
    if not path.is_file():
        raise InputError("no such file", file=path, fix="check the path")
    if path.suffix == ".parquet":
        # pandas' own metadata is ignored: it may be damaged, and categories cannot be filled
        frame = read_parquet(path, "export it again").replace_schema_metadata().to_pandas().astype(object)
    else:
        frame = _read_text(path)
    found = ", ".join(map(str, frame.columns))
    if missing := [column for column in columns if column not in frame.columns]:
        fix = f"the header must name {', '.join(columns)}"
        raise InputError(f"the column is missing, found {found:.200}", file=path, field=missing[0], fix=fix)
    if frame.columns.duplicated().any():
        raise InputError(f"a column appears twice among {found:.200}", file=path, fix="keep one")
    frame = frame[columns].fillna("").astype(str)
    return with_origin(frame.apply(lambda column: column.str.strip()), path)


def read_parquet(path: Path, fix: str) -> pa.Table:
    """Read a table whole and check its values: damaged text would fail far from here, or not at all.

    Raises:
        InputError: it cannot be read.
    """
    try:
        table = pq.ParquetFile(path).read()
        table.validate(full=True)
    except PARQUET_ERRORS as error:
        raise InputError(f"not a readable parquet file ({first_line(error)})", file=path, fix=fix) from error
    return table


def with_origin(frame: pd.DataFrame, path: Path | str) -> pd.DataFrame:
    """Add the columns `file` and `row` (1 is the first row below the header), which let an error name both."""
    return frame.assign(file=pd.Categorical([str(path)] * len(frame)), row=range(1, len(frame) + 1))


def _read_text(path: Path) -> pd.DataFrame:
    content = path.read_bytes()
    rows: list[list[str]] = []
    try:
        # No library's reader: genes and chemicals are called NA and nan, and a row cut short must not be filled up.
        stream = io.StringIO(content.decode("utf-8-sig"), newline="")
        for row in csv.reader(stream, delimiter="," if path.suffix == ".csv" else "\t", strict=True):
            if row:
                _check_fields(path, rows[0] if rows else row, len(rows), row)
                rows.append(row)
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n")
        raise InputError(f"not UTF-8 ({error.reason})", file=path, row=number, fix="save the file as UTF-8") from None
    except csv.Error as error:
        place = f"near row {len(rows)}"
        raise InputError(str(error), file=path, row=place, fix="export it again, as UTF-8") from None
    header = [field.strip() for field in rows[0]] if rows else []
    return pd.DataFrame(rows[1:], columns=header, dtype=str)


def _check_fields(path: Path, header: list[str], number: int, row: list[str]) -> None:
    if len(row) != len(header):
        raise InputError(
            f"{len(row)} fields where the header has {len(header)}",
            fix="write one separator between fields, and fields that hold one in quotation marks",
            file=path,
            row=number,
            field=f"{header[min(len(row), len(header) - 1)]:.60}",
        )
    for field, value in zip(header, row, strict=True):
        if "\n" in value or "\r" in value:
            raise InputError(
                f"{value!r:.60} runs over several lines",
                fix="double a quotation mark that belongs to a name, and put the field in quotation marks",
                file=path,
                row=number,
                field=f"{field:.60}",
            )


def among(column: pd.Series, values: Iterable[str]) -> pd.Series:
    """Which texts of a column are among many: `column.isin(values)`, where pandas takes the values one by one."""
    wanted = pa.array(values if isinstance(values, (pd.Series, pd.Index)) else list(values), pa.large_string())
    found = pc.is_in(pa.array(column, pa.large_string()), value_set=wanted)
    return pd.Series(np.asarray(found, bool), index=column.index)


class RowChecks:
    """Rules that rows must keep, which know their `file` and `row`.

    Args:
        drop: leave bad rows out and count them by reason in `dropped` (the first of each kind in `first`), instead of
            raising at the first.
    """

    def __init__(self, drop: bool):
        self.drop = drop
        self.dropped: dict[str, int] = {}
        self.first: dict[str, str] = {}

    def keep(self, frame: pd.DataFrame, column: str, good: pd.Series, problem: str, fix: str) -> pd.DataFrame:
        """Return the good rows.

        Raises:
            InputError: a row is bad and `drop` is off.
        """
        bad = int((~good).sum())
        if not bad:
            return frame
        row = frame[~good].iloc[0]
        place = {"file": row["file"], "row": int(row["row"]), "field": column}
        said = f"{row[column]!r:.60} {problem}"
        if not self.drop:
            fix = f"{fix}, or leave such rows out with --drop-invalid"
            raise InputError(f"{said} ({bad} such rows)", fix=fix, **place)
        reason = f"{column} {problem}"
        self.dropped[reason] = self.dropped.get(reason, 0) + bad
        self.first.setdefault(reason, str(InputError(said, **place)))
        return frame[good]

    def full_match(self, frame: pd.DataFrame, column: str, pattern: str, fix: str) -> pd.DataFrame:
        """Return the rows whose value is of the pattern, as `keep` does."""
        return self.keep(frame, column, frame[column].str.fullmatch(pattern), "is malformed", fix)

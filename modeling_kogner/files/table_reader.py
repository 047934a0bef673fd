"""Node, name and edge tables from a folder, with the row each line came from."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from .parquet_table import read_parquet_frame

COLUMNS = {
    "nodes": ["id", "name", "type", "source"],
    "names": ["id", "name"],
    "edges": ["head", "relation", "tail"],
}
_SUFFIXES = (".parquet", ".tsv", ".csv")


@dataclass
class SourceTables:
    """Unchecked rows of one source; each table also has `file` and `row` (1 is the first row below the header).

    Args:
        nodes: `id`, `name`, `type`, `source`.
        names: `id`, `name`; synonyms, one a row.
        edges: `head`, `relation`, `tail`.
        unresolved: `head`, `relation`, `tail`; cross-references that count only if another source holds the tail.
        notes: counts for the report of what the reader left out on purpose.
    """

    nodes: pd.DataFrame
    names: pd.DataFrame
    edges: pd.DataFrame
    unresolved: pd.DataFrame | None = None
    notes: dict[str, int] | None = None


def read_tables(folder: Path) -> SourceTables:
    """Read `nodes`, `names` and `edges`, each as `.parquet`, `.tsv` or `.csv`.

    Raises:
        ValueError: a table is absent, there twice, unreadable, or lacks a column.
    """
    return SourceTables(**{table: _read_table(_find(folder, table), COLUMNS[table]) for table in COLUMNS})


def with_origin(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Add the columns that let an error name file and row."""
    return frame.assign(file=pd.Categorical([str(path)] * len(frame)), row=range(1, len(frame) + 1))


def _find(folder: Path, table: str) -> Path:
    found = [folder / (table + suffix) for suffix in _SUFFIXES if (folder / (table + suffix)).is_file()]
    if not found:
        raise ValueError(
            f"{folder}: no {table}{{{','.join(_SUFFIXES)}}}; a source folder holds nodes, names and edges "
            "(a table without rows but with its header is fine)"
        )
    if len(found) > 1:
        raise ValueError(f"{folder}: both {found[0].name} and {found[1].name}; keep the one that is meant")
    return found[0]


def _read_table(path: Path, columns: list[str]) -> pd.DataFrame:
    frame = read_parquet_frame(path, "export it again") if path.suffix == ".parquet" else _read_text(path)
    if missing := [column for column in columns if column not in frame.columns]:
        raise ValueError(
            f"{path}: column {missing[0]!r} is missing, found {', '.join(map(str, frame.columns)):.200}; "
            f"the header must name {', '.join(columns)}"
        )
    if frame.columns.duplicated().any():
        raise ValueError(f"{path}: a column is there twice among {', '.join(map(str, frame.columns)):.200}; keep one")
    frame = frame[columns].fillna("").astype(str)
    return with_origin(frame.apply(lambda column: column.str.strip()), path)


def _read_text(path: Path) -> pd.DataFrame:
    """A table of text: every line that is not blank is a row of as many fields as the header."""
    rows: list[list[str]] = []
    try:
        # No library's reader: genes and chemicals are called NA and nan, and a row cut short must not be filled up.
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.reader(stream, delimiter="\t" if path.suffix == ".tsv" else ",", strict=True):
                if row:
                    _check_fields(path, rows[0] if rows else row, len(rows), row)
                    rows.append(row)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: near row {len(rows)}: {error}; export it again, as UTF-8") from None
    header = rows[0] if rows else []
    return pd.DataFrame(rows[1:], columns=header, dtype=str)


def _check_fields(path: Path, header: list[str], number: int, row: list[str]) -> None:
    if len(row) != len(header):
        field = header[min(len(row), len(header) - 1)]
        raise ValueError(
            f"{path}: row {number}, field {field:.60}: {len(row)} fields where the header has {len(header)}; "
            "write one separator between fields, and fields that hold one in quotation marks"
        )
    for field, value in zip(header, row, strict=True):
        if "\n" in value or "\r" in value:
            raise ValueError(
                f"{path}: row {number}, field {field:.60}: {value!r:.60} runs over several lines; double a quotation "
                "mark that belongs to a name, and put the field in quotation marks"
            )

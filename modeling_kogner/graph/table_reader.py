"""Node, name and edge tables from a folder, with the row each line came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

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
    try:
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
        else:
            # Genes and chemicals are called NA, NaN and nan: nothing here may be read as a missing value.
            separator = "\t" if path.suffix == ".tsv" else ","
            frame = pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:  # pandas' and pyarrow's parser errors derive from these
        raise ValueError(f"{path}: not readable ({error}); export it again") from error
    if missing := [column for column in columns if column not in frame.columns]:
        raise ValueError(
            f"{path}: column {missing[0]!r} is missing, found {', '.join(map(str, frame.columns))}; "
            f"the header must name {', '.join(columns)}"
        )
    frame = frame[columns].fillna("").astype(str)
    return with_origin(frame.apply(lambda column: column.str.strip()), path)

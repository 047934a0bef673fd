"""A parquet table of anyone's making, or one error that says what is wrong with the file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

# What pyarrow raises on damaged files, by luck of the place: most are its own, some are not.
PARQUET_ERRORS = (pa.ArrowException, OSError, ValueError, OverflowError)


def read_parquet_table(path: Path, mend: str) -> pa.Table:
    """Read a table whole and check its values: damaged text would fail far from here, or not at all.

    Raises:
        ValueError: it cannot be read; ends with ``mend``.
    """
    try:
        table = pq.ParquetFile(path).read()
        table.validate(full=True)
    except PARQUET_ERRORS as error:
        raise ValueError(f"{path}: not a readable parquet file ({first_line(error)}); {mend}") from error
    return table


def read_parquet_frame(path: Path, mend: str) -> pd.DataFrame:
    """The same as a frame of plain values: pandas' own note is not believed, and categories cannot be filled.

    Raises:
        ValueError: it cannot be read; ends with ``mend``.
    """
    return read_parquet_table(path, mend).replace_schema_metadata().to_pandas().astype(object)


def first_line(error: Exception) -> str:
    """The first line of a message, which says enough and may be followed by pages."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]

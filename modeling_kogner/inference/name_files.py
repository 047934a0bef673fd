"""Files of own names, ids and cross-references, with the row each line came from."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..graph.obo_reader import read_obo, split_obo_source
from ..files.parquet_table import read_parquet_frame
from ..files.table_reader import with_origin


def read_columns(path: str | Path, columns: list[str]) -> pd.DataFrame:
    """Read a ``.parquet`` file, or a tab-separated one in UTF-8 whose first line names the columns.

    Raises:
        ValueError: no such file, not UTF-8, a column is missing, or a row has too few or too many fields.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path}: no such file; check the path")
    frame = read_parquet_frame(path, "export it again") if path.suffix == ".parquet" else _read_tsv(path)
    if missing := [column for column in columns if column not in frame.columns]:
        raise ValueError(
            f"{path}: column {missing[0]!r} is missing, found {', '.join(map(str, frame.columns)):.200}; "
            f"the first line must name {', '.join(columns)}, with tabs between"
        )
    return with_origin(frame[columns], path)


def read_obo_names(source: str) -> pd.DataFrame:
    """Names and exact synonyms of ``PATH.obo:TYPE`` as ``id``, ``name``, ``type``; see :func:`split_obo_source`.

    Raises:
        ValueError: the source is of another form, or the file is not valid OBO.
    """
    split = split_obo_source(source)
    if split is None:
        raise ValueError(f"{source}: no OBO file with the type of its terms; write PATH.obo:TYPE")
    tables = read_obo(*split)
    types = dict(zip(tables.nodes["id"], tables.nodes["type"], strict=True))
    synonyms = tables.names.assign(type=tables.names["id"].map(types))
    columns = ["id", "name", "type", "file", "row"]
    return pd.concat([tables.nodes[columns], synonyms[columns]], ignore_index=True)


def _read_tsv(path: Path) -> pd.DataFrame:
    content = path.read_bytes()
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n")
        raise ValueError(f"{path}: row {row}: not UTF-8 ({error.reason}); save the file as UTF-8") from error
    header, *rows = ([field.strip() for field in line.rstrip("\r").split("\t")] for line in lines)
    while rows and rows[-1] == [""]:
        rows.pop()
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            field = header[min(len(row), len(header) - 1)]
            raise ValueError(
                f"{path}: row {number}, field {field:.60}: {len(row)} fields where the "
                f"first line has {len(header)}; put exactly one tab between fields"
            )
    return pd.DataFrame(rows, columns=header, dtype=str)

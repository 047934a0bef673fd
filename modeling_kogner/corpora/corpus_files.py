"""The file formats of a corpus: each reader turns one file into rows of ``id``, ``tokens`` and ``ner_tags``."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from datasets import Features

from ..files.tables import read_parquet
from .pubtator import load_pubtator, to_rows

logger = logging.getLogger(__name__)

TOKENS, TAGS = "tokens", "ner_tags"
CONLL = (".conll", ".iob", ".txt", ".tsv")
SUFFIXES = (".parquet", ".jsonl", ".json", *CONLL, ".pubtator")
SPLITS = {name: name for name in ("train", "validation", "test")}
SPLITS |= dict.fromkeys(("dev", "devel", "valid"), "validation")
_STEM = re.compile(rf"(?:(?P<prefix>.+)[_.-])?(?P<split>{'|'.join(SPLITS)})", re.IGNORECASE)


def split_of(path: Path) -> tuple[str, str] | None:
    """Read a corpus prefix (often empty) and a split from a file name such as ``dev.conll`` or ``X_train.pubtator``."""
    match = _STEM.fullmatch(path.stem) if path.suffix.lower() in SUFFIXES else None
    return (match["prefix"] or "", SPLITS[match["split"].lower()]) if match else None


def find_splits(folder: Path, prefix: str | None = None) -> dict[str, Path]:
    """List the split files of a folder.

    Args:
        folder: where to look, not deeper.
        prefix: of a folder that holds several corpora, the one whose files start like this.

    Raises:
        ValueError: no split file, two files for one split, or several corpora and no prefix.
    """
    named = [(*found, path) for path in sorted(folder.iterdir()) if (found := split_of(path))]
    prefixes = sorted({found[0] for found in named})
    if prefix is None and len(prefixes) > 1:
        names = ", ".join(repr(name) for name in prefixes)
        raise ValueError(f"{folder}: holds several corpora ({names}); name one, as {folder / prefixes[-1]}")
    splits: dict[str, Path] = {}
    for found_prefix, split, path in named:
        if prefix is not None and found_prefix != prefix:
            continue
        if split in splits:
            raise ValueError(f"{folder}: {splits[split].name} and {path.name} both claim the split {split}; keep one")
        splits[split] = path
    if not splits:
        raise ValueError(
            f"{folder}: no split file{f' of {prefix!r}' if prefix else ''}; expected train, validation (or dev, valid) "
            f"and test with one of the endings {', '.join(SUFFIXES)}"
        )
    return splits


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read one file by its ending; rows are not yet validated.

    Raises:
        ValueError: the file cannot be read as its ending says, or lacks a column.
    """
    suffix = path.suffix.lower()
    try:
        if suffix == ".pubtator":
            return _pubtator_rows(path)
        if suffix in CONLL:
            return list(_conll_rows(path))
        if suffix == ".parquet":
            return _parquet_rows(path)
        if suffix in (".json", ".jsonl"):
            return [_pick(row, where) for row, where in _json_rows(path)]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 text ({error}); convert it") from error
    raise ValueError(f"{path}: unknown ending {suffix!r}; expected one of {', '.join(SUFFIXES)}")


def columns_to_rows(columns: dict[str, Sequence[Any]], features: Features | None, where: str) -> list[dict[str, Any]]:
    """Turn columns into rows, and integer tags into names where the features (``ClassLabel``) say which."""
    _require(columns, where)
    names = getattr(getattr((features or {}).get(TAGS), "feature", None), "names", None)
    tags = columns[TAGS]
    if names:
        names = dict(enumerate(names))
        tags = [row and [names.get(tag, tag) for tag in row] for row in tags]
    ids = columns.get("id") or [None] * len(tags)
    return [
        {"id": key, "tokens": tokens, "ner_tags": row}
        for key, tokens, row in zip(ids, columns[TOKENS], tags, strict=True)
    ]


def _pubtator_rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    totals: Counter[str] = Counter()
    for document in load_pubtator(path):
        sentences, report = to_rows(document)
        rows += sentences
        totals.update(report)
    if totals["overlapping"] or totals["widened"]:
        logger.warning(
            "%s: of %d mentions %d overlap a longer one and are left out, %d end within a word and are widened",
            *(path, totals["mentions"], totals["overlapping"], totals["widened"]),
        )
    return rows


def _parquet_rows(path: Path) -> list[dict[str, Any]]:
    table = read_parquet(path, "fetch or write it again")
    _require(table.column_names, str(path))
    wanted = [name for name in ("id", TOKENS, TAGS) if name in table.column_names]
    columns = {name: table[name].to_pylist() for name in wanted}
    try:
        features = Features.from_arrow_schema(table.schema) if b"huggingface" in (table.schema.metadata or {}) else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:  # it is JSON of no fixed form
        raise ValueError(f"{path}: its description of the columns is damaged ({error}); write it again") from None
    return columns_to_rows(columns, features, str(path))


def _json_rows(path: Path) -> Iterator[tuple[Any, str]]:
    text = path.read_text(encoding="utf-8-sig")
    if text.lstrip().startswith("["):
        try:
            rows = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise ValueError(f"{path}: broken JSON ({error}); the file may be cut off, write it again") from error
        yield from ((row, f"{path}, row {number}") for number, row in enumerate(rows))
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield json.loads(line), f"{path}, line {number}"
            except (json.JSONDecodeError, RecursionError) as error:
                raise ValueError(
                    f"{path}, line {number}: broken JSON ({error}); one object a line, or a list"
                ) from error


def _pick(row: Any, where: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise ValueError(f"{where}: expected an object with {TOKENS!r} and {TAGS!r}, got {row!r:.60}")
    _require(row, where)
    picked = {"id": row.get("id"), "tokens": row[TOKENS], "ner_tags": row[TAGS]}
    try:
        json.dumps(picked, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start : error.end]
        raise ValueError(f"{where}: {half!a} is half a character; write both halves, or leave it out") from None
    return picked


def _require(columns: Any, where: str) -> None:
    for name in (TOKENS, TAGS):
        if name not in columns:
            found = ", ".join(map(str, columns))
            raise ValueError(f"{where}: no column {name!r} among {found:.200}; rename the column that holds them")


def _conll_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the blocks between blank lines: token first, tag last, tabs or blanks between; ids tell the first line."""
    tokens: list[str] = []
    tags: list[str] = []
    first = 0
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate([*lines, "\n"], start=1):
            line = line.rstrip("\n")
            if line.strip(" \t") and not line.startswith("-DOCSTART-"):
                fields = line.split("\t") if "\t" in line else re.split(" +", line.strip(" "))
                if len(fields) < 2:
                    raise ValueError(
                        f"{path}, line {number}: {line!r:.60} is no token and tag; write both, or leave it blank"
                    )
                first = first if tokens else number
                tokens.append(fields[0])
                tags.append(fields[-1].strip(" "))
            elif tokens:
                yield {"id": f"{path.stem}-line-{first}", "tokens": tokens, "ner_tags": tags}
                tokens, tags = [], []

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

from ..files.errors import InputError
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
        InputError: no split file, two files for one split, or several corpora and no prefix.
    """
    named = [(*found, path) for path in sorted(folder.iterdir()) if (found := split_of(path))]
    prefixes = sorted({found[0] for found in named})
    if prefix is None and len(prefixes) > 1:
        problem = f"holds several corpora ({', '.join(map(repr, prefixes))})"
        raise InputError(problem, file=folder, fix=f"name one, as {folder / prefixes[-1]}")
    splits: dict[str, Path] = {}
    for found_prefix, split, path in named:
        if prefix is not None and found_prefix != prefix:
            continue
        if split in splits:
            problem = f"{splits[split].name} and {path.name} both claim the split {split}"
            raise InputError(problem, file=folder, fix="keep one")
        splits[split] = path
    if not splits:
        fix = f"expected train, validation (or dev, valid) and test with one of the endings {', '.join(SUFFIXES)}"
        raise InputError(f"no split file{f' of {prefix!r}' if prefix else ''}", file=folder, fix=fix)
    return splits


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read one file by its ending; rows are not yet validated.

    Raises:
        InputError: the file cannot be read as its ending says, or lacks a column.
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
            return [_pick(row, path, place) for row, place in _json_rows(path)]
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text ({error})", file=path, fix="convert it") from error
    raise InputError(f"unknown ending {suffix!r}", file=path, fix=f"expected one of {', '.join(SUFFIXES)}")


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
        problem = f"its description of the columns is damaged ({error})"
        raise InputError(problem, file=path, fix="write it again") from None
    return columns_to_rows(columns, features, str(path))


def _json_rows(path: Path) -> Iterator[tuple[Any, str]]:
    """Rows of a list, or of one object a line, and the place of each in words."""
    text = path.read_text(encoding="utf-8-sig")
    if text.lstrip().startswith("["):
        rows = _parsed(text, path, None, "the file may be cut off, write it again")
        yield from ((row, f"row {number}") for number, row in enumerate(rows, start=1))
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _parsed(line, path, f"line {number}", "one object a line, or a list"), f"line {number}"


def _parsed(text: str, path: Path, place: str | None, fix: str) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"broken JSON ({error})", file=path, row=place, fix=fix) from error


def _pick(row: Any, path: Path, place: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        problem = f"expected an object with {TOKENS!r} and {TAGS!r}, got {row!r:.60}"
        raise InputError(problem, file=path, row=place)
    _require(row, path, place)
    picked = {"id": row.get("id"), TOKENS: row[TOKENS], TAGS: row[TAGS]}
    try:
        json.dumps(picked, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        problem = f"{error.object[error.start : error.end]!a} is half a character"
        raise InputError(problem, file=path, row=place, fix="write both halves, or leave it out") from None
    return picked


def _require(columns: Any, where: str | Path, place: str | None = None) -> None:
    for name in (TOKENS, TAGS):
        if name not in columns:
            problem = f"no such column among {', '.join(map(str, columns)):.200}"
            raise InputError(problem, file=where, row=place, field=name, fix="rename the column that holds them")


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
                    problem = f"{line!r:.60} is no token and tag"
                    raise InputError(problem, file=path, row=f"line {number}", fix="write both, or leave it blank")
                first = first if tokens else number
                tokens.append(fields[0])
                tags.append(fields[-1].strip(" "))
            elif tokens:
                yield {"id": f"{path.stem}-line-{first}", "tokens": tokens, "ner_tags": tags}
                tokens, tags = [], []

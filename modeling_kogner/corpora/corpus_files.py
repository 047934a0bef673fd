"""The file formats of a corpus: each reader turns one file into rows of ``id``, ``tokens`` and ``ner_tags``."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from datasets import Features

from ..files.errors import InputError, located
from ..files.tables import read_parquet
from .lines import read_json
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


def read_rows(path: Path, dropped: Collection[str] = ()) -> list[dict[str, Any]]:
    """Read one file by its ending; rows are not yet validated.

    Args:
        path: the file.
        dropped: types whose mentions hide no shorter mention of another type, where mentions overlap.

    Raises:
        InputError: the file cannot be read as its ending says, or lacks a column.
    """
    suffix = path.suffix.lower()
    try:
        if suffix == ".pubtator":
            return _pubtator_rows(path, dropped)
        if suffix in CONLL:
            return list(_conll_rows(path))
        if suffix == ".parquet":
            return _parquet_rows(path)
        if suffix in (".json", ".jsonl"):
            return list(_json_rows(path))
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text ({error})", file=path, fix="convert it") from error
    raise InputError(f"unknown ending {suffix!r}", file=path, fix=f"expected one of {', '.join(SUFFIXES)}")


def columns_to_rows(columns: dict[str, Sequence[Any]], features: Features | None) -> list[dict[str, Any]]:
    """Turn columns into rows, and integer tags into names where the features (``ClassLabel``) say which."""
    _require(columns)
    names = getattr(getattr((features or {}).get(TAGS), "feature", None), "names", None)
    tags = columns[TAGS]
    if names:
        names = dict(enumerate(names))
        tags = [row and [names.get(tag, tag) for tag in row] for row in tags]
    ids = columns.get("id") or [None] * len(tags)
    return [dict(zip(("id", TOKENS, TAGS), row, strict=True)) for row in zip(ids, columns[TOKENS], tags, strict=True)]


def _pubtator_rows(path: Path, dropped: Collection[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    totals: Counter[str] = Counter()
    for document in load_pubtator(path):
        document.mentions = [mention for mention in document.mentions if mention.type not in dropped]
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
    columns = {name: table[name].to_pylist() for name in ("id", TOKENS, TAGS) if name in table.column_names}
    try:
        features = Features.from_arrow_schema(table.schema) if b"huggingface" in (table.schema.metadata or {}) else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:  # it is JSON of no fixed form
        problem = f"its description of the columns is damaged ({error})"
        raise InputError(problem, file=path, fix="write it again") from None
    with located(path):
        return columns_to_rows(columns, features)


def _json_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of one object per line, or of one list."""
    text = path.read_text(encoding="utf-8-sig")
    is_list = text.lstrip().startswith("[")
    with located(path):
        parts = read_json(text) if is_list else text.split("\n")
    for number, part in enumerate(parts, start=1):
        with located(path, f"{'row' if is_list else 'line'} {number}"):
            if is_list or part.strip():
                row = part if is_list else read_json(part)
                if not isinstance(row, dict):
                    raise InputError(f"{row!r:.60} is no object", fix=f"write one with {TOKENS!r} and {TAGS!r}")
                _require(row)
                yield {"id": row.get("id"), TOKENS: row[TOKENS], TAGS: row[TAGS]}


def _require(columns: Any) -> None:
    for name in (TOKENS, TAGS):
        if name not in columns:
            problem = f"no such column among {', '.join(map(str, columns)):.200}"
            raise InputError(problem, field=name, fix="rename the column that holds them")


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
                    problem = f"{line!r:.60} is not a token and a tag"
                    raise InputError(problem, file=path, row=f"line {number}", fix="write both, or leave it blank")
                first = first if tokens else number
                tokens.append(fields[0])
                tags.append(fields[-1].strip(" "))
            elif tokens:
                yield {"id": f"{path.stem}-line-{first}", "tokens": tokens, "ner_tags": tags}
                tokens, tags = [], []

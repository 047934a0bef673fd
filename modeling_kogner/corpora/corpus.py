"""Corpora of tagged sentences, from folders, files and the Hub, checked and brought to one form."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset, load_dataset

from ..files.errors import InputError, located
from .corpus_files import SPLITS, TAGS, TOKENS, columns_to_rows, find_splits, read_rows, split_of
from .tag_schemes import check_scheme, keep_types, rename_types, split_tag, to_iob2

_HUB_ID = re.compile(r"[\w-][\w.-]*(/[\w.-]+)?(:[\w.-]+)?")


@dataclass
class Corpus:
    """Sentences of one corpus by split, with the entity types that it annotates.

    Args:
        name: of the folder, file or Hub repository.
        entity_types: sorted; found in the tags of any split. All other types go unannotated here, so an ``O``
            says nothing about them.
        splits: ``train``, ``validation`` and ``test``, those there are; columns ``id`` (str), ``tokens`` (list of
            str), ``ner_tags`` (list of str, IOB2) and, from PubTator, ``document`` (its id) and ``offsets`` (list of
            [start, end]).
    """

    name: str
    entity_types: list[str]
    splits: dict[str, Dataset]

    def split(self, name: str) -> Dataset:
        """Return one split.

        Raises:
            InputError: the corpus has no such split.
        """
        if name not in self.splits:
            problem = f"no split {name!r}, only {', '.join(self.splits)}"
            fix = f"add {name}.*, or choose with --split {next(iter(self.splits))}"
            raise InputError(problem, file=f"corpus {self.name}", fix=fix)
        return self.splits[name]

    def only(self, types: Sequence[str]) -> Corpus:
        """The same sentences, in which the tags of all other types are ``O``.

        Args:
            types: in any case; those that the corpus does not annotate are passed over.

        Raises:
            InputError: it annotates none of them.
        """
        asked = {kind.casefold() for kind in types}
        kept = [kind for kind in self.entity_types if kind.casefold() in asked]
        if not kept:
            problem = f"annotates {', '.join(self.entity_types)}, none of {', '.join(types)}"
            raise InputError(problem, file=f"corpus {self.name}", field="--types", fix="leave the corpus out")
        splits = {}
        for name, rows in self.splits.items():
            columns = rows.to_dict()
            columns[TAGS] = [keep_types(tags, kept) for tags in columns[TAGS]]
            splits[name] = Dataset.from_dict(columns)
        return Corpus(self.name, kept, splits)


def load_corpus(source: str, names: Mapping[str, str | None] | None = None) -> Corpus:
    """Load a corpus and normalise its tags to IOB2.

    Args:
        source: a folder of split files, ``FOLDER/PREFIX`` for files such as ``PREFIX_train.pubtator``, one file (one
            split, ``train`` unless its name says otherwise), or a Hub data set ``OWNER/NAME`` or ``OWNER/NAME:CONFIG``.
        names: what each of its types is called instead; None where its mentions are left out. Without them, all types
            keep their names.

    Raises:
        InputError: nothing is found there, a file, row or tag is wrong, or a type is not among the names.
    """
    name, raw = _read(source, {kind for kind, new in (names or {}).items() if new is None})
    for where, rows in raw.values():
        _check_rows(rows, where)
    prefixes = {split_tag(tag)[0] for _, rows in raw.values() for row in rows for tag in row[TAGS]}
    check_scheme(prefixes, source)
    for where, rows in raw.values():
        for number, row in enumerate(rows, start=1):
            row[TAGS] = to_iob2(row[TAGS])
            if names is not None:
                with located(where, number):
                    row[TAGS] = rename_types(row[TAGS], names)
    found = sorted({tag[2:] for _, rows in raw.values() for row in rows for tag in row[TAGS]} - {""})
    if not found:
        problem = "every tag is O, so there is nothing to learn or score"
        raise InputError(problem, file=source, field=TAGS, fix="check the column")
    order = [split for split in ("train", "validation", "test") if split in raw]
    return Corpus(name, found, {split: Dataset.from_list(raw[split][1]) for split in order})


def train_subset(dataset: Dataset, fraction: float, seed: int, sentences: int | None = None) -> Dataset:
    """Draw some of the sentences for a low-resource run, in corpus order.

    The same seed gives the same sentences, and a larger draw contains the smaller ones.

    Args:
        dataset: with a column ``ner_tags``.
        fraction: share of all sentences.
        seed: of the draw.
        sentences: instead of a fraction, this many of the sentences that hold a mention.

    Raises:
        InputError: the fraction is not above 0 and at most 1, or there are too few sentences.
    """
    if not 0 < fraction <= 1:
        fix = "give a share above 0 and at most 1, such as 0.01"
        raise InputError(f"{fraction} is out of range", field="train_fraction", fix=fix)
    order = list(range(len(dataset)))
    random.Random(seed).shuffle(order)
    if sentences is not None:
        tags = dataset[TAGS][:]
        holding = [row for row in order if any(tag != "O" for tag in tags[row])]
        if len(holding) < sentences:
            problem = f"{sentences} asked for, but only {len(holding)} sentences hold a mention"
            raise InputError(problem, field="train_sentences", fix="give fewer")
        return dataset.select(sorted(holding[:sentences]))
    return dataset.select(sorted(order[: max(1, round(fraction * len(order)))]))


def _read(source: str, dropped: Collection[str] = ()) -> tuple[str, dict[str, tuple[str, list[dict[str, Any]]]]]:
    """Return the corpus name and, by split, where the rows came from and the rows."""
    path = Path(source).expanduser()
    if path.is_dir():
        files = find_splits(path)
    elif path.is_file():
        files = {(split_of(path) or ("", "train"))[1]: path}
    elif path.parent.is_dir() and any((split_of(file) or ("",))[0] == path.name for file in path.parent.iterdir()):
        files = find_splits(path.parent, path.name)
    elif _HUB_ID.fullmatch(source) and ("/" not in source or not path.parent.is_dir()):
        return _read_hub(source)
    else:
        raise InputError("no such folder or file, and no Hub data set id", file=source, fix="check the path")
    name = path.stem if path.is_file() else path.resolve().name
    return name, {split: (str(file), read_rows(file, dropped)) for split, file in files.items()}


def _read_hub(source: str) -> tuple[str, dict[str, tuple[str, list[dict[str, Any]]]]]:
    repository, _, config = source.partition(":")
    try:
        loaded = load_dataset(repository, config or None)
    except Exception as error:  # the Hub client raises a dozen unrelated classes
        problem = f"no such folder or file, and no data set on the Hub ({type(error).__name__}: {error})"
        raise InputError(problem, file=source, fix="check the path, the id or the connection") from error
    raw = {}
    for name, dataset in loaded.items():
        if name in SPLITS:
            where = f"{source}, split {name}"
            if SPLITS[name] in raw:
                problem = f"another split is the {SPLITS[name]} split already"
                raise InputError(problem, file=where, fix="export the one to keep")
            columns = {name: dataset[name][:] for name in ("id", TOKENS, TAGS) if name in dataset.column_names}
            with located(where):
                raw[SPLITS[name]] = where, columns_to_rows(columns, dataset.features)
    if not raw:
        problem = f"splits {', '.join(loaded)} are none of {', '.join(SPLITS)}"
        raise InputError(problem, file=source, fix="export them to files")
    return repository.split("/")[-1], raw


def _check_rows(rows: list[dict[str, Any]], where: str) -> None:
    """Check every row before any of them is used, and give ids to rows without one."""
    if not rows:
        raise InputError("the split is empty", file=where, fix="remove the file or fill it")
    for number, row in enumerate(rows):
        with located(where, f"row {number + 1}" + (f" (id {row['id']!s:.60})" if row["id"] is not None else "")):
            _check_row(row[TOKENS], row[TAGS])
        row["id"] = str(number) if row["id"] is None else str(row["id"])


def _check_row(tokens: Any, tags: Any) -> None:
    for field, values in ((TOKENS, tokens), (TAGS, tags)):
        if not isinstance(values, (list, tuple)):
            raise InputError(f"is {type(values).__name__}, not a list", field=field, fix="write one entry per word")
    if len(tokens) != len(tags):
        problem = f"{len(tokens)} tokens but {len(tags)} tags"
        raise InputError(problem, field=TAGS, fix="write one tag for each token")
    for position, (token, tag) in enumerate(zip(tokens, tags, strict=True), start=1):
        if not isinstance(token, str):
            problem = f"token {position}: {token!r:.60} is not a string"
            raise InputError(problem, field=TOKENS, fix="write the word as text")
        if not isinstance(tag, str):
            problem = f"token {position}: tag {tag!r:.60} is not a string and has no name"
            raise InputError(problem, field=TAGS, fix="write B-Disease")
        try:
            split_tag(tag)
        except InputError as error:
            problem = f"token {position} ({token!r:.60}): {error.problem}"
            raise InputError(problem, field=TAGS, fix=error.fix) from None

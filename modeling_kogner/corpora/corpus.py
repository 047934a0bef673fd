"""Corpora of tagged sentences, from folders, files and the Hub, checked and brought to one form."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset, load_dataset

from .corpus_files import SPLITS, TAGS, TOKENS, columns_to_rows, find_splits, read_rows, split_of
from .tag_schemes import check_scheme, keep_types, split_tag, to_iob2

_HUB_ID = re.compile(r"[\w-][\w.-]*(/[\w.-]+)?(:[\w.-]+)?")


@dataclass
class Corpus:
    """Sentences of one corpus by split, with the entity types that it annotates.

    Args:
        name: of the folder, file or Hub repository.
        entity_types: sorted; found in the tags of any split. All other types go unannotated here, so an ``O``
            says nothing about them.
        splits: ``train``, ``validation`` and ``test``, those there are; columns ``id`` (str), ``tokens`` (list of
            str), ``ner_tags`` (list of str, IOB2) and, from PubTator, ``offsets`` (list of [start, end]).
    """

    name: str
    entity_types: list[str]
    splits: dict[str, Dataset]

    def split(self, name: str) -> Dataset:
        """Return one split.

        Raises:
            ValueError: the corpus has no such split.
        """
        if name not in self.splits:
            raise ValueError(
                f"corpus {self.name}: no split {name!r}, only {', '.join(self.splits)}; add {name}.* or name another"
            )
        return self.splits[name]


def load_corpus(source: str, types: Sequence[str] | None = None) -> Corpus:
    """Load a corpus and normalise its tags to IOB2.

    Args:
        source: a folder of split files, ``FOLDER/PREFIX`` for files such as ``PREFIX_train.pubtator``, one file (one
            split, ``train`` unless its name says otherwise), or a Hub data set ``OWNER/NAME`` or ``OWNER/NAME:CONFIG``.
        types: entity types to keep; the tags of all others become ``O``. All by default.

    Raises:
        ValueError: nothing is found there, or a file, row, tag or type is wrong; the message says which and the mend.
    """
    name, raw = _read(source)
    for where, rows in raw.values():
        _check_rows(rows, where)
    prefixes = {split_tag(tag)[0] for _, rows in raw.values() for row in rows for tag in row["ner_tags"]}
    check_scheme(prefixes, source)
    for _, rows in raw.values():
        for row in rows:
            row["ner_tags"] = to_iob2(row["ner_tags"])
    found = sorted({tag[2:] for _, rows in raw.values() for row in rows for tag in row["ner_tags"]} - {""})
    if types is not None:
        if unknown := sorted(set(types) - set(found)):
            raise ValueError(f"corpus {name}: no mention of type {', '.join(unknown)}; it annotates {', '.join(found)}")
        for _, rows in raw.values():
            for row in rows:
                row["ner_tags"] = keep_types(row["ner_tags"], types)
        found = sorted(set(types))
    if not found:
        raise ValueError(f"{source}: every tag is O, so there is nothing to learn or score; check the tag column")
    order = [split for split in ("train", "validation", "test") if split in raw]
    return Corpus(name, found, {split: Dataset.from_list(raw[split][1]) for split in order})


def train_subset(dataset: Dataset, fraction: float, seed: int, sentences: int | None = None) -> Dataset:
    """Draw some of the sentences for a low-resource run, in corpus order.

    The same seed gives the same sentences, and a larger draw contains the smaller ones.

    Args:
        dataset: with a column ``ner_tags``.
        fraction: share of all sentences.
        seed: of the draw.
        sentences: in place of a fraction, this many of the sentences that hold a mention.

    Raises:
        ValueError: the fraction is not above 0 and at most 1, or there are too few sentences.
    """
    if not 0 < fraction <= 1:
        raise ValueError(f"train_fraction is {fraction}; give a share above 0 and at most 1, such as 0.01")
    order = list(range(len(dataset)))
    random.Random(seed).shuffle(order)
    if sentences is not None:
        tags = dataset["ner_tags"][:]
        holding = [row for row in order if any(tag != "O" for tag in tags[row])]
        if len(holding) < sentences:
            raise ValueError(f"train_sentences is {sentences}, but only {len(holding)} sentences hold a mention")
        return dataset.select(sorted(holding[:sentences]))
    return dataset.select(sorted(order[: max(1, round(fraction * len(order)))]))


def _read(source: str) -> tuple[str, dict[str, tuple[str, list[dict[str, Any]]]]]:
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
        raise ValueError(f"{source}: no such folder or file, and no Hub data set id; check the path")
    name = path.stem if path.is_file() else path.resolve().name
    return name, {split: (str(file), read_rows(file)) for split, file in files.items()}


def _read_hub(source: str) -> tuple[str, dict[str, tuple[str, list[dict[str, Any]]]]]:
    repository, _, config = source.partition(":")
    try:
        loaded = load_dataset(repository, config or None)
    except Exception as error:  # the Hub client raises a dozen unrelated classes
        raise ValueError(
            f"{source}: no such folder or file here, and the Hub gave no data set of that id "
            f"({type(error).__name__}: {error}); check the path, the id or the connection"
        ) from error
    raw = {}
    for name, dataset in loaded.items():
        if name in SPLITS:
            where = f"{source}, split {name}"
            if SPLITS[name] in raw:
                raise ValueError(f"{where}: another split is the {SPLITS[name]} split already; export the one to keep")
            wanted = {"id", TOKENS, TAGS}.intersection(dataset.column_names)
            columns = {column: dataset[column][:] for column in wanted}
            raw[SPLITS[name]] = where, columns_to_rows(columns, dataset.features, where)
    if not raw:
        raise ValueError(f"{source}: splits {', '.join(loaded)} are none of {', '.join(SPLITS)}; export them to files")
    return repository.split("/")[-1], raw


def _check_rows(rows: list[dict[str, Any]], where: str) -> None:
    """Check every row before any of them is used, and give ids to rows without one."""
    if not rows:
        raise ValueError(f"{where}: the split is empty; remove the file or fill it")
    for number, row in enumerate(rows):
        place = f"{where}, row {number}" + (f" (id {row['id']!s:.60})" if row["id"] is not None else "")
        tokens, tags = row["tokens"], row["ner_tags"]
        for name, values in (("tokens", tokens), ("tags", tags)):
            if not isinstance(values, (list, tuple)):
                raise ValueError(f"{place}: {name} are {type(values).__name__}, not a list; write one entry a word")
        if len(tokens) != len(tags):
            raise ValueError(f"{place}: {len(tokens)} tokens but {len(tags)} tags; write one tag for each token")
        for position, (token, tag) in enumerate(zip(tokens, tags, strict=True)):
            if not isinstance(token, str):
                raise ValueError(f"{place}, token {position}: {token!r:.60} is no string; write the word as text")
            if not isinstance(tag, str):
                raise ValueError(
                    f"{place}, token {position}: tag {tag!r:.60} is no string and has no name; write B-Disease"
                )
            try:
                split_tag(tag)
            except ValueError as error:
                raise ValueError(f"{place}, token {position} ({token!r:.60}): {error}") from None
        row["id"] = str(number) if row["id"] is None else str(row["id"])

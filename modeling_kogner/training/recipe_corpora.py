"""The corpora of a recipe: read, with the model's types, and without sentences that are test sentences somewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset, concatenate_datasets
from transformers import PreTrainedTokenizerBase

from ..configuration_kogner import KognerConfig
from ..corpora.corpus import Corpus, load_corpus
from ..corpora.overlap import drop_overlap
from ..evaluation.encoded_split import EncodedSplit
from ..files.errors import InputError
from .recipe import Recipe, RecipeCorpus

ROW = "row"  # column that shows where sentences were dropped


@dataclass
class JointCorpora:
    """What a recipe names, read and checked.

    Args:
        corpora: those that are trained on, by name, with the model's types.
        train: their training sentences.
        report: sentences read and dropped, by corpus, see :func:`overlap.drop_overlap`.
        tests: test splits of all corpora of the recipe, by name.
    """

    corpora: dict[str, Corpus]
    train: dict[str, Dataset]
    report: dict[str, dict[str, Any]]
    tests: dict[str, Dataset]


def load_recipe_corpora(
    recipe: Recipe, data: Path, excluded: Collection[str] = (), without_validation: bool = False
) -> JointCorpora:
    """Read the corpora of a recipe; sentences of test splits, also those of excluded corpora, are dropped.

    Args:
        recipe: the whole one.
        data: folder that its sources are relative to.
        excluded: corpora that are not trained on.
        without_validation: keep off validation splits as off test splits.

    Raises:
        InputError: a corpus is missing or malformed, or has a type that the recipe does not map.
    """
    if not data.is_dir():
        raise InputError(
            "no such folder", file=data, field="--data", fix="name the one that the recipe's sources are in"
        )
    corpora = {name: load_corpus(str(data / given.source), given.types) for name, given in recipe.corpora.items()}
    kept_off = ("test", "validation") if without_validation else ("test",)
    others = {source: load_corpus(str(data / source)) for source in recipe.tests}
    tests = {
        f"{name} {split}": corpus.splits[split]
        for name, corpus in (corpora | others).items()
        for split in kept_off
        if split in corpus.splits
    }
    train = {}
    for name, given in recipe.corpora.items():
        if name not in excluded:
            splits = [split for split in given.train if split not in kept_off]
            train[name] = _training_rows(corpora[name], given, splits)
    kept, report = drop_overlap(train, tests)
    of_corpora = {name: corpus.splits["test"] for name, corpus in corpora.items() if "test" in corpus.splits}
    return JointCorpora({name: corpora[name] for name in train}, kept, report, of_corpora)


def _training_rows(corpus: Corpus, given: RecipeCorpus, splits: list[str]) -> Dataset:
    """The rows of some splits with their numbers, less most documents without a mention if the recipe says so."""
    rows = concatenate_datasets([corpus.split(split) for split in splits])
    rows = rows.add_column(ROW, list(range(len(rows))))
    if given.every_nth_empty == 1:
        return rows
    if "document" not in rows.column_names:
        problem = f"{corpus.name} does not say which sentences are one document"
        raise InputError(problem, field="every_nth_empty", fix="leave it out for this corpus")
    documents = rows["document"][:]
    full = {name for name, tags in zip(documents, rows["ner_tags"], strict=True) if any(tag != "O" for tag in tags)}
    chosen = {name: name in full or _hash(name) % given.every_nth_empty == 0 for name in set(documents)}
    return rows.select([row for row, name in enumerate(documents) if chosen[name]])


def _hash(name: str) -> int:
    return int(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(), 16)


def validation_splits(
    loaded: JointCorpora, recipe: Recipe, tokenizer: PreTrainedTokenizerBase, config: KognerConfig, **windowing: int
) -> list[EncodedSplit]:
    """The validation splits that are not trained on, each to be read with its corpus's convention."""
    found = []
    for name, corpus in loaded.corpora.items():
        given = recipe.corpora[name]
        if "validation" in corpus.splits and "validation" not in given.train:
            split = corpus.only(given.annotated).split("validation")
            settings = windowing | {"convention": config.convention_id(name), "context": config.context_tokens}
            found.append(EncodedSplit.from_split(name, split, given.annotated, tokenizer, config.label2id, **settings))
    return found

"""Training sentences and documents that are test sentences too: found by letters and digits, dropped and counted."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from datasets import Dataset

TELLING = 40  # characters of a key that no two documents share by chance


def sentence_key(sentence: Sequence[str] | str) -> str:
    """Return the letters and digits of a sentence, NFKC, lower case: what stays equal across tokenisations."""
    text = sentence if isinstance(sentence, str) else "".join(sentence)
    folded = unicodedata.normalize("NFKC", text).lower()
    return "".join(character for character in folded if character.isalnum())


def keys_of_tests(test_datasets: Mapping[str, Dataset]) -> dict[str, set[str]]:
    """Collect the keys of every corpus's test sentences.

    Sentences without a letter or digit have the empty key, which says nothing, and are left out. One-word sentences
    ("Results") count as any other: a few harmless ones are lost rather than one kept that is a test sentence.
    """
    return {name: set(map(sentence_key, data["tokens"])) - {""} for name, data in test_datasets.items()}


def drop_overlap(
    train_datasets: Mapping[str, Dataset], test_datasets: Mapping[str, Dataset]
) -> tuple[dict[str, Dataset], dict[str, dict[str, Any]]]:
    """Drop the training sentences whose key is that of a test sentence of any corpus in use.

    Where a column ``document`` says which sentences belong together, one of at least ``TELLING`` characters drops its
    whole document: the others stand in the test set too, if split in other places.

    Args:
        train_datasets: by corpus name, with a column ``tokens``.
        test_datasets: by corpus name; the same names or others.

    Returns:
        The filtered data sets, and for each corpus ``sentences`` (before), ``dropped`` and ``in_test_of``: how many of
        the dropped ones occur in the test set of each corpus (a sentence may occur in several).
    """
    tests = keys_of_tests(test_datasets)
    filtered, report = {}, {}
    for name, data in train_datasets.items():
        keys = list(map(sentence_key, data["tokens"]))
        documents = data["document"][:] if "document" in data.column_names else [None] * len(keys)
        owners = [[owner for owner, owned in tests.items() if key in owned] for key in keys]
        lost = {d for d, key, found in zip(documents, keys, owners, strict=True) if found and len(key) >= TELLING}
        lost.discard(None)
        kept = [row for row, found in enumerate(owners) if not found and documents[row] not in lost]
        in_test_of: Counter[str] = Counter(owner for found in owners for owner in found)
        filtered[name] = data.select(kept)
        report[name] = {"sentences": len(data), "dropped": len(data) - len(kept), "in_test_of": dict(in_test_of)}
    return filtered, report

"""Search of a model's name vectors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def search_names(
    names: Mapping[str, np.ndarray], query: np.ndarray, limit: int, probes: int = 16
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the nearest names and their cosines: ``(limit,)`` int and float, best first, perhaps fewer.

    Args:
        names: buffers of :class:`NameTable`.
        query: ``(d_n,)`` float of length 1.
        limit: most names to return.
        probes: cells to look into.
    """
    centres, first, books = names["centres"], names["first"], names["books"]
    score = centres @ query  # (G,)
    cells = _best(score, probes)
    ranges = [slice(*ends) for ends in zip(first[cells].tolist(), first[cells + 1].tolist(), strict=True)]
    codes = np.concatenate([names["codes"][each] for each in ranges])  # (M, S)
    rows = np.concatenate([names["row"][each] for each in ranges])
    parts = len(books)
    table = np.einsum("skd,sd->sk", books, query.reshape(parts, -1))  # (S, 256)
    found = np.repeat(score[cells], first[cells + 1] - first[cells])
    for values, column in zip(table, codes.T, strict=True):
        found += values[column]
    best = _best(found, limit)
    return rows[best], found[best]


def _best(scores: np.ndarray, count: int) -> np.ndarray:
    """Places of the highest scores, best first."""
    if count < len(scores):
        places = np.argpartition(-scores, count)[:count]
        return places[np.argsort(-scores[places], kind="stable")]
    return np.argsort(-scores, kind="stable")

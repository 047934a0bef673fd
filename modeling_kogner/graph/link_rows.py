"""Rows of the names that serve linking alone, in the tokenizer's own hashes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from transformers import PreTrainedTokenizerBase

from ..corpora.text_tokenizer import TextTokenizer
from .surface_hashes import hash_surfaces

_MOST_COUNTED = 255


def link_rows(names: pd.DataFrame, counted: pd.DataFrame, index: pd.DataFrame) -> pd.DataFrame:
    """Names with counts of training documents, and names that are not in the index of written forms.

    Args:
        names: `hash`, `concept`; all names of the graph.
        counted: `hash`, `concept`; one row for each document that calls a concept so.
        index: `hash`, `concept`; rows of the model's index, which holds the first concepts of each form alone.

    Returns:
        `hash`, `concept`, `count`, by hash, the most frequent concept first.
    """
    count = counted.groupby(["hash", "concept"]).size().clip(upper=_MOST_COUNTED).rename("count").reset_index()
    pair = ["hash", "concept"]
    rest = names[pair].drop_duplicates().merge(index[pair].drop_duplicates(), on=pair, how="left", indicator="met")
    rest = rest.loc[rest["met"] == "left_only", pair].assign(count=0)
    rows = pd.concat([count, rest]).drop_duplicates(pair)
    rows = rows.sort_values(["hash", "count"], ascending=[True, False], kind="stable", ignore_index=True)
    return rows.astype({"hash": np.int64, "concept": np.int32, "count": np.uint8})


def hashed(names: pd.DataFrame, tokenizer: PreTrainedTokenizerBase, tokens: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Names with their `hash`, without those that the index cannot spell.

    Args:
        names: `surface` and what else belongs to a name.
        tokenizer: of the model.
        tokens: how it spells its tokens; see :func:`hash_surfaces`.
    """
    hashes, whole = hash_surfaces(names["surface"].tolist(), TextTokenizer.of(tokenizer), tokens)
    return names.assign(hash=hashes)[whole]


def rows_of(hashes: np.ndarray, index: np.ndarray, further: np.ndarray) -> np.ndarray:
    """Row of each hash in the index, else behind the index in the further names, else -1.

    Args:
        hashes: to find.
        index: sorted hashes.
        further: sorted hashes.
    """
    rows = np.full(len(hashes), -1)
    for table, first in ((further, len(index)), (index, 0)):
        if len(table):
            place = np.searchsorted(table, hashes).clip(max=len(table) - 1)
            rows = np.where(table[place] == hashes, first + place, rows)
    return rows

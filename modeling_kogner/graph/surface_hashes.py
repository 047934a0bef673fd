"""Hashes of written forms, as the index of a model holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..corpora.text_tokenizer import TextTokenizer
from ..surface_keys import (
    ENDS_IN_S,
    INVERSE,
    MAX_MENTION_TOKENS,
    SHORT_KEY,
    UNMATCHABLE,
    byte_value,
    powers,
    to_signed,
)

Arrays = Mapping[str, np.ndarray]
_LETTER_S, _INVERSE = np.int64(to_signed(byte_value(ord("s")))), np.int64(to_signed(INVERSE))
_AT_ONCE = 50_000
LONGEST_NAME = 24  # word pieces of a name that the encoder reads, in training as in use


def hash_surfaces(surfaces: Sequence[str], tokenizer: TextTokenizer, tokens: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """Hash of each written form (int64), and False for those too long or not spelled by the tokenizer.

    Args:
        surfaces: written forms.
        tokenizer: of the model.
        tokens: how it spells its tokens, from :func:`token_table` or from the model's own index.
    """
    hashes = np.empty(len(surfaces), dtype=np.int64)
    whole = np.empty(len(surfaces), dtype=bool)
    for first in range(0, len(surfaces), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        encoded = tokenizer.backend.encode_batch_fast(list(surfaces[part]), add_special_tokens=False)
        hashes[part], whole[part] = _hash_rows([each.ids for each in encoded], tokens)
    return hashes, whole


def _hash_rows(encoded: list[list[int]], tokens: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """Hash lists of token ids; False for those that no n-gram could have."""
    size = np.array([len(ids) for ids in encoded])
    ids = np.zeros((len(encoded), MAX_MENTION_TOKENS), dtype=np.int64)
    for row, pieces in enumerate(encoded):
        ids[row, : min(len(pieces), MAX_MENTION_TOKENS)] = pieces[:MAX_MENTION_TOKENS]
    used = np.arange(MAX_MENTION_TOKENS) < size[:, None]
    flags = np.where(used, tokens["token_flags"][ids], 0)
    length = np.where(used, tokens["token_length"][ids], 0).astype(np.int64)
    term = np.where(used, tokens["token_hash"][ids], 0)
    power = powers()[0]
    value = np.zeros(len(encoded), dtype=np.int64)
    for step in range(MAX_MENTION_TOKENS):
        value = value * power[length[:, step]] + term[:, step]
    # A trailing token without letters (a hyphen) has no key; the last spelled one decides on the plural.
    last = np.where(length > 0, np.arange(MAX_MENTION_TOKENS), -1).max(1)
    plural = (np.take_along_axis(flags, last.clip(0)[:, None], 1)[:, 0] & ENDS_IN_S) != 0
    plural &= length.sum(1) >= SHORT_KEY
    whole = (size > 0) & (size <= MAX_MENTION_TOKENS) & ((flags & UNMATCHABLE) == 0).all(1) & (last >= 0)
    return np.where(plural, (value - _LETTER_S) * _INVERSE, value), whole

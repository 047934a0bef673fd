"""The index of written forms in numpy: what :class:`SurfaceIndex` computes, for models that run without torch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..surface_keys import (
    ENDS_IN_S,
    FIRST_ALNUM,
    INVERSE,
    SHORT_KEY,
    SPACE_BEFORE,
    UNMATCHABLE,
    byte_value,
    to_signed,
)

Arrays = Mapping[str, np.ndarray]
_ONE_SPACE, _ONE_BARRED = 2**20, 2**37
_LETTER_S, _INVERSE = np.int64(to_signed(byte_value(ord("s")))), np.int64(to_signed(INVERSE))


def lookup(
    input_ids: np.ndarray, attention_mask: np.ndarray, index: Arrays, max_tokens: int, max_candidates: int
) -> np.ndarray:
    """Concepts of every n-gram that starts at each token: ``(B, T, n, C)`` int64, -1 where there is none.

    Args:
        input_ids: ``(B, T)`` int64.
        attention_mask: ``(B, T)``, 0 at padding.
        index: buffers of :class:`SurfaceIndex`.
        max_tokens: ``n``.
        max_candidates: ``C``.
    """
    table, concepts = index["surface_hash"], index["surface_concept"]
    width = min(max_candidates, len(table))
    query, valid = _hash_ngrams(input_ids, attention_mask, index, max_tokens)
    found = np.full((*valid.shape, width), -1, dtype=np.int64)
    keys = query[valid]
    # Near the end the window moves back; rows of other keys in it do not hit.
    first = np.searchsorted(table, keys).clip(max=len(table) - width)
    rows = first[:, None] + np.arange(width)  # (hits, C)
    found[valid] = np.where(table[rows] == keys[:, None], concepts[rows], -1)
    return found


def _hash_ngrams(
    input_ids: np.ndarray, attention_mask: np.ndarray, index: Arrays, max_tokens: int
) -> tuple[np.ndarray, np.ndarray]:
    """Hash of every n-gram and whether it may be a mention: ``(B, T, n)`` int64 and bool."""
    flags = np.where(attention_mask == 0, np.uint8(UNMATCHABLE), index["token_flags"][input_ids])  # (B, T)
    length = np.where(attention_mask == 0, 0, index["token_length"][input_ids]).astype(np.int64)
    scale, unscale = index["power"][:, length].cumprod(-1)  # P^L and P^-L, (B, T) each
    term = index["token_hash"][input_ids] * unscale
    total = term.cumsum(-1)

    def ends(x: np.ndarray, beyond: int = 0) -> np.ndarray:  # (B, T) -> (B, T, n): the value at the last token
        padded = np.pad(x, ((0, 0), (0, max_tokens - 1)), constant_values=beyond)
        return sliding_window_view(padded, max_tokens, axis=1)

    previous = np.pad(flags, ((0, 0), (1, 0)))[:, :-1]
    border = (previous >> 1 | SPACE_BEFORE) & flags & (FIRST_ALNUM | SPACE_BEFORE)
    boundary, spaced = border != FIRST_ALNUM, border == FIRST_ALNUM | SPACE_BEFORE
    usable = length > 0
    may_end = usable & np.pad(boundary, ((0, 0), (0, 1)), constant_values=True)[:, 1:]

    # Three counters in one number: characters, spaces inside running letters, tokens that no mention may hold.
    counter = length + spaced * _ONE_SPACE + (flags & UNMATCHABLE) * np.int64(_ONE_BARRED)
    running = counter.cumsum(-1)
    counted = ends(running, 2**62) - (running - length)[..., None]  # (B, T, n)
    long_key = (counted & (_ONE_SPACE - 1)) >= SHORT_KEY
    fits = np.where(long_key, counted < _ONE_BARRED, counted < _ONE_SPACE)

    query = (ends(total) - (total - term)[..., None]) * ends(scale)  # (B, T, n)
    plural = long_key & ends((flags & ENDS_IN_S) != 0)
    query = np.where(plural, (query - _LETTER_S) * _INVERSE, query)
    return query, (usable & boundary)[..., None] & ends(may_end) & fits

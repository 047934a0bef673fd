"""Windows of many texts as batches of tokens with little padding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import numpy as np

from ..corpora.text_windows import Window

# Lengths are rounded up to a multiple of it, and a CPU reads windows of one rounded length together: then no window's
# scores depend on which others share its batch, so that neither batch size nor resuming changes a mention (but for
# bfloat16 with AMX, where oneDNN adds up 64 to 320 rows in another order than fewer or more). For each
# shape of a batch a CPU's library keeps code of its own, so there are few: on 256 abstracts memory grows by 0.2 GB,
# with multiples of 8 by 0.7 GB, at the same speed.
LENGTH_STEP = 32
# Of a step on a CPU, padding included: what passes between layers stays in its cache.
CPU_TOKENS = 1024


def batches(windows: Iterable[Window], most: int, tokens: int, mixed: bool) -> Iterator[list[Window]]:
    """Lists of windows that are read together, short ones first.

    Args:
        windows: of any number of texts.
        most: windows in a batch.
        tokens: in a batch, padding included; a longer window is a batch of its own.
        mixed: whether windows of different rounded lengths may share a batch; else a batch has a power of two of them.
    """
    order = sorted(windows, key=lambda window: len(window.input_ids))
    if mixed:
        batch: list[Window] = []
        for window in order:  # the last is the longest
            if batch and (len(batch) == most or (len(batch) + 1) * padded_length(window) > tokens):
                yield batch
                batch = []
            batch.append(window)
        if batch:
            yield batch
        return
    for length, alike in groupby(order, key=padded_length):
        group = list(alike)
        while group:
            size = 1 << (max(1, min(most, tokens // length, len(group))).bit_length() - 1)
            yield group[:size]
            group = group[size:]


def padded_length(window: Window) -> int:
    """Tokens of a window with its padding."""
    return -(-len(window.input_ids) // LENGTH_STEP) * LENGTH_STEP


def padded(batch: list[Window], padding: int) -> tuple[np.ndarray, np.ndarray]:
    """Token ids and attention mask of a batch, ``(B, T)`` long each."""
    width = max(map(padded_length, batch))
    ids = np.full((len(batch), width), padding, dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, window in enumerate(batch):
        ids[row, : len(window.input_ids)] = window.input_ids
        mask[row, : len(window.input_ids)] = 1
    return ids, mask

"""From log-odds of words to mentions, each type for itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from ..corpora.mention import Mention
from ..corpora.text_windows import Word
from .borders import repaired


def decode(
    text: str, words: Sequence[Word], odds: np.ndarray, types: Sequence[str], wanted: Collection[str]
) -> list[Mention]:
    """Mentions of a text in order of their start; those of one type do not overlap.

    A word is in a mention of a type if its begin or inside is likelier than outside; an inside that continues nothing
    opens a mention. The score is the mean over the words of the probability of begin or inside against outside.

    Args:
        text: the text.
        words: of it.
        odds: ``(W, 2K)`` float, log-odds of begin and inside of each type against outside.
        types: the ``K`` entity types of the model.
        wanted: those to decode.
    """
    begin, inside = odds[:, 0::2], odds[:, 1::2]  # (W, K) each
    either = np.logaddexp(begin, inside)
    scores = 1 / (1 + np.exp(-either.clip(-80, 80)))
    opened = np.maximum(begin, inside) > 0
    found: list[Mention] = []
    for column in (number for number, kind in enumerate(types) if kind in wanted):
        rows = np.flatnonzero(opened[:, column])
        starts = [
            place
            for place, row in enumerate(rows)
            if place == 0 or rows[place - 1] != row - 1 or begin[row, column] >= inside[row, column]
        ]
        for group in np.split(rows, starts[1:]) if len(rows) else ():
            start, end = repaired(text, words[group[0]].start, words[group[-1]].end)
            if start < end:
                score = float(scores[group, column].mean())
                found.append(Mention(start, end, text[start:end], types[column], score))
    return sorted(found, key=lambda mention: (mention.start, -mention.end))

"""Whose genes a document is about, by all of its words: of human, of mouse, of rat or of another organism."""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Iterable

import numpy as np

from ..link_feature_names import WORD_ROWS
from .organisms import HUMAN, MOUSE, RAT, Organisms

_CLASSES = (HUMAN, MOUSE, RAT)
_OTHER = len(_CLASSES)
_WORD = re.compile(r"[a-z][a-z0-9']+|-/-|\+/-")
_READ = 4_000  # characters: an abstract, as those of training; the words of a long text say all and nothing
_MOST_TIMES, _STEPS = 4, 4


def organism_class(organism: str | None) -> int | None:
    """Place of an organism among the four classes; None for what is in none."""
    if organism is None:
        return None
    return _CLASSES.index(organism) if organism in _CLASSES else _OTHER


def document_words(text: str, organisms: Organisms, titles: float) -> np.ndarray:
    """Rows of the table that a document has: 0, its words, what it says of organisms, each once, ``(n,)`` int64.

    Args:
        text: of the document.
        organisms: that it names.
        titles: share of its symbols that are written as those of rodents.
    """
    words = {f"=titles {round(_STEPS * titles)}"}
    for organism, times in organisms.counts.items():
        place = organism_class(organism)
        words |= {f"=named {place}", f"=named {place} {min(times, _MOST_TIMES)}"}
    words |= {f"=title {organism_class(organism)}" for organism in organisms.title}
    if organisms.counts:
        words.add(f"=main {organism_class(organisms.main)}")
    return plain_words(text, words)


def plain_words(text: str, said: Collection[str] = ()) -> np.ndarray:
    """Rows of the table of 0, the words of a text and what else is said of it, each once: ``(n,)`` int64."""
    words = {*_WORD.findall(text[:_READ].lower()), *said}
    return np.array([0, *sorted({1 + zlib.crc32(word.encode()) % (WORD_ROWS - 1) for word in words})], np.int64)


def organism_odds(words: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Probability of each class: ``(4,)``.

    Args:
        words: of a document.
        table: ``(8192, 4)``, of a :class:`LinkChoice`.
    """
    score = table[words].sum(0)
    odds = np.exp(score - score.max())
    return odds / odds.sum()


def share_of_titles(texts: Iterable[str]) -> float:
    """Share of a document's gene symbols that are written as those of rodents are; half where it has none."""
    symbols = [text for text in texts if len(text) < 9 and " " not in text]
    return sum(map(is_title, symbols)) / len(symbols) if symbols else 0.5


def is_title(symbol: str) -> bool:
    """Whether a symbol is written as those of rodents are: "Trp53"."""
    return symbol[:1].isupper() and any(map(str.islower, symbol)) and not any(map(str.isupper, symbol[1:]))

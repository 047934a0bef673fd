"""Names that are spelled alike: nearest neighbours by character trigrams."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

_BETWEEN_WORDS = re.compile(r"[\W_]+")
_BUCKET_BITS = 18
_SPACE, _NEW_LINE = np.uint8(ord(" ")), ord("\n")
_IS_BETWEEN_WORDS = np.array([byte < 128 and not chr(byte).isalnum() for byte in range(256)])


class NearNames:
    r"""Find the names most like a text, whatever the order of their words.

    A name is the set of its words' byte trigrams, hashed, each word with a space before and after it. With
    :math:`w_g = \ln \frac{N + 1}{n_g + 1}` of a trigram that :math:`n_g` of the :math:`N` names hold:

    .. math:: s(a, b) = \frac{\sum_{g \in a \cap b} w_g^2}{\sqrt{\sum_{g \in a} w_g^2 \sum_{g \in b} w_g^2}}

    Args:
        names: to search; 600,000 are indexed in four seconds of one core, with 0.7 GB meanwhile and 60 MB after.
    """

    def __init__(self, names: Sequence[str]):
        self.size = len(names)
        rows, grams = _trigrams(names)
        # Names of a trigram side by side, in their order; numpy sorts fastest by at most 16 bits at a time.
        for shift, bits in ((0, np.uint8(3)), (2, np.uint16(0xFFFF))):
            order = ((grams >> shift).astype(bits.dtype) & bits).argsort(kind="stable")
            rows, grams = rows[order], grams[order]
        new = np.ones(len(rows), dtype=bool)
        new[1:] = (rows[1:] != rows[:-1]) | (grams[1:] != grams[:-1])
        self.rows, grams = rows[new], grams[new]
        self.first = np.searchsorted(grams, np.arange((1 << _BUCKET_BITS) + 1))
        self.weight = np.log((self.size + 1) / (np.diff(self.first) + 1)) ** 2
        self.norm = np.sqrt(np.bincount(self.rows, self.weight[grams], self.size)).clip(1e-9)

    def search(self, text: str, limit: int) -> list[tuple[int, float]]:
        """Rows of the most similar names with their similarity in (0, 1], best first, earlier rows first among equals.

        Names that share no trigram with the text are left out.
        """
        grams = np.unique(_trigrams([text])[1])
        if not self.size or not len(grams):
            return []
        postings = [self.rows[self.first[gram] : self.first[gram + 1]] for gram in grams]
        weight = self.weight[grams]
        shared = np.bincount(
            np.concatenate(postings), np.repeat(weight, [len(rows) for rows in postings]), self.size
        )  # (N,)
        rows = np.flatnonzero(shared > 0)  # few of all names: what follows is cheap
        similarity = shared[rows] / (self.norm[rows] * max(np.sqrt(weight.sum()), 1e-9))
        if len(rows) > limit:
            near = similarity >= np.partition(similarity, -limit)[-limit]
            rows, similarity = rows[near], similarity[near]
        best = np.lexsort((rows, -similarity))[:limit]
        return [(int(rows[i]), min(float(similarity[i]), 1.0)) for i in best]


def name_similarity(left: str, right: str) -> float:
    """Share of trigrams that two names have in common, as :class:`NearNames` cuts them (Dice), from 0 to 1."""
    one, other = _trigrams_of(left), _trigrams_of(right)
    return 2 * len(one & other) / max(1, len(one) + len(other))


@lru_cache(10_000)
def _trigrams_of(name: str) -> frozenset[bytes]:
    """Trigrams of one name, not hashed."""
    text = f" {_BETWEEN_WORDS.sub(' ', name.lower()).strip()} ".encode("utf-8", "surrogatepass")
    return frozenset(text[place : place + 3] for place in range(len(text) - 2) if text[place + 1] != _SPACE)


def _trigrams(names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Row (int32) and hashed trigram (uint32) of every place in every name, in the order of the names."""
    lower = [name.lower() if name.isascii() else _BETWEEN_WORDS.sub(" ", name.lower()) for name in names]
    lines = "\n".join(["", *(name.replace("\n", " ") for name in lower), ""]).encode("utf-8", "surrogatepass")
    raw = np.frombuffer(lines, dtype=np.uint8)
    between = _IS_BETWEEN_WORDS[raw]
    kept = np.ones(len(raw), dtype=bool)  # one space instead of all that lies between two words, or two names
    kept[1:] = ~(between[1:] & between[:-1])
    rows = np.cumsum(raw == _NEW_LINE, dtype=np.int32)[kept] - 1
    letters = np.where(between, _SPACE, raw)[kept].astype(np.uint32)
    codes = letters[:-2] << 16 | letters[1:-1] << 8 | letters[2:]
    inside = letters[1:-1] != _SPACE  # a space in the middle joins two words, or two names
    # Multiplicative hashing: the upper bits of 24 depend on all letters.
    hashed = (codes[inside] * np.uint32(0x9E3779) & 0xFFFFFF) >> (24 - _BUCKET_BITS)
    return rows[1:-1][inside], hashed

"""Concepts of written forms, many at once, and of names that mean nearly the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from ..corpora.text_tokenizer import TextTokenizer
from ..corpora.text_windows import readable
from ..graph.surface_hashes import LONGEST_NAME, hash_surfaces
from .name_search import search_names
from .tagger import Tagger

_WIDTH = 4  # names are padded to a multiple of it, whatever else is in the batch: in bfloat16 the width tells
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_Table = tuple[np.ndarray, np.ndarray, np.ndarray | None]
_KEPT = 200_000  # embedded mentions and looked up forms that are remembered


class Named(NamedTuple):
    """A concept under a name.

    Args:
        concept: its number.
        rank: place among the concepts of the name, vocabularies' first.
        uses: training documents that use the name so.
        key: hash of the name.
        is_listed: whether the index of written forms has the name, so that it does not come of a document alone.
    """

    concept: int
    rank: int
    uses: int
    key: int
    is_listed: bool

    @property
    def is_of_vocabulary(self) -> bool:
        """Whether a vocabulary has the name, and not training documents alone."""
        return self.is_listed or not self.uses

    def without(self, own: Mapping[tuple[int, int], int]) -> Named | None:
        """The same without the uses of a document, by hash and concept; None if the name comes of that alone."""
        uses = self.uses - own.get((self.key, self.concept), 0)
        return self._replace(uses=uses) if uses == self.uses or uses > 0 or self.is_listed else None


class NameLookup:
    """Exact and near names of a model.

    Args:
        tagger: with tables; names are near only if it has name vectors.
        tokenizer: of the model.
    """

    def __init__(self, tagger: Tagger, tokenizer: TextTokenizer):
        self.tagger, self.tokenizer, self.tables = tagger, tokenizer, tagger.tables
        index, linking = self.tables.index, self.tables.linking
        self._tables: list[_Table] = [(index["surface_hash"], index["surface_concept"], None)]
        if linking is not None:
            self._tables.append((linking["name_hash"], linking["name_concept"], linking["name_count"]))
        self._keys: dict[str, int | None] = {}
        self._near: dict[str, list[tuple[int, float]]] = {}
        self._named: dict[int, tuple[Named, ...]] = {}

    def exact(self, forms: Sequence[str]) -> dict[str, tuple[Named, ...]]:
        """Concepts of each written form, nothing for one that no concept has."""
        keys = self._keys = _bounded(self._keys)
        fresh = [form for form in dict.fromkeys(forms) if form not in keys]
        if fresh:
            hashes, whole = hash_surfaces([readable(form) for form in fresh], self.tokenizer, self.tables.index)
            keys |= {form: int(key) if fits else None for form, key, fits in zip(fresh, hashes, whole, strict=True)}
        known = {form: key for form in forms if (key := keys[form]) is not None}
        named = self._of_keys(known.values())
        return {form: named[key] for form, key in known.items()}

    def near(self, texts: Sequence[str], limit: int = 20) -> dict[str, list[tuple[Named, float]]]:
        """For each text the concepts of its nearest names, with the cosine as the choice reads it, best first."""
        names = self.tables.names
        if names is None:
            return {}
        kept = self._near = _bounded(self._near)
        fresh = [text for text in dict.fromkeys(texts) if text not in kept]
        scale, shift = self.tagger.config.name_scale, self.tagger.config.name_shift
        for text, vector in zip(fresh, self.embed(fresh), strict=True):
            rows, scores = search_names(names, vector, limit)
            kept[text] = list(zip(map(self._key_of, rows.tolist()), (scale * scores + shift).tolist(), strict=True))
        found = {text: kept[text] for text in texts}
        named = self._of_keys(key for pairs in found.values() for key, _ in pairs)
        return {text: [(each, score) for key, score in pairs for each in named[key]] for text, pairs in found.items()}

    def _of_keys(self, keys: Iterable[int]) -> dict[int, tuple[Named, ...]]:
        """Concepts of names by their hashes, vocabularies' first."""
        named = self._named = _bounded(self._named)
        wanted = dict.fromkeys(keys)
        fresh = [key for key in wanted if key not in named]
        found: list[dict[int, Named]] = [{} for _ in fresh]
        for hashes, concepts, counts in self._tables:
            sought = np.array(fresh, dtype=hashes.dtype)
            ends = [hashes.searchsorted(sought, side).tolist() for side in ("left", "right")]
            for key, of_key, first, last in zip(fresh, found, *ends, strict=True):
                for row in range(first, last):
                    concept, uses = int(concepts[row]), 0 if counts is None else int(counts[row])
                    known = of_key.get(concept)
                    new = Named(concept, len(of_key), uses, key, is_listed=counts is None)
                    of_key[concept] = known._replace(uses=uses) if known else new
        named |= {key: tuple(of_key.values()) for key, of_key in zip(fresh, found, strict=True)}
        return {key: named[key] for key in wanted}

    def _key_of(self, row: int) -> int:
        size = len(self._tables[0][0])
        return int(self._tables[0][0][row] if row < size else self._tables[1][0][row - size])

    def embed(self, texts: Sequence[str], batch: int = 64) -> np.ndarray:
        """Vectors of texts: ``(n, d_n)`` float32."""
        cut = list(map(tuple, self.tokenizer.cut([readable(text) for text in texts], LONGEST_NAME)))
        encoded = list(dict.fromkeys(cut))  # "Fever" and "fever" may be the same pieces
        vectors = np.empty((len(encoded), self.tagger.config.name_dim), np.float32)
        for width in range(_WIDTH, LONGEST_NAME + _WIDTH, _WIDTH):
            fitting = [row for row, ids in enumerate(encoded) if width - _WIDTH < len(ids) <= width]
            for start in range(0, len(fitting), batch):
                rows = fitting[start : start + batch]
                ids = np.full((len(rows), width), self.tokenizer.pad_id, dtype=np.int64)
                mask = np.zeros_like(ids)
                for place, row in enumerate(rows):
                    ids[place, : len(encoded[row])], mask[place, : len(encoded[row])] = encoded[row], 1
                vectors[rows] = self.tagger.embed(ids, mask)
        row_of = {each: row for row, each in enumerate(encoded)}
        return vectors[[row_of[each] for each in cut]]


def _bounded(kept: dict[_Key, _Value]) -> dict[_Key, _Value]:
    """What is remembered, or a new start where it is too much: other threads go on with the old one."""
    return {} if len(kept) > _KEPT else kept

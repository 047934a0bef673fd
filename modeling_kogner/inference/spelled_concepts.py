"""Concepts that a text may stand for by its spelling alone: how a model without a trained choice links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from .concept_choice import Ranked
from .name_lookup import NameLookup
from .near_names import NearNames, name_similarity

CANDIDATES = 20
_SEARCHES_KEPT = 50_000


class SpelledConcepts:
    """Ranks concepts of exactly a written form, then those of the most similar preferred names.

    Args:
        lookup: names of the model.
        fits: entity type -> ``(N,)`` bool, concepts that it may be linked to.
    """

    def __init__(self, lookup: NameLookup, fits: Callable[[str], np.ndarray]):
        self._lookup, self._fits, self._names = lookup, fits, lookup.tables.catalogue.names
        self._searched: dict[str, tuple[list[int], NearNames]] = {}
        self._near = lru_cache(_SEARCHES_KEPT)(self._search)

    def rank(self, text: str, entity_type: str, long: str | None, known: Sequence[int] | None, limit: int) -> Ranked:
        """Concepts with their similarity, best first.

        Args:
            text: the mention.
            entity_type: its type.
            long: its long form, where the text around it defines one.
            known: concepts of exactly its written form, if the caller has looked them up.
            limit: most concepts to return.
        """
        exact = self.exact(long, entity_type) if long else []
        exact += self.exact(text, entity_type, known)
        scores = dict.fromkeys(exact, 1.0)
        for concept, score in self._near(long or text, entity_type) if len(scores) < limit else ():
            scores.setdefault(concept, score)
        return list(scores.items())[:limit]

    def exact(self, text: str, entity_type: str, known: Sequence[int] | None = None) -> list[int]:
        """Fitting concepts of exactly this written form; ``known`` as for :meth:`rank`."""
        found = [each.concept for each in self._lookup.exact([text]).get(text, ())] if known is None else known
        fitting = [concept for concept in found if self._fits(entity_type)[concept]]
        if len(fitting) > 1:
            fitting.sort(key=lambda concept: -name_similarity(text, self._names[concept]))
        return fitting

    def _search(self, text: str, entity_type: str) -> Ranked:
        """Concepts of the most similar names, with the similarity."""
        if entity_type not in self._searched:
            concepts = np.flatnonzero(self._fits(entity_type)).tolist()
            self._searched[entity_type] = (concepts, NearNames([self._names[concept] for concept in concepts]))
        concepts, near = self._searched[entity_type]
        return [(concepts[row], score) for row, score in near.search(text, CANDIDATES)]

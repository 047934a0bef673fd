"""The trained choice among the concepts that a mention may stand for, in the context of its document."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..link_feature_names import LINK_FEATURES
from .choice_network import ChoiceNetwork
from .link_candidates import LinkedText
from .link_features import LinkFeatures
from .name_lookup import NameLookup

Ranked = list[tuple[int, float]]
_VOCABULARY = LINK_FEATURES.index("vocabulary")
_EXACT = [LINK_FEATURES.index("exact"), LINK_FEATURES.index("long_form")]


class ConceptChoice:
    """Ranks concepts by the model's :class:`LinkChoice`.

    Args:
        lookup: names of a model with tables for linking.
        fits: entity type -> ``(N,)`` bool, concepts that it may be linked to.
    """

    def __init__(self, lookup: NameLookup, fits: Callable[[str], np.ndarray]):
        self.network = ChoiceNetwork(lookup.tables.parts["link_choice"])
        self.features = LinkFeatures(lookup, fits)

    def rank(self, documents: Sequence[LinkedText]) -> list[list[Ranked]]:
        """For each mention of each document its concepts with their probabilities, best first."""
        found = self.features.of_documents(documents)
        flat = [pair for mentions in found for pair in mentions]
        ranked = iter(self._ranked(flat))
        return [[next(ranked) for _ in mentions] for mentions in found]

    def explain(self, document: LinkedText) -> list[dict[int, dict[str, float]]]:
        """For each mention what is known of each candidate, by name."""
        (found,) = self.features.of_documents([document])
        return [
            {
                concept: dict(zip(LINK_FEATURES, map(float, row), strict=True))
                for concept, row in zip(concepts, rows, strict=True)
            }
            for concepts, rows in found
        ]

    def _ranked(self, found: Sequence[tuple[list[int], np.ndarray]], batch: int = 512) -> list[Ranked]:
        ranked: list[Ranked] = []
        for start in range(0, len(found), batch):
            part = found[start : start + batch]
            width = max(1, *(len(concepts) for concepts, _ in part))
            features = np.zeros((len(part), width, len(LINK_FEATURES)), np.float32)
            for row, (_, known) in enumerate(part):
                features[row, : len(known)] = known
            mask = np.arange(width) < np.array([[len(concepts)] for concepts, _ in part])  # (M, C)
            probability = self.network.probabilities(features, mask)[:, :-1]
            for (concepts, known), values in zip(part, probability, strict=True):
                values = self._in_preferred(concepts, known, values[: len(concepts)])
                values = self._own_first(concepts, known, values)
                order = np.argsort(-values, kind="stable")
                ranked.append([(concepts[place], float(values[place])) for place in order])
        return ranked

    def _own_first(self, concepts: list[int], known: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Probability 1 for a concept that the user has added under exactly this name."""
        own = np.array([concept >= self.features.first_own for concept in concepts], dtype=bool)
        named = own & (known[:, _EXACT] > 0).any(1) if len(concepts) else own
        return np.where(named, 1.0, 0.0) if named.any() else values

    def _in_preferred(self, concepts: list[int], known: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Probabilities, those of what the preferred vocabulary lacks moved to what stands for it there.

        A brand is listed as a salt and corpora annotate the substance: the two share the probability otherwise. What
        OMIM has stays if it is likelier itself: corpora and databases join diseases by MeSH or, failing that, by OMIM.
        """
        place = {concept: row for row, concept in enumerate(concepts)}
        values = values.copy()
        for row, concept in enumerate(concepts):
            above = [place[each] for each in self.features.candidates.broader.get(concept, ()) if each in place]
            if above and not known[row, _VOCABULARY]:
                best = max(above, key=values.__getitem__)
                if values[row] > values[best] and self.features.is_in_omim(concept):
                    continue
                values[best] += values[row]
                values[row] = 0
        return values

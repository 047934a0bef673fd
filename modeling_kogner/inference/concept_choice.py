"""The trained choice among the concepts that a mention may stand for, in the context of its document."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..corpora.vocabularies import LINKED_TYPES
from ..link_feature_names import LINK_FEATURES
from .choice_network import ChoiceNetwork
from .link_features import LinkFeatures
from .link_query import LinkedText
from .name_lookup import NameLookup
from .organisms import is_about_plants, is_animal
from .short_forms import is_short_form

Ranked = list[tuple[int, float]]
_TAUGHT = (*LINKED_TYPES, "GeneFamily")  # chosen as genes are
_ALIKE = 0.2  # a short form less similar to the preferred name may stand for anything
_UNSURE, _BY_NAME = 0.5, 0.75  # below the first no concept is likely; the second is the score of one by name
_LEAST = 0.4  # below, what is likeliest is seldom meant
_PLACE = {name: place for place, name in enumerate(LINK_FEATURES)}
_VOCABULARY = _PLACE["vocabulary"]
_EXACT = [_PLACE["exact"], _PLACE["long_form"]]


def scores_by_name(known: np.ndarray) -> np.ndarray:
    """``(C,)``, scores of candidates of a type that no document gives concepts to, such as Anatomy, set by hand.

    Names that vocabularies list come before other written forms and these before near names, which alone are no link;
    then the preferred vocabulary and preferred names.

    Args:
        known: ``(C, F)``, features of the candidates; see :data:`LINK_FEATURES`.
    """
    of = {name: known[:, place] for place, name in enumerate(LINK_FEATURES)}
    vocabulary, preferred = of["vocabulary"] > 0, of["preferred_name"] > 0
    named = np.maximum(of["exact"] * ~((of["is_short"] > 0) & (of["spelling"] < _ALIKE)), of["long_form"]) > 0
    score = 0.45 * np.maximum(of["near"], of["exact"])
    score = np.maximum(score, np.where(vocabulary, 0.75, 0.6) * of["other_form"])
    # A synonym that looks like nothing in the preferred name may be a homonym: "ventricular" of the stomach.
    first = np.where(of["spelling"] > 0, 0.8, 0.7) + 0.1 * preferred
    score = np.where(named, np.where(vocabulary, first, 0.6 + 0.05 * preferred), score)
    return np.where(of["broader"] > 0, 0.3, score) + 0.04 * of["spelling"] + 0.01 * of["exact_rank"]


def named_alone(known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Probabilities ``(C,)``, where no chemical is likely with a score set by hand for the one that has just this name.

    The network has learned to give nothing where MeSH lacks the name, as no corpus could annotate it; but levothyroxine
    is what UNII calls so. Short names may mean anything.

    Args:
        known: ``(C, F)``, features of the candidates of a mention.
        values: ``(C,)``.
    """
    if not len(values) or values.max() >= _UNSURE or known[0, _PLACE["is_short"]] or not known[0, _PLACE["chemical"]]:
        return values
    exact, preferred = known[:, _PLACE["exact"]] > 0, known[:, _PLACE["preferred_name"]] > 0
    in_preferred = exact & (known[:, _VOCABULARY] > 0)
    named = in_preferred if in_preferred.any() else exact & preferred
    if named.any():
        values = values.copy()
        values[np.argmax(np.where(named, 1 + values, 0))] = _BY_NAME
    return values


def named_surely(known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Probabilities ``(C,)``, with what the network has seen too seldom: names that leave no doubt.

    Of concepts that share a name which no training document uses, the one that is called so first takes the others'
    part: "ethylene" is the substance, not the class that MeSH calls "Ethylenes". And the best concept is likely if it
    is the preferred name's or the long form's: all of those were right on validation documents.

    Args:
        known: ``(C, F)``, features of the candidates of a disease or a chemical.
        values: ``(C,)``.
    """
    if not len(values) or not known[0, [_PLACE["disease"], _PLACE["chemical"]]].any():
        return values
    exact, long = known[:, _PLACE["exact"]] > 0, known[:, _PLACE["long_form"]] > 0
    first = exact & (known[:, _PLACE["preferred_name"]] > 0) & (known[:, _VOCABULARY] > 0)
    values = values.copy()
    if first.any() and not known[0, _PLACE["is_short"]]:
        others = exact & ~first & (known[:, _PLACE["seen"]] == 0)
        values[np.argmax(np.where(first, 1 + values, 0))] += values[others].sum()
        values[others] = 0
    best, seen = values.argmax(), exact & (known[:, _PLACE["seen"]] > 0) & ~first.any()
    if values[best] >= _LEAST and (first | long | seen)[best]:
        values[best] = max(values[best], _BY_NAME)
    return values


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
        kinds = [mention.type for document in documents for mention in document.mentions]
        flat = [pair for mentions in found for pair in mentions]
        taught = iter(self._ranked([pair for pair, kind in zip(flat, kinds, strict=True) if kind in _TAUGHT]))
        ranked = (
            next(taught) if kind in _TAUGHT else self._by_name(*pair) for pair, kind in zip(flat, kinds, strict=True)
        )
        every = [[next(ranked) for _ in mentions] for mentions in found]
        return [
            self._of_plants(document, mentions) if is_about_plants(document.text) else mentions
            for document, mentions in zip(documents, every, strict=True)
        ]

    def _of_plants(self, document: LinkedText, every: list[Ranked]) -> list[Ranked]:
        """Concepts of a document about plants: no gene is an animal's, no undefined short form a disease of man."""
        organism_of, first_own, changed = self.features.candidates.organism_of, self.features.first_own, []
        for mention, ranked in zip(document.mentions, every, strict=True):
            if mention.type == "Gene":
                ranked = [(each, 0.0 if is_animal(organism_of(each)) else score) for each, score in ranked]
            elif mention.type == "Disease" and is_short_form(mention.text) and mention.text not in document.long_forms:
                ranked = [(each, score if each >= first_own else 0.0) for each, score in ranked]
            changed.append(sorted(ranked, key=lambda pair: -pair[1]))
        return changed

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
                values = named_alone(known, named_surely(known, values))
                ranked.append(_best_first(concepts, self._own_first(concepts, known, values)))
        return ranked

    def _by_name(self, concepts: list[int], known: np.ndarray) -> Ranked:
        return _best_first(concepts, self._own_first(concepts, known, scores_by_name(known)))

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


def _best_first(concepts: list[int], values: np.ndarray) -> Ranked:
    return [(concepts[place], float(values[place])) for place in np.argsort(-values, kind="stable")]

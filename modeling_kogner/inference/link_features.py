"""What is known of the candidates of the mentions of a document: what the choice reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from ..corpora.mention import Mention
from ..corpora.vocabularies import PREFERRED
from ..link_feature_names import COMPARED, LATER, LINK_FEATURES
from .document_organism import document_words, is_title, organism_class, organism_odds, share_of_titles
from .link_candidates import Candidates
from .link_query import PLACE, LinkedText, Query
from .name_lookup import NameLookup
from .near_names import name_similarity
from .organisms import HUMAN, MOUSE, RAT, Organisms, organism_word

_KINDS = {"Disease": "disease", "Chemical": "chemical", "Gene": "gene", "GeneFamily": "gene", "Species": "species"}

_COMPARED = [PLACE[name] for name in (*COMPARED, *LATER)]
_LEADS = [PLACE[f"{name}_lead"] for name in (*COMPARED, *LATER)]
_OTHERS = 12  # concepts of a document that a candidate is compared with
_KEPT = 50_000  # concepts whose facts are remembered


class LinkFeatures:
    """Finds candidates and describes them.

    Args:
        lookup: names of the model.
        fits: entity type -> ``(N,)`` bool, concepts that it may be linked to.
    """

    def __init__(self, lookup: NameLookup, fits: Callable[[str], np.ndarray]):
        config = lookup.tagger.config
        self.tables, self.candidates = lookup.tables, Candidates(lookup, fits)
        self.catalogue, self.types = self.tables.catalogue, self.tables.index["concept_type"]
        self.kinds = config.semantic_types
        self.first_own = len(self.types) - config.own_concepts
        self.words = self.tables.parts.get("link_choice", {}).get("organism_words")
        self._facts = lru_cache(_KEPT)(self._concept_facts)

    def of_documents(self, documents: Sequence[LinkedText]) -> list[list[tuple[list[int], np.ndarray]]]:
        """For each mention of each document its candidates and their features ``(C, F)``."""
        asked = self.candidates.of_documents(documents)
        return [self._rows(document, queries) for document, queries in zip(documents, asked, strict=True)]

    def is_in_omim(self, concept: int) -> bool:
        """Whether OMIM has the concept."""
        return any(each.startswith("OMIM:") for each in self.catalogue.further_ids(concept))

    def _rows(self, document: LinkedText, queries: dict[tuple[str, str], Query]) -> list[tuple[list[int], np.ndarray]]:
        organisms = Organisms(document.text, document.title_end)
        for query in queries.values():
            self.candidates.add_broader(query)
            if query.kind == "Gene":
                self.candidates.add_orthologs(query, organisms)
        genes = [text for text, kind in queries if kind == "Gene"]
        titles, odds = share_of_titles(genes), document.organisms
        if odds is None and genes and self.words is not None:
            odds = organism_odds(document_words(document.text, organisms, titles), self.words)
        self._describe(list(queries.values()))
        of_genes = [concept for query in queries.values() if query.kind == "Gene" for concept in query.features]
        organisms.keep(set(map(self.candidates.organism_of, of_genes)))
        return [
            self._row(queries[mention.text, mention.type], mention, organisms, titles, odds)
            for mention in document.mentions
        ]

    def _describe(self, queries: list[Query]) -> None:
        """What does not depend on the place of the mention; the best candidates are kept."""
        for query in queries:
            self.candidates.cut(query)
        supporters: dict[int, set[str]] = {}
        group_supporters: dict[int, set[str]] = {}
        for query in queries:
            for concept, row in query.features.items():
                if row[PLACE["exact"]] or row[PLACE["long_form"]] or row[PLACE["near"]] > 0.9:
                    supporters.setdefault(concept, set()).add(query.text.lower())
                    if (group := self.candidates.group.get(concept)) is not None:
                        group_supporters.setdefault(group, set()).add(query.text.lower())
        vectors, first = self._vectors(queries)
        for query in queries:
            other_texts = {query.text.lower()}
            coherence = _coherence(query, vectors, first)
            for concept, row in query.features.items():
                support = len(supporters.get(concept, set()) - other_texts)
                group = self.candidates.group.get(concept)
                row[PLACE["support"]] = np.log1p(support)
                if group is not None:
                    row[PLACE["group_support"]] = np.log1p(len(group_supporters.get(group, set()) - other_texts))
                row[PLACE["coherence"]] = coherence.get(concept, 0.0)
            self._describe_concepts(query)

    def _vectors(self, queries: list[Query]) -> tuple[dict[int, np.ndarray], dict[tuple[str, str], np.ndarray]]:
        """Distilled vector of each candidate, and for each query that of its first sure candidate."""
        concepts = list(dict.fromkeys(concept for query in queries for concept in query.features))
        found = self.tables.vectors(np.array(concepts, dtype=np.int64))
        if not found.size:
            return {}, {}
        found /= np.linalg.norm(found, axis=1, keepdims=True).clip(min=1e-12)
        vectors = dict(zip(concepts, found, strict=True))
        first = {}
        for query in queries:
            sure = [c for c, row in query.features.items() if row[PLACE["exact"]] or row[PLACE["long_form"]]]
            if sure:
                first[query.text, query.kind] = vectors[sure[0]]
        return vectors, first

    def _describe_concepts(self, query: Query) -> None:
        texts = {text for text in (query.text, query.long) if text}
        folded = {text.casefold() for text in texts}
        of_query = {
            "candidates": np.log1p(len(query.features)) / 3,
            "characters": min(len(query.text), 40) / 40,
            "is_short": len(query.text) <= 4,
            _KINDS.get(query.kind, "other"): 1,
        }
        places, values = [PLACE[name] for name in of_query], list(of_query.values())
        preferred = PREFERRED.get(query.kind)
        for concept, row in query.features.items():
            name, plain, vocabulary, number, ids = self._facts(concept)
            row[places] = values
            row[PLACE["main_type"]] = self.kinds[self.types[concept]] == query.kind
            row[PLACE["preferred_name"]] = name.casefold() in folded or plain in folded
            row[PLACE["same_case"]] = name in texts
            row[PLACE["spelling"]] = max(name_similarity(text, name) for text in texts)
            is_own = concept >= self.first_own
            row[PLACE["vocabulary"]] = is_own or vocabulary == preferred
            row[PLACE["primary_record"]] = is_own or (vocabulary == "MESH" and number.startswith("D"))
            row[PLACE["ids"]] = np.log1p(ids) / 3

    def _concept_facts(self, concept: int) -> tuple[str, str, str, str, int]:
        """Name, the same as it is spoken, vocabulary and number of a concept, and how many further ids it has."""
        name, (vocabulary, _, number) = self.catalogue.names[concept], self.catalogue.ids[concept].partition(":")
        head, _, before = name.casefold().partition(", ")  # "Leishmaniasis, Visceral"
        return name, f"{before} {head}".strip(), vocabulary, number, len(self.catalogue.further_ids(concept))

    def _row(
        self, query: Query, mention: Mention, organisms: Organisms, titles: float, odds: np.ndarray | None
    ) -> tuple[list[int], np.ndarray]:
        concepts = list(query.features)
        features = np.stack([query.features[c] for c in concepts]) if concepts else np.zeros((0, len(LINK_FEATURES)))
        if query.kind == "Gene" and concepts:
            features = features.copy()
            nearest, symbol = organisms.nearest(mention.start, mention.text), mention.text
            for concept, row in zip(concepts, features, strict=True):
                organism = self.candidates.organism_of(concept)
                self._describe_organism(organism, nearest, organisms, symbol, row)
                if odds is not None and (place := organism_class(organism)) is not None:
                    row[PLACE["organism_words"]] = odds[place]
                row[PLACE["case_document"]] = titles * row[PLACE["organism_rodent"]]
        if query.kind == "Species" and (word := organism_word(mention.text)):
            features[:, PLACE["organism_near"]] = [self.catalogue.ids[concept] == word for concept in concepts]
        return concepts, _with_leads(features.astype(np.float32))

    @staticmethod
    def _describe_organism(
        organism: str | None, nearest: str | None, organisms: Organisms, symbol: str, row: np.ndarray
    ) -> None:
        total = sum(organisms.counts.values())
        row[PLACE["organism_near"]] = nearest is not None and organism == nearest
        row[PLACE["organism_title"]] = organism in organisms.title
        row[PLACE["organism_document"]] = organisms.counts[organism] / total if organism and total else 0
        row[PLACE["organism_main"]] = total > 0 and organism == organisms.main
        row[PLACE["organism_none"]] = total == 0
        row[PLACE["organism_human"]] = organism == HUMAN
        row[PLACE["organism_rodent"]] = organism in (MOUSE, RAT)
        row[PLACE["organism_other"]] = organism not in (HUMAN, MOUSE, RAT)
        capital = symbol.isupper() and len(symbol) > 1
        row[PLACE["case_fits"]] = (capital and organism == HUMAN) or (is_title(symbol) and organism in (MOUSE, RAT))


def _coherence(
    query: Query, vectors: dict[int, np.ndarray], first: dict[tuple[str, str], np.ndarray]
) -> dict[int, float]:
    """Mean cosine of each candidate with the concepts of the document's other mentions."""
    others = [vector for key, vector in first.items() if key != (query.text, query.kind)]
    concepts = [concept for concept in query.features if concept in vectors]
    if not others or not concepts:
        return {}
    cosines = np.stack([vectors[concept] for concept in concepts]) @ np.mean(others[:_OTHERS], axis=0)
    return dict(zip(concepts, cosines.tolist(), strict=True))


def _with_leads(features: np.ndarray) -> np.ndarray:
    """``(C, F)``, what candidates have more or less than the best of the others, which is at least 0, filled in."""
    compared = features[:, _COMPARED]
    if len(compared):
        *_, second, best = np.sort(np.concatenate([np.zeros_like(compared[:1]), compared]), axis=0)
        features[:, _LEADS] = compared - np.where(compared >= best, second, best)
    return features

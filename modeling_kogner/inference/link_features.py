"""Candidates of the mentions of a document, and what is known of each: what the choice reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from ..corpora.mention import Mention
from ..corpora.vocabularies import PREFERRED
from ..link_tables import LINK_FEATURES
from .mention_forms import mention_forms
from .name_lookup import Named, NameLookup
from .near_names import name_similarity
from .organisms import HUMAN, MOUSE, RAT, Organisms

MAX_CANDIDATES = 24
_PLACE = {name: place for place, name in enumerate(LINK_FEATURES)}
_KINDS = {"Disease": "disease", "Chemical": "chemical", "Gene": "gene", "GeneFamily": "gene", "Species": "species"}
_NAMED = [_PLACE[name] for name in ("exact", "long_form", "other_form")]
Own = Mapping[tuple[int, int], int]


@dataclass
class Query:
    """A mention text of a document with the concepts that it may stand for.

    Args:
        text: the mention.
        kind: its entity type.
        long: its long form, where the document defines it.
        features: of each candidate, by number of the concept; see :data:`LINK_FEATURES`.
    """

    text: str
    kind: str
    long: str | None
    features: dict[int, np.ndarray] = field(default_factory=dict)

    def at(self, concept: int) -> np.ndarray:
        """Features of a candidate, all 0 where it is new."""
        return self.features.setdefault(concept, np.zeros(len(LINK_FEATURES), np.float32))


@dataclass
class LinkedText:
    """A document whose mentions are to be linked.

    Args:
        text: of the document.
        title_end: where its title ends.
        mentions: of any types.
        long_forms: short form -> long form.
        own: counts of this document itself among the counts of names, by hash and concept; they are left out when the
            choice is trained on it.
    """

    text: str
    title_end: int
    mentions: Sequence[Mention]
    long_forms: Mapping[str, str]
    own: Own = field(default_factory=dict)


class LinkFeatures:
    """Finds candidates and describes them.

    Args:
        lookup: names of the model.
        fits: entity type -> ``(N,)`` bool, concepts that it may be linked to.
    """

    def __init__(self, lookup: NameLookup, fits: Callable[[str], np.ndarray]):
        self.lookup, self.fits = lookup, fits
        body, config = lookup.model.kogner, lookup.model.config
        self.catalogue, self.types = body.concepts, body.index.concept_type.cpu().numpy()
        self.kinds = config.semantic_types
        self.organisms: list[str] = config.organisms or []
        tables = body.linking
        assert tables is not None  # noqa: S101  # only models with a choice come here
        self.organism = tables.organism.cpu().numpy()
        self.first_own = len(self.types) - config.own_concepts
        pairs = tables.ortholog.cpu().numpy()
        self.group = dict(map(tuple, pairs.tolist()))
        self.members: dict[int, list[int]] = {}
        for concept, group in pairs.tolist():
            self.members.setdefault(group, []).append(concept)
        self.broader: dict[int, list[int]] = {}
        for concept, above in tables.broader.tolist():
            self.broader.setdefault(concept, []).append(above)

    def of_documents(self, documents: Sequence[LinkedText]) -> list[list[tuple[list[int], np.ndarray]]]:
        """For each mention of each document its candidates and their features ``(C, F)``."""
        asked = [self._queries(document) for document in documents]
        unsure = [query for queries in asked for query in queries.values() if not self._is_known(query)]
        near = self.lookup.near([query.long or query.text for query in unsure])
        for query in unsure:
            self._add_near(query, near.get(query.long or query.text, ()))
        return [self._rows(document, queries) for document, queries in zip(documents, asked, strict=True)]

    def _queries(self, document: LinkedText) -> dict[tuple[str, str], Query]:
        """The mention texts of a document with the concepts of exact names."""
        queries = {
            (mention.text, mention.type): Query(mention.text, mention.type, document.long_forms.get(mention.text))
            for mention in document.mentions
        }
        forms = {
            key: [f for t in (q.text, q.long) if t for f in mention_forms(t, q.kind)] for key, q in queries.items()
        }
        texts = [text for query in queries.values() for text in (query.text, query.long) if text]
        exact = self.lookup.exact([*texts, *(form for each in forms.values() for form in each)])
        for key, query in queries.items():
            if query.long:
                self._add(query, exact.get(query.long, ()), "long_form", 1.0, document.own, query.long)
            self._add(query, exact.get(query.text, ()), "exact", 1.0, document.own, query.text)
            for place, form in enumerate(forms[key]):
                self._add(query, exact.get(form, ()), "other_form", 1 / (1 + 0.3 * place), document.own, form)
        return queries

    def _rows(self, document: LinkedText, queries: dict[tuple[str, str], Query]) -> list[tuple[list[int], np.ndarray]]:
        organisms = Organisms(document.text, document.title_end)
        for query in queries.values():
            self._add_broader(query)
            if query.kind == "Gene":
                self._add_orthologs(query, organisms)
        symbols = [text for text, kind in queries if kind == "Gene" and len(text) < 9 and " " not in text]
        titles = sum(_is_title(symbol) for symbol in symbols) / len(symbols) if symbols else 0.5
        self._describe(list(queries.values()))
        return [
            self._row(queries[mention.text, mention.type], mention, organisms, titles) for mention in document.mentions
        ]

    def _is_known(self, query: Query) -> bool:
        """Whether an exact name makes the search for near ones superfluous; of a gene, its symbol."""
        exact = [c for c, row in query.features.items() if row[_PLACE["exact"]] or row[_PLACE["long_form"]]]
        if query.kind != "Gene":
            return bool(exact)
        names = self.catalogue.names
        return any(names[concept].casefold() == query.text.casefold() for concept in exact)

    def _add(self, query: Query, found: Sequence[Named], feature: str, value: float, own: Own, form: str) -> None:
        """Concepts of one written form."""
        fits, key = self.fits(query.kind), self.lookup.key(form)
        counts = {each.concept: each.uses - own.get((key, each.concept), 0) for each in found} if key else {}
        total = sum(counts.values())
        rank = 0
        for named in found:
            if not fits[named.concept]:
                continue
            row = query.at(named.concept)
            row[_PLACE[feature]] = max(row[_PLACE[feature]], value)
            if feature != "other_form":
                row[_PLACE["exact_rank"]] = max(row[_PLACE["exact_rank"]], 1 / (1 + rank))
            count = counts.get(named.concept, 0)
            row[_PLACE["seen"]] = max(row[_PLACE["seen"]], np.log1p(count) / 3)
            row[_PLACE["seen_share"]] = max(row[_PLACE["seen_share"]], count / total if total else 0.0)
            rank += 1

    def _add_near(self, query: Query, found: Sequence[tuple[Named, float]]) -> None:
        fits = self.fits(query.kind)
        fitting = [(named.concept, score) for named, score in found if fits[named.concept]]
        best, rank = max((score for _, score in fitting), default=0.0), 0
        for concept, score in fitting:
            row = query.at(concept)
            row[_PLACE["near_votes"]] += 0.25
            if not row[_PLACE["near"]]:
                row[_PLACE["near"]] = score
                row[_PLACE["near_rank"]] = 1 / (1 + rank)
                row[_PLACE["near_gap"]] = best - score
                rank += 1

    def _add_broader(self, query: Query) -> None:
        """The concepts above those that the preferred vocabulary lacks."""
        for concept, row in list(query.features.items()):
            for above in self.broader.get(concept, ()):
                if above not in query.features and self.fits(query.kind)[above]:
                    copy = row.copy()
                    copy[_PLACE["broader"]] = 1
                    copy[_PLACE["seen"]] = copy[_PLACE["seen_share"]] = 0
                    query.features[above] = copy

    def _add_orthologs(self, query: Query, organisms: Organisms) -> None:
        """The genes of one ancestor in the organisms that the document names, and of human and mouse.

        A name fits all of them alike: the name tells the ancestor, the document the organism.
        """
        wanted = {HUMAN, MOUSE, *organisms.counts}
        groups: dict[int, list[int]] = {}
        for concept in query.features:
            if (group := self.group.get(concept)) is not None:
                groups.setdefault(group, []).append(concept)
        for group, own in groups.items():
            found = np.stack([query.features[concept] for concept in own])
            shared = found.max(0)
            shared[_PLACE["seen_share"]] = min(1.0, found[:, _PLACE["seen_share"]].sum())
            named = {concept for concept, row in zip(own, found, strict=True) if row[_NAMED].any()}
            members = (m for m in self.members[group] if self._organism(m) in wanted and self.fits(query.kind)[m])
            for concept in {*own, *members}:
                before = query.features.get(concept)
                query.features[concept] = shared.copy()
                query.features[concept][_PLACE["ortholog"]] = concept not in named
                query.features[concept][_PLACE["own_seen"]] = 0 if before is None else before[_PLACE["seen"]]
                query.features[concept][_PLACE["own_near"]] = 0 if before is None else before[_PLACE["near"]]

    def _organism(self, concept: int) -> str | None:
        place = int(self.organism[concept]) if concept < len(self.organism) else 0  # not of a concept added since
        return self.organisms[place - 1] if place else None

    def _describe(self, queries: list[Query]) -> None:
        """What does not depend on the place of the mention; the best candidates are kept."""
        for query in queries:
            self._cut(query)
        supporters: dict[int, set[str]] = {}
        group_supporters: dict[int, set[str]] = {}
        for query in queries:
            for concept, row in query.features.items():
                if row[_PLACE["exact"]] or row[_PLACE["long_form"]] or row[_PLACE["near"]] > 0.9:
                    supporters.setdefault(concept, set()).add(query.text.lower())
                    if (group := self.group.get(concept)) is not None:
                        group_supporters.setdefault(group, set()).add(query.text.lower())
        vectors, centre = self._vectors(queries)
        for query in queries:
            other_texts = {query.text.lower()}
            for concept, row in query.features.items():
                support = len(supporters.get(concept, set()) - other_texts)
                group = self.group.get(concept)
                row[_PLACE["support"]] = np.log1p(support)
                if group is not None:
                    row[_PLACE["group_support"]] = np.log1p(len(group_supporters.get(group, set()) - other_texts))
                row[_PLACE["coherence"]] = self._coherence(query, concept, vectors, centre)
                self._describe_concept(query, concept, row)

    def _cut(self, query: Query) -> None:
        if len(query.features) <= MAX_CANDIDATES:
            return
        weight = {
            concept: row[_PLACE["exact"]] + row[_PLACE["long_form"]] + 0.8 * row[_PLACE["other_form"]]
            + row[_PLACE["near"]] + row[_PLACE["seen"]] + 0.3 * row[_PLACE["exact_rank"]]
            for concept, row in query.features.items()
        }  # fmt: skip
        best = sorted(weight, key=lambda concept: -weight[concept])[:MAX_CANDIDATES]
        query.features = {concept: query.features[concept] for concept in best}

    def _vectors(self, queries: list[Query]) -> tuple[dict[int, np.ndarray], dict[tuple[str, str], np.ndarray]]:
        """Distilled vector of each candidate, and for each query the mean over the first candidates of all."""
        nodes = self.lookup.model.kogner.nodes
        concepts = list(dict.fromkeys(concept for query in queries for concept in query.features))
        if not concepts or not nodes.codes.shape[1]:
            return {}, {}
        device = nodes.codes.device
        with torch.inference_mode():
            found = nodes(torch.tensor(concepts, device=device)).float()
            found = torch.nn.functional.normalize(found, dim=-1).cpu().numpy()
        vectors = dict(zip(concepts, found, strict=True))
        first = {}
        for query in queries:
            sure = [c for c, row in query.features.items() if row[_PLACE["exact"]] or row[_PLACE["long_form"]]]
            if sure:
                first[query.text, query.kind] = vectors[sure[0]]
        return vectors, first

    @staticmethod
    def _coherence(
        query: Query, concept: int, vectors: dict[int, np.ndarray], first: dict[tuple[str, str], np.ndarray]
    ) -> float:
        """Mean cosine with the concepts of the document's other mentions."""
        others = [vector for key, vector in first.items() if key != (query.text, query.kind)]
        if concept not in vectors or not others:
            return 0.0
        return float(np.mean([vectors[concept] @ vector for vector in others[:12]]))

    def _describe_concept(self, query: Query, concept: int, row: np.ndarray) -> None:
        name, best = self.catalogue.names[concept], self.catalogue.ids[concept]
        vocabulary, _, number = best.partition(":")
        row[_PLACE["main_type"]] = self.kinds[self.types[concept]] == query.kind
        texts = {text for text in (query.text, query.long) if text}
        row[_PLACE["preferred_name"]] = name.casefold() in {text.casefold() for text in texts}
        row[_PLACE["same_case"]] = name in texts
        row[_PLACE["spelling"]] = max(name_similarity(text, name) for text in texts)
        is_own = concept >= self.first_own
        row[_PLACE["vocabulary"]] = is_own or vocabulary == PREFERRED.get(query.kind)
        row[_PLACE["primary_record"]] = is_own or (vocabulary == "MESH" and number.startswith("D"))
        row[_PLACE["ids"]] = np.log1p(len(self.catalogue.further_ids(best))) / 3
        row[_PLACE["candidates"]] = np.log1p(len(query.features)) / 3
        row[_PLACE["characters"]] = min(len(query.text), 40) / 40
        row[_PLACE["is_short"]] = len(query.text) <= 4
        row[_PLACE[_KINDS.get(query.kind, "other")]] = 1

    def _row(self, query: Query, mention: Mention, organisms: Organisms, titles: float) -> tuple[list[int], np.ndarray]:
        concepts = list(query.features)
        features = np.stack([query.features[c] for c in concepts]) if concepts else np.zeros((0, len(LINK_FEATURES)))
        if query.kind == "Gene" and concepts:
            features = features.copy()
            nearest, symbol = organisms.nearest(mention.start, mention.text), mention.text
            for concept, row in zip(concepts, features, strict=True):
                self._describe_organism(self._organism(concept), nearest, organisms, symbol, row)
                row[_PLACE["case_document"]] = titles * row[_PLACE["organism_rodent"]]
        return concepts, features.astype(np.float32)

    @staticmethod
    def _describe_organism(
        organism: str | None, nearest: str | None, organisms: Organisms, symbol: str, row: np.ndarray
    ) -> None:
        total = sum(organisms.counts.values())
        row[_PLACE["organism_near"]] = nearest is not None and organism == nearest
        row[_PLACE["organism_title"]] = organism in organisms.title
        row[_PLACE["organism_document"]] = organisms.counts[organism] / total if organism and total else 0
        row[_PLACE["organism_main"]] = total > 0 and organism == organisms.main
        row[_PLACE["organism_none"]] = total == 0
        row[_PLACE["organism_human"]] = organism == HUMAN
        row[_PLACE["organism_rodent"]] = organism in (MOUSE, RAT)
        row[_PLACE["organism_other"]] = organism not in (HUMAN, MOUSE, RAT)
        capital = symbol.isupper() and len(symbol) > 1
        row[_PLACE["case_fits"]] = (capital and organism == HUMAN) or (_is_title(symbol) and organism in (MOUSE, RAT))


def _is_title(symbol: str) -> bool:
    """Whether a symbol is written as those of rodents are: "Trp53"."""
    return symbol[:1].isupper() and any(map(str.islower, symbol)) and not any(map(str.isupper, symbol[1:]))

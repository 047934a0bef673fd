"""Candidates of the mentions of a document: concepts of exact, other and near names, orthologs, broader concepts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..corpora.vocabularies import LINKED_TYPES, PREFERRED
from .chemical_formulas import is_element_by_case_alone
from .explained_short_forms import ExplainedShortForms
from .link_query import PLACE, LinkedText, Own, Query
from .mention_forms import mention_forms
from .name_lookup import Named, NameLookup
from .organisms import HUMAN, MOUSE, Organisms
from .short_forms import is_short_form

MAX_CANDIDATES = 24
_MOST_BELOW = 100  # concepts for which one stands at most: "Syndrome" and "Animal Diseases" are no one's
_SINGLE_USES_YIELD = ("Disease", "Chemical")  # one document's "glutamine" is glutamic acid, by mistake
_BY_DRUGS = re.compile(r"\b(?:Drug|Chemical)\b")  # in MeSH's names of diseases that they bring about
_NAMED = [PLACE[name] for name in ("exact", "long_form", "other_form")]


def stands_for(tables: Mapping[str, np.ndarray]) -> dict[int, list[int]]:
    """Concept -> those above it that stand for it in the preferred vocabulary.

    Args:
        tables: buffers of :class:`LinkTables`. One that stands for too many is left out.
    """
    above: dict[int, list[int]] = {}
    _, which, below = np.unique(tables["broader"][:, 1], return_inverse=True, return_counts=True)
    for concept, one in tables["broader"][below[which] <= _MOST_BELOW].tolist():
        above.setdefault(concept, []).append(one)
    return above


class Candidates:
    """Finds the concepts that mentions may stand for.

    Args:
        lookup: names of the model.
        fits: entity type -> ``(N,)`` bool, concepts that it may be linked to.
    """

    def __init__(self, lookup: NameLookup, fits: Callable[[str], np.ndarray]):
        self.lookup, self.fits, self.short_forms = lookup, fits, ExplainedShortForms(lookup, fits)
        self.names, self.ids = lookup.tables.catalogue.names, lookup.tables.catalogue.ids
        self.organisms: list[str] = lookup.tagger.config.organisms or []
        tables = lookup.tables.linking
        assert tables is not None  # noqa: S101  # only models with a choice come here
        self.organism = tables["organism"]
        concepts, groups = tables["ortholog"].T
        self.group: dict[int, int] = dict(zip(concepts.tolist(), groups.tolist(), strict=True))
        order = groups.argsort(kind="stable")
        self._groups, self._members = groups[order], concepts[order]
        self.broader = stands_for(tables)

    def of_documents(self, documents: Sequence[LinkedText]) -> list[dict[tuple[str, str], Query]]:
        """The mention texts of each document, by text and type, with the concepts of exact and near names."""
        asked = [self._queries(document) for document in documents]
        unsure = [
            (document, query)
            for document, queries in zip(documents, asked, strict=True)
            for query in queries.values()
            if not self._is_known(query)
        ]
        near = self.lookup.near([query.long or query.text for _, query in unsure])
        for document, query in unsure:
            self._add_near(query, near.get(query.long or query.text, ()), document.own)
        return asked

    def _queries(self, document: LinkedText) -> dict[tuple[str, str], Query]:
        """The mention texts of a document with the concepts of exact names."""
        by_drugs = any(mention.type == "Chemical" for mention in document.mentions)
        queries = {
            (text, kind): Query(text, kind, document.long_forms.get(text), by_drugs)
            for text, kind in dict.fromkeys((mention.text, mention.type) for mention in document.mentions)
        }
        self.short_forms.explain(queries.values(), document.long_forms)
        forms = {
            key: [f for t in (q.text, q.long) if t for f in mention_forms(t, q.kind)] for key, q in queries.items()
        }
        texts = [text for query in queries.values() for text in (query.text, query.long) if text]
        exact = self.lookup.exact([*texts, *(form for each in forms.values() for form in each)])
        for key, query in queries.items():
            if query.long:
                self._add(query, exact.get(query.long, ()), "long_form", 1.0, document.own)
            self._add(query, exact.get(query.text, ()), "exact", 1.0, document.own)
            for place, form in enumerate(forms[key]):
                self._add(query, exact.get(form, ()), "other_form", 1 / (1 + 0.3 * place), document.own)
        return queries

    def _is_known(self, query: Query) -> bool:
        """Whether an exact name makes the search for near ones superfluous.

        It must be of the long form where there is one, of a gene its symbol, and of a concept of the vocabulary that
        the type is joined by. Of a disease a vocabulary must have it: training documents call many by names that mean
        something else as well.
        """
        form = PLACE["long_form" if query.long else "exact"]
        exact = [concept for concept, row in query.features.items() if row[form]]
        if query.kind == "Gene":
            return any(self.names[concept].casefold() == query.text.casefold() for concept in exact)
        prefix = f"{PREFERRED[query.kind]}:" if query.kind in PREFERRED else ""
        known = query.listed.intersection(exact) if query.kind == "Disease" else exact
        return any(self.ids[concept].startswith(prefix) for concept in known)

    def _add(self, query: Query, found: Sequence[Named], feature: str, value: float, own: Own) -> None:
        """Concepts of one written form."""
        fits, rank = self.fits(query.kind), 0
        known = [named for each in found if (named := each.without(own))]
        if feature != "long_form" and query.kind in _SINGLE_USES_YIELD:
            known = [each for each in known if self._may_mean(query, each)]
        if feature != "other_form" and query.kind in _SINGLE_USES_YIELD:
            text = query.long if feature == "long_form" else query.text
            known = self._without_single_uses([named for named in known if fits[named.concept]], text or "")
        total = sum(named.uses for named in known)
        for named in known:
            if not fits[named.concept]:
                continue
            row = query.at(named.concept)
            row[PLACE[feature]] = max(row[PLACE[feature]], value)
            if feature != "other_form":
                row[PLACE["exact_rank"]] = max(row[PLACE["exact_rank"]], 1 / (1 + rank))
                if named.is_of_vocabulary:
                    query.listed.add(named.concept)
            row[PLACE["seen"]] = max(row[PLACE["seen"]], np.log1p(named.uses) / 3)
            row[PLACE["seen_share"]] = max(row[PLACE["seen_share"]], named.uses / total if total else 0.0)
            rank += 1

    def _may_mean(self, query: Query, named: Named) -> bool:
        """Whether a disease or chemical may be meant by a name that it has.

        Not sodium by "NA"; not by a short form that nothing explains, such as "DOC", what neither the index nor
        training documents call so, nor a protein; and not what drugs bring about where no chemical is named, though
        documents about drugs call it so: "hepatitis".
        """
        name = self.names[named.concept]
        if query.kind == "Chemical" and is_element_by_case_alone(query.text, name):
            return False
        if not query.long and is_short_form(query.text) and name.casefold() != query.text.casefold():
            return (named.is_listed or named.uses > 0) and " protein, " not in name
        return query.by_drugs or named.is_listed or not _BY_DRUGS.search(name)

    def _without_single_uses(self, known: list[Named], text: str) -> list[Named]:
        """What one document alone calls so goes if the text is the preferred name of another concept in MeSH."""
        folded, prefix = text.casefold(), f"{PREFERRED['Disease']}:"
        is_preferred = any(
            each.is_listed
            and self.ids[each.concept].startswith(prefix)
            and self.names[each.concept].casefold() == folded
            for each in known
        )
        return [each for each in known if each.is_listed or each.uses != 1] if is_preferred else known

    def _add_near(self, query: Query, found: Sequence[tuple[Named, float]], own: Own) -> None:
        fits = self.fits(query.kind)
        fitting = [
            (each.concept, score)
            for each, score in found
            if fits[each.concept]
            and each.without(own)
            and not is_element_by_case_alone(query.text, self.names[each.concept])
        ]
        best, rank = max((score for _, score in fitting), default=0.0), 0
        for concept, score in fitting:
            row = query.at(concept)
            row[PLACE["near_votes"]] += 0.25
            if not row[PLACE["near"]]:
                row[PLACE["near"]] = score
                row[PLACE["near_rank"]] = 1 / (1 + rank)
                row[PLACE["near_gap"]] = best - score
                rank += 1

    def add_broader(self, query: Query) -> None:
        """The concepts above those that the preferred vocabulary lacks."""
        for concept, row in list(query.features.items()):
            for above in self.broader.get(concept, ()):
                if above not in query.features and self.fits(query.kind)[above]:
                    copy = row.copy()
                    copy[PLACE["broader"]] = 1
                    copy[PLACE["seen"]] = copy[PLACE["seen_share"]] = 0
                    query.features[above] = copy

    def add_orthologs(self, query: Query, organisms: Organisms) -> None:
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
            shared[PLACE["seen_share"]] = min(1.0, found[:, PLACE["seen_share"]].sum())
            named = {concept for concept, row in zip(own, found, strict=True) if row[_NAMED].any()}
            members = (m for m in self.members(group) if self.organism_of(m) in wanted and self.fits(query.kind)[m])
            for concept in {*own, *members}:
                before = query.features.get(concept)
                query.features[concept] = shared.copy()
                query.features[concept][PLACE["ortholog"]] = concept not in named
                query.features[concept][PLACE["own_seen"]] = 0 if before is None else before[PLACE["seen"]]
                query.features[concept][PLACE["own_near"]] = 0 if before is None else before[PLACE["near"]]

    def members(self, group: int) -> list[int]:
        """Genes of one ancestor."""
        first, last = np.searchsorted(self._groups, [group, group + 1])
        return self._members[first:last].tolist()

    def organism_of(self, concept: int) -> str | None:
        """Id of the organism of a gene."""
        place = int(self.organism[concept]) if concept < len(self.organism) else 0  # not of a concept added since
        return self.organisms[place - 1] if place else None

    @staticmethod
    def cut(query: Query) -> None:
        """Keep the best candidates."""
        if len(query.features) <= MAX_CANDIDATES:
            return
        other = 0.8 if query.kind in LINKED_TYPES else 1.0  # beside near names, which alone are no link there
        weight = {
            concept: row[PLACE["exact"]] + row[PLACE["long_form"]] + other * row[PLACE["other_form"]]
            + row[PLACE["near"]] + row[PLACE["seen"]] + 0.3 * row[PLACE["exact_rank"]]
            for concept, row in query.features.items()
        }  # fmt: skip
        best = sorted(weight, key=lambda concept: -weight[concept])[:MAX_CANDIDATES]
        query.features = {concept: query.features[concept] for concept in best}

"""Counts over annotated documents, in memory that does not grow with their number."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from ..corpora.mention import concepts_of
from ..graph.branch import Branch
from .annotated_files import Counted

MOST_PAIRED = 300  # concepts whose pairs are counted; pairs of all concepts would not fit into memory
OVER_TIME = 6  # concepts that are followed over the years


@dataclass
class Counts:
    """What one pass over the documents counts; one entry for each type, concept or year."""

    documents: int = 0
    with_mentions: int = 0
    mentions: int = 0
    linked: int = 0
    types: Counter[str] = field(default_factory=Counter)
    documents_of_type: Counter[str] = field(default_factory=Counter)
    linked_of_type: Counter[str] = field(default_factory=Counter)
    concepts: Counter[tuple[str, str]] = field(default_factory=Counter)  # id and entity type
    documents_of: Counter[str] = field(default_factory=Counter)
    names: dict[str, str] = field(default_factory=dict)
    years: Counter[int] = field(default_factory=Counter)

    def add(self, document: Counted) -> None:
        """Count one document."""
        self.documents += 1
        self.with_mentions += bool(document.mentions)
        self.mentions += len(document.mentions)
        if document.year is not None:
            self.years[document.year] += 1
        for mention in document.mentions:
            self.types[mention.type] += 1
            found = concepts_of(mention.id, mention.name)
            self.linked += bool(found)
            self.linked_of_type[mention.type] += bool(found)
            for concept, name in found:
                self.concepts[concept, mention.type] += 1
                self.names.setdefault(concept, name)
        self.documents_of_type.update({mention.type for mention in document.mentions})
        self.documents_of.update(_concepts(document))


def _concepts(document: Counted) -> set[str]:
    return {concept for mention in document.mentions for concept, _ in concepts_of(mention.id, mention.name)}


def summarise(
    documents: Callable[[], Iterable[Counted]], branch: Branch | None = None, top: int = 20
) -> dict[str, Any]:
    """Counts by type and concept, pairs and years; plain Python that ``json`` takes.

    The documents are read twice: the second time for pairs and years of the concepts that turned out frequent.

    Args:
        documents: gives them from the beginning, each time it is called.
        branch: concepts that count; all if None.
        top: concepts and pairs that are listed, at most.
    """
    counts = Counts()
    for document in documents():
        counts.add(document)
    mentions: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (concept, kind), count in counts.concepts.items():
        mentions[concept][kind] += count
    ranked = sorted(mentions, key=lambda each: (-counts.documents_of[each], -mentions[each].total(), each))
    inside = ranked if branch is None else [concept for concept in ranked if concept in branch.ids]
    paired = set(inside[:MOST_PAIRED]) | set(ranked[:MOST_PAIRED])
    pairs, over_time = _second_pass(documents(), paired, inside, branch)

    def described(concept: str) -> dict[str, Any]:
        ((kind, _),) = mentions[concept].most_common(1)
        return {"id": concept, "name": counts.names[concept], "type": kind}

    return {
        "documents": counts.documents,
        "documents_with_mentions": counts.with_mentions,
        "mentions": counts.mentions,
        "linked": counts.linked,
        "concepts_found": len(ranked),
        "types": _types(counts),
        "under": branch and {"id": branch.id, "name": branch.name, "concepts_found": len(inside)},
        "concepts": [
            described(each) | {"mentions": mentions[each].total(), "documents": counts.documents_of[each]}
            for each in inside[:top]
        ],
        "pairs": [
            {"first": described(first), "second": described(second), **numbers}
            for first, second, numbers in _pairs(pairs, counts, top)
        ],
        "years": [{"year": year, "documents": counts.years[year]} for year in sorted(counts.years)],
        "concepts_over_time": [
            described(each) | {"documents": {str(year): over_time[each, year] for year in sorted(counts.years)}}
            for each in (inside[:OVER_TIME] if counts.years else [])
        ],
    }


def _second_pass(
    documents: Iterable[Counted], paired: set[str], inside: list[str], branch: Branch | None
) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, int]]]:
    """Documents by pair of concepts, of which one belongs to the branch, and by concept and year."""
    pairs: Counter[tuple[str, str]] = Counter()
    over_time: Counter[tuple[str, int]] = Counter()
    followed = set(inside[:OVER_TIME])
    for document in documents:
        found = _concepts(document)
        together = combinations(sorted(found & paired), 2)
        pairs.update(p for p in together if branch is None or not branch.ids.isdisjoint(p))
        if document.year is not None:
            over_time.update((concept, document.year) for concept in found & followed)
    return pairs, over_time


def _types(counts: Counts) -> list[dict[str, Any]]:
    concepts = Counter(kind for _, kind in counts.concepts)
    return [
        {
            "type": kind,
            "mentions": count,
            "documents": counts.documents_of_type[kind],
            "linked": counts.linked_of_type[kind],
            "concepts": concepts[kind],
        }
        for kind, count in counts.types.most_common()
    ]


def _pairs(
    pairs: Counter[tuple[str, str]], counts: Counts, top: int
) -> Iterator[tuple[str, str, dict[str, float | int]]]:
    r"""The pairs that tell most: frequent, and more frequent than chance.

    Lift is the number of documents with both over that expected by chance, PMI its logarithm to base 2. The order is
    that of documents times PMI, the pair's part of the mutual information, so that neither two concepts that are
    everywhere nor two that met once come first.

    Source: Church & Hanks 1990, Word association norms, mutual information, and lexicography.
    """
    scored = []
    for (first, second), together in pairs.items():
        expected = counts.documents_of[first] * counts.documents_of[second] / counts.documents
        scored.append((together * math.log2(together / expected), together, expected, first, second))
    for part, together, expected, first, second in sorted(scored, reverse=True)[:top]:
        if part > 0:
            lift = together / expected
            yield (
                first,
                second,
                {"documents": together, "expected": expected, "lift": lift, "pmi": math.log2(lift)},
            )

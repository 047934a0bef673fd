"""How much of a model's graph another vocabulary has ids of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from .tables import Tables


@dataclass
class Coverage:
    """Concepts with and without an id of a vocabulary.

    Args:
        vocabulary: asked for.
        concepts: of the graph.
        without: of them, those without an id of it, which nothing is linked to.
        by_type: with an id of it, by semantic type.
    """

    vocabulary: str
    concepts: int
    without: int
    by_type: dict[str, int]

    def __str__(self) -> str:
        types = ", ".join(f"{kind} {count:,}" for kind, count in self.by_type.items())
        return (
            f"{self.without:,} of {self.concepts:,} concepts have no id of {self.vocabulary} and are not linked to; "
            f"with one: {types}"
        )


def vocabulary_coverage(tables: Tables, semantic_types: list[str], vocabulary: str) -> Coverage:
    """Count the concepts that have an id of a vocabulary, in any case."""
    catalogue, prefix = tables.catalogue, f"{vocabulary.casefold()}:"
    owners = {own for each, held in catalogue.owners.items() if each.casefold().startswith(prefix) for own in held}
    kinds = [
        semantic_types[code]
        for concept, code in zip(catalogue.ids, tables.index["concept_type"].tolist(), strict=True)
        if concept in owners or concept.casefold().startswith(prefix)
    ]
    return Coverage(vocabulary, len(catalogue), len(catalogue) - len(kinds), dict(Counter(kinds).most_common()))

"""Which concepts of the knowledge graph an entity may stand for."""

from __future__ import annotations

import torch

# Semantic types whose names a corpus annotates as an entity type; one that is not listed fits its namesake only.
FITTING_TYPES: dict[str, tuple[str, ...]] = {
    "Disease": ("Disease", "Phenotype"),
    "Cancer": ("Disease",),
    "Gene": ("Gene", "Protein"),
    # Corpora of anatomy annotate cells, their parts and tumours too.
    "Anatomy": ("Anatomy", "Component", "Cell", "CellLine", "Disease"),
    "Cell": ("Cell",),
    "CellLine": ("CellLine", "Cell"),
    "CellularComponent": ("Component",),
}
# What a mention may be linked to beyond that: insulin is annotated as a chemical, though not all proteins are.
ALSO_LINKED = {"Chemical": ("Protein",)}

Hits = dict[tuple[int, int], list[int]]


def known_ngrams(concepts: torch.Tensor) -> list[Hits]:
    """Concepts of every known n-gram, by its first and last token; one dict for each row of the batch.

    Args:
        concepts: ``(B, T, n, C)`` long, what the index's ``lookup`` gives.
    """
    hits: list[Hits] = [{} for _ in concepts]
    found = (concepts >= 0).any(-1)  # (B, T, n); the last rows of the table may leave the first slots empty
    for (row, first, size), candidates in zip(found.nonzero().tolist(), concepts[found].tolist(), strict=True):
        hits[row][first, first + size] = [concept for concept in candidates if concept >= 0]
    return hits


def fitting_types(entity_type: str) -> tuple[str, ...]:
    """Semantic types that a mention of an entity type may be linked to."""
    return FITTING_TYPES.get(entity_type, (entity_type,)) + ALSO_LINKED.get(entity_type, ())

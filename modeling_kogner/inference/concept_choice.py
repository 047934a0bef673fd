"""Which concept of the knowledge graph an entity stands for."""

from __future__ import annotations

from collections.abc import Sequence

import torch

# Semantic types that a mention of an entity type may be linked to; a type that is not listed fits its namesake only.
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

Hits = dict[tuple[int, int], list[int]]


def find_ngrams(index, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> list[Hits]:
    """Concepts of every known n-gram, by its first and last token; one dict a row of the batch.

    Args:
        index: the model's :class:`SurfaceIndex`.
        input_ids: ``(B, T)`` long.
        attention_mask: ``(B, T)``, 0 at padding.
    """
    hits: list[Hits] = [{} for _ in input_ids]
    concepts = index.lookup(input_ids, attention_mask)  # (B, T, n, C)
    found = concepts[..., 0] >= 0  # (B, T, n); candidates fill the slots from the left
    for (row, first, size), candidates in zip(found.nonzero().tolist(), concepts[found].tolist(), strict=True):
        hits[row][first, first + size] = [concept for concept in candidates if concept >= 0]
    return hits


def choose_concept(candidates: Sequence[int], entity_type: str, semantic_types: Sequence[str]) -> int | None:
    """The first candidate whose semantic type fits the entity type; candidates are listed better ones first.

    Args:
        candidates: concept indices.
        entity_type: of the mention.
        semantic_types: of each candidate.
    """
    fitting = FITTING_TYPES.get(entity_type, (entity_type,))
    pairs = zip(candidates, semantic_types, strict=True)
    return next((concept for concept, kind in pairs if kind in fitting), None)

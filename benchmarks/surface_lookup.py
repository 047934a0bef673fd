"""The surface index by itself: candidates of a written mention, and a dictionary tagger without training."""

from __future__ import annotations

import torch
from torch import nn
from transformers.modeling_outputs import TokenClassifierOutput

from modeling_kogner import KognerConfig
from modeling_kogner.graph.index_tables import load_tables
from modeling_kogner.inference.concept_choice import FITTING_TYPES
from modeling_kogner.surface_index import SurfaceIndex

_PREFIX = "kogner.index."


def load_index(knowledge: str, tokenizer) -> tuple[SurfaceIndex, list[str]]:
    """The surface index of a knowledge folder, and its semantic types."""
    fields, tables = load_tables(knowledge, tokenizer)
    index = SurfaceIndex(KognerConfig(evidence="types", **fields))
    index.load_state_dict({name.removeprefix(_PREFIX): t for name, t in tables.items() if name.startswith(_PREFIX)})
    return index, fields["semantic_types"]


@torch.no_grad()
def candidates(index: SurfaceIndex, tokenizer, mentions: list[str], batch_size: int = 512) -> list[frozenset[int]]:
    """Concepts that the index holds for each written mention; none for what is longer than its n-grams."""
    found: list[frozenset[int]] = []
    for first in range(0, len(mentions), batch_size):
        encoded = tokenizer(mentions[first : first + batch_size], add_special_tokens=False)["input_ids"]
        ids = torch.zeros(len(encoded), index.max_tokens, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, pieces in enumerate(encoded):
            if 0 < len(pieces) <= index.max_tokens:
                ids[row, : len(pieces)] = torch.tensor(pieces)
                mask[row, : len(pieces)] = 1
        concepts = index.lookup(ids, mask)[:, 0]  # (B, n, C), n-grams from the first token
        last = (mask.sum(-1) - 1).clamp(min=0)
        own = concepts[torch.arange(len(encoded)), last].masked_fill(mask.sum(-1, keepdim=True) == 0, -1)
        found += [frozenset(row) - {-1} for row in own.tolist()]
    return found


class DictionaryTagger(nn.Module):
    """Tag the longest match of each entity type's semantic types; what knowledge knows before any training.

    Args:
        index: of :func:`load_index`, for this tagger alone.
        semantic_types: of the index.
        entity_types: of the corpus, in the order of the labels; of two types at one token the earlier one wins.
    """

    device = torch.device("cpu")

    def __init__(self, index: SurfaceIndex, semantic_types: list[str], entity_types: list[str]):
        super().__init__()
        self.index, self.types = index, index.concept_type.long()
        self.fitting = [
            torch.tensor([name in FITTING_TYPES.get(kind, (kind,)) for name in semantic_types], dtype=torch.uint8)
            for kind in entity_types
        ]
        index.num_types = 2  # of the entity type, or not: the longest match over all its semantic types

    def forward(self, input_ids, attention_mask) -> TokenClassifierOutput:
        """Logits ``(B, T, L)`` of the labels ``O, B-x, I-x, ...`` for ``(B, T)`` token ids."""
        concepts = self.index.lookup(input_ids, attention_mask)  # (B, T, n, C)
        logits = [torch.full((*input_ids.shape, 1), 0.5)]
        for fits in self.fitting:
            self.index.concept_type = fits[self.types]
            logits.append(self.index.resolve(concepts).evidence[..., [1, 3]])  # begin and inside of a fit
        return TokenClassifierOutput(logits=torch.cat(logits, -1))

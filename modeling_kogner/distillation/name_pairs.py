"""Names by concept, mentions of training documents, siblings: what name vectors are trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from ..files.errors import InputError
from ..graph.knowledge_folder import Knowledge
from ..graph.link_names import GROUPS, NO_GROUP, groups_of
from ..graph.link_relations import siblings
from ..graph.surface_hashes import LONGEST_NAME
from .settings import NameSettings


@dataclass
class HardNegatives:
    """Names of other concepts that are nearest to a name.

    Args:
        rows: ``(n, k)`` int32, of each name, or -1.
        ready: for each group the names that have some and whose concept has another name.
    """

    rows: Tensor
    ready: list[Tensor]


@dataclass
class NamePairs:
    """Tensors on one device.

    Shapes:
        - **tokens**: ``(n, T)`` int16 (the bits of uint16), 0 behind the name; **concept**, **key**: ``(n,)`` long;
          **group**: ``(n,)`` uint8, row of :data:`GROUPS`.
        - **mention_tokens**, **mention_concept**, **mention_group**: the same of mentions.
        - **siblings**: ``(N, s)`` int32, concepts or -1.
        - **distilled**: ``(N, d_k)`` half, the concepts' vectors.
    """

    tokens: Tensor
    concept: Tensor
    key: Tensor
    group: Tensor
    mention_tokens: Tensor
    mention_concept: Tensor
    mention_group: Tensor
    siblings: Tensor
    distilled: Tensor

    def __post_init__(self) -> None:
        self.order = self.concept.argsort(stable=True)
        concepts = len(self.distilled)
        self.count = torch.bincount(self.concept, minlength=concepts)
        self.start = self.count.cumsum(0) - self.count
        self.several = self.count[self.concept] >= 2  # (n,) bool
        kind = torch.zeros(concepts, dtype=torch.uint8, device=self.concept.device)
        kind[self.concept] = self.group
        rows = torch.arange(concepts, device=kind.device)
        self.pools = [rows[(self.count >= 2) & (kind == group)] for group in range(len(GROUPS))]
        size = torch.bincount(self.mention_group, minlength=len(GROUPS)).clamp(min=1)
        self.mention_weight = 1 / size[self.mention_group.long()].float()

    def to(self, device: str | torch.device) -> NamePairs:
        """The same on a device."""
        return NamePairs(**{each.name: getattr(self, each.name).to(device) for each in fields(self)})

    def draw(
        self, settings: NameSettings, shares: tuple[float, ...], hard: HardNegatives | None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """A batch: tokens of two names ``(B, T)`` each, their concept ``(B,)`` and a hard negative's row or -1."""
        mentions = int(settings.batch * settings.mentions) if len(self.mention_tokens) else 0
        parts: list[tuple[Any, ...]] = []
        if mentions:
            weight = self.mention_weight * torch.tensor(shares, device=self.concept.device)[self.mention_group.long()]
            row = torch.multinomial(weight, mentions, replacement=True)
            concept = self.mention_concept[row]
            none = torch.full_like(concept, -1)
            parts.append((self.mention_tokens[row], self.tokens[self._name(concept)], concept, none))
        for group, share in enumerate(shares):
            size = int((settings.batch - mentions) * share)
            if size and len(self.pools[group]):
                parts.append(self._names(group, size, settings.siblings, hard))
        left, right, concept, negative = (torch.cat(column) for column in zip(*parts, strict=True))
        return left, right, concept, negative

    def _names(self, group: int, size: int, siblings: float, hard: HardNegatives | None) -> tuple[Tensor, ...]:
        device = self.concept.device
        if hard is not None and len(ready := hard.ready[group]):
            row = ready[torch.randint(len(ready), (size,), device=device)]
            concept = self.concept[row]
            negative = hard.rows[row, torch.randint(hard.rows.shape[1], (size,), device=device)].long()
            negative = torch.where(negative < 0, hard.rows[row, 0].long(), negative)
        else:
            concept = self.pools[group][torch.randint(len(self.pools[group]), (size,), device=device)]
            row = self._name(concept)
            negative = torch.full_like(concept, -1)
        near = self.siblings[concept, torch.randint(self.siblings.shape[1], (size,), device=device)].long()
        use = (near >= 0) & (torch.rand(size, device=device) < siblings)
        use &= self.count[near.clamp(min=0)] > 0
        negative = torch.where(use, self._name(near.clamp(min=0)), negative)
        return self.tokens[row], self.tokens[self._name(concept, row)], concept, negative

    def _name(self, concept: Tensor, avoid: Tensor | None = None) -> Tensor:
        """A row of each concept, another than ``avoid`` where there are several."""
        count = self.count[concept].clamp(min=1)
        place = (torch.rand(len(concept), device=concept.device) * count).long()
        row = self.order[(self.start[concept] + place).clamp(max=len(self.order) - 1)]
        if avoid is None:
            return row
        next_row = self.order[self.start[concept] + (place + 1) % count]
        return torch.where(row == avoid, next_row, row)


def make_pairs(
    knowledge: Knowledge,
    names: pd.DataFrame,
    mentions: Sequence[tuple[str, int]],
    tokenizer: PreTrainedTokenizerBase,
) -> NamePairs:
    """Pairs of a distilled graph and of annotated documents.

    Args:
        knowledge: its vectors are the distilled ones; zeros where it has none.
        names: of :func:`link_names`.
        mentions: text and concept of each mention of a training document; concepts of no group are left out.
        tokenizer: of the encoder.

    Raises:
        InputError: the tokenizer has more pieces than 16 bits count, or another number for padding than 0.
    """
    if len(tokenizer) > 2**16 or tokenizer.pad_token_id:
        problem = f"a tokenizer of {len(tokenizer):,} pieces with padding {tokenizer.pad_token_id}"
        raise InputError(problem, fix="name vectors need one of at most 65,536 pieces, padding number 0")
    group = groups_of(knowledge.concepts["type"])
    used = [(text, concept) for text, concept in dict.fromkeys(mentions) if group[concept] != NO_GROUP]
    owners = np.array([concept for _, concept in used], np.int64)
    return NamePairs(
        tokens=_tokens(names["surface"].tolist(), tokenizer),
        concept=torch.tensor(names["concept"].to_numpy(), dtype=torch.long),
        key=torch.tensor(names["key"].to_numpy(), dtype=torch.long),
        group=torch.tensor(names["group"].to_numpy(), dtype=torch.uint8),
        mention_tokens=_tokens([text for text, _ in used], tokenizer),
        mention_concept=torch.from_numpy(owners),
        mention_group=torch.from_numpy(group[owners]),
        siblings=torch.from_numpy(siblings(knowledge)),
        distilled=_distilled(knowledge),
    )


def _tokens(texts: list[str], tokenizer: PreTrainedTokenizerBase) -> Tensor:
    """Word pieces with the special tokens around them, 0 behind: ``(n, T)`` int16, the bits of uint16."""
    rows = np.zeros((len(texts), LONGEST_NAME), np.uint16)
    for first in range(0, len(texts), 50_000):
        encoded = tokenizer(texts[first : first + 50_000], truncation=True, max_length=LONGEST_NAME)["input_ids"]
        for row, pieces in enumerate(encoded, start=first):
            rows[row, : len(pieces)] = pieces
    return torch.from_numpy(rows.view(np.int16))


def _distilled(knowledge: Knowledge) -> Tensor:
    if knowledge.codes is None or knowledge.codebooks is None:
        return torch.zeros(len(knowledge.concepts), 1, dtype=torch.half)
    steps = zip(knowledge.codebooks, knowledge.codes.T.long(), strict=True)
    return sum(book[code] for book, code in steps).half()

"""Names by concept, mentions of training documents, siblings: what name vectors are trained on."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from .name_training import NameSettings

# Semantic types whose names may be confused with each other, and are searched together.
GROUPS: tuple[tuple[str, ...], ...] = (
    ("Disease", "Phenotype"),
    ("Chemical",),
    ("Gene", "Protein", "Family"),
    ("Species",),
    ("Anatomy", "Component", "Cell"),
    ("CellLine",),
)


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


"""Batches of training windows in which some sentences do not say whose convention they follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import DataCollatorForTokenClassification


@dataclass
class ConventionCollator(DataCollatorForTokenClassification):
    """Hide the convention of some sentences of a batch, so that the model learns to do without it.

    Args:
        convention_dropout: probability that a sentence's convention is 0, that is none.
    """

    convention_dropout: float = 0.5

    def torch_call(self, features: list[dict[str, Any]]) -> dict[str, Any]:
        """Pad as :class:`DataCollatorForTokenClassification` does; ``convention`` is ``(B,)`` long."""
        batch = super().torch_call(features)
        if "convention" in batch:
            told = torch.rand(len(features)) >= self.convention_dropout  # (B,)
            batch["convention"] = batch["convention"] * told
        return batch

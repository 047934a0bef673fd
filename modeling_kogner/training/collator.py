"""From encoded windows to a padded batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

PADDED_LABEL = -100  # what torch's cross entropy and the Trainer ignore


class NerCollator:
    """Pad windows to one length on the tokenizer's padding side; what the model does not read is left out.

    Args:
        tokenizer: gives the padding id and ``padding_side``.
        pad_to_multiple_of: round the length up, as tensor cores like it (8).

    Raises:
        ValueError: the tokenizer has no padding token.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, pad_to_multiple_of: int | None = None) -> None:
        if tokenizer.pad_token_id is None:
            raise ValueError(f"{tokenizer.name_or_path}: the tokenizer has no padding token; set tokenizer.pad_token")
        self.fill = {"input_ids": tokenizer.pad_token_id, "attention_mask": 0, "labels": PADDED_LABEL}
        self.left = tokenizer.padding_side == "left"
        self.multiple = pad_to_multiple_of or 1

    def __call__(self, windows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Stack the windows.

        Shapes:
            - **input_ids**, **attention_mask**, **labels**: ``(B, T)`` int64.
            - **convention**: ``(B,)`` int64, see :class:`KognerModel`.
            - **type_mask**: ``(B, K)`` bool, the model's entity types that the window's corpus annotates.
        """
        longest = max(len(window["input_ids"]) for window in windows)
        width = -(-longest // self.multiple) * self.multiple
        batch = {
            name: torch.tensor([self._pad(list(window[name]), width, fill) for window in windows])
            for name, fill in self.fill.items()
            if name in windows[0]
        }
        if "convention" in windows[0]:
            batch["convention"] = torch.tensor([window["convention"] for window in windows])
        if "type_mask" in windows[0]:
            batch["type_mask"] = torch.tensor([list(window["type_mask"]) for window in windows], dtype=torch.bool)
        return batch

    def _pad(self, values: list[int], width: int, fill: int) -> list[int]:
        padding = [fill] * (width - len(values))
        return padding + values if self.left else values + padding

"""What is hidden from the encoder: mentions as whole units, and other tokens less often."""

from __future__ import annotations

from typing import NamedTuple

import torch

MASKED, RANDOM = 0.8, 0.1  # the rest stays as it is, as in BERT


class MaskedText(NamedTuple):
    """A batch with tokens hidden.

    Shapes:
        - **input_ids**: ``(B, T)`` long, what the encoder reads.
        - **chosen**: ``(B, T)`` bool, tokens to restore.
    """

    input_ids: torch.Tensor
    chosen: torch.Tensor


def mask_units(input_ids, start, covered, maskable, share, preference, mask_id, vocabulary) -> MaskedText:
    """Choose whole units (a mention, or a token outside of mentions) and hide them.

    One draw a unit decides on all of its tokens: a mention half seen would give its type away.

    Source: Devlin et al. 2019 (80/10/10); Cui et al. 2021 for whole units (arXiv:1906.08101).

    Args:
        input_ids: ``(B, T)`` long.
        start: ``(B, T)`` long, first token of the unit that a token belongs to.
        covered: ``(B, T)`` bool, tokens in mentions.
        maskable: ``(B, T)`` bool, False for special tokens and padding.
        share: expected share of the maskable tokens that are chosen.
        preference: rate of mentions over that of other tokens.
        mask_id: id of the mask token.
        vocabulary: ids below it replace tokens at random.
    """
    in_mentions = covered.sum() / maskable.sum().clamp(min=1)
    rate = share / (1 + (preference - 1) * in_mentions)  # of tokens outside of mentions
    draw, fate = torch.rand(2, *input_ids.shape, device=input_ids.device)
    chosen = (draw.gather(1, start) < torch.where(covered, rate * preference, rate)) & maskable  # (B, T)
    fate = fate.gather(1, start)
    other = torch.where(fate < MASKED + RANDOM, torch.randint_like(input_ids, vocabulary), input_ids)
    hidden = torch.where(fate < MASKED, mask_id, other)
    return MaskedText(torch.where(chosen, hidden, input_ids), chosen)

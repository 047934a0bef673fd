"""What the encoder learned by heart: its types against the dictionary's on held-out windows, evidence hidden."""

from __future__ import annotations

import torch

from ...modeling_kogner import KognerForTokenClassification
from .packed_windows import PackedWindows, collate
from .pretraining_model import type_targets


@torch.no_grad()
def dictionary_agreement(
    tagger: KognerForTokenClassification, windows: PackedWindows, batch_size: int
) -> dict[str, dict[str, float | int]]:
    """F1 of begin and inside decisions at tokens, by semantic type; the text is unmasked.

    A sanity number: the dictionary is no gold standard, and a model may well be right against it.

    Returns:
        By type ``f1`` and ``gold``, the decisions of the dictionary.
    """
    kinds = len(tagger.config.semantic_types)
    counts = torch.zeros(3, kinds, dtype=torch.long, device=tagger.device)
    evidence, training = tagger.config.evidence, tagger.training
    tagger.config.evidence = "none"
    tagger.eval()
    try:
        for first in range(0, len(windows), batch_size):
            rows = range(first, min(first + batch_size, len(windows)))
            input_ids = collate([windows[row] for row in rows])["input_ids"].to(tagger.device)
            gold = type_targets(tagger.kogner.index(input_ids)).flatten(0, 1)  # (B * T, K)
            odds = tagger(input_ids).logits[..., 1:].unflatten(-1, (kinds, 2)).flatten(0, 1)  # (B * T, K, 2)
            found = torch.nn.functional.pad(odds, (1, 0)).argmax(-1)  # (B * T, K)
            counts += torch.stack([((found == gold) & (gold > 0)).sum(0), (found > 0).sum(0), (gold > 0).sum(0)])
    finally:
        tagger.config.evidence = evidence
        tagger.train(training)
    return {
        name: {"f1": round(2 * right / max(1, found + gold), 4), "gold": gold}
        for name, (right, found, gold) in zip(tagger.config.semantic_types, counts.T.tolist(), strict=True)
    }

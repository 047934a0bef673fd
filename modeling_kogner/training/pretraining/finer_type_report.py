"""How well finer types are told on held-out windows, among them hubs that were never trained."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch

from ...modeling_kogner import KognerForTokenClassification
from .finer_types import FinerTypes, Hubs, mention_means
from .packed_windows import PackedWindows, collate


def finer_type_report(
    tagger: KognerForTokenClassification,
    finer: FinerTypes,
    hubs: Hubs,
    windows: PackedWindows,
    batch_size: int,
    projected: bool = True,
) -> dict[str, dict]:
    """Accuracy at mentions of unmasked windows, evidence hidden.

    Args:
        tagger: encoder and index.
        finer: tells the hubs.
        hubs: their names and semantic types.
        windows: that were not trained.
        batch_size: windows at a time.
        projected: False for the bare cosine of mention and name, what the encoder knows without training.

    Returns:
        ``trained``: mentions of hubs in training; ``by_name_alone``: of the others. Each with the accuracy among all
        hubs, among those of the same part and among those of the same semantic type; ``chance`` is that of a guess,
        ``most_frequent`` that of the best constant answer, ``mean_of_hubs`` counts every hub alike.
    """
    score = finer.scores if projected else _bare_cosine
    gold, scores = _answers(tagger, finer, score, windows, batch_size)
    kinds = torch.from_numpy(pd.factorize(np.array(hubs.kinds))[0])
    new = torch.arange(len(kinds)) >= hubs.trained
    report = {}
    for part, members in (("trained", ~new), ("by_name_alone", new)):
        here, odds = gold[members[gold]], scores[members[gold]]
        times = torch.bincount(here, minlength=len(kinds))
        report[part] = {"mentions": len(here), "most_frequent": _share(times.max(), len(here))}
        candidates = {"all": torch.ones_like(members), "part": members, "type": kinds == kinds[here][:, None]}
        for among, allowed in candidates.items():
            allowed = allowed.expand_as(odds)
            right = (odds.masked_fill(~allowed, -2).argmax(-1) == here).float()
            by_hub = torch.bincount(here, right, len(kinds)) / times
            report[part][f"among_{among}"] = {
                "accuracy": _share(right.sum(), len(here)),
                "mean_of_hubs": _share(by_hub.nansum(), (times > 0).sum()),
                "chance": _share((1 / allowed.sum(-1)).sum(), len(here)),
            }
            if among == "all":
                seen = [hub for hub in times.argsort(descending=True).tolist() if times[hub]]
                report[part]["hubs"] = {hubs.names[hub]: [times[hub].item(), _share(by_hub[hub], 1)] for hub in seen}
    return report


def _bare_cosine(spans, names):
    return torch.nn.functional.normalize(spans - spans.mean(0), dim=-1) @ names.T


@torch.no_grad()
def _answers(
    tagger: KognerForTokenClassification,
    finer: FinerTypes,
    score: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    windows: PackedWindows,
    batch_size: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Hub of each mention that has one, ``(n,)`` long, and scores of all hubs, ``(n, M)``."""
    evidence, training = tagger.config.evidence, tagger.training
    tagger.config.evidence = "none"
    tagger.eval()
    gold, scores = [], []
    try:
        for first in range(0, len(windows), batch_size):
            ids = collate(list(windows.ids[first : first + batch_size]))["input_ids"].to(tagger.device)
            links = tagger.kogner.index(ids)
            hub = finer.gold(links)
            spans = mention_means(tagger.kogner(ids).encoder_hidden_state, links)[hub >= 0]
            gold.append(hub[hub >= 0].cpu())
            scores.append(score(spans, finer.names).cpu())
    finally:
        tagger.config.evidence = evidence
        tagger.train(training)
    return torch.cat(gold), torch.cat(scores)


def _share(part, whole) -> float:
    return round(float(part) / max(1.0, float(whole)), 4)

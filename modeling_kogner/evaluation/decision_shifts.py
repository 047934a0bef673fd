"""Choosing, on validation splits, what is added to the log-odds of each type under each convention."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from ..configuration_kogner import NO_CONVENTION
from ..corpora.corpus import Corpus
from ..files.errors import InputError
from ..files.whole import write_whole
from ..modeling_kogner import KognerForTokenClassification
from ..transitions import path_odds
from .encoded_split import EncodedSplit, predict_logits
from .strict_scores import strict_scores

GRID = np.arange(-1.5, 1.51, 0.25)
LEAST_GAIN = 0.002  # of F1; less is chance

Curves = dict[str, np.ndarray]  # F1 at each shift of the grid, by type


def f1_curves(
    model: KognerForTokenClassification, tokenizer: PreTrainedTokenizerBase, corpus: Corpus, convention: str | None
) -> Curves:
    """F1 of each type on the corpus's validation split at each shift of :data:`GRID`, every type decoded alone.

    Args:
        model: its shifts are not read.
        tokenizer: the model's.
        corpus: with a validation split.
        convention: that is followed; None for none.

    Raises:
        InputError: the corpus has no validation split or no type of the model.
        ValueError: the model does not know the convention.
    """
    config = model.config
    known = corpus.only(config.entity_types)
    followed = config.convention_id(convention) or None
    settings = {"convention": followed, "context": config.context_tokens}
    split = EncodedSplit.from_split(
        corpus.name, known.split("validation"), known.entity_types, tokenizer, config.label2id, **settings
    )
    own = config.constrained_decoding, config.decision_shifts
    config.constrained_decoding, config.decision_shifts = False, None
    try:
        logits = predict_logits(model, split.windows, tokenizer)
    finally:
        config.constrained_decoding, config.decision_shifts = own
    # All windows end to end, with one token of padding after each.
    odds = torch.from_numpy(np.concatenate([np.pad(rows[:, 1:], ((0, 1), (0, 0))) for rows in logits]))[
        None
    ]  # (1, N, 2K)
    padding = tokenizer.pad_token_id or 0
    ids = torch.tensor([[token for row in split.windows["input_ids"] for token in (*row, padding)]])  # (1, N)
    ends = np.cumsum([len(rows) + 1 for rows in logits])
    mask = torch.ones_like(ids)
    mask[0, ends - 1] = 0
    continues = model.kogner.index.continues(ids.to(model.device)) if config.whole_words else None
    if continues is not None:
        continues = continues.cpu()
    curves: dict[str, list[float]] = defaultdict(list)
    for shift in GRID.tolist():
        moved = path_odds(odds + shift, mask, continues) if config.constrained_decoding else odds + shift
        rows = np.split(np.pad(moved[0].numpy(), ((0, 0), (1, 0))), ends[:-1])
        for kind in split.types:
            tags = replace(split, types=[kind]).decode(rows, config.id2label)
            curves[kind].append(strict_scores(tags, split.references, [kind])["f1"])
    return {kind: np.array(scores) for kind, scores in curves.items()}


def best_shift(curve: np.ndarray) -> float:
    """The shift of the best F1, each averaged with its neighbours; of equal ones the nearest to 0.

    A single peak beside low scores is chance, and so is a gain below :data:`LEAST_GAIN`.
    """
    smooth = np.convolve(np.pad(curve, 1, mode="edge"), np.ones(3) / 3, mode="valid").round(6)
    order = np.argsort(np.abs(GRID), kind="stable")
    best = order[np.argmax(smooth[order])]
    return float(GRID[best]) if curve[best] - curve[order[0]] >= LEAST_GAIN else 0.0


def choose_shifts(
    model: KognerForTokenClassification,
    tokenizer: PreTrainedTokenizerBase,
    own: Iterable[Corpus],
    default: Iterable[Corpus],
) -> dict[str, dict[str, float]]:
    """What ``decision_shifts`` of the configuration is to be.

    Args:
        model: a tagger.
        tokenizer: the model's.
        own: corpora of which each chooses the shifts of its own convention.
        default: corpora that choose, by the mean of their F1 of a type, the shifts without a convention; for a type
            in the configuration's ``guideline``, only those that it names.
    """
    chosen = {corpus.name: _best(f1_curves(model, tokenizer, corpus, corpus.name)) for corpus in own}
    curves: dict[str, list[np.ndarray]] = defaultdict(list)
    for corpus in default:
        for kind, curve in f1_curves(model, tokenizer, corpus, None).items():
            guides = (model.config.guideline or {}).get(kind)
            if guides is None or corpus.name in guides:
                curves[kind].append(curve)
    chosen[NO_CONVENTION] = _best({kind: np.mean(found, axis=0) for kind, found in curves.items()})
    return {name: shifts for name, shifts in chosen.items() if shifts}


def write_shifts(folder: Path, shifts: Mapping[str, Mapping[str, float]]) -> None:
    """Set the field in a model folder's configuration.

    Raises:
        InputError: the folder has no configuration.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise InputError("no such file", file=path, fix="name a model folder")
    fields = json.loads(path.read_text(encoding="utf-8"))
    write_whole(path, json.dumps({**fields, "decision_shifts": shifts}, indent=2, sort_keys=True) + "\n")


def _best(curves: Curves) -> dict[str, float]:
    """The best shifts that are not 0."""
    best = {kind: best_shift(curve) for kind, curve in curves.items()}
    return {kind: shift for kind, shift in best.items() if shift}

"""Strict entity-level precision, recall and F1: exact span and type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from typing import Any

from ..corpora.mention import Mention
from ..corpora.tag_schemes import mention_spans
from ..files.errors import InputError


def strict_scores(
    predictions: Sequence[Sequence[str]], references: Sequence[Sequence[str]], types: Collection[str] | None = None
) -> dict[str, Any]:
    """Compute what ``StrictNer`` reports.

    Args:
        predictions: tags of each sentence.
        references: gold tags of each sentence.
        types: the entity types that count; mentions of all others are ignored on both sides.

    Returns:
        ``precision``, ``recall``, ``f1`` (floats), ``gold``, ``predicted``, ``correct`` (counts), and under ``types``
        the same six by entity type.

    Raises:
        InputError: a sentence has more or fewer predicted tags than gold tags.
    """
    gold: Counter[str] = Counter()
    predicted: Counter[str] = Counter()
    correct: Counter[str] = Counter()
    for number, (guess, truth) in enumerate(zip(predictions, references, strict=True)):
        if len(guess) != len(truth):
            problem = f"{len(guess)} predicted tags for {len(truth)} words"
            raise InputError(problem, row=f"sentence {number}", fix="give one tag for each word")
        found, wanted = set(mention_spans(guess)), set(mention_spans(truth))
        for counter, spans in ((predicted, found), (gold, wanted), (correct, found & wanted)):
            counter.update(kind for kind, _, _ in spans)
    counted = sorted(set(types) if types is not None else gold | predicted)
    by_type = {kind: scores_of_counts(gold[kind], predicted[kind], correct[kind]) for kind in counted}
    totals = (sum(counter[kind] for kind in counted) for counter in (gold, predicted, correct))
    return {**scores_of_counts(*totals), "types": by_type}


def scores_of_counts(gold: int, predicted: int, correct: int) -> dict[str, float | int]:
    """Precision, recall and F1 of three counts."""
    precision = correct / predicted if predicted else 0.0
    recall = correct / gold if gold else 0.0
    f1 = 2 * correct / (gold + predicted) if correct else 0.0
    return {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "gold": gold,
        "predicted": predicted,
        "correct": correct,
    }


def agreement(
    gold: Sequence[Iterable[Mention]],
    guess: Sequence[Iterable[Mention]],
    types: Collection[str],
    key: Callable[[Mention], Hashable],
) -> dict[str, Any]:
    """Precision, recall and F1 over all types and by type, of sets of ``key`` and type in each document."""
    counts = {name: Counter[str]() for name in ("gold", "predicted", "correct")}
    for marked, annotated in zip(gold, guess, strict=True):
        wanted, got = ({(m.type, key(m)) for m in mentions} for mentions in (marked, annotated))
        for name, items in (("gold", wanted), ("predicted", got), ("correct", wanted & got)):
            counts[name].update(kind for kind, _ in items)
    totals = [sum(counter[kind] for kind in types) for counter in counts.values()]
    by_type = {kind: scores_of_counts(*(counter[kind] for counter in counts.values())) for kind in types}
    return {**scores_of_counts(*totals), "types": by_type}

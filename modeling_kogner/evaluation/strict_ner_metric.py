"""Strict scores as a metric of the package evaluate, for those who use it; its import takes seconds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import evaluate
from datasets import Features, Value
from datasets import Sequence as ListOf

from .strict_scores import strict_scores

_DESCRIPTION = "Strict entity-level precision, recall and F1: exact span and type, read from tags as conlleval does."
_INPUTS = (
    "predictions and references: a list of tags for each sentence; types: the entity types that count, all if None."
)


class StrictNer(evaluate.Metric):
    """Score predicted mentions, micro-averaged and by type, as fractions from 0 to 1.

    A mention counts as correct when span and type both agree. Tags are read as conlleval and seqeval's default mode
    do: an I without B, or after another type, opens a mention. Where nothing is predicted, precision is 0; where
    nothing is gold, recall is 0; F1 is then 0.

    Example:
        ``StrictNer().compute(predictions=[["B-Gene", "O"]], references=[["B-Gene", "I-Gene"]])``
    """

    def __init__(self, **settings: Any) -> None:
        # In memory, so that parallel processes share no cache file.
        super().__init__(**{"keep_in_memory": True, **settings})

    def _info(self) -> evaluate.MetricInfo:
        tags = ListOf(Value("string"))
        features = Features({"predictions": tags, "references": tags})
        return evaluate.MetricInfo(description=_DESCRIPTION, citation="", inputs_description=_INPUTS, features=features)

    def _compute(
        self,
        predictions: Sequence[Sequence[str]],
        references: Sequence[Sequence[str]],
        types: Collection[str] | None = None,
    ) -> dict[str, Any]:
        return strict_scores(predictions, references, types)

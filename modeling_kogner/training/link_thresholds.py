"""The probability from which a concept is a mention's, chosen on annotated documents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from transformers import PreTrainedTokenizerBase

from ..corpora.text_tokenizer import TextTokenizer
from ..inference.concept_choice import ConceptChoice
from ..inference.name_lookup import NameLookup
from ..inference.torch_tagger import TorchTagger
from ..modeling_kogner import KognerForTokenClassification
from .link_choice import as_text, fitting
from .linked_documents import LinkedDocument

PRECISION = 0.95  # of links at the threshold, on validation
_LOWEST_THRESHOLD = 0.3  # below, another candidate may be likelier
_TOGETHER = 64  # documents whose names are looked up together


def best_links(
    model: KognerForTokenClassification, tokenizer: PreTrainedTokenizerBase, documents: Sequence[LinkedDocument]
) -> pd.DataFrame:
    """`type`, `score`, `right`: of each mention with an id, how likely its first concept is, and whether it is gold.

    Args:
        model: with a fitted choice.
        tokenizer: of the model.
        documents: that the tables do not count.
    """
    lookup = NameLookup(TorchTagger(model), TextTokenizer.of(tokenizer))
    choice, rows = ConceptChoice(lookup, fitting(model)), []
    for first in range(0, len(documents), _TOGETHER):
        part = documents[first : first + _TOGETHER]
        for each, ranked in zip(part, choice.rank(list(map(as_text, part))), strict=True):
            for mention, gold, found in zip(each.mentions, each.concepts, ranked, strict=True):
                concept, score = found[0] if found else (None, 0.0)
                rows.append((mention.type, score, concept in gold))
    return pd.DataFrame(rows, columns=["type", "score", "right"])


def link_thresholds(corpora: Sequence[pd.DataFrame], precision: float = PRECISION) -> dict[str, float]:
    """For each type the lowest probability, in hundredths, from which links have the precision; none where none has.

    Args:
        corpora: of :func:`best_links`; each counts alike, however many mentions it has.
        precision: share of the links that are right.
    """
    weighted = [table.assign(weight=1 / table.groupby("type")["type"].transform("size")) for table in corpora]
    chosen: dict[str, float] = {}
    for kind, table in pd.concat(weighted).groupby("type"):
        for threshold in np.arange(round(100 * _LOWEST_THRESHOLD), 100) / 100:
            linked = table[table["score"] >= threshold]
            if len(linked) and (linked["weight"] * linked["right"]).sum() >= precision * linked["weight"].sum():
                chosen[str(kind)] = float(threshold)
                break
    return chosen

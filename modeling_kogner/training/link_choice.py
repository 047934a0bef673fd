"""Fits the choice among the candidates of a mention on annotated documents, and the probability that makes a link."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from ..files.errors import InputError
from ..inference.link_features import MAX_CANDIDATES, LinkFeatures
from ..inference.linker import fitting_types
from ..inference.name_lookup import NameLookup
from ..link_tables import LINK_FEATURES, LinkChoice
from ..modeling_kogner import KognerForTokenClassification
from .link_vectors import index_tokens
from .linked_documents import LinkedDocument, training_names

PRECISION = 0.95  # of links at the threshold, on validation
_SEEN = [LINK_FEATURES.index(name) for name in ("seen", "seen_share")]
_HIDDEN = 0.1  # share of mentions whose name is as if no training document had it
_EPOCHS, _BATCH, _RATE, _DECAY = 20, 512, 4e-3, 1e-3


@dataclass
class Example:
    """A mention with its candidates.

    Args:
        place: document, text and type of the mention.
        features: ``(C, F)``, see :data:`LINK_FEATURES`.
        right: ``(C,)`` bool, whether a candidate is a gold concept.
    """

    place: tuple[str, str, str]
    features: np.ndarray
    right: np.ndarray


def describe(
    model: KognerForTokenClassification,
    tokenizer: PreTrainedTokenizerBase,
    documents: Sequence[LinkedDocument],
    counted: bool,
    done: Callable[[int], None] = lambda count: None,
) -> list[Example]:
    """Candidates of all mentions with an id.

    Args:
        model: with link tables.
        tokenizer: of the model.
        documents: annotated.
        counted: whether the tables count names of these documents: a document's own are then left out.
        done: gets the number of documents read.
    """
    features = LinkFeatures(NameLookup(model, tokenizer), _fitting(model))
    own = _own_names(model, tokenizer, documents) if counted else {}
    found: list[Example] = []
    for number, each in enumerate(documents, start=1):
        named = own.get(each.id, {})
        rows = features.of_document(each.text, each.title_end, each.mentions, each.long_forms, named)
        for mention, gold, (candidates, described) in zip(each.mentions, each.concepts, rows, strict=True):
            found.append(Example((each.id, mention.text, mention.type), described, np.isin(candidates, gold)))
        done(number)
    return found


def fit_choice(examples: Sequence[Example], seed: int = 1, epochs: int = _EPOCHS) -> LinkChoice:
    """Maximise the probability of the gold candidates, or of none where none is among the candidates.

    A text that a document repeats, and a type that has many mentions, count for less.

    Args:
        examples: for training.
        seed: of every random choice.
        epochs: passes over the examples.
    """
    torch.manual_seed(seed)
    choice = LinkChoice()
    for scorer in (*choice.score, *choice.none):
        nn.init.zeros_(scorer[-1].weight)
    features, mask, right = _padded(examples)
    weight = _weights(examples)
    batch = min(_BATCH, len(examples))
    steps = max(1, epochs * len(examples) // batch)
    optimizer = torch.optim.AdamW(choice.parameters(), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps + 1)
    for _ in range(steps):
        rows = torch.randint(len(examples), (batch,))
        given = features[rows].clone()  # (B, C, F)
        hidden = torch.rand(batch, 1, 1) < _HIDDEN
        given[..., _SEEN] = given[..., _SEEN].masked_fill(hidden, 0)
        odds = choice(given, mask[rows]).masked_fill(~right[rows], -1e4)  # (E, B, C + 1)
        loss = -(odds.logsumexp(-1) * weight[rows]).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    return choice.eval()


@torch.no_grad()
def ranked(choice: LinkChoice, examples: Sequence[Example]) -> tuple[np.ndarray, np.ndarray]:
    """Probability of the best candidate of each example, 0 without one; and whether it is right."""
    score, right = [torch.zeros(0)], [torch.zeros(0, dtype=torch.bool)]
    for first in range(0, len(examples), _BATCH):
        features, mask, gold = _padded(examples[first : first + _BATCH])
        best = choice.probabilities(features, mask)[:, :-1].masked_fill(~mask, 0).max(1)
        score.append(best.values)
        right.append(gold.gather(1, best.indices[:, None])[:, 0])
    return torch.cat(score).numpy(), torch.cat(right).numpy()


def link_threshold(score: np.ndarray, right: np.ndarray, precision: float = PRECISION) -> float:
    """The lowest probability, in hundredths, at which the links have the precision.

    Raises:
        InputError: they have it at none.
    """
    for threshold in np.arange(5, 100) / 100:
        linked = score >= threshold
        if linked.any() and right[linked].mean() >= precision:
            return float(threshold)
    problem = f"no threshold gives links of a precision of {precision:.0%} on validation"
    raise InputError(problem, fix="give more training documents, or leave --validation out")


def _fitting(model: KognerForTokenClassification) -> Callable[[str], np.ndarray]:
    """Entity type -> ``(N,)`` bool, concepts that it may be linked to."""
    types, kinds = model.kogner.index.concept_type.cpu().numpy(), model.config.semantic_types

    @cache
    def fits(entity_type: str) -> np.ndarray:
        return np.isin(types, [code for code, kind in enumerate(kinds) if kind in fitting_types(entity_type)])

    return fits


def _own_names(
    model: KognerForTokenClassification, tokenizer: PreTrainedTokenizerBase, documents: Sequence[LinkedDocument]
) -> dict[str, dict[tuple[int, int], int]]:
    """Document -> hash and concept -> 1, for names that the tables count."""
    tables = model.kogner.linking
    counts = pd.DataFrame({"hash": tables.name_hash.cpu().numpy(), "concept": tables.name_concept.cpu().numpy()})
    counts = counts[tables.name_count.cpu().numpy() > 0]
    named = training_names(documents, tokenizer, index_tokens(model.kogner)).merge(counts, on=["hash", "concept"])
    own: dict[str, dict[tuple[int, int], int]] = {}
    for document, key, concept in named[["document", "hash", "concept"]].itertuples(index=False):
        own.setdefault(document, {})[key, concept] = 1
    return own


def _padded(examples: Sequence[Example]) -> tuple[Tensor, Tensor, Tensor]:
    """Features ``(M, C, F)``, where a candidate is real ``(M, C)``, and what is right ``(M, C + 1)``, none the last."""
    width = MAX_CANDIDATES
    features = torch.zeros(len(examples), width, len(LINK_FEATURES))
    mask = torch.zeros(len(examples), width, dtype=torch.bool)
    right = torch.zeros(len(examples), width + 1, dtype=torch.bool)
    for row, example in enumerate(examples):
        size = min(len(example.right), width)
        features[row, :size] = torch.from_numpy(example.features[:size])
        mask[row, :size] = True
        right[row, :size] = torch.from_numpy(example.right[:size])
        right[row, -1] = not example.right[:size].any()
    return features, mask, right


def _weights(examples: Sequence[Example]) -> Tensor:
    repeated, kinds = Counter(each.place for each in examples), Counter(each.place[2] for each in examples)
    weight = torch.tensor([(repeated[each.place] * kinds[each.place[2]]) ** -0.5 for each in examples])
    return weight / weight.mean()

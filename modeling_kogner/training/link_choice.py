"""Fits the choice among the candidates of a mention on annotated documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from ..corpora.text_tokenizer import TextTokenizer
from ..inference.fitting_types import fitting_types
from ..inference.link_features import LinkFeatures
from ..inference.link_query import LinkedText
from ..inference.name_lookup import NameLookup
from ..inference.torch_tagger import TorchTagger
from ..link_feature_names import LINK_FEATURES
from ..link_tables import LinkChoice
from ..modeling_kogner import KognerForTokenClassification
from .link_vectors import index_tokens
from .linked_documents import LinkedDocument, document_names
from .organism_words import Stretches, organism_words, unseen_odds

_SEEN = [LINK_FEATURES.index(name) for name in ("seen", "seen_share", "seen_lead", "seen_share_lead")]
_NAMED = [LINK_FEATURES.index(name) for name in ("exact", "long_form")]
_VOCABULARY = LINK_FEATURES.index("vocabulary")
_HIDDEN = 0.1  # share of mentions whose name is as if no training document had it
_EPOCHS, _BATCH, _RATE, _DECAY = 20, 512, 4e-3, 1e-3
_MOST = 30.0  # log-odds, so that none overflows
_TOGETHER = 64  # documents whose names are looked up together


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


def add_choice(
    model: KognerForTokenClassification,
    tokenizer: PreTrainedTokenizerBase,
    documents: Sequence[LinkedDocument],
    seed: int = 1,
    articles: Stretches | None = None,
) -> int:
    """Fit the choice of a model, and the words that tell organisms; returns the number of mentions.

    Args:
        model: with link tables; changed in place.
        tokenizer: of the model.
        documents: that the tables count.
        seed: of every random choice.
        articles: from which words are learned too.
    """
    examples = describe(model, tokenizer, documents, articles)
    choice = fit_choice(examples, seed)
    lookup = NameLookup(TorchTagger(model), TextTokenizer.of(tokenizer))
    organism_of = LinkFeatures(lookup, fitting(model)).candidates.organism_of
    choice.organism_words.copy_(torch.from_numpy(organism_words(documents, organism_of, articles)))
    model.kogner.link_choice, model.config.link_features = choice.to(model.device), len(LINK_FEATURES)
    return len(examples)


def describe(
    model: KognerForTokenClassification,
    tokenizer: PreTrainedTokenizerBase,
    documents: Sequence[LinkedDocument],
    articles: Stretches | None = None,
) -> list[Example]:
    """Candidates of all mentions with an id; names that the tables count because of the document itself do not count.

    Args:
        model: with link tables.
        tokenizer: of the model.
        documents: that the tables count.
        articles: see :func:`unseen_odds`.
    """
    lookup = NameLookup(TorchTagger(model), TextTokenizer.of(tokenizer))
    features = LinkFeatures(lookup, fitting(model))
    texts = training_texts(model, tokenizer, documents, features, articles)
    found: list[Example] = []
    for first in range(0, len(documents), _TOGETHER):
        part = documents[first : first + _TOGETHER]
        described = features.of_documents(texts[first : first + _TOGETHER])
        for each, rows in zip(part, described, strict=True):
            for mention, gold, (candidates, known) in zip(each.mentions, each.concepts, rows, strict=True):
                found.append(Example((each.id, mention.text, mention.type), known, np.isin(candidates, gold)))
    return found


def fit_choice(examples: Sequence[Example], seed: int = 1, epochs: int = _EPOCHS) -> LinkChoice:
    """Maximise the probability of the gold candidates, or of none where none is among the candidates.

    A text that a document repeats, and a type that has many mentions, count for less. Nothing is known, and nothing
    learned, where a candidate of just the mention's name has no id of the corpus's vocabulary and none is gold.

    Args:
        examples: for training.
        seed: of every random choice.
        epochs: passes over the examples.
    """
    torch.manual_seed(seed)
    choice, laid = LinkChoice(), _Laid.of(examples)
    number, mentions = len(laid.size), min(_BATCH, len(laid.size))
    steps = max(1, epochs * number // mentions)
    optimizer = torch.optim.AdamW(choice.parameters(), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps + 1)
    order = torch.cat([torch.randperm(number) for _ in range(1 + steps * mentions // number)])
    for step in range(steps):
        loss = _loss(choice, laid, order[step * mentions : (step + 1) * mentions])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    return choice.eval()


def _loss(choice: LinkChoice, laid: _Laid, chosen: Tensor) -> Tensor:
    """Mean over some mentions, sum over the members, of how unlikely what is right is: scalar."""
    size = laid.size[chosen]  # (m,)
    owner = torch.repeat_interleave(torch.arange(len(chosen)), size)  # (n,)
    rows = torch.arange(len(owner)) + (laid.first[chosen] - (size.cumsum(0) - size))[owner]
    features, best = laid.features[rows], laid.best[chosen]  # (n, F), (m, F)
    hidden = torch.rand(len(chosen), 1) < _HIDDEN
    features[:, _SEEN] = features[:, _SEEN].masked_fill(hidden[owner], 0)
    best[:, _SEEN] = best[:, _SEEN].masked_fill(hidden, 0)
    loss = torch.zeros(len(chosen))
    for score, none in zip(choice.score, choice.none, strict=True):
        odds, odds_none = (net.clamp(-_MOST, _MOST).exp() for net in (score(features)[:, 0], none(best)[:, 0]))
        every = odds_none.index_add(0, owner, odds)
        right = (odds_none * laid.right_none[chosen]).index_add(0, owner, odds * laid.right[rows])
        loss = loss + every.log() - right.log()
    return (loss * laid.weight[chosen]).mean()


def training_texts(
    model: KognerForTokenClassification,
    tokenizer: PreTrainedTokenizerBase,
    documents: Sequence[LinkedDocument],
    features: LinkFeatures,
    articles: Stretches | None = None,
) -> list[LinkedText]:
    """The documents as if the tables did not count them.

    Args:
        model: with link tables.
        tokenizer: of the model.
        documents: that the tables count.
        features: of the model.
        articles: see :func:`unseen_odds`.
    """
    own = _own_names(model, tokenizer, documents)
    odds = unseen_odds(documents, features.candidates.organism_of, articles)
    return [
        replace(as_text(each), own=own.get(each.id, {}), organisms=its)
        for each, its in zip(documents, odds, strict=True)
    ]


def as_text(document: LinkedDocument) -> LinkedText:
    """What linking reads of a document."""
    return LinkedText(document.text, document.title_end, document.mentions, document.long_forms)


def fitting(model: KognerForTokenClassification) -> Callable[[str], np.ndarray]:
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
    named = document_names(documents, tokenizer, index_tokens(model.kogner)).merge(counts, on=["hash", "concept"])
    own: dict[str, dict[tuple[int, int], int]] = {}
    for document, key, concept in named[["document", "hash", "concept"]].itertuples(index=False):
        own.setdefault(document, {})[key, concept] = 1
    return own


@dataclass
class _Laid:
    """Mentions that differ, their candidates end to end.

    Shapes:
        - **features**: ``(n, F)`` of candidates; **best**: ``(M, F)``, their maxima.
        - **right**: ``(n,)``, **right_none**: ``(M,)`` float, 1 for a gold concept, and for none where it is no
          candidate.
        - **first**, **size**: ``(M,)`` long, first candidate and number of candidates of a mention.
        - **weight**: ``(M,)`` float.
    """

    features: Tensor
    best: Tensor
    right: Tensor
    right_none: Tensor
    first: Tensor
    size: Tensor
    weight: Tensor

    @classmethod
    def of(cls, examples: Sequence[Example]) -> _Laid:
        """Lay out what is labelled; equal mentions of a document are one, with the weight of all."""
        weights: dict[tuple[object, ...], float] = {}
        kept: dict[tuple[object, ...], Example] = {}
        for example, weight in zip(examples, _weights(examples).tolist(), strict=True):
            key = (example.place, example.features.tobytes(), example.right.tobytes())
            weights[key], kept[key] = weights.get(key, 0.0) + weight, example
        distinct = [kept[key] for key, weight in weights.items() if weight]
        weight = torch.tensor([weight for weight in weights.values() if weight])
        size = torch.tensor([len(example.right) for example in distinct])
        width = len(LINK_FEATURES)
        best = [example.features.max(0, initial=0) for example in distinct]
        return cls(
            features=torch.from_numpy(
                np.concatenate([np.zeros((0, width), np.float32), *(e.features for e in distinct)])
            ),
            best=torch.from_numpy(np.stack(best)),
            right=torch.from_numpy(np.concatenate([example.right for example in distinct])).float(),
            right_none=torch.tensor([float(not example.right.any()) for example in distinct]),
            first=size.cumsum(0) - size,
            size=size,
            weight=weight / weight.mean(),
        )


def _weights(examples: Sequence[Example]) -> Tensor:
    repeated, kinds = Counter(each.place for each in examples), Counter(each.place[2] for each in examples)
    weight = torch.tensor(
        [_is_labelled(each) * (repeated[each.place] * kinds[each.place[2]]) ** -0.5 for each in examples]
    )
    return weight / weight.mean().clamp(min=1e-9)


def _is_labelled(example: Example) -> bool:
    if example.place[2] not in ("Disease", "Chemical") or example.right.any():
        return True
    named = example.features[:, _NAMED].any(1)
    return not bool((named & (example.features[:, _VOCABULARY] == 0)).any())

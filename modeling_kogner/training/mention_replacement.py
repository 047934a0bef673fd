"""Training sentences in which other names of the knowledge graph stand for the mentions."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import torch
from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from ..graph.knowledge_folder import Knowledge
from ..inference.concept_choice import FITTING_TYPES, find_ngrams
from ..surface_index import SurfaceIndex

PARENTS = ("is_a", "mapped_to")
LONGEST = 40  # characters; longer names of the graph are seldom written
Mention = tuple[int, tuple[int, ...]]  # label of its first piece, ids of its pieces


class Groups:
    """Values by number, in flat arrays. ``keys``, ``values``: ``(n,)`` integers."""

    def __init__(self, keys: np.ndarray, values: np.ndarray, count: int) -> None:
        self.values = values[np.argsort(keys, kind="stable")]
        self.ends = np.cumsum(np.bincount(keys, minlength=count))

    def __getitem__(self, key: int) -> np.ndarray:
        return self.values[self.ends[key - 1] if key else 0 : self.ends[key]]


class MentionReplacement:
    """Replace annotated mentions by names of their siblings in the graph; a transform of encoded windows.

    A mention that is a written form of a concept may become any name of that concept or of another with a parent in
    common. A model that never sees the same letters twice has to read context and evidence.

    Source: Dai & Adel 2020 (arXiv:2010.11683) for mention replacement; names from a graph are ours.

    Args:
        windows: `input_ids` and `labels` of the training windows.
        knowledge: with edges and written forms.
        index: its surface index, for the tokenizer.
        tokenizer: of the windows.
        id2label: labels of the model.
        share: of the mentions with siblings that are replaced, drawn anew each time a window is read.
        max_length: pieces a window may have; a longer name is not taken.
    """

    def __init__(
        self,
        windows: Dataset,
        knowledge: Knowledge,
        index: SurfaceIndex,
        tokenizer: PreTrainedTokenizerBase,
        id2label: dict[int, str],
        share: float,
        max_length: int,
        pool: str = "siblings",
    ) -> None:
        self.share, self.max_length, self.pool = share, max_length, pool
        self.types = {label: name[2:] for label, name in id2label.items() if name.startswith("B-")}
        numbers = pd.Index(knowledge.concepts["id"])
        self.kind = knowledge.concepts["type"].to_numpy()
        edges = knowledge.edges[knowledge.edges["relation"].isin(PARENTS)]
        child, parent = numbers.get_indexer(edges["head"]), numbers.get_indexer(edges["tail"])
        known = (child >= 0) & (parent >= 0)
        self.parents = Groups(child[known], parent[known], len(numbers))
        self.children = Groups(parent[known], child[known], len(numbers))
        text = knowledge.surfaces["surface"]
        usable = ((text.str.len() <= LONGEST) & ~text.str.contains(", ", regex=False)).to_numpy()
        self.surfaces = text.to_numpy()
        owners = knowledge.surfaces["concept"].to_numpy(np.int64)
        self.names = Groups(owners[usable], np.flatnonzero(usable), len(numbers))
        self.pieces = lru_cache(100_000)(
            lambda row: tokenizer(self.surfaces[row], add_special_tokens=False)["input_ids"]
        )
        self.siblings = self._siblings(windows, index)

    def __call__(self, batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """Replace mentions in a batch of windows; `attention_mask` is all ones, as windows are not padded yet."""
        pairs = zip(batch["input_ids"], batch["labels"], strict=True)
        rows = [self._replaced(list(ids), list(labels)) for ids, labels in pairs]
        changed = {"input_ids": [ids for ids, _ in rows], "labels": [labels for _, labels in rows]}
        return {**batch, **changed, "attention_mask": [[1] * len(ids) for ids, _ in rows]}

    def _replaced(self, ids: list[int], labels: list[int]) -> tuple[list[int], list[int]]:
        for start, end in reversed(spans(labels, self.types)):
            concepts = self.siblings.get((labels[start], tuple(ids[start:end])))
            if concepts is None or random.random() >= self.share:
                continue
            names = self.names[concepts[random.randrange(len(concepts))]]
            if not len(names):
                continue
            other = self.pieces(int(names[random.randrange(len(names))]))
            if len(ids) - (end - start) + len(other) <= self.max_length:
                begin = labels[start]
                ids[start:end] = other
                labels[start:end] = [begin] + [begin + 1] * (len(other) - 1)
        return ids, labels

    def _siblings(self, windows: Dataset, index: SurfaceIndex) -> dict[Mention, np.ndarray]:
        """Concepts that may stand for each mention of the windows."""
        mentions = sorted(
            {
                (labels[start], tuple(ids[start:end]))
                for ids, labels in zip(windows["input_ids"], windows["labels"], strict=True)
                for start, end in spans(labels, self.types)
                if end - start <= index.max_tokens
            }
        )
        found = {}
        for mention, linked in zip(mentions, look_up(index, [ids for _, ids in mentions]), strict=True):
            kind = self.types[mention[0]]
            fitting = FITTING_TYPES.get(kind, (kind,))
            if self.pool == "type":
                found[mention] = np.flatnonzero(np.isin(self.kind, fitting))
                continue
            own = [concept for concept in linked if self.kind[concept] in fitting]
            family = [np.array(own, np.int64)]
            if self.pool == "siblings":
                family += [self.children[parent] for concept in own for parent in self.parents[concept]]
            concepts = np.unique(np.concatenate(family))
            concepts = concepts[np.isin(self.kind[concepts], fitting)]
            if len(concepts):
                found[mention] = concepts
        return found


def spans(labels: Sequence[int], begins: dict[int, str]) -> list[tuple[int, int]]:
    """First and past-the-last piece of each mention; the label after each one's begin is its inside."""
    found = []
    for start, label in enumerate(labels):
        if label in begins:
            end = start + 1
            while end < len(labels) and labels[end] == label + 1:
                end += 1
            found.append((start, end))
    return found


@torch.no_grad()
def look_up(index: SurfaceIndex, mentions: Sequence[Sequence[int]], batch_size: int = 512) -> list[list[int]]:
    """Concepts of each mention as a whole."""
    found = []
    for first in range(0, len(mentions), batch_size):
        rows = mentions[first : first + batch_size]
        ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
        mask = torch.nn.utils.rnn.pad_sequence([torch.ones(len(row), dtype=torch.long) for row in rows], True)
        hits = find_ngrams(index, ids, mask)
        found += [hit.get((0, len(row) - 1), []) for hit, row in zip(hits, rows, strict=True)]
    return found

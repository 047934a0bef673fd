"""Score a tagger on a split: strict scores, counts by sentence, recall of unseen mentions; the dictionary tagger."""

from __future__ import annotations

import base64
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import nn
from transformers.modeling_outputs import TokenClassifierOutput

from modeling_kogner.configuration_kogner import KognerConfig
from modeling_kogner.corpora.corpus import Corpus, load_corpus
from modeling_kogner.corpora.tag_schemes import mention_spans
from modeling_kogner.evaluation.encoded_split import EncodedSplit, predict_logits
from modeling_kogner.evaluation.strict_ner_metric import strict_scores
from modeling_kogner.graph.index_tables import load_tables
from modeling_kogner.inference.concept_choice import FITTING_TYPES
from modeling_kogner.surface_index import SurfaceIndex
from modeling_kogner.transitions import path_odds

_PREFIX = "kogner.index."
Spans = list[set[tuple[str, int, int]]]


@cache
def corpus_of(data: Path, name: str) -> Corpus:
    """A corpus by its name in the plan, `FOLDER` or `FOLDER/TYPE`; kept for the later runs of a worker."""
    folder, _, kind = name.partition("/")
    return load_corpus(str(data / folder), [kind] if kind else None)


def pack(counts: np.ndarray) -> str:
    """Counts ``(sentences, 3)`` of true positives, false positives and false negatives, as text."""
    return base64.b64encode(zlib.compress(counts.clip(max=255).astype(np.uint8).tobytes(), 9)).decode()


def unpack(text: str) -> np.ndarray:
    """What :func:`pack` was given."""
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8).reshape(-1, 3).astype(np.int64)


def spans_of(tags: list[list[str]]) -> Spans:
    """Mentions of each sentence."""
    return [set(mention_spans(row)) for row in tags]


def sentence_counts(found: Spans, gold: Spans) -> np.ndarray:
    """True positives, false positives and false negatives of each sentence: ``(sentences, 3)``."""
    rows = [(len(f & g), len(f - g), len(g - f)) for f, g in zip(found, gold, strict=True)]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def on_paths(logits: list[np.ndarray], batch_size: int = 64) -> list[np.ndarray]:
    """Logits of :func:`transitions.path_odds` for logits ``(T, L)`` of each window."""
    result: list[np.ndarray] = []
    for first in range(0, len(logits), batch_size):
        rows = [torch.from_numpy(row) for row in logits[first : first + batch_size]]
        padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)  # (B, T, L)
        mask = torch.nn.utils.rnn.pad_sequence([torch.ones(len(row)) for row in rows], batch_first=True)
        odds = path_odds(padded[..., 1:] - padded[..., :1], mask)
        found = torch.nn.functional.pad(odds, (1, 0)).numpy()
        result += [row[: len(own)] for row, own in zip(found, rows, strict=True)]
    return result


def decoded_scores(encoded: EncodedSplit, tags: list[list[str]], unseen: dict[str, set]) -> dict:
    """Strict scores of tags, counts by sentence, and found and all of the ``unseen`` mentions."""
    found, gold = spans_of(tags), spans_of(encoded.references)
    scores = strict_scores(tags, encoded.references, encoded.types)
    if len(scores["types"]) == 1:
        del scores["types"]
    scores["sentences"] = pack(sentence_counts(found, gold))
    if unseen:
        hits = {(row, span) for row, spans in enumerate(found) for span in spans}
        scores["unseen"] = {name: [len(mentions & hits), len(mentions)] for name, mentions in unseen.items()}
    return scores


def load_index(knowledge: str, tokenizer) -> tuple[SurfaceIndex, list[str]]:
    """The surface index of a knowledge folder, and its semantic types."""
    fields, tables = load_tables(knowledge, tokenizer)
    index = SurfaceIndex(KognerConfig(evidence="types", **fields))
    index.load_state_dict({name.removeprefix(_PREFIX): t for name, t in tables.items() if name.startswith(_PREFIX)})
    return index, fields["semantic_types"]


@torch.no_grad()
def candidates(index: SurfaceIndex, tokenizer, mentions: list[str], batch_size: int = 512) -> list[frozenset[int]]:
    """Concepts that the index holds for each written mention; none for what is longer than its n-grams."""
    found: list[frozenset[int]] = []
    for first in range(0, len(mentions), batch_size):
        encoded = tokenizer(mentions[first : first + batch_size], add_special_tokens=False)["input_ids"]
        ids = torch.zeros(len(encoded), index.max_tokens, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, pieces in enumerate(encoded):
            if 0 < len(pieces) <= index.max_tokens:
                ids[row, : len(pieces)] = torch.tensor(pieces)
                mask[row, : len(pieces)] = 1
        concepts = index.lookup(ids, mask)[:, 0]  # (B, n, C), n-grams from the first token
        last = (mask.sum(-1) - 1).clamp(min=0)
        own = concepts[torch.arange(len(encoded)), last].masked_fill(mask.sum(-1, keepdim=True) == 0, -1)
        found += [frozenset(row) - {-1} for row in own.tolist()]
    return found


class DictionaryTagger(nn.Module):
    """Tag the longest match of each entity type's semantic types; what knowledge knows before any training.

    Args:
        index: of :func:`load_index`, for this tagger alone.
        semantic_types: of the index.
        entity_types: of the corpus, in the order of the labels; of two types at one token the earlier one wins.
    """

    device = torch.device("cpu")

    def __init__(self, index: SurfaceIndex, semantic_types: list[str], entity_types: list[str]):
        super().__init__()
        self.index, self.types = index, index.concept_type.long()
        self.fitting = [
            torch.tensor([name in FITTING_TYPES.get(kind, (kind,)) for name in semantic_types], dtype=torch.uint8)
            for kind in entity_types
        ]
        index.num_types = 2  # of the entity type, or not: the longest match over all its semantic types

    def forward(self, input_ids, attention_mask) -> TokenClassifierOutput:
        """Logits ``(B, T, L)`` of the labels ``O, B-x, I-x, ...`` for ``(B, T)`` token ids."""
        concepts = self.index.lookup(input_ids, attention_mask)  # (B, T, n, C)
        logits = [torch.full((*input_ids.shape, 1), 0.5)]
        for fits in self.fitting:
            self.index.concept_type = fits[self.types]
            logits.append(self.index.resolve(concepts).evidence[..., [1, 3]])  # begin and inside of a fit
        return TokenClassifierOutput(logits=torch.cat(logits, -1))


class Scorer:
    """Score taggers of one worker; encoded splits and unseen mentions are worked out once.

    Args:
        data: folder of the corpora.
        knowledge: folder whose surface index says which concepts a mention may have; None: no count by concept.
    """

    def __init__(self, data: Path, knowledge: str | None):
        self.data, self.knowledge = data, knowledge
        self._splits: dict[tuple, EncodedSplit] = {}
        self._unseen: dict[tuple, dict[str, set]] = {}
        self._seen: dict[str, tuple[set[str], frozenset[int]]] = {}
        self._index = None

    def score(self, trained_on: str, split: str, tagger, tokenizer, label2id: dict[str, int]) -> dict:
        """Scores of one split.

        Args:
            trained_on: corpus of the run, by its name in the plan.
            split: `validation` or `test` of that corpus, or `CORPUS:test` of another.
            tagger: from a batch to logits, on its device.
            tokenizer: of the tagger.
            label2id: labels of the tagger.
        """
        corpus, _, part = split.rpartition(":")
        corpus = corpus or trained_on
        encoded = self._encoded(corpus, part, tokenizer, label2id)
        id2label = {i: label for label, i in label2id.items()}
        logits = predict_logits(tagger, encoded.windows, tokenizer)
        unseen = self._unseen_mentions(trained_on, corpus, tokenizer) if part == "test" else {}
        scores = decoded_scores(encoded, encoded.decode(logits, id2label), unseen)
        return scores | {"constrained": decoded_scores(encoded, encoded.decode(on_paths(logits), id2label), unseen)}

    def _encoded(self, corpus: str, part: str, tokenizer, label2id) -> EncodedSplit:
        name = (corpus, part, len(tokenizer), tuple(label2id))
        if name not in self._splits:
            loaded = corpus_of(self.data, corpus)
            types = [kind for kind in loaded.entity_types if f"B-{kind}" in label2id]
            rows = loaded.split(part)
            self._splits[name] = EncodedSplit.from_split(corpus, rows, types, tokenizer, label2id)
        return self._splits[name]

    def _unseen_mentions(self, trained_on: str, corpus: str, tokenizer) -> dict[str, set]:
        """Test mentions whose form, and whose concept, no mention of the whole training split has.

        The training split is the corpus's own, whatever share of it a run saw, so that all shares are asked for the
        same mentions. By concept only mentions that the index knows count; all their candidates must be new.
        """
        name = (trained_on, corpus)
        if name not in self._unseen:
            seen, known = self._trained(trained_on, tokenizer)
            tested = _mentions(corpus_of(self.data, corpus).split("test"))
            unseen = {"surface": {place for place, text in tested if text not in seen}}
            if self.knowledge:
                own = candidates(self._index, tokenizer, [text for _, text in tested])
                unseen["concept"] = {
                    place for (place, _), concepts in zip(tested, own, strict=True) if concepts and not concepts & known
                }
            self._unseen[name] = unseen
        return self._unseen[name]

    def _trained(self, corpus: str, tokenizer) -> tuple[set[str], frozenset[int]]:
        """Forms and concepts of the mentions of a training split."""
        if corpus not in self._seen:
            seen, known = {text for _, text in _mentions(corpus_of(self.data, corpus).split("train"))}, frozenset()
            if self.knowledge:
                self._index = self._index or load_index(self.knowledge, tokenizer)[0]
                known = known.union(*candidates(self._index, tokenizer, sorted(seen)))
            self._seen[corpus] = seen, known
        return self._seen[corpus]


def _mentions(rows) -> list[tuple[tuple, str]]:
    """Place (sentence and span) and case-folded text of every mention."""
    columns = zip(rows["tokens"][:], rows["ner_tags"][:], strict=True)
    return [
        ((number, span), " ".join(words[span[1] : span[2]]).casefold())
        for number, (words, tags) in enumerate(columns)
        for span in mention_spans(tags)
    ]

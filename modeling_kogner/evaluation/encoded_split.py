"""From logits of pieces to strict scores of a corpus."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import DataCollatorWithPadding, PreTrainedTokenizerBase

from ..corpora.text_windows import readable
from ..corpora.windows import encode, merge_windows, neighbours
from .strict_scores import strict_scores

READ = ("input_ids", "attention_mask", "convention")  # columns that the model reads


@dataclass
class EncodedSplit:
    """A split as model inputs, with what is needed to score it.

    Args:
        name: corpus name, for reports.
        types: entity types that the corpus annotates.
        windows: output of :func:`windows.encode` as a data set; its ``example_index`` counts ``runs``.
        references: gold IOB2 tags of each sentence.
        runs: sentences that are read together.
        sentences: words of each sentence, for those who show them.
    """

    name: str
    types: list[str]
    windows: Dataset
    references: list[list[str]]
    runs: list[range]
    sentences: list[list[str]] = field(default_factory=list)

    @classmethod
    def from_split(
        cls, name, split: Dataset, types, tokenizer, label2id, max_length=256, stride=32, convention=None, context=0
    ) -> EncodedSplit:
        """Encode the sentences of a split, in windows no longer than the tokenizer says its encoder reads.

        Neighbouring sentences of a document are read together up to ``context`` tokens, as a model was trained that has
        ``context_tokens`` in its configuration.
        """
        tokens, tags = split["tokens"][:], split["ner_tags"][:]
        longest = min(max_length, tokenizer.model_max_length)
        most = min(context, longest) - tokenizer.num_special_tokens_to_add()
        documents = split["document"][:] if "document" in split.column_names else [None] * len(tokens)
        runs = neighbours(_lengths(tokens, tokenizer) if context else [1] * len(tokens), documents, most)
        examples = {"tokens": _joined(tokens, runs), "ner_tags": _joined(tags, runs)}
        windows = encode(examples, tokenizer, longest, stride, label2id, types)
        if convention is not None:
            windows["convention"] = [convention] * len(windows["input_ids"])
        return cls(name, list(types), Dataset.from_dict(windows), tags, runs, tokens)

    def score(self, logits: Sequence[np.ndarray], id2label: dict[int, str], every_type: bool = False) -> dict[str, Any]:
        """Strict scores of the types that the corpus annotates, of the tags that :meth:`decode` gives."""
        tags = self.decode(logits, id2label, every_type)
        return strict_scores(tags, self.references, self.types)

    def decode(
        self, logits: Sequence[np.ndarray], id2label: dict[int, str], every_type: bool = False
    ) -> list[list[str]]:
        """Predicted tags of each sentence, one list for each sentence.

        Args:
            logits: ``(T, L)`` for each window; rows may be longer than the window.
            id2label: the model's labels.
            every_type: whether all types of the model compete for a token, as in a stock pipeline, or only those
                that the corpus annotates.
        """
        labels = [id2label[i] for i in range(len(id2label))]
        allowed = np.array([every_type or label == "O" or label[2:] in self.types for label in labels])
        guesses = [np.where(allowed, rows, -np.inf).argmax(-1) for rows in logits]
        lengths = [len(tags) for tags in self.references]
        counts = [sum(lengths[row] for row in run) for run in self.runs]
        columns = (self.windows["word_ids"][:], self.windows["example_index"][:])
        tags = chain.from_iterable(merge_windows(guesses, *columns, counts, id2label))
        return [list(islice(tags, length)) for length in lengths]


@torch.inference_mode()
def predict_logits(
    model,
    windows: Dataset,
    tokenizer: PreTrainedTokenizerBase,
    batch_size: int = 64,
    track: Callable[[Sequence[int]], Iterable[int]] = iter,
) -> list[np.ndarray]:
    """Logits ``(T, L)`` float32 of each window, in order; windows are batched by length, and ``track`` sees batches."""
    model.eval()
    collator = DataCollatorWithPadding(tokenizer, pad_to_multiple_of=8)
    rows = windows.select_columns([name for name in READ if name in windows.column_names])[:]
    order = sorted(range(len(windows)), key=lambda i: len(rows["input_ids"][i]))
    logits: list[np.ndarray] = [np.empty(0)] * len(windows)
    for first in track(range(0, len(order), batch_size)):
        chosen = order[first : first + batch_size]
        batch = collator([{name: column[i] for name, column in rows.items()} for i in chosen])
        output = model(**{name: tensor.to(model.device) for name, tensor in batch.items()}).logits.float().cpu().numpy()
        for i, row, mask in zip(chosen, output, batch["attention_mask"].numpy(), strict=True):
            logits[i] = row[mask == 1]
    return logits


def validation_metrics(splits: Iterable[EncodedSplit], id2label: dict[int, str]):
    """A ``compute_metrics`` over splits laid end to end: F1 of corpora and types, and the corpora's mean as ``f1``.

    A type that the gold does not mention is left out: 0 would say that all of it was missed.
    """
    parts: Collection[EncodedSplit] = list(splits)

    def compute(prediction) -> dict[str, float]:
        scores, types, first = {}, {}, 0
        for part in parts:
            logits = prediction.predictions[first : first + len(part.windows)]
            first += len(part.windows)
            score = part.score(logits, id2label)
            scores[f"{part.name}_f1"] = score["f1"]
            prefix = f"{part.name}_" if len(parts) > 1 else ""
            if len(parts) == 1 or len(part.types) > 1:
                types |= {f"{prefix}{kind}_f1": row["f1"] for kind, row in score["types"].items() if row["gold"]}
        return {"f1": float(np.mean(list(scores.values()))), **(scores if len(scores) > 1 else {}), **types}

    return compute


def _lengths(sentences: Sequence[Sequence[str]], tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Pieces of each sentence."""
    texts = [readable(" ".join(filter(None, words))) for words in sentences]
    return [len(ids) for ids in tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]] if texts else []


def _joined(rows: Sequence[list[Any]], runs: Iterable[range]) -> list[list[Any]]:
    """The rows of each run as one."""
    return [[item for row in run for item in rows[row]] for run in runs]

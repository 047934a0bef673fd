"""Self-training: a trained model labels running text, and the next model learns from it beside the gold labels."""

from __future__ import annotations

import math

import numpy as np
import torch
from datasets import Dataset, concatenate_datasets
from torch import nn

from ..inference.load_model import load_model
from .arguments import DataArguments
from .collator import PADDED_LABEL, NerCollator
from .evaluation import predict_logits
from .pretraining.arguments import TextArguments
from .pretraining.packed_windows import prepare_windows
from .windows import SPECIAL


def label_text(data: DataArguments, tokenizer, label2id: dict[str, int], device, batch_size: int = 64) -> Dataset:
    """Windows of running text with the labels of ``data.teacher``, as :func:`windows.encode` gives them.

    A token at which the teacher gives less than ``data.teacher_confidence`` to its choice for any type is not counted
    (-100), and only the types that teacher and student both know are supervised.

    Raises:
        ValueError: the teacher cannot be read, has another tokenizer or none of the types, or there is too little text.
    """
    teacher, its_tokenizer = load_model(data.teacher)
    if its_tokenizer.get_vocab() != tokenizer.get_vocab():
        raise ValueError(f"--teacher {data.teacher} has another tokenizer than the model; train it from the same encoder")
    types = [label[2:] for label in sorted(label2id, key=label2id.__getitem__) if label.startswith("B-")]
    known = teacher.config.entity_types
    if not (shared := [kind for kind in types if kind in known]):
        raise ValueError(f"--teacher {data.teacher} knows {', '.join(known)}, none of {', '.join(types)}")
    text = TextArguments(data.text, data.text_column, max_length=data.text_length)
    packed, _ = prepare_windows(text, tokenizer)
    chosen = np.random.default_rng(0).permutation(len(packed))[: data.text_windows]
    ids = packed.ids[np.sort(chosen)].astype(np.int64)
    rows = {"input_ids": ids.tolist(), "attention_mask": np.ones_like(ids).tolist()}
    logits = predict_logits(
        teacher.to(device), Dataset.from_dict(rows), NerCollator(tokenizer, pad_to_multiple_of=8), batch_size
    )
    columns = [1 + 2 * known.index(kind) for kind in shared]
    targets = np.array([0, *(label2id[f"{part}-{kind}"] for kind in shared for part in "BI")])
    special = np.isin(ids, tokenizer.all_special_ids)
    rows["labels"] = [
        np.where(hidden, PADDED_LABEL, _confident(torch.from_numpy(row), columns, targets, data.teacher_confidence)).tolist()
        for row, hidden in zip(logits, special, strict=True)
    ]
    mask = [int(kind in shared) for kind in types]
    rows["word_ids"] = np.where(special, SPECIAL, np.arange(ids.shape[1])).tolist()
    rows["example_index"] = list(range(len(ids)))
    rows["type_mask"] = [mask] * len(ids)
    return Dataset.from_dict(rows)


def _confident(logits, columns: list[int], targets: np.ndarray, least: float) -> np.ndarray:
    """Labels of the student for a window's logits ``(T, L)`` of the teacher; -100 where it is not sure."""
    odds = torch.stack([logits[:, column : column + 2] for column in columns], 1)  # (T, K, 2)
    sure = nn.functional.pad(odds, (1, 0)).softmax(-1).amax(-1).amin(-1) >= least
    best = nn.functional.pad(odds.flatten(1), (1, 0)).argmax(-1).numpy()
    return np.where(sure, targets[best], PADDED_LABEL)


def mix(gold: Dataset, text: Dataset, share: float) -> Dataset:
    """Labelled text with the gold windows, these repeated until text makes up ``share`` of all, or less."""
    times = max(1, math.ceil((1 - share) / share * len(text) / len(gold)))
    return concatenate_datasets([*[gold] * times, text.cast(gold.features)])

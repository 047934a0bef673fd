"""Self-training: a trained model labels running text, and the next model learns from these labels and the gold labels.

Source: Yarowsky 1995 (ACL); with a fresh student, as in Xie et al. 2020 (arXiv:1911.04252).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from datasets import Dataset, concatenate_datasets
from torch import nn

from ..configuration_kogner import KognerConfig
from ..corpora.windows import SPECIAL
from ..evaluation.encoded_split import predict_logits
from ..files.errors import InputError
from ..graph.token_keys import tokenizer_fingerprint
from ..inference.load_model import load_model
from ..losses import IGNORED
from .arguments import SelfTrainingArguments, TextArguments
from .packed_windows import prepare_windows


def label_text(
    given: SelfTrainingArguments, tests: Mapping[str, Dataset], tokenizer, student: KognerConfig, device: torch.device
) -> tuple[Dataset, dict[str, Any]]:
    """Windows of running text with the labels of a teacher, as :func:`windows.encode` gives them.

    A token is not counted (-100) where the teacher is unsure of any type that teacher and student share; other types
    are not supervised.

    Args:
        given: teacher and text.
        tests: test splits by corpus name, whose sentences are dropped from the text.
        tokenizer: of the student.
        student: its configuration.
        device: where the teacher computes.

    Returns:
        The windows, and a report: that of the text, ``windows``, ``counted`` tokens and ``mentions`` among them.

    Raises:
        InputError: the teacher cannot be read, has another tokenizer or none of the types, or the text is unfit.
    """
    teacher, its_tokenizer = load_model(given.teacher)
    teacher.config.constrained_decoding = False  # how sure it is of single decisions is asked
    if tokenizer_fingerprint(its_tokenizer) != tokenizer_fingerprint(tokenizer):
        problem = f"{given.teacher} has another tokenizer than the model"
        raise InputError(problem, field="--teacher", fix="train both from one encoder")
    known = teacher.config.entity_types
    shared = [kind for kind in student.entity_types if kind in known]
    if not shared:
        problem = f"{given.teacher} knows {', '.join(known)}, none of {', '.join(student.entity_types)}"
        raise InputError(problem, field="--teacher", fix="name a model that knows one of the types")
    text = TextArguments(given.text, given.text_column, max_length=given.text_length)
    packed, report = prepare_windows(text, tokenizer, tests)
    chosen = np.random.default_rng(0).permutation(len(packed))[: given.text_windows]
    ids = packed[np.sort(chosen)].astype(np.int64)
    rows = {"input_ids": ids.tolist(), "attention_mask": np.ones_like(ids).tolist()}
    logits = predict_logits(teacher.to(device), Dataset.from_dict(rows), tokenizer)
    labels = confident_labels(torch.from_numpy(np.stack(logits)), teacher.config, student, given.teacher_confidence)
    special = np.isin(ids, tokenizer.all_special_ids)
    labels[special] = IGNORED
    rows["labels"] = labels.tolist()
    rows["word_ids"] = np.where(special, SPECIAL, np.arange(ids.shape[1])).tolist()
    rows["example_index"] = list(range(len(ids)))
    rows["type_mask"] = [[int(kind in shared) for kind in student.entity_types]] * len(ids)
    if student.conventions:
        rows["convention"] = [student.convention_id(None)] * len(ids)
    begins = [student.label2id[f"B-{kind}"] for kind in shared]
    counts = {"counted": int((labels != IGNORED).sum()), "mentions": int(np.isin(labels, begins).sum())}
    return Dataset.from_dict(rows), {**report, "windows": len(ids), **counts}


def confident_labels(
    logits: torch.Tensor, teacher: KognerConfig, student: KognerConfig, confidence: float
) -> np.ndarray:
    """Labels of the student ``(n, T)`` for logits ``(n, T, L)`` of the teacher; -100 where it is unsure of a type.

    A type's label is O, B or I, and O has log-odds 0; ``confidence`` is the least probability of the likeliest.
    """
    shared = [kind for kind in student.entity_types if kind in teacher.entity_types]
    columns = torch.tensor([[teacher.label2id[f"{part}-{kind}"] for part in "BI"] for kind in shared])
    targets = np.array([0, *(student.label2id[f"{part}-{kind}"] for kind in shared for part in "BI")])
    odds = logits[..., columns]  # (n, T, K, 2)
    sure = nn.functional.pad(odds, (1, 0)).softmax(-1).amax(-1).amin(-1) >= confidence
    best = nn.functional.pad(odds.flatten(-2), (1, 0)).argmax(-1)
    return np.where(sure.numpy(), targets[best.numpy()], IGNORED)


def mix(gold: Dataset, text: Dataset, share: float) -> Dataset:
    """Gold windows and labelled text; gold is repeated until text makes up no more than ``share`` of all."""
    times = max(1, math.ceil((1 - share) / share * len(text) / len(gold)))
    return concatenate_datasets([*[gold] * times, text.cast(gold.features)])

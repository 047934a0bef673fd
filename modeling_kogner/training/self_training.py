"""Self-training: trained models label running text, and the next model learns from these labels and the gold labels.

Source: Yarowsky 1995 (ACL); with a fresh student, as in Xie et al. 2020 (arXiv:1911.04252).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from datasets import Dataset, concatenate_datasets
from torch import nn
from transformers import PreTrainedTokenizerBase

from ..configuration_kogner import KognerConfig
from ..corpora.windows import SPECIAL
from ..evaluation.encoded_split import predict_logits
from ..files.errors import InputError
from ..graph.token_keys import tokenizer_fingerprint
from ..inference.load_model import load_model
from ..losses import IGNORED
from ..modeling_kogner import KognerForTokenClassification
from .arguments import SelfTrainingArguments, TextArguments
from .further import decisions
from .packed_windows import prepare_windows


def label_text(
    given: SelfTrainingArguments,
    tests: Mapping[str, Dataset],
    tokenizer: PreTrainedTokenizerBase,
    student: KognerConfig,
    device: torch.device,
) -> tuple[Dataset, dict[str, Any]]:
    """Windows of running text with the labels of teachers, as :func:`windows.encode` gives them.

    A token is not counted (-100) where the mean of the teachers is unsure of any type that all of them and the student
    know; other types are not supervised.

    Args:
        given: teachers and text.
        tests: test splits by corpus name, whose sentences are dropped from the text.
        tokenizer: of the student.
        student: its configuration.
        device: where the teachers compute.

    Returns:
        The windows, and a report: that of the text, ``windows``, ``counted`` tokens and ``mentions`` among them.

    Raises:
        InputError: a teacher cannot be read or has another tokenizer, or they have none of the types, or the text is
            unfit.
    """
    teachers = [_teacher(name, tokenizer) for name in given.teacher]
    known = [teacher.config.entity_types for teacher in teachers]
    shared = [kind for kind in student.entity_types if all(kind in types for types in known)]
    if not shared:
        named = "; ".join(f"{name} knows {', '.join(types)}" for name, types in zip(given.teacher, known, strict=True))
        problem = f"{named}: none of {', '.join(student.entity_types)}"
        raise InputError(problem, field="--teacher", fix="name models that know one of the types")
    text = TextArguments(given.text, given.text_column, max_length=given.text_length)
    packed, report = prepare_windows(text, tokenizer, tests)
    chosen = np.random.default_rng(0).permutation(len(packed))[: given.text_windows]
    ids = packed[np.sort(chosen)].astype(np.int64)
    rows = {"input_ids": ids.tolist(), "attention_mask": np.ones_like(ids).tolist()}
    dataset, believed = Dataset.from_dict(rows), 0
    for teacher in teachers:
        logits = torch.from_numpy(np.stack(predict_logits(teacher.to(device), dataset, tokenizer)))
        believed = believed + beliefs(logits, teacher.config, shared) / len(teachers)
    labels = confident_labels(believed, shared, student, given.teacher_confidence)
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


def _teacher(name: str, tokenizer: PreTrainedTokenizerBase) -> KognerForTokenClassification:
    """Its single decisions are asked for, to see how sure it is of them."""
    teacher, its_tokenizer = load_model(name)
    if tokenizer_fingerprint(its_tokenizer) != tokenizer_fingerprint(tokenizer):
        raise InputError(
            f"{name} has another tokenizer than the model", field="--teacher", fix="train both from one encoder"
        )
    teacher.config.constrained_decoding = False
    return teacher


def beliefs(logits: torch.Tensor, teacher: KognerConfig, types: Sequence[str]) -> torch.Tensor:
    """Probabilities of outside, begin and inside of each type: ``(n, T, L)`` -> ``(n, T, K, 3)``."""
    columns = torch.tensor([[teacher.label2id[f"{part}-{kind}"] for part in "BI"] for kind in types])
    return decisions(logits[..., columns].flatten(-2)).softmax(-1)  # label O has log-odds 0


def confident_labels(
    believed: torch.Tensor, types: Sequence[str], student: KognerConfig, confidence: float
) -> np.ndarray:
    """Labels of the student ``(n, T)``; -100 where the likeliest of a type's is less probable than ``confidence``.

    Args:
        believed: probabilities of outside, begin and inside of each type, ``(n, T, K, 3)``.
        types: their names.
        student: whose labels are given.
        confidence: from 0 to 1.
    """
    targets = np.array([0, *(student.label2id[f"{part}-{kind}"] for kind in types for part in "BI")])
    sure = believed.amax(-1).amin(-1) >= confidence
    odds = (believed[..., 1:] / believed[..., :1].clamp(min=1e-9)).flatten(-2)  # of each label against O
    best = nn.functional.pad(odds, (1, 0), value=1.0).argmax(-1)
    return np.where(sure.numpy(), targets[best.numpy()], IGNORED)


def mix(gold: Dataset, text: Dataset, share: float) -> Dataset:
    """Gold windows and labelled text; gold is repeated until text makes up no more than ``share`` of all."""
    times = max(1, math.ceil((1 - share) / share * len(text) / len(gold)))
    return concatenate_datasets([*[gold] * times, text.cast(gold.features)])

"""Distillation of several trained taggers into one, on running text that nobody annotated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from datasets import Dataset
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase, TrainingArguments

from ..files.errors import InputError
from ..graph.token_keys import tokenizer_fingerprint
from ..inference.load_model import load_model
from ..inference.precision import set_precision
from ..modeling_kogner import KognerForTokenClassification
from .arguments import RecipeArguments, TextArguments
from .further import decisions
from .packed_windows import prepare_windows
from .supervision import Rules

_SHARED = ("entity_types", "conventions", "num_surfaces", "num_concepts")


class Ensemble:
    r"""Teachers whose mean probabilities on running text a student learns.

    A window follows no convention, and then all types count, or one that is drawn anew each time, and then those that
    its corpus annotates. With :math:`p_j` the probabilities of teacher :math:`j` of :math:`J`:

    .. math:: L_{text} = -\frac{1}{|\mathcal{T}|} \sum_{t \in \mathcal{T}} \sum_{k \in K_t}
        \frac{1}{J} \sum_j p_{j,tk} \cdot \log \mathrm{softmax}([0, b_{tk}, i_{tk}])

    Source: Hinton et al. 2015 (arXiv:1503.02531), without their temperature; on text without labels as Bucila et al.
    2006, Model Compression (KDD).

    Args:
        teachers: of the student's types, conventions and tables.
        windows: ``(n, T)`` ids without padding.
        annotated: ``(C, K)`` bool, what the corpus of each convention annotates.
        size: windows of a step.
        told: share of windows that follow a convention.
        seed: of the draws.
    """

    def __init__(
        self,
        teachers: Sequence[KognerForTokenClassification],
        windows: np.ndarray,
        annotated: Tensor,
        size: int,
        told: float,
        seed: int,
    ):
        self.teachers = list(teachers)
        self._windows, self._size, self._told = windows, size, told
        self._counted = torch.cat([torch.ones(1, annotated.shape[1], dtype=torch.bool), annotated])  # (1 + C, K)
        self._rng = np.random.default_rng(seed)

    def draw(self) -> dict[str, Tensor]:
        """Inputs of the model for a step: ``input_ids``, ``attention_mask`` ``(B, T)`` and ``convention`` ``(B,)``."""
        ids = self._windows[np.sort(self._rng.integers(len(self._windows), size=self._size))].astype(np.int64)
        convention = self._rng.integers(1, len(self._counted), self._size)
        convention[self._rng.random(self._size) >= self._told] = 0
        input_ids = torch.from_numpy(ids)
        mask = torch.ones_like(input_ids)
        return {"input_ids": input_ids, "attention_mask": mask, "convention": torch.from_numpy(convention)}

    def loss(self, model: nn.Module, inputs: dict[str, Tensor]) -> Tensor:
        """Loss of a batch of :meth:`draw`, on the device of the teachers."""
        with torch.no_grad():
            index = self.teachers[0].kogner.index  # all have the same tables
            if index.surface_hash.numel():
                inputs = inputs | {"ngram_concepts": index.lookup(inputs["input_ids"], inputs["attention_mask"])}
            wanted = sum(decisions(teacher(**inputs).logits[..., 1:]).softmax(-1) for teacher in self.teachers)
            wanted = wanted / len(self.teachers)  # (B, T, K, 3)
        counted = self._counted.to(wanted.device)[inputs["convention"]][:, None]  # (B, 1, K)
        told = -(wanted * decisions(model(**inputs).logits[..., 1:]).log_softmax(-1)).sum(-1)  # (B, T, K)
        return (told * counted).sum() / inputs["attention_mask"].sum()


def read_ensemble(
    given: RecipeArguments,
    student: KognerForTokenClassification,
    tokenizer: PreTrainedTokenizerBase,
    tests: Mapping[str, Dataset],
    rules: Rules,
    args: TrainingArguments,
) -> Ensemble:
    """The teachers, in half precision on a GPU, and the text that the options name.

    Args:
        given: the options.
        student: whose types and conventions they must have.
        tokenizer: of the student.
        tests: test splits by corpus name, whose sentences are dropped from the text.
        rules: of the recipe.
        args: where it computes, and the seed.

    Raises:
        InputError: a teacher has other types, conventions, another graph or tokenizer than the student, or the text is
            unfit.
    """
    teachers = []
    for name in given.teachers:
        teacher, its_tokenizer = load_model(name)
        config, wanted = teacher.config, student.config
        same = all(getattr(config, field) == getattr(wanted, field) for field in _SHARED)
        if not same or tokenizer_fingerprint(its_tokenizer) != tokenizer_fingerprint(tokenizer):
            problem = f"{name} has other types, conventions, another graph or tokenizer than the recipe's model"
            raise InputError(problem, field="--teachers", fix="train it by the same recipe")
        config.constrained_decoding, config.decision_shifts = False, None  # what it believes of single decisions
        set_precision(teacher.to(args.device), "bf16" if args.device.type == "cuda" else "fp32")
        teachers.append(teacher.eval().requires_grad_(False))
    text = TextArguments(given.teacher_text, max_length=given.teacher_length)
    windows, _ = prepare_windows(text, tokenizer, tests)
    size = max(1, given.teacher_tokens // windows.shape[1])
    told, seed = 1 - student.config.convention_dropout, args.seed + args.process_index
    return Ensemble(teachers, windows, rules.annotated, size, told, seed)

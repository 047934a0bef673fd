"""Training a finished model further: new entity types get fresh rows, and what it knew is kept."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from transformers import TrainingArguments
from transformers.trainer_utils import IntervalStrategy

from ..configuration_kogner import bio_labels
from ..knowledge_encoder import EvidenceOdds
from ..modeling_kogner import KognerForTokenClassification

FRESH_BIAS = -2.0  # of new types: most tokens are outside of each
STEPS, EPOCHS, EVALUATIONS = 400, (3, 20), 0.1  # about so many steps, in so many epochs; a share of them between scores
FEW_WINDOWS, FEW_BATCH = 400, 8
RATE, HEAD_RATE = 3e-5, 1e-2  # of what was trained before, and of the last layers, with the rows of new types
MOST_KEPT = 20_000  # sentences whose log-odds are kept in memory


@torch.no_grad()
def add_types(model: KognerForTokenClassification, types: Sequence[str]) -> list[str]:
    """Give a model further entity types, after those that it has, with fresh rows.

    Returns:
        Those that are new to it.
    """
    known = model.config.entity_types
    new = [kind for kind in types if kind not in known]
    labels = bio_labels([*known, *new])
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: i for i, label in enumerate(labels)}
    model.num_labels = len(labels)
    old, odds = model.classifier, model.evidence_odds
    model.classifier = nn.Linear(old.in_features, len(labels) - 1).to(old.weight)
    model.evidence_odds = EvidenceOdds(odds.in_features, len(labels) - 1, bias=False).to(odds.weight)
    nn.init.normal_(model.classifier.weight, std=0.02)
    nn.init.constant_(model.classifier.bias, FRESH_BIAS)
    nn.init.zeros_(model.evidence_odds.weight)
    for layer, before in ((model.classifier, old), (model.evidence_odds, odds)):
        for name, parameter in before.named_parameters():
            getattr(layer, name)[: len(parameter)] = parameter
    return new


class KnownTypes:
    r"""Holds a model to what it said before of the types that the training sentences do not annotate.

    The cross entropy of the decisions to those of the model before training, on the training sentences themselves:

    .. math:: L_{keep} = -\frac{1}{|\mathcal{T}|} \sum_{t \in \mathcal{T}} \sum_{k \notin K_t}
        \mathrm{softmax}([0, b_{tk}, i_{tk}]_{before}) \cdot \log \mathrm{softmax}([0, b_{tk}, i_{tk}])

    Source: Li & Hoiem 2016, Learning without Forgetting (arXiv:1606.09282), without their temperature.

    Args:
        model: before training, before types are added; it is copied.
        weight: factor of the loss.
    """

    def __init__(self, model: KognerForTokenClassification, weight: float):
        self._weight = weight
        self._said: dict[tuple[tuple[int, ...], int], Tensor] = {}
        self._before = copy.deepcopy(model).eval().requires_grad_(False)

    def loss(self, logits: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        """The loss of a batch.

        Args:
            logits: ``(B, T, L)`` of training.
            inputs: of the model, with ``type_mask``, the types that the sentences annotate.
        """
        wanted = self._wanted(inputs["input_ids"], inputs["attention_mask"].bool(), inputs.get("convention"))
        kinds = wanted.shape[-1] // 2
        unknown = ~inputs["type_mask"][..., :kinds].bool()  # (B, K) or (B, T, K)
        counted = inputs["attention_mask"].bool()[..., None] & (unknown if unknown.dim() == 3 else unknown[:, None])
        target = decisions(wanted).softmax(-1)  # (B, T, K, 3)
        told = -(target * decisions(logits[..., 1 : 1 + 2 * kinds]).log_softmax(-1)).sum(-1)  # (B, T, K)
        return self._weight * (told * counted).sum() / inputs["attention_mask"].sum().clamp(min=1)

    @torch.no_grad()
    def _wanted(self, input_ids: Tensor, mask: Tensor, convention: Tensor | None) -> Tensor:
        """Log-odds of the model before training, ``(B, T, 2K)``; a sentence that comes again is not read again."""
        conventions = [0] * len(input_ids) if convention is None else convention.tolist()
        keys = [(tuple(ids[m].tolist()), c) for ids, m, c in zip(input_ids, mask, conventions, strict=True)]
        if len(self._said) > MOST_KEPT:
            self._said.clear()
        if new := [row for row, key in enumerate(keys) if key not in self._said]:
            before = self._before.to(input_ids.device)
            told = None if convention is None else convention[new]
            odds = before.classify(before.kogner(input_ids[new], mask[new].long(), convention=told))
            self._said |= {keys[row]: of[mask[row]].cpu() for row, of in zip(new, odds, strict=True)}
        said = [self._said[key].to(input_ids.device) for key in keys]
        wanted = said[0].new_zeros(*input_ids.shape, said[0].shape[-1])
        wanted[mask] = torch.cat(said)
        return wanted


def decisions(odds: Tensor) -> Tensor:
    """Outside, begin and inside of each type: ``(B, T, 2K)`` -> ``(B, T, K, 3)``."""
    return nn.functional.pad(odds.unflatten(-1, (-1, 2)).float(), (1, 0))


def suit_further_training(args: TrainingArguments, windows: int) -> None:
    """Set what the command line leaves open for a model that is trained further: smaller batches and fewer epochs.

    Fifty sentences have too few steps with the batches of a whole corpus, and a trained model needs fewer epochs.
    """
    given = getattr(args, "given", frozenset())
    if windows <= FEW_WINDOWS and "per_device_train_batch_size" not in given:
        args.per_device_train_batch_size = FEW_BATCH
    if not given & {"num_train_epochs", "max_steps"}:
        steps = max(windows // (args.per_device_train_batch_size * args.world_size), 1)
        args.num_train_epochs = min(max(math.ceil(STEPS / steps), EPOCHS[0]), EPOCHS[1])
    if "learning_rate" not in given:
        args.learning_rate = RATE
    if "head_learning_rate" not in given:
        args.head_learning_rate = HEAD_RATE
    if not given & {"eval_strategy", "save_strategy", "eval_steps", "save_steps", "max_steps"}:
        args.eval_strategy = args.save_strategy = IntervalStrategy.STEPS
        args.eval_steps = args.save_steps = EVALUATIONS

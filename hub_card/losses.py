"""The losses of training, as pure functions of tensors."""

import torch
from torch import Tensor, nn

IGNORED = -100  # label of tokens that do not count, as in torch and transformers


def bio_loss(logits: Tensor, labels: Tensor, type_mask: Tensor | None = None) -> Tensor:
    r"""Tagging loss: one three-way decision (outside, begin, inside) for each entity type a corpus annotates.

    .. math:: L_{lang} = \frac{1}{|\mathcal{T}|} \sum_{t \in \mathcal{T}} \sum_{k \in K_t}
        -\log \mathrm{softmax}([0, b_{tk}, i_{tk}])_{y_{tk}}

    Source: paper, L_lang. Independent decisions are ours: a corpus that does not annotate a type says nothing on it.

    Args:
        logits: ``(B, T, 1 + 2K)`` float, log-odds against outside; column 0 is outside and is not read.
        labels: ``(B, T)`` long, ``0`` outside, ``1 + 2k`` begin and ``2 + 2k`` inside of type ``k``, -100 ignored.
        type_mask: ``(B, K)`` bool, types that supervise a sentence, or ``(B, T, K)`` bool, those that supervise a
            token; None for all.

    Returns:
        Scalar; 0 if every label is ignored.
    """
    num_types = logits.shape[-1] // 2
    position = (labels[..., None] - 1).clamp(min=-1)  # (B, T, 1)
    is_type = (position >= 0) & (position // 2 == torch.arange(num_types, device=labels.device))
    target = torch.where(is_type, position % 2 + 1, 0)  # (B, T, K)
    counted = (labels != IGNORED)[..., None]
    if type_mask is not None:
        counted = counted & (type_mask if type_mask.dim() == 3 else type_mask[:, None]).bool()
    return three_way_loss(logits[..., 1:], target, counted)


def three_way_loss(odds: Tensor, target: Tensor, counted: Tensor) -> Tensor:
    """Cross entropy of independent decisions (outside, begin, inside), summed over types, averaged over tokens.

    Args:
        odds: ``(B, T, 2K)`` float, log-odds of begin and inside against outside, type by type.
        target: ``(B, T, K)`` long, 0 outside, 1 begin, 2 inside; several types may claim a token.
        counted: ``(B, T, K)`` or ``(B, T, 1)`` bool, decisions that count; a token with none is not counted.

    Returns:
        Scalar; 0 if nothing counts.
    """
    decisions = nn.functional.pad(odds.unflatten(-1, (-1, 2)).float(), (1, 0))  # (B, T, K, 3)
    loss = nn.functional.cross_entropy(decisions.flatten(0, 2), target.flatten(), reduction="none").view_as(target)
    return (loss * counted).sum() / counted.any(-1).sum().clamp(min=1)


def distillation_loss(spans: Tensor, concepts: Tensor, mask: Tensor) -> Tensor:
    r"""Pull the span representation of a mention towards the distilled vector of its concept.

    .. math:: L_{dist} = \frac{1}{|M|} \sum_{m \in M} \left(1 - \cos(\mathrm{MLP}(s_m), z_m)\right)

    Source: paper, L_dist. The paper's target is an MLP of the teacher's H; ours is the student's vector, which was
    distilled from H and is all that a checkpoint carries.

    Args:
        spans: ``(B, T, d_k)`` float, projected span representations, at the first token of each mention.
        concepts: ``(B, T, d_k)`` float, the concepts' vectors; no gradient flows into them.
        mask: ``(B, T)`` bool, mentions that count.

    Returns:
        Scalar; 0 without mentions.
    """
    distance = 1 - nn.functional.cosine_similarity(spans.float(), concepts.detach().float(), dim=-1)
    return (distance * mask).sum() / mask.sum().clamp(min=1)

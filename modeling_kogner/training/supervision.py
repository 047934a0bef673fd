"""Which decisions a token of a joint corpus supervises, with and without its corpus's convention."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .recipe import Recipe


@dataclass
class Rules:
    """The rules of a recipe as tables over its ``C`` corpora and ``K`` types.

    Shapes:
        - **annotated**: ``(C, K)`` bool, types that supervise a sentence that follows its corpus's convention.
        - **default**: ``(C, K)`` bool, types that supervise a sentence without a convention.
        - **claims**: ``(K, K)`` bool, without a convention a token of a mention of the first type is not of the second.
        - **silent**: ``(K, K)`` bool, a token of a mention of the first type says nothing about the second.
    """

    annotated: Tensor
    default: Tensor
    claims: Tensor
    silent: Tensor

    @classmethod
    def of(cls, recipe: Recipe) -> Rules:
        """The tables of a recipe."""
        types, corpora = recipe.types, recipe.corpora
        follows = {name: {kind for kind in types if name in recipe.guideline.get(kind, [])} for name in corpora}
        return cls(
            _table([corpus.annotated for corpus in corpora.values()], types),
            _table(list(follows.values()), types),
            _table([recipe.claims.get(kind, []) for kind in types], types),
            _table([recipe.silent.get(kind, []) for kind in types], types),
        )


def _table(rows: list, types: list[str]) -> Tensor:
    return torch.tensor([[kind in row for kind in types] for row in rows], dtype=torch.bool)


def label_numbers(types: list[str]) -> dict[str, int]:
    """Numbers of the tags of ``K`` types: those of the model, then one for each type that a mention says nothing about.

    ``O`` is 0, ``1 + 2k`` and ``2 + 2k`` begin and continue a mention of type ``k``; ``1 + 2K + k`` is a token that
    says nothing about type ``k``.
    """
    numbers = {"O": 0}
    for place, kind in enumerate(types):
        numbers |= {f"B-{kind}": 1 + 2 * place, f"I-{kind}": 2 + 2 * place}
        unknown = 1 + 2 * len(types) + place
        numbers |= {f"B-?{kind}": unknown, f"I-?{kind}": unknown}
    return numbers


def supervise(numbers: Tensor, corpus: Tensor, told: Tensor, rules: Rules) -> tuple[Tensor, Tensor]:
    r"""Labels of a batch and the decisions that count.

    With its convention a sentence supervises all types that its corpus annotates. Without, it supervises those for
    which the corpus is part of the default guideline, and a token of a mention of such a type is in addition a
    negative example of the types that it claims. A mention may say nothing about a type: then neither counts.

    Source: supervision by what a corpus annotates, Luo et al. 2023 (AIONER, arXiv:2211.16944); the default guideline
    and claims are ours.

    Args:
        numbers: ``(B, T)`` long, see :func:`label_numbers`.
        corpus: ``(B,)`` long, row of the tables.
        told: ``(B,)`` bool, whether the sentence follows its corpus's convention.
        rules: the tables.

    Returns:
        Labels ``(B, T)`` long, see :func:`losses.bio_loss`, and ``(B, T, K)`` bool, the decisions that count.
    """
    kinds = rules.claims.shape[0]
    mention = (numbers > 0) & (numbers <= 2 * kinds)
    # What a token is: 0 to K - 1 in a mention of a type, K to 2K - 1 unknown for a type, 2K neither.
    state = torch.where(mention, (numbers - 1) // 2, numbers - 1 - kinds)
    state = state.masked_fill(numbers == 0, 2 * kinds)  # (B, T)
    nothing = torch.zeros(1, kinds, dtype=torch.bool)
    hidden = torch.cat([rules.silent, torch.eye(kinds, dtype=torch.bool), nothing])[state]  # (B, T, K)
    sentence = torch.where(told[:, None], rules.annotated[corpus], rules.default[corpus])  # (B, K)
    own = sentence.gather(1, state.clamp(max=kinds - 1)) & mention & ~told[:, None]  # (B, T), may give claims
    claimed = rules.claims[state.clamp(max=kinds - 1)] & own[..., None]  # (B, T, K)
    return numbers.masked_fill(~mention, 0), (sentence[:, None] | claimed) & ~hidden

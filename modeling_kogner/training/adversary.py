"""Adversarial training: each step once more with the embeddings moved where the loss grows fastest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ..files.errors import InputError
from ..knowledge_encoder import KognerModel


class EmbeddingAdversary:
    r"""Move the output of an encoder's embeddings by a step of fixed length against the model.

    .. math:: e' = e + \epsilon\, g / \lVert g \rVert_2, \qquad g = \nabla_e L

    for each window of a batch, with its own gradient. Both losses are learned from.

    Source: FGM, Miyato et al. 2017 (arXiv:1605.07725); there word embeddings are moved, here what the first layer
    reads, with evidence, convention and positions in it.

    Args:
        body: its encoder must have a module ``embeddings``, as BERT and its relatives do.
        norm: length of the step.

    Raises:
        InputError: the encoder has no such module.
    """

    def __init__(self, body: KognerModel, norm: float):
        embeddings = getattr(body.encoder, "embeddings", None)
        if not isinstance(embeddings, nn.Module):
            problem = f"{type(body.encoder).__name__} has no module `embeddings`, whose output could be moved"
            raise InputError(problem, field="--adversarial-norm", fix="leave it out for this encoder")
        self.norm = norm
        self._watching = False
        self._text: Tensor | None = None
        self._move: Tensor | None = None
        embeddings.register_forward_hook(self._after_embeddings)

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Within, a forward and backward pass; its gradient is what :meth:`attack` follows."""
        self._watching = True
        try:
            yield
        finally:
            self._watching = False

    @contextmanager
    def attack(self) -> Iterator[None]:
        """Within, a second pass of the same batch reads moved embeddings."""
        if self._text is None or self._text.grad is None:
            raise RuntimeError("no backward pass was watched")
        self._move, self._text = step(self._text.grad, self.norm), None
        try:
            yield
        finally:
            self._move = None

    def _after_embeddings(self, module: nn.Module, given: tuple, text: Tensor) -> Tensor | None:
        """Forward hook; ``text`` is ``(B, T, d)``."""
        if self._move is not None:
            return text + self._move.to(text.dtype)
        if self._watching:
            text.retain_grad()
            self._text = text
        return None


def step(gradient: Tensor, norm: float) -> Tensor:
    """The gradient of each window ``(B, T, d)`` at that length; zeros where it is zero."""
    gradient = gradient.float()
    return norm * gradient / torch.linalg.vector_norm(gradient, dim=(1, 2), keepdim=True).clamp(min=1e-12)

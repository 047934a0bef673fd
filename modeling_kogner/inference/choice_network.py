"""The network that chooses among candidates, in numpy: what :class:`LinkChoice` computes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


class ChoiceNetwork:
    """Probability of each candidate of a mention, and of none of them.

    Args:
        weights: of a :class:`LinkChoice`, by their names in it.
    """

    def __init__(self, weights: Mapping[str, np.ndarray]):
        self.weights = weights
        self.members = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("score."))
        self.width = weights["score.0.0.weight"].shape[1]  # fewer features than there are if it was fitted before

    def probabilities(self, features: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Mean over the members, the last that of no candidate: ``(M, C + 1)`` float32.

        Args:
            features: ``(M, C, F)`` float32.
            mask: ``(M, C)`` bool, where a candidate is real.
        """
        features = features[..., : self.width]
        best = np.where(mask[..., None], features, 0).max(1)  # (M, F)
        real = features[mask]  # (n, F)
        total = np.zeros((len(mask), mask.shape[1] + 1), np.float32)
        for member in range(self.members):
            score = np.full_like(total, np.finfo(np.float32).min)
            score[:, :-1][mask] = self._score(f"score.{member}", real)
            score[:, -1] = self._score(f"none.{member}", best)
            odds = np.exp(score - score.max(1, keepdims=True))
            total += odds / odds.sum(1, keepdims=True)
        return total / self.members

    def _score(self, name: str, features: np.ndarray) -> np.ndarray:
        """``(n, F)`` to ``(n,)``."""
        weights = [self.weights[f"{name}.{place}.{kind}"] for place in (0, 2) for kind in ("weight", "bias")]
        hidden = _gelu(features @ weights[0].T + weights[1])
        return (hidden @ weights[2].T + weights[3])[:, 0]


def _gelu(x: np.ndarray) -> np.ndarray:
    r"""Gaussian error linear unit; the error function by 7.1.26 of Abramowitz & Stegun, to :math:`2 \cdot 10^{-7}`."""
    z = np.abs(x) * np.float32(0.5**0.5)
    t = 1 / (1 + np.float32(0.3275911) * z)
    series = np.zeros_like(t)
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = (series + np.float32(factor)) * t
    error = np.copysign(1 - series * np.exp(-z * z), x)
    return x * (1 + error) / 2

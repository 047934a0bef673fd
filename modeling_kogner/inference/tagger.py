"""What the annotator needs of a tagger, whatever runs it."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from .tables import Tables


class Tagger(Protocol):
    """A tagger: arrays in, arrays out."""

    @property
    def config(self) -> Any:
        """:class:`KognerConfig`, or what an export keeps of it."""

    can_be_forked: bool  # after it has run

    @property
    def on_cpu(self) -> bool:
        """Whether it runs on the CPU."""

    @property
    def tables(self) -> Tables:
        """Tables as they are now; another object once names were added."""

    def odds(self, input_ids: np.ndarray, attention_mask: np.ndarray, convention: int = 0) -> np.ndarray:
        """Log-odds of begin and inside of each type against outside: ``(B, T)`` int64 each to ``(B, T, 2K)``."""

    def embed(self, input_ids: np.ndarray, attention_mask: np.ndarray) -> np.ndarray:
        """Vectors of names: ``(B, T)`` int64 each to ``(B, d_n)`` float32 of length 1."""

    def share(self, threads: int) -> None:
        """From now on let so many threads read and embed at a time, on a core each."""


def as_tagger(model: Any) -> Tagger:
    """A model of torch as a tagger; a tagger as it is."""
    if hasattr(model, "odds"):
        return model
    from .torch_tagger import TorchTagger  # torch takes a while to load

    return TorchTagger(model)

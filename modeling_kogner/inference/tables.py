"""What matching and linking read of a model, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..concept_catalogue import ConceptCatalogue


@dataclass(frozen=True, eq=False)
class Tables:
    """Tables of a model's graph and of its linking.

    Args:
        parts: arrays by their name in a part of the model: ``index`` (:class:`SurfaceIndex`), ``nodes``
            (:class:`NodeTable`), and if the model chooses in context ``linking`` (:class:`LinkTables`) and
            ``link_choice`` (:class:`LinkChoice`), and if it has name vectors ``names`` (:class:`NameTable`).
        catalogue: ids and names.
    """

    parts: Mapping[str, Mapping[str, np.ndarray]]
    catalogue: ConceptCatalogue

    @property
    def index(self) -> Mapping[str, np.ndarray]:
        """Index of written forms."""
        return self.parts["index"]

    @property
    def linking(self) -> Mapping[str, np.ndarray] | None:
        """Further names, organisms and relations; None for a model that links by spelling."""
        return self.parts.get("linking")

    @property
    def names(self) -> Mapping[str, np.ndarray] | None:
        """Vectors of names, if there are any."""
        return self.parts.get("names")

    def vectors(self, concepts: np.ndarray) -> np.ndarray:
        """Distilled vectors: ``(n,)`` int to ``(n, d_k)`` float, of no width without a distilled table."""
        codes, books = self.parts["nodes"]["codes"][concepts], self.parts["nodes"]["codebooks"]
        if not codes.shape[1]:
            return np.zeros((len(concepts), 0), np.float32)
        return books[np.arange(codes.shape[1]), codes].sum(1, dtype=np.float32)

"""Which species a gene of the model is of, as its candidates show it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from .tables import Tables


class OrganismNames:
    """Scientific names of the organisms of genes.

    Args:
        tables: of a model; one without link tables knows no organisms.
        organisms: ids, in the order of the configuration.
    """

    def __init__(self, tables: Tables, organisms: Sequence[str] | None):
        self.tables, self.organisms = tables, organisms or ()
        self._name = cache(self._find)

    def of(self, concept: int) -> str | None:
        """Name of the organism of a concept, its id where the graph has no name of it; None for what is no gene."""
        linking = self.tables.linking
        place = int(linking["organism"][concept]) if linking and concept < len(linking["organism"]) else 0
        return self._name(self.organisms[place - 1]) if place else None

    def _find(self, organism: str) -> str:
        number = self.tables.catalogue.ids.find(organism)
        return organism if number is None else self.tables.catalogue.names[number]

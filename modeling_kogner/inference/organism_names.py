"""Which species a gene of the model is of, as its candidates show it."""

from __future__ import annotations

from functools import cached_property

from ..modeling_kogner import KognerForTokenClassification


class OrganismNames:
    """Scientific names of the organisms of genes.

    Args:
        model: a tagger; one without link tables knows no organisms.
    """

    def __init__(self, model: KognerForTokenClassification):
        self.model = model

    def of(self, concept: int) -> str | None:
        """Name of the organism of a concept, its id where the graph has no name of it; None for what is no gene."""
        tables = getattr(self.model.kogner, "linking", None)  # an exported model has none
        place = int(tables.organism[concept]) if tables is not None and concept < len(tables.organism) else 0
        return self._names[place - 1] if place else None

    @cached_property
    def _names(self) -> list[str]:
        catalogue, organisms = self.model.kogner.concepts, self.model.config.organisms or []
        wanted = set(organisms)
        named = {each: name for each, name in zip(catalogue.ids, catalogue.names, strict=True) if each in wanted}
        return [named.get(each, each) for each in organisms]

"""What a model without a knowledge folder knows around a concept: broader and narrower ones, genes of one ancestor."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..inference.organism_names import OrganismNames
from ..inference.tagger import Tagger

MOST_A_GROUP = 8


class RelatedConcepts:
    """Look up relations in a model's tables for linking; a model that links by spelling has none.

    Only concepts that MeSH lacks have a broader one there, see :class:`LinkTables`.

    Args:
        tagger: of the model.
    """

    def __init__(self, tagger: Tagger):
        self._tables = tagger.tables
        self._organisms = OrganismNames(self._tables, tagger.config.organisms)

    def around(self, concept_ids: str) -> list[dict[str, Any]]:
        """Groups with a ``title``, the ``total`` and the first few ``concepts``; a group without any is left out.

        Args:
            concept_ids: of a mention; ``|`` stands between those of several concepts.
        """
        tables, own = self._tables.linking, self._numbers(concept_ids)
        if tables is None:
            return []
        (below, above), (genes, families) = tables["broader"].T, tables["ortholog"].T
        found = {
            "Broader": above[np.isin(below, own)],
            "Narrower": below[np.isin(above, own)],
            "Orthologs": genes[np.isin(families, families[np.isin(genes, own)])],
        }
        groups = []
        for title, concepts in found.items():
            others = np.setdiff1d(concepts, own)
            others = others[tables["organism"][others].argsort(kind="stable")]  # the main organisms come first
            if total := len(others):
                shown = [self._concept(each) for each in others[:MOST_A_GROUP].tolist()]
                groups.append({"title": title, "total": total, "concepts": shown})
        return groups

    def _numbers(self, concept_ids: str) -> list[int]:
        catalogue, numbers = self._tables.catalogue, []
        for each in concept_ids.split("|"):
            places = [catalogue.ids.find(each)]
            if places == [None]:  # an id of another vocabulary
                places = [catalogue.ids.find(owner) for owner in catalogue.owners.get(each, ())]
            numbers += [place for place in places if place is not None]
        return numbers

    def _concept(self, number: int) -> dict[str, Any]:
        catalogue = self._tables.catalogue
        organism = self._organisms.of(number)
        return {"id": catalogue.ids[number], "name": catalogue.names[number], "organism": organism}

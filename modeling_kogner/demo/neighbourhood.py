"""What stands around a concept in a knowledge folder: its parents, children, relations and written forms."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd

from ..graph.knowledge_folder import Knowledge
from .picture import draw

HIERARCHY = ("is_a", "mapped_to", "part_of")  # what leads up to a broader concept
MOST_A_RELATION, MOST_A_GROUP, MOST_FORMS = 4, 6, 20


class Neighbourhoods:
    """Look up the neighbours of any concept; sorted once, so that a look-up is quick.

    Args:
        knowledge: a built graph, distilled or not.
    """

    def __init__(self, knowledge: Knowledge):
        edges = knowledge.edges
        self._relation, self._ends = edges["relation"].to_numpy(), (edges["head"].to_numpy(), edges["tail"].to_numpy())
        codes, names = pd.factorize(np.concatenate(self._ends))
        self._code = {name: code for code, name in enumerate(names)}
        self._sorted = [_sorted(codes[: len(edges)]), _sorted(codes[len(edges) :])]
        concepts = knowledge.concepts
        self._row = {each: row for row, each in enumerate(concepts["id"])}
        self._name, self._type = concepts["name"].to_numpy(), concepts["type"].to_numpy()
        self._form = knowledge.surfaces["surface"].to_numpy()
        self._forms = _sorted(knowledge.surfaces["concept"].to_numpy())

    def drawn(self, concept_id: str, width: int) -> dict[str, Any]:
        """What is around a concept, and its ``picture``; both None where the graph does not know it."""
        concept = self.around(concept_id)
        return {"concept": concept, "picture": concept and draw(concept, width)}

    def around(self, concept_id: str) -> dict[str, Any] | None:
        """A concept and its neighbours in groups, a few of each relation; None where the graph does not know it.

        ``total`` of a group counts those left out too; an edge with ``is_out`` leads from the concept.
        """
        row, code = self._row.get(concept_id), self._code.get(concept_id)
        if row is None and code is None:
            return None
        groups: dict[str, list[dict[str, Any]]] = {"parents": [], "children": [], "relations": []}
        for is_out in (True, False):
            for edge in [] if code is None else _rows_of(*self._sorted[not is_out], code):
                relation, other = self._relation[edge], self._ends[is_out][edge]
                kind = ("parents" if is_out else "children") if relation in HIERARCHY else "relations"
                groups[kind].append(self._concept(other) | {"relation": relation, "is_out": is_out})
        forms = [] if row is None else [self._form[each] for each in _rows_of(*self._forms, row)]
        return self._concept(concept_id) | {
            "forms": list(dict.fromkeys(forms))[:MOST_FORMS],
            "groups": [
                {"title": title, "total": len(edges), "edges": _some(edges)} for title, edges in groups.items() if edges
            ],
        }

    def _concept(self, concept_id: str) -> dict[str, Any]:
        row = self._row.get(concept_id)
        name, kind = (concept_id, None) if row is None else (self._name[row], self._type[row])
        return {"id": concept_id, "name": name, "type": kind}


def _sorted(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Order of the rows by code, and the codes in that order."""
    order = np.argsort(codes, kind="stable")
    return order, codes[order]


def _rows_of(order: np.ndarray, codes: np.ndarray, code: int) -> np.ndarray:
    return order[np.searchsorted(codes, code) : np.searchsorted(codes, code, side="right")]


def _some(edges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A few of each relation, so that a frequent one does not push out the others."""
    seen: defaultdict[tuple[str, bool], int] = defaultdict(int)
    chosen = []
    for edge in edges:
        seen[edge["relation"], edge["is_out"]] += 1
        if seen[edge["relation"], edge["is_out"]] <= MOST_A_RELATION:
            chosen.append(edge)
    return chosen[:MOST_A_GROUP]

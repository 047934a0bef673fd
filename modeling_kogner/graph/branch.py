"""A branch of the graph: a concept and everything under it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ..files.errors import InputError
from .knowledge_folder import Knowledge


@dataclass
class Branch:
    """A concept and all that `is_a` edges lead up to it.

    Args:
        id: of the concept at the top.
        name: its preferred name.
        ids: all ids of all concepts of the branch, the top's too.
    """

    id: str
    name: str
    ids: frozenset[str]


def branch_of(knowledge: Knowledge, wanted: str) -> Branch:
    """The branch under a concept.

    Args:
        knowledge: of a knowledge folder.
        wanted: an id such as ``MESH:D009369``, or a name in any case; of several concepts with this name, the one with
            most concepts under it.

    Raises:
        InputError: the graph has no such concept.
    """
    is_a = knowledge.edges[knowledge.edges["relation"] == "is_a"]
    children: defaultdict[str, list[str]] = defaultdict(list)
    for child, parent in zip(is_a["head"], is_a["tail"], strict=True):
        children[parent].append(child)
    tops = _concepts_called(knowledge, wanted, children)
    if not tops:
        fix = "give an id such as MESH:D009369, or a name as the graph writes it"
        raise InputError(f"the graph has no concept {wanted!r}", field="--under", fix=fix)
    top, ids = max(((top, _under(top, children)) for top in tops), key=lambda found: len(found[1]))
    name = knowledge.concepts.loc[knowledge.concepts["id"] == top, "name"]
    others = knowledge.equivalents
    return Branch(
        top, str(name.iloc[0]) if len(name) else top, frozenset(ids.union(others["id"][others["preferred"].isin(ids)]))
    )


def _concepts_called(knowledge: Knowledge, wanted: str, children: Iterable[str]) -> list[str]:
    """Ids of the concepts that an id or a name may stand for."""
    concepts, others = knowledge.concepts, knowledge.equivalents
    for ids, meant in ((concepts["id"], concepts["id"]), (others["id"], others["preferred"])):
        if (found := ids.str.casefold() == wanted.casefold()).any():
            return [str(each) for each in meant[found]]
    if wanted in children:
        return [wanted]
    rows = set(concepts.index[concepts["name"].str.casefold() == wanted.casefold()])
    rows.update(knowledge.surfaces["concept"][knowledge.surfaces["surface"].str.casefold() == wanted.casefold()])
    return [str(each) for each in concepts["id"].iloc[sorted(rows)]]


def _under(top: str, children: dict[str, list[str]]) -> set[str]:
    found, waiting = {top}, [top]
    while waiting:
        new = [child for child in children.get(waiting.pop(), ()) if child not in found]
        found.update(new)
        waiting += new
    return found

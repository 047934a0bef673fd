"""The graph as integer triples: indexing, sub-graphs and held-out splits."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from ..files.errors import InputError


@dataclass
class Triples:
    """Edges of a graph over concepts ``0..N-1``.

    Attributes:
        index: ``(E, 3)`` long, columns head, relation, tail; no duplicates, no self-loops.
        relations: Names of the ``R`` relations.
        num_concepts: ``N``.
        dropped: Why edges of the table are not here, with counts.
    """

    index: Tensor
    relations: list[str]
    num_concepts: int
    dropped: dict[str, int]

    @classmethod
    def from_tables(cls, concepts: pd.DataFrame, edges: pd.DataFrame) -> Triples:
        """Index the edge table by the row numbers of the concept table.

        Args:
            concepts: Column ``id``; the row number is the concept's index.
            edges: Columns ``head``, ``relation``, ``tail``; edges to ids that are not concepts are dropped and counted.

        Raises:
            InputError: If a column is missing or no edge joins two concepts.
        """
        missing = {"head", "relation", "tail"} - set(edges.columns)
        if missing:
            raise InputError(
                "is missing from the edge table", field=sorted(missing)[0], fix="rebuild the knowledge folder"
            )
        ids = pd.Index(concepts["id"])
        head, tail = ids.get_indexer(edges["head"]), ids.get_indexer(edges["tail"])
        relation, names = pd.factorize(edges["relation"], sort=True)
        table = pd.DataFrame({"head": head, "relation": relation, "tail": tail})
        named = table[(table["head"] >= 0) & (table["tail"] >= 0)]
        looped = named[named["head"] != named["tail"]]
        unique = looped.drop_duplicates()
        if unique.empty:
            raise InputError(
                "no edge joins two concepts", fix="`edges` must name ids of `concepts`; rebuild the folder"
            )
        dropped = {
            "ends at a concept without surfaces": len(table) - len(named),
            "self-loop": len(named) - len(looped),
            "duplicate": len(looped) - len(unique),
        }
        return cls(torch.tensor(unique.to_numpy(), dtype=torch.long), list(names), len(concepts), dropped)

    @property
    def num_relations(self) -> int:
        """Number of relations ``R``, inverses not counted."""
        return len(self.relations)

    def split(self, fraction: float, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Hold out random pairs of concepts for validation and for test.

        All edges between the two concepts of a pair go together: were ``a acid_of b`` trained on and its mirror
        ``b base_of a`` tested, the test would measure memory.

        Args:
            fraction: Share of pairs for validation, and the same again for test; at least one pair each.
            generator: Source of randomness, on the CPU.

        Returns:
            Training, validation and test triples, each ``(E_i, 3)``.
        """
        low, high = self.index[:, [0, 2]].min(1).values, self.index[:, [0, 2]].max(1).values
        pairs, member = torch.unique(low * self.num_concepts + high, return_inverse=True)
        held = max(1, round(len(pairs) * fraction))
        if len(pairs) <= 2 * held:
            problem = f"{len(pairs)} connected pairs are too few to hold out {2 * held}"
            raise InputError(problem, fix="use a larger graph")
        role = torch.zeros(len(pairs), dtype=torch.long)
        order = torch.randperm(len(pairs), generator=generator)
        role[order[:held]], role[order[held : 2 * held]] = 1, 2
        return tuple(self.index[role[member] == part] for part in range(3))


def with_inverses(triples: Tensor, num_relations: int) -> Tensor:
    """Append each triple read backwards, as relation ``r + R``: ``(E, ..., 3)`` → ``(2E, ..., 3)``."""
    head, relation, tail = triples.unbind(-1)
    return torch.cat([triples, torch.stack([tail, relation + num_relations, head], dim=-1)])


def neighbourhood(edges: pd.DataFrame, concepts: pd.DataFrame, size: int, seed: int, fan_out: int = 10) -> list[int]:
    """Choose a connected part of the graph by breadth-first search from a random concept.

    At most ``fan_out`` random neighbours of a concept are followed, so that no hub fills the whole part.

    Returns:
        Sorted rows of ``concepts``, at most ``size``.
    """
    index = Triples.from_tables(concepts, edges).index
    generator = torch.Generator().manual_seed(seed)
    both = torch.cat([index[:, [0, 2]], index[:, [2, 0]]])
    both = both[torch.randperm(len(both), generator=generator)]
    both = both[both[:, 0].sort(stable=True).indices]
    counts = torch.bincount(both[:, 0], minlength=len(concepts))
    starts = (counts.cumsum(0) - counts).tolist()
    neighbours, counts = both[:, 1].tolist(), counts.tolist()
    chosen: dict[int, None] = {}
    for root in torch.randperm(len(concepts), generator=generator).tolist():
        queue = [root] if counts[root] and root not in chosen else []
        chosen.update(dict.fromkeys(queue))
        for concept in queue:  # grows while it is read
            for other in neighbours[starts[concept] : starts[concept] + min(fan_out, counts[concept])]:
                if len(chosen) >= size:
                    return sorted(chosen)
                if other not in chosen:
                    chosen[other] = None
                    queue.append(other)
    return sorted(chosen)

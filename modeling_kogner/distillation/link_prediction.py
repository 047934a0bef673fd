"""Link prediction: filtered negatives, the training loss, filtered ranks and the degree baseline."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from .triples import with_inverses


class KnownTriples:
    """True triples in both directions, sorted, for membership tests on any device.

    Args:
        triples: ``(E, 3)`` long; inverses ``r + R`` are added.
        num_concepts: ``N``.
        num_relations: ``R``.
    """

    def __init__(self, triples: Tensor, num_concepts: int, num_relations: int):
        self.num_concepts, self.num_relations = num_concepts, num_relations
        both = with_inverses(triples, num_relations)
        self.keys = torch.unique(self._pair(both[:, 0], both[:, 1]) * num_concepts + both[:, 2])
        self.pairs = self.keys // num_concepts

    def _pair(self, sources: Tensor, relation: Tensor | int) -> Tensor:
        return sources * (2 * self.num_relations) + relation

    def contains(self, sources: Tensor, relations: Tensor, candidates: Tensor) -> Tensor:
        """Whether ``(G, B)`` sources by ``(G, K)`` candidates, one relation per group, are true: ``(G, B, K)`` bool."""
        keys = self._pair(sources, relations[:, None])[..., None] * self.num_concepts + candidates[:, None]
        place = torch.searchsorted(self.keys, keys).clamp(max=len(self.keys) - 1)
        return self.keys[place] == keys

    def tails_of(self, sources: Tensor, relation: int) -> tuple[Tensor, Tensor]:
        """All true tails of each source, as rows into ``sources`` and tails, both ``(P,)``."""
        pairs = self._pair(sources, relation)
        first, last = torch.searchsorted(self.pairs, pairs), torch.searchsorted(self.pairs, pairs, right=True)
        counts = last - first
        rows = torch.repeat_interleave(counts)
        step = torch.arange(len(rows), device=rows.device) - (counts.cumsum(0) - counts)[rows]
        return rows, self.keys[first[rows] + step] % self.num_concepts


def by_relation(relations: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Yield each relation with the rows that carry it."""
    order = relations.sort(stable=True).indices
    values, counts = torch.unique_consecutive(relations[order], return_counts=True)
    yield from zip(values.tolist(), order.split(counts.tolist()), strict=True)


class Candidates:
    """Draws negatives of a relation: half any concept, half concepts that end some edge of that relation.

    The second half asks *which* phenotype, where the first asks only whether it is a phenotype at all. It is uniform
    over distinct tails; drawn by frequency it would punish hubs, and ranks suffer.
    """

    def __init__(self, triples: Tensor, num_concepts: int, num_relations: int):
        self.num_concepts = num_concepts
        both = with_inverses(triples, num_relations)
        ends = torch.unique(both[:, 1] * num_concepts + both[:, 2])
        self.tails = ends % num_concepts  # distinct tails, those of a relation together
        self.size = torch.bincount(ends // num_concepts, minlength=2 * num_relations)
        self.first = self.size.cumsum(0) - self.size

    def draw(self, relations: Tensor, count: int) -> Tensor:
        """``(G, count)`` concepts for ``(G,)`` relations; some may be true tails, which the loss must mask."""
        shape, device = (len(relations), count // 2), relations.device
        within = (torch.rand(shape, device=device) * self.size[relations][:, None]).long()
        some = self.tails[self.first[relations][:, None] + within]
        rest = torch.randint(self.num_concepts, (len(relations), count - count // 2), device=device)
        return torch.cat([some, rest], dim=1)


def sampled_softmax_loss(positive: Tensor, negative: Tensor, is_true: Tensor) -> Tensor:
    r"""Cross-entropy of the true tail against sampled candidates, true ones among these left out.

    .. math:: -\log \frac{e^{s^+}}{e^{s^+} + \sum_{k \notin \mathrm{true}} e^{s_k}}

    Shapes:
        - **positive**: ``(..., B)``, **negative**: ``(..., B, K)``, **is_true**: ``(..., B, K)`` bool.
        - **output**: ``(..., B)``.
    """
    negative = negative.masked_fill(is_true, float("-inf"))
    return torch.cat([positive[..., None], negative], dim=-1).logsumexp(-1) - positive


def link_loss(scorer, triples: Tensor, known: KnownTriples, candidates: Candidates, negatives: int) -> Tensor:
    """Mean loss of predicting the last concept of each triple, negatives shared within a group.

    Args:
        scorer: Has ``nodes (N, d)``, ``queries(vectors, relations)``, ``keys(vectors, relations)`` and
            ``compare(queries, keys)``.
        triples: ``(G, B, 3)``, the triples of a group of one relation; inverse relations included.
        known: Training triples; those among the negatives are masked.
        candidates: Source of negatives.
        negatives: How many per group.
    """
    sources, relations, tails = triples[..., 0], triples[:, 0, 1], triples[..., 2]
    drawn = candidates.draw(relations, negatives)  # (G, K)
    rows = torch.cat([sources, tails, drawn], dim=1)
    # One read of the table: the gradient of each would be as large as the table.
    vectors = scorer.nodes.index_select(0, rows.flatten()).view(*rows.shape, -1)
    of_source, of_tail, of_drawn = vectors.split([sources.shape[1], tails.shape[1], negatives], dim=1)
    queries = scorer.queries(of_source, relations)  # (G, B, d)
    positive = scorer.compare(queries[:, :, None], scorer.keys(of_tail, relations)[:, :, None])[..., 0, 0]  # (G, B)
    negative = scorer.compare(queries, scorer.keys(of_drawn, relations))  # (G, B, K)
    return sampled_softmax_loss(positive, negative, known.contains(sources, relations, drawn)).mean()


@torch.no_grad()
def filtered_ranks(score_all: Callable[[Tensor, int], Tensor], queries: Tensor, known: KnownTriples, chunk: int = 128):
    """Rank each true tail among all concepts, other true tails left out; equal scores share their mean rank.

    Args:
        score_all: ``(sources, relation)`` → ``(B, N)`` scores, higher is better.
        queries: ``(Q, 3)`` true triples, inverse relations included.
        known: Every true triple: training, validation and test.
        chunk: Queries scored at once.

    Returns:
        ``(Q,)`` float ranks, 1 is best.
    """
    ranks = torch.empty(len(queries), device=queries.device)
    for relation, rows in by_relation(queries[:, 1]):
        for part in rows.split(chunk):
            sources, tails = queries[part, 0], queries[part, 2]
            scores = score_all(sources, relation).float()  # (B, N)
            truth = scores.gather(1, tails[:, None])  # (B, 1)
            row, other = known.tails_of(sources, relation)
            scores[row, other] = float("-inf")
            ranks[part] = 1 + (scores > truth).sum(1) + (scores == truth).sum(1) / 2
    return ranks


def degree_scores(triples: Tensor, num_concepts: int, num_relations: int) -> Callable[[Tensor, int], Tensor]:
    """The baseline: score a tail by the number of training edges of that relation that end there."""
    both = with_inverses(triples, num_relations)

    def score_all(sources: Tensor, relation: int) -> Tensor:
        degree = torch.bincount(both[both[:, 1] == relation, 2], minlength=num_concepts).float()
        return degree.expand(len(sources), -1).clone()

    return score_all


def summarise(ranks: Tensor, queries: Tensor, relations: list[str]) -> dict:
    """MRR and Hits@10 for tails, heads, both, and for the tails of each relation."""

    def scores(chosen: Tensor) -> dict:
        kept = ranks[chosen]
        mrr, hits = (1 / kept).mean().item(), (kept <= 10).float().mean().item()
        return {"mrr": round(mrr, 4), "hits@10": round(hits, 4), "queries": len(kept)}

    tail = queries[:, 1] < len(relations)
    per_relation = {relations[r]: scores(rows) for r, rows in by_relation(queries[:, 1]) if r < len(relations)}
    return {"tail": scores(tail), "head": scores(~tail), "both": scores(tail | ~tail), "tail_by_relation": per_relation}

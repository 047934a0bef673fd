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

    def contains(self, sources: Tensor, relation: int, candidates: Tensor) -> Tensor:
        """Which of ``(B,)`` sources by ``(K,)`` candidates are true: ``(B, K)`` bool."""
        keys = self._pair(sources, relation)[:, None] * self.num_concepts + candidates[None]
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
        self.ranges = {relation: both[rows, 2].unique() for relation, rows in by_relation(both[:, 1])}

    def draw(self, relation: int, count: int) -> Tensor:
        """``(count,)`` concepts; some may be true tails, which the loss must mask."""
        tails = self.ranges[relation]
        some = tails[torch.randint(len(tails), (count // 2,), device=tails.device)]
        rest = torch.randint(self.num_concepts, (count - count // 2,), device=tails.device)
        return torch.cat([some, rest])


def sampled_softmax_loss(positive: Tensor, negative: Tensor, is_true: Tensor) -> Tensor:
    r"""Cross-entropy of the true tail against sampled candidates, true ones among these left out.

    .. math:: -\log \frac{e^{s^+}}{e^{s^+} + \sum_{k \notin \mathrm{true}} e^{s_k}}

    Shapes:
        - **positive**: ``(B,)``, **negative**: ``(B, K)``, **is_true**: ``(B, K)`` bool.
        - **output**: ``(B,)``.
    """
    negative = negative.masked_fill(is_true, float("-inf"))
    return torch.cat([positive[:, None], negative], dim=1).logsumexp(1) - positive


def link_loss(scorer, triples: Tensor, known: KnownTriples, candidates: Candidates, negatives: int) -> Tensor:
    """Mean loss of predicting the last concept of each triple, negatives shared within a relation.

    Args:
        scorer: Has ``queries(sources, relation)``, ``keys(targets, relation)`` and ``compare(queries, keys)``.
        triples: ``(B, 3)``, inverse relations included.
        known: Training triples; those among the negatives are masked.
        candidates: Source of negatives.
        negatives: How many a relation.
    """
    losses = []
    for relation, rows in by_relation(triples[:, 1]):
        sources, tails = triples[rows, 0], triples[rows, 2]
        drawn = candidates.draw(relation, negatives)
        queries = scorer.queries(sources, relation)  # (B, d)
        positive = scorer.compare(queries[:, None], scorer.keys(tails, relation)[:, None])[:, 0, 0]  # (B,)
        negative = scorer.compare(queries, scorer.keys(drawn, relation))  # (B, K)
        losses.append(sampled_softmax_loss(positive, negative, known.contains(sources, relation, drawn)))
    return torch.cat(losses).mean()


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

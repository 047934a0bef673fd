"""Link prediction: splits, negatives, ranks and the degree baseline."""

import math

import pandas as pd
import pytest
import torch
from torch.testing import assert_close

from modeling_kogner.distillation.link_prediction import (
    Candidates,
    KnownTriples,
    degree_scores,
    filtered_ranks,
    link_loss,
    sampled_softmax_loss,
    summarise,
)
from modeling_kogner.distillation.transr import TransR
from modeling_kogner.distillation.triples import Triples, neighbourhood, with_inverses


def random_triples(concepts: int, relations: int, count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    columns = [torch.randint(high, (count,), generator=generator) for high in (concepts, relations, concepts)]
    return torch.stack(columns, dim=1).unique(dim=0)


def test_membership_and_tails_agree_with_a_python_set():
    """A wrong key would let true triples be trained on as negatives, or filter the wrong ones from ranks."""
    triples = random_triples(9, 3, 40)
    known = KnownTriples(triples, 9, 3)
    true = {tuple(row) for row in with_inverses(triples, 3).tolist()}
    sources, every = torch.arange(9), torch.arange(9)
    for relation in range(6):
        expected = [[(s, relation, t) in true for t in range(9)] for s in range(9)]
        assert known.contains(sources[None], torch.tensor([relation]), every[None])[0].tolist() == expected
        rows, tails = known.tails_of(sources, relation)
        listed = {(sources[row].item(), relation, tail) for row, tail in zip(rows, tails.tolist(), strict=True)}
        assert listed == {triple for triple in true if triple[1] == relation}


def test_negatives_come_from_anywhere_and_from_the_range_of_the_relation():
    """Only easy negatives, and the model learns no more than the type of a tail."""
    torch.manual_seed(0)
    triples = torch.tensor([[0, 0, 1], [2, 0, 3]])
    tails, heads = Candidates(triples, 1_000, 1).draw(torch.tensor([0, 1]), 200)
    assert set(tails[:100].tolist()) == {1, 3}
    assert set(heads[:100].tolist()) == {0, 2}
    assert len(set(tails[100:].tolist())) > 50


def test_a_true_tail_among_the_negatives_costs_nothing():
    """Unmasked, the second candidate, true and well scored, would be pushed away."""
    positive, negative = torch.tensor([1.0]), torch.tensor([[0.0, 5.0]])
    loss = sampled_softmax_loss(positive, negative, torch.tensor([[False, True]]))
    assert_close(loss, torch.tensor([math.log(1 + math.exp(-1))]))


def test_loss_of_groups_is_that_of_their_triples_one_by_one():
    """A mixed-up axis would compare a source with the negatives of another relation, and training would still run."""
    torch.manual_seed(0)
    triples = with_inverses(torch.tensor([[[0, 0, 1], [2, 0, 3]], [[4, 1, 0], [1, 1, 2]]]), 2)  # (4, 2, 3)
    flat = torch.tensor([[0, 0, 1], [2, 0, 3], [4, 1, 0], [1, 1, 2]])
    known, model = KnownTriples(flat, 5, 2), TransR(5, 2, width=3)
    torch.nn.init.normal_(model.projections)
    drawn = torch.randint(5, (4, 6))

    class Fixed:
        def draw(self, relations, count):
            return drawn

    losses = []
    for group, others in zip(triples, drawn, strict=True):
        for source, relation, tail in group.tolist():
            relations = torch.tensor([relation])
            query = model.queries(model.nodes[source][None, None], relations)
            score = [model.compare(query, model.keys(model.nodes[t][None, None], relations)) for t in [tail, *others]]
            wrong = ~known.contains(torch.tensor([[source]]), relations, others[None])[0, 0]
            scores = torch.cat(score).flatten()
            losses.append(torch.cat([scores[:1], scores[1:][wrong]]).logsumexp(0) - scores[0])
    assert_close(link_loss(model, triples, known, Fixed(), 6), torch.stack(losses).mean())


def test_filtered_ranks_equal_a_slow_obvious_count_with_ties():
    """Ties scored as wins would make a constant scorer perfect."""
    triples = random_triples(12, 2, 60)
    known, queries = KnownTriples(triples, 12, 2), with_inverses(triples, 2)
    table = torch.randint(4, (4, 12, 12), generator=torch.Generator().manual_seed(1)).float()  # many ties
    ranks = filtered_ranks(lambda sources, relation: table[relation, sources].clone(), queries, known, chunk=5)
    true = {tuple(row) for row in queries.tolist()}
    for (source, relation, tail), rank in zip(queries.tolist(), ranks.tolist(), strict=True):
        others = [t for t in range(12) if (source, relation, t) not in true]
        scores = table[relation, source]
        better = sum(scores[t] > scores[tail] for t in others)
        equal = sum(scores[t] == scores[tail] for t in others)
        assert rank == 1 + better + equal / 2


def test_degree_baseline_by_hand():
    """Relation 0 ends twice in concept 2 and once in 1; read backwards, concept 0 starts it twice and 3 once."""
    triples = torch.tensor([[0, 0, 1], [0, 0, 2], [3, 0, 2], [3, 1, 1]])
    score = degree_scores(triples, 4, 2)
    assert score(torch.tensor([1]), 0).tolist() == [[0, 1, 2, 0]]
    assert score(torch.tensor([1]), 2).tolist() == [[2, 0, 0, 1]]


def test_summary_keeps_directions_apart():
    """Heads are far harder than tails; mixed up, a ratio of the two means nothing."""
    queries = torch.tensor([[0, 0, 1], [1, 1, 0]])
    summary = summarise(torch.tensor([1.0, 20.0]), queries, ["is_a"])
    assert summary["tail"] == {"mrr": 1.0, "hits@10": 1.0, "queries": 1}
    assert summary["head"] == {"mrr": 0.05, "hits@10": 0.0, "queries": 1}
    assert summary["tail_by_relation"] == {"is_a": summary["tail"]}


def tables(count: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    concepts = pd.DataFrame({"id": [f"X:{i}" for i in range(count)]})
    rows = [(f"X:{i}", relation, f"X:{i // 2}") for i in range(count) for relation in ("is_a", "part_of")]
    return concepts, pd.DataFrame(rows, columns=["head", "relation", "tail"])


def test_table_rows_that_are_no_triples_are_dropped_and_counted():
    """A silent drop would hide that an edge table and a concept table do not belong together."""
    concepts, edges = tables(4)
    odd = pd.DataFrame([("X:1", "is_a", "Y:0"), ("X:3", "is_a", "X:1")], columns=edges.columns)
    triples = Triples.from_tables(concepts, pd.concat([edges, odd]))
    assert triples.dropped == {"ends at a concept without surfaces": 1, "self-loop": 2, "duplicate": 1}
    assert sorted(triples.index.tolist()) == [[i, r, i // 2] for i in (1, 2, 3) for r in (0, 1)]
    with pytest.raises(ValueError, match="rebuild"):
        Triples.from_tables(concepts, odd.iloc[:1])


def test_held_out_pairs_share_no_edge_with_training():
    """`part_of` between the pair of a held-out `is_a` would give the answer away."""
    triples = Triples.from_tables(*tables(50))
    train, validation, test = triples.split(0.1, torch.Generator().manual_seed(0))
    pairs = [{frozenset(row) for row in part[:, [0, 2]].tolist()} for part in (train, validation, test)]
    assert len(train) + len(validation) + len(test) == len(triples.index)
    assert min(map(len, pairs)) > 0
    assert pairs[0].isdisjoint(pairs[1] | pairs[2])
    assert pairs[1].isdisjoint(pairs[2])


def test_neighbourhood_is_connected_and_of_the_size_asked_for():
    """Concepts drawn at random would have hardly an edge among them."""
    concepts, edges = tables(200)
    rows = neighbourhood(edges, concepts, 40, seed=3)
    inside = Triples.from_tables(concepts.iloc[rows].reset_index(drop=True), edges).index
    assert len(set(rows)) == 40
    assert set(inside[:, [0, 2]].flatten().tolist()) == set(range(40))

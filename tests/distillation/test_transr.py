"""TransR."""

import torch
from torch.testing import assert_close

from modeling_kogner.distillation.transr import TransR


def by_hand() -> TransR:
    model = TransR(2, 1, width=2)
    with torch.no_grad():
        model.node_emb.weight.copy_(torch.tensor([[1.0, 2.0], [3.0, -1.0]]))
        model.rel_emb.weight.copy_(torch.tensor([[0.5, 0.0]]))
        model.projections.copy_(torch.tensor([[[1.0, 0.0], [1.0, 2.0]]]))
    return model


def score(model: TransR, head, relation, tail) -> torch.Tensor:
    """Of triples, as the paper writes it: each argument ``(B,)`` long."""
    difference = model.nodes[head] - model.nodes[tail]
    moved = torch.einsum("bd,bdk->bk", difference, model.projections[relation]) + model.rel_emb(relation)
    return -moved.square().sum(-1)


def test_score_is_the_negated_squared_distance_of_the_paper():
    """Head (3, 4), tail = (2, -2), difference (1.5, 6): -(2.25 + 36). A transposed M would rank at random."""
    model, relation = by_hand(), torch.tensor([0])
    head, tail = model.nodes[None, :1], model.nodes[None, 1:]
    found = model.compare(model.queries(head, relation), model.keys(tail, relation))
    assert_close(found, torch.tensor([[[-38.25]]]))


def test_candidate_scores_equal_triple_scores_in_both_directions():
    """Were the sign of r lost for the inverse, heads would be predicted as if they were tails."""
    torch.manual_seed(0)
    model = TransR(6, 2, width=4)
    every, source = torch.arange(6), torch.tensor([5, 2])
    for relation in range(2):
        of, there, back = torch.full((6,), relation), torch.tensor([relation]), torch.tensor([relation + 2])
        read, nodes = model.nodes[source][None], model.nodes[None]
        tails = model.compare(model.queries(read, there), model.keys(nodes, there))[0]
        heads = model.compare(model.queries(read, back), model.keys(nodes, back))[0]
        for row, node in enumerate(source):
            assert_close(tails[row], score(model, node.expand(6), of, every))
            assert_close(heads[row], score(model, every, of, node.expand(6)))


def test_start_keeps_the_neighbours_of_the_text_features():
    """A start in any other basis than that of the data would throw the names away."""
    torch.manual_seed(0)
    text = torch.randn(30, 4) @ torch.randn(4, 12)  # rank 4: four components hold all of it
    model = TransR(30, 1, width=4)
    model.start_from(text)
    ours, theirs = torch.cdist(model.node_emb.weight, model.node_emb.weight), torch.cdist(text, text)
    assert_close(ours / ours.mean(), theirs / theirs.mean(), atol=1e-3, rtol=1e-3)

"""The graph transformer."""

import torch
from torch.testing import assert_close

from modeling_kogner.distillation.graph_transformer import GraphTransformer, PairScorer
from modeling_kogner.distillation.triples import with_inverses


def example() -> tuple[GraphTransformer, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    triples = torch.tensor([[0, 0, 1], [2, 1, 1], [3, 0, 4], [4, 1, 0]])
    return GraphTransformer(6, 2, width=8, heads=2).eval(), torch.randn(6, 6), with_inverses(triples, 2)


def test_renumbering_concepts_renumbers_the_output():
    """Equivariance; without it the order of rows in a table would be a feature."""
    model, text, messages = example()
    order = torch.tensor([3, 0, 5, 1, 2, 4])
    place = order.argsort()
    moved = torch.stack([place[messages[:, 0]], messages[:, 1], place[messages[:, 2]]], dim=1)
    assert_close(model(text[order], moved), model(text, messages)[order], atol=1e-5, rtol=1e-5)


def test_relations_and_neighbours_are_read_and_strangers_are_not():
    """Edge features wired wrongly leave a plain graph, and nothing else would tell."""
    model, text, messages = example()
    other = messages.clone()
    other[0, 1] = 1
    before, after = model(text, messages), model(text, other)
    assert not torch.allclose(before[1], after[1], atol=1e-4)
    assert_close(before[5], after[5])
    changed = text.clone()
    changed[3] += 1
    assert not torch.allclose(before[4], model(changed, messages)[4], atol=1e-4)


def test_degree_scale_makes_a_sampled_half_look_like_the_whole():
    """Unscaled, degrees at inference would lie outside what training has seen."""
    model, text, messages = example()
    twice = torch.cat([messages, messages])  # doubles the degrees, leaves attention as it is
    assert_close(model(text, twice, 2.0), model(text, messages, 1.0), atol=1e-5, rtol=1e-5)


def test_pair_scores_are_bilinear():
    """A transposed form would swap head and tail."""
    nodes, forms = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[[0.0, 1.0], [0.0, 0.0]]])
    scorer = PairScorer(nodes, forms)
    relation = torch.tensor([0])
    scores = scorer.compare(scorer.queries(nodes[None, :1], relation), scorer.keys(nodes[None], relation))
    assert scores.tolist() == [[[2.0, 4.0]]]

"""The student's layer in plain torch against the layer that was distilled."""

import pytest
import torch
from torch.testing import assert_close
from torch_geometric.nn import TransformerConv
from torch_geometric.utils import dense_to_sparse

from modeling_kogner.student_gnn import DenseTransformerConv


def layers(width: int = 6, heads: int = 2) -> tuple[TransformerConv, DenseTransformerConv]:
    torch.manual_seed(0)
    sparse = TransformerConv(width, width, heads=heads, concat=False, root_weight=False)
    dense = DenseTransformerConv(width, heads)
    # torch_geometric keeps lin_skip with root_weight=False, unused; any other difference is an error.
    dense.load_state_dict({k: v for k, v in sparse.state_dict().items() if not k.startswith("lin_skip.")})
    return sparse, dense


@pytest.mark.parametrize("density", [0.0, 0.1, 0.4, 1.0])
@pytest.mark.parametrize("heads", [1, 2, 3])
def test_dense_layer_equals_torch_geometric(density, heads):
    """Distilled weights would mean something else in the tagger than where they were trained."""
    sparse, dense = layers(heads=heads)
    nodes = torch.randn(3, 9, 6)
    adjacent = torch.rand(3, 9, 9) < density  # self-loops and nodes without neighbours among them
    adjacent[:, 4] = False
    for graph in range(3):
        edges, _ = dense_to_sparse(adjacent[graph].T.float())  # [from, to]
        assert_close(dense(nodes, adjacent)[graph], sparse(nodes[graph], edges), atol=1e-6, rtol=1e-5)


def test_edge_direction():
    """Read the wrong way round, a message would reach its sender; a symmetric graph would not show it."""
    _, dense = layers()
    nodes, adjacent = torch.randn(1, 2, 6), torch.tensor([[[False, True], [False, False]]])
    out = dense(nodes, adjacent)
    assert_close(out[0, 0], dense.lin_value(nodes[0, 1]).view(2, 6).mean(0))
    assert (out[0, 1] == 0).all()


def test_isolated_nodes_get_zeros_not_nan():
    """A softmax over no neighbour is 0 / 0; one such mention would turn a batch into NaN, also in half precision."""
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        _, dense = layers()
        nodes = torch.randn(1, 3, 6, dtype=dtype, requires_grad=True)
        out = dense.to(dtype)(nodes, torch.zeros(1, 3, 3, dtype=torch.bool))
        out.sum().backward()
        assert (out == 0).all()
        assert nodes.grad.isfinite().all()

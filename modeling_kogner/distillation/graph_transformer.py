"""A relation-aware graph transformer over the whole graph, and its link scorer."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch_geometric.nn import TransformerConv

RELATION_WIDTH = 32  # narrow: its projection runs once for each edge, and there are only a few dozen relations


class GraphTransformerLayer(nn.Module):
    """Attention over neighbours, then a feed-forward block; pre-norm, residual."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.norm_graph, self.norm_node = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = TransformerConv(width, width // heads, heads, edge_dim=RELATION_WIDTH, dropout=dropout)
        self.feed_forward = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, nodes: Tensor, edge_index: Tensor, edge_features: Tensor) -> Tensor:
        """``(N, d)`` nodes, ``(2, E)`` edges, ``(E, d_e)`` edge features → ``(N, d)``."""
        nodes = nodes + self.attention(self.norm_graph(nodes), edge_index, edge_features)
        return nodes + self.feed_forward(self.norm_node(nodes))


class GraphTransformer(nn.Module):
    r"""Read names and neighbours into Z', one vector per concept; equal names and surroundings get equal vectors.

    Source: Shi et al., IJCAI 2021 (arXiv:2009.03509) for the convolution; relations enter as edge features, edges run
    both ways under relations ``r`` and ``r + R``. Attention averages, so it cannot count: log degrees by relation are
    given as features.

    Args:
        text_width: Width of Z.
        num_relations: ``R``.
        width: Width of Z'.
        layers: Graph layers.
        heads: Attention heads.
        dropout: On attention weights.

    Shapes:
        - **text**: ``(N, D)``, **messages**: ``(E, 3)`` long, inverses included, **output**: ``(N, d)``.
    """

    def __init__(
        self, text_width: int, num_relations: int, width: int, layers: int = 2, heads: int = 4, dropout: float = 0.1
    ):
        super().__init__()
        self.num_relations = num_relations
        self.text = nn.Linear(text_width, width)
        self.degrees = nn.Linear(2 * num_relations, width, bias=False)
        self.relations = nn.Embedding(2 * num_relations, RELATION_WIDTH)
        self.layers = nn.ModuleList(GraphTransformerLayer(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.pair_forms = nn.Parameter(torch.eye(width).repeat(2 * num_relations, 1, 1) / width**0.5)

    def forward(self, text: Tensor, messages: Tensor, degree_scale: float = 1.0) -> Tensor:
        """Pass messages; ``degree_scale`` is the share of the graph that ``messages`` hold."""
        degrees = torch.zeros(len(text) * 2 * self.num_relations, device=text.device)
        place = messages[:, 2] * 2 * self.num_relations + messages[:, 1]
        degrees.scatter_add_(0, place, torch.ones_like(place, dtype=degrees.dtype))
        degrees = (degrees.view(len(text), -1) / degree_scale).log1p()  # (N, 2R)
        nodes = self.text(_standardise(text)) + self.degrees(degrees)  # (N, d)
        edge_index, edge_features = messages[:, [0, 2]].T, self.relations(messages[:, 1])
        for layer in self.layers:
            nodes = layer(nodes, edge_index, edge_features)
        return self.norm(nodes)


def _standardise(text: Tensor) -> Tensor:
    """Mean 0 and, over all columns, variance 1: name vectors share a large common part, which says nothing."""
    centred = text - text.mean(0)
    return centred / centred.square().mean().sqrt().clamp(min=1e-6)


@dataclass
class PairScorer:
    r"""Bilinear link scores over the graph transformer's output.

    .. math:: s(h, r, t) = z'^\top_h W_r z'_t

    Source: RESCAL, Nickel et al., ICML 2011.

    Attributes:
        nodes: ``(N, d)``.
        forms: ``(2R, d, d)``, one for each relation and direction.
    """

    nodes: Tensor
    forms: Tensor

    def queries(self, vectors: Tensor, relations: Tensor) -> Tensor:
        """``(G, B, d)`` sources and ``(G,)`` relations → ``(G, B, d)``."""
        return vectors @ self.forms[relations]

    def keys(self, vectors: Tensor, relations: Tensor) -> Tensor:
        """``(G, K, d)`` targets, the same for every relation."""
        return vectors

    @staticmethod
    def compare(queries: Tensor, keys: Tensor) -> Tensor:
        """``(..., B, d)`` and ``(..., K, d)`` → ``(..., B, K)``."""
        return queries @ keys.mT

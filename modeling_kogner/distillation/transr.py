"""TransR: translation in a space of each relation's own."""

import torch
from torch import Tensor, nn
from torch_geometric.nn.kge import KGEModel


class TransR(KGEModel):
    r"""Score triples by how well the relation translates head to tail, in the relation's space.

    .. math:: s(h, r, t) = -\lVert h M_r + r - t M_r \rVert_2^2

    Source: Lin et al., AAAI 2015, "Learning Entity and Relation Embeddings for Knowledge Graph Completion". We train
    with a sampled softmax in place of the margin loss, and concept vectors may start from text features: most
    concepts have one or two edges, which say too little about them.

    Args:
        num_nodes: Concepts ``N``.
        num_relations: Relations ``R``; relation ``r + R`` is ``r`` read from tail to head and adds no parameters.
        hidden_channels: Width of concepts.
        relation_channels: Width of the relations' spaces; 0 means that of concepts.
    """

    def __init__(self, num_nodes: int, num_relations: int, hidden_channels: int, relation_channels: int = 0):
        super().__init__(num_nodes, num_relations, hidden_channels)
        width = relation_channels or hidden_channels
        self.rel_emb = nn.Embedding(num_relations, width)
        self.projections = nn.Parameter(torch.empty(num_relations, hidden_channels, width))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start from the identity, as Lin et al. do: TransR then begins as TransE."""
        nn.init.normal_(self.node_emb.weight, std=0.1)
        nn.init.normal_(self.rel_emb.weight, std=0.1)
        with torch.no_grad():
            self.projections.copy_(torch.eye(*self.projections.shape[1:]).expand_as(self.projections))

    @torch.no_grad()
    def start_from(self, features: Tensor) -> None:
        """Set concept vectors to the principal components of text features, of mean length 1: ``(N, D)``."""
        centred = features - features.mean(0)
        basis = torch.linalg.eigh(centred.T @ centred).eigenvectors.flip(1)[:, : self.hidden_channels]
        start = centred @ basis  # (N, min(d, D))
        self.node_emb.weight[:, : start.shape[1]] = start / start.norm(dim=1).mean().clamp(min=1e-6)

    def forward(self, head_index: Tensor, rel_type: Tensor, tail_index: Tensor) -> Tensor:
        """Scores of triples, each argument ``(B,)`` long; returns ``(B,)``."""
        head, tail = self.node_emb(head_index), self.node_emb(tail_index)  # (B, d)
        moved = torch.einsum("bd,bdk->bk", head - tail, self.projections[rel_type]) + self.rel_emb(rel_type)
        return -moved.square().sum(-1)

    @property
    def nodes(self) -> Tensor:
        """Concept vectors ``(N, d)``."""
        return self.node_emb.weight

    def queries(self, vectors: Tensor, relations: Tensor) -> Tensor:
        """Where the partners of ``(G, B, d)`` sources should lie in the spaces of ``(G,)`` relations: ``(G, B, k)``."""
        shift = self.rel_emb(relations % self.num_relations)
        shift = torch.where((relations < self.num_relations)[:, None], shift, -shift)
        return self.keys(vectors, relations) + shift[:, None]

    def keys(self, vectors: Tensor, relations: Tensor) -> Tensor:
        """Where ``(G, K, d)`` targets lie in the relations' spaces: ``(G, K, k)``."""
        return vectors @ self.projections[relations % self.num_relations]

    @staticmethod
    def compare(queries: Tensor, keys: Tensor) -> Tensor:
        """Negated squared distances: ``(..., B, k)`` and ``(..., K, k)`` → ``(..., B, K)``."""
        squares = queries.square().sum(-1)[..., :, None] + keys.square().sum(-1)[..., None, :]
        return 2 * queries @ keys.mT - squares

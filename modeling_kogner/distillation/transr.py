"""TransR: translation in a space of each relation's own."""

import torch
from torch import Tensor, nn


class TransR(nn.Module):
    r"""Score triples by how well the relation translates head to tail, in the relation's space.

    .. math:: s(h, r, t) = -\lVert h M_r + r - t M_r \rVert_2^2

    Source: Lin et al., AAAI 2015, "Learning Entity and Relation Embeddings for Knowledge Graph Completion". We train
    with a sampled softmax instead of the margin loss, and concept vectors may start from text features: most
    concepts have one or two edges, which say too little about them.

    Args:
        num_nodes: Concepts ``N``.
        num_relations: Relations ``R``; relation ``r + R`` is ``r`` read from tail to head and adds no parameters.
        width: Width of concepts and of the relations' spaces.
    """

    def __init__(self, num_nodes: int, num_relations: int, width: int):
        super().__init__()
        self.num_relations = num_relations
        self.node_emb, self.rel_emb = nn.Embedding(num_nodes, width), nn.Embedding(num_relations, width)
        for table in (self.node_emb, self.rel_emb):
            nn.init.normal_(table.weight, std=0.1)
        # From the identity, as in Lin et al.: TransR then begins as TransE.
        self.projections = nn.Parameter(torch.eye(width).repeat(num_relations, 1, 1))

    @torch.no_grad()
    def start_from(self, features: Tensor) -> None:
        """Set concept vectors to the principal components of text features, of mean length 1: ``(N, D)``."""
        centred = features - features.mean(0)
        basis = torch.linalg.eigh(centred.T @ centred).eigenvectors.flip(1)[:, : self.node_emb.embedding_dim]
        start = centred @ basis  # (N, min(d, D))
        self.node_emb.weight[:, : start.shape[1]] = start / start.norm(dim=1).mean().clamp(min=1e-6)

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

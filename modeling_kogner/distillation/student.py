"""The student: a few bytes per concept and one light graph layer that reproduce H."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch_geometric.nn import TransformerConv

from .residual_quantiser import ResidualQuantiser


class Student(nn.Module):
    r"""Compress H, code it, let neighbours exchange messages once, and reproduce H.

    .. math:: z^0 = Q(\mathrm{compress}(H)), \quad z^1 = z^0 + \mathrm{attend}(z^0), \quad \hat H = \mathrm{decode}(z^1)

    Source: the graph layer is TransformerConv, Shi et al., IJCAI 2021 (arXiv:2009.03509); its dot products need no
    tensor of node pairs by channels, so that the dense form in the tagger stays small. What ships is the codes, the
    codebooks and the graph layer; compressor and decoder serve distillation only.

    Args:
        part_widths: Widths of the parts of H.
        width: ``d_k``.
        stages: Bytes per concept.
        size: Entries per codebook.
        hidden: Width of the hidden layers of compressor and decoder.
        heads: Attention heads, averaged.

    Shapes:
        - **h**: ``(N, D)``, parts of H side by side; **z0**, **z1**: ``(N, d_k)``.
    """

    def __init__(
        self,
        part_widths: list[int],
        width: int = 32,
        stages: int = 7,
        size: int = 256,
        hidden: int = 256,
        heads: int = 2,
    ):
        super().__init__()
        self.part_widths = part_widths
        total = sum(part_widths)
        self.compressor = nn.Sequential(nn.Linear(total, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.quantiser = ResidualQuantiser(width, stages, size)
        self.graph_layer = TransformerConv(width, width, heads=heads, concat=False, root_weight=False)
        self.decoder = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, total))

    def propagate(self, z0: Tensor, edge_index: Tensor) -> Tensor:
        """One round of message passing over ``(2, E)`` edges: z0 → z1."""
        return z0 + self.graph_layer(z0, edge_index)

    def reproduce(self, z1: Tensor) -> Tensor:
        """``(N, d_k)`` → ``(N, D)``, each part of length 1 as in H."""
        parts = self.decoder(z1).split(self.part_widths, dim=-1)
        return torch.cat([nn.functional.normalize(part, dim=-1) for part in parts], dim=-1)

    @torch.no_grad()
    def distil(self, h: Tensor, edge_index: Tensor, chunk: int = 65_536) -> tuple[Tensor, Tensor, Tensor]:
        """Codes, z0 and z1 of any concepts, given their H and the edges among them.

        Returns:
            ``(N, S)`` uint8, ``(N, d_k)`` and ``(N, d_k)``.
        """
        codes = torch.cat([self.quantiser.encode(self.compressor(part)) for part in h.split(chunk)])
        z0 = self.quantiser.decode(codes)
        return codes, z0, self.propagate(z0, edge_index)


def part_cosines(h: Tensor, other: Tensor, widths: list[int]) -> Tensor:
    """Cosine of each part of two H: ``(N, D)`` twice → ``(N, parts)``."""
    pairs = zip(h.split(widths, -1), other.split(widths, -1), strict=True)
    return torch.stack([nn.functional.cosine_similarity(a, b, dim=-1) for a, b in pairs], dim=-1)


def neighbour_loss(h: Tensor, z: Tensor, temperature: float = 0.05) -> Tensor:
    r"""How far the neighbours of z are from the neighbours of H, in one batch.

    .. math:: \mathrm{KL}\big(\mathrm{softmax}(\cos(h_i, h_j) / \tau)\ \|\ \mathrm{softmax}(\cos(z_i, z_j) / \tau)\big),
        \quad j \ne i

    Source: relational distillation after Passalis & Tefas, ECCV 2018 (arXiv:1803.10837); cosine and temperature ours.

    Shapes:
        - **h**: ``(B, D)``, centred; **z**: ``(B, d_k)``; **output**: scalar.
    """
    itself = torch.eye(len(h), dtype=torch.bool, device=h.device)
    log_p, log_q = (
        (rows @ rows.T / temperature).masked_fill(itself, -1e4).log_softmax(1)
        for rows in (nn.functional.normalize(h, dim=-1), nn.functional.normalize(z, dim=-1))
    )
    return (log_p.exp() * (log_p - log_q)).sum(1).mean()


@dataclass
class Neighbours:
    """Undirected, distinct edges of the graph, for exact message passing into a batch.

    Attributes:
        edge_index: ``(2, E)`` long, both directions, no self-loops.
    """

    edge_index: Tensor

    @classmethod
    def from_triples(cls, triples: Tensor) -> Neighbours:
        """Forget relation and direction of ``(E, 3)`` triples."""
        ends = triples[:, [0, 2]]
        both = torch.cat([ends, ends.flip(1)])
        return cls(torch.unique(both[both[:, 0] != both[:, 1]], dim=0).T.contiguous())

    def into(self, batch: Tensor, num_concepts: int) -> tuple[Tensor, Tensor, Tensor]:
        """What one layer must read to be exact on a batch of distinct concepts.

        Returns:
            Concepts to read ``(K,)``, edges among their places ``(2, E_b)``, and the batch's places ``(B,)``.
        """
        wanted = torch.zeros(num_concepts, dtype=torch.bool, device=batch.device)
        wanted[batch] = True
        edges = self.edge_index[:, wanted[self.edge_index[1]]]
        wanted[edges[0]] = True
        nodes = wanted.nonzero()[:, 0]
        place = torch.empty(num_concepts, dtype=torch.long, device=batch.device)
        place[nodes] = torch.arange(len(nodes), device=batch.device)
        return nodes, place[edges], place[batch]

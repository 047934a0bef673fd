"""The student's graph layer in plain torch, over the mentions of one sentence."""

import math

import torch
from torch import Tensor, nn


class DenseTransformerConv(nn.Module):
    r"""One graph-attention layer over a dense adjacency, with the parameters of ``torch_geometric``'s TransformerConv.

    .. math:: x_i' = \frac{1}{H} \sum_h \sum_{j \in N(i)} \mathrm{softmax}_j
        \left(\frac{(W_q x_i)^\top (W_k x_j)}{\sqrt{d_k}}\right) W_v x_j

    Source: Shi et al., IJCAI 2021 (arXiv:2009.03509). Names and shapes of the parameters are those of
    ``TransformerConv(d_k, d_k, heads=H, concat=False, root_weight=False)``: distilled weights load as they are.

    Shapes:
        - **nodes**: ``(B, M, d_k)`` float.
        - **adjacent**: ``(B, M, M)`` bool, ``[i, j]`` is an edge from ``j`` to ``i``.
        - **output**: ``(B, M, d_k)`` float, zeros for a node without neighbours.
    """

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads, self.width = heads, width
        self.lin_key = nn.Linear(width, heads * width)
        self.lin_query = nn.Linear(width, heads * width)
        self.lin_value = nn.Linear(width, heads * width)

    def forward(self, nodes: Tensor, adjacent: Tensor) -> Tensor:
        """Pass messages once along the edges."""
        query, key, value = (
            linear(nodes).unflatten(-1, (self.heads, self.width)).transpose(1, 2)  # (B, H, M, d_k)
            for linear in (self.lin_query, self.lin_key, self.lin_value)
        )
        score = query @ key.transpose(-1, -2) / math.sqrt(self.width)  # (B, H, M, M)
        edge = adjacent[:, None]
        weight = score.masked_fill(~edge, torch.finfo(score.dtype).min).softmax(-1) * edge
        return (weight @ value).mean(1)  # (B, M, d_k)

"""Residual quantisation: a vector as a sum of codebook entries, one byte each."""

import torch
from torch import Tensor, nn


class ResidualQuantiser(nn.Module):
    r"""Code vectors by ``S`` codebooks, each coding what the ones before it left over.

    .. math:: z \approx \sum_{s=1}^{S} C_s[\mathrm{code}_s]

    Source: Chen et al. 2010 (Sensors 10:11259). Codes are found greedily.

    Args:
        width: ``d_k``.
        stages: ``S``.
        size: Entries per codebook, at most 256, so that a code is a byte.

    Shapes:
        - **vectors**: ``(N, d_k)`` float; **codes**: ``(N, S)`` uint8.
    """

    def __init__(self, width: int, stages: int, size: int = 256):
        super().__init__()
        if not 1 <= size <= 256:
            raise ValueError(f"Codebooks of {size} entries do not fit one byte per code: choose 1 to 256.")
        self.codebooks = nn.Parameter(torch.zeros(stages, size, width))

    @torch.no_grad()
    def fit(self, vectors: Tensor, generator: torch.Generator, rounds: int = 15) -> None:
        """Set the codebooks by k-means, stage after stage, on what the earlier stages left over."""
        residual = vectors.clone()
        for book in self.codebooks:
            book.copy_(_kmeans(residual, len(book), generator, rounds))
            residual -= book[_nearest(residual, book)]

    @torch.no_grad()
    def encode(self, vectors: Tensor) -> Tensor:
        """Codes of vectors, ``(N, S)`` uint8."""
        residual, codes = vectors.clone(), []
        for book in self.codebooks:
            codes.append(_nearest(residual, book))
            residual -= book[codes[-1]]
        return torch.stack(codes, dim=1).to(torch.uint8)

    def decode(self, codes: Tensor) -> Tensor:
        """Vectors of codes, ``(N, d_k)``; differentiable in the codebooks."""
        return sum(book[codes[:, stage].long()] for stage, book in enumerate(self.codebooks))

    def forward(self, vectors: Tensor) -> Tensor:
        """Quantised vectors, whose gradient reaches the codebooks and, straight through, the vectors."""
        return self.decode(self.encode(vectors)) + vectors - vectors.detach()


def _nearest(vectors: Tensor, book: Tensor, chunk: int = 65_536) -> Tensor:
    norms = book.square().sum(1)
    return torch.cat([(norms - 2 * part @ book.T).argmin(1) for part in vectors.split(chunk)])


def _kmeans(vectors: Tensor, size: int, generator: torch.Generator, rounds: int) -> Tensor:
    """Lloyd's algorithm from random distinct points; an empty cluster moves to the worst-coded vector."""
    points = torch.unique(vectors, dim=0) if len(vectors) <= 4 * size else vectors
    if len(points) <= size:  # every point its own centre: exact
        return torch.cat([points, points.new_zeros(size - len(points), points.shape[1])])
    centres = points[torch.randperm(len(points), generator=generator)[:size].to(points.device)].clone()
    for _ in range(rounds):
        nearest = _nearest(points, centres)
        counts = torch.bincount(nearest, minlength=size)
        sums = torch.zeros_like(centres).index_add_(0, nearest, points)
        empty = counts == 0
        if empty.any():
            worst = (points - centres[nearest]).square().sum(1).topk(int(empty.sum())).indices
            sums[empty], counts[empty] = points[worst], 1
        centres = sums / counts[:, None]
    return centres

"""From vectors of names to the table that ships: cells, and a byte for each part of what remains."""

from __future__ import annotations

import torch
from torch import Tensor

_SAMPLE = 400_000  # vectors that centres are fitted to
_ROUNDS = 12


def quantise_names(vectors: Tensor, rows: Tensor, cells: int = 4_096, parts: int = 16) -> dict[str, Tensor]:
    """Buffers of :class:`NameTable` for vectors ``(V, d_n)`` and their rows ``(V,)``."""
    vectors = vectors.float()
    cells = min(cells, len(vectors))
    centres = _fit(vectors, cells).half().float()  # as they are stored
    cell = nearest(vectors, centres)
    order = cell.argsort(stable=True)
    first = torch.bincount(cell, minlength=cells).cumsum(0)
    rest = (vectors - centres[cell]).unflatten(1, (parts, -1)).transpose(0, 1).contiguous()  # (S, V, d_n / S)
    books = torch.stack([_fit(part, min(256, len(part))) for part in rest])
    if books.shape[1] < 256:
        books = torch.nn.functional.pad(books, (0, 0, 0, 256 - books.shape[1]))
    codes = torch.stack([nearest(part, book) for part, book in zip(rest, books, strict=True)], 1)  # (V, S)
    return {
        "centres": centres,
        "first": torch.nn.functional.pad(first, (1, 0)).int(),
        "books": books,
        "codes": codes[order].to(torch.uint8),
        "row": rows[order].int(),
    }


def _fit(vectors: Tensor, count: int) -> Tensor:
    """Centres by k-means on a sample; an empty one starts again at a random vector."""
    generator = torch.Generator(device=vectors.device).manual_seed(1)

    def some(size: int) -> Tensor:
        return vectors[torch.randperm(len(vectors), generator=generator, device=vectors.device)[:size]]

    sample, centres = some(_SAMPLE), some(count).clone()
    for _ in range(_ROUNDS):
        closest = nearest(sample, centres)
        size = torch.bincount(closest, minlength=count)
        total = torch.zeros_like(centres).index_add_(0, closest, sample)
        centres = torch.where((size > 0)[:, None], total / size.clamp(min=1)[:, None], some(count))
    return centres


def nearest(vectors: Tensor, centres: Tensor) -> Tensor:
    """Row of the nearest centre of each vector."""
    squares = centres.square().sum(1)
    return torch.cat([(squares - 2 * part @ centres.T).argmin(1) for part in vectors.split(65_536)])

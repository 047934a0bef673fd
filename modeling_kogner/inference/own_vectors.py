"""Vectors of names that a user adds: they are found by near names too, without training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ..corpora.text_tokenizer import TextTokenizer
from ..distillation.name_quantiser import nearest
from ..modeling_kogner import KognerForTokenClassification
from ..name_vectors import NameTable
from .name_lookup import NameLookup
from .torch_tagger import TorchTagger


def move_rows(names: NameTable, before: torch.Tensor, after: torch.Tensor) -> None:
    """Let vectors of names point to the rows of an index that has grown.

    Args:
        names: changed in place.
        before: hashes of the index's rows, to which the vectors point.
        after: hashes now, sorted, with all of ``before``.
    """
    rows = names.row.long()
    inside = rows < len(before)
    moved = torch.searchsorted(after, before[rows.clamp(max=len(before) - 1)])
    names.row = torch.where(inside, moved, rows + len(after) - len(before)).int()


def add_vectors(
    model: KognerForTokenClassification, tokenizer: TextTokenizer, forms: Sequence[str], hashes: np.ndarray
) -> None:
    """Embed written forms that the index has, and put them into the table of name vectors.

    Args:
        model: changed in place.
        tokenizer: of the model.
        forms: names.
        hashes: of their keys.
    """
    names, index = model.kogner.names, model.kogner.index
    if names is None or not len(forms):
        return
    device = names.row.device
    keys, first = np.unique(hashes, return_index=True)
    rows = torch.searchsorted(index.surface_hash, torch.from_numpy(keys).to(device))
    new = ~torch.isin(rows.int(), names.row)
    chosen = [form for form, fresh in zip((forms[place] for place in first), new.tolist(), strict=True) if fresh]
    if not chosen:
        return
    vectors = torch.from_numpy(NameLookup(TorchTagger(model), tokenizer).embed(chosen)).to(device)  # (n, d_n)
    cell = nearest(vectors, names.centres.float())
    rest = (vectors - names.centres[cell].float()).unflatten(1, (len(names.books), -1))
    codes = torch.stack([nearest(rest[:, part], book.float()) for part, book in enumerate(names.books)], 1)
    cells = torch.arange(len(names.centres), device=device).repeat_interleave(names.first.long().diff())
    order = torch.cat([cells, cell]).argsort(stable=True)
    names.codes = torch.cat([names.codes, codes.to(torch.uint8)])[order]
    names.row = torch.cat([names.row, rows[new].int()])[order]
    size = torch.bincount(torch.cat([cells, cell]), minlength=len(names.centres))
    names.first = torch.nn.functional.pad(size.cumsum(0), (1, 0)).int()
    model.config.num_name_vectors = len(names.row)

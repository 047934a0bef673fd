"""Counts anew what annotated documents call concepts, when there are more documents than the tables count."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import torch
from transformers import PreTrainedTokenizerBase

from ..graph.link_rows import link_rows
from ..modeling_kogner import KognerForTokenClassification
from .link_vectors import index_tokens
from .linked_documents import LinkedDocument, training_names


def count_names(
    model: KognerForTokenClassification, tokenizer: PreTrainedTokenizerBase, documents: Sequence[LinkedDocument]
) -> int:
    """Let a model know the names of more documents; returns how many names of concepts are new.

    They are exact names; vectors of names and the choice stay as they are. A name that no document has any more stays
    known, without uses: scores on documents that a model has learned once say nothing.

    Args:
        model: with link tables; changed in place.
        tokenizer: of the model.
        documents: all that are to count, those too that the tables count already.
    """
    tables, index, names = model.kogner.linking, model.kogner.index, model.kogner.names
    before = pd.DataFrame({"hash": tables.name_hash.cpu().numpy(), "concept": tables.name_concept.cpu().numpy()})
    first = {"hash": index.surface_hash.cpu().numpy(), "concept": index.surface_concept.cpu().numpy()}
    counted = training_names(documents, tokenizer, index_tokens(model.kogner))
    table = link_rows(before, counted, pd.DataFrame(first))
    device = tables.name_hash.device
    for name in table:
        setattr(tables, f"name_{name}", torch.tensor(table[name].to_numpy(), device=device))
    if names is not None:  # they point to rows of the index, or to those behind it
        rows, size = names.row.long(), len(index.surface_hash)
        behind = rows >= size
        old = torch.tensor(before["hash"].to_numpy(), device=device)[rows[behind] - size]
        rows[behind] = size + torch.searchsorted(tables.name_hash, old)
        names.row = rows.int()
    model.config.num_link_names = len(table)
    return len(table) - len(before)

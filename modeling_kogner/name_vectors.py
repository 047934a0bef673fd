"""Names as vectors: the encoder with a small adapter embeds them, a table of a few bytes for each name is searched.

Letters in shape comments: ``V`` names in the table, ``d_n`` width of a name vector, ``G`` cells, ``S`` bytes of a name.
"""

from typing import Any

import torch
from torch import Tensor, nn

from .configuration_kogner import KognerConfig


class NameAdapter(nn.Module):
    r"""Low-rank changes of the encoder's linear layers, with which it embeds names, and a projection.

    .. math:: W' = W + B A, \qquad v = \mathrm{normalise}(P\, \mathrm{mean}_t\, h_t)

    The encoder's own weights stay those of the tagger: there is no second encoder. Names and mentions are embedded
    alike, as texts of their own.

    Source: Hu et al., ICLR 2022 (arXiv:2106.09685) for the adapter; SapBERT, Liu et al., NAACL 2021 (arXiv:2010.11784)
    for names of one concept as positives.

    Args:
        encoder: whose linear layers are changed.
        rank: of each change.
        width: ``d_n``.
    """

    def __init__(self, encoder: Any, rank: int, width: int):
        super().__init__()
        linear = {name: layer for name, layer in encoder.named_modules() if isinstance(layer, nn.Linear)}
        slots = {name: name.replace(".", "/") for name in linear if not name.startswith("pooler")}
        self.down = nn.ParameterDict(
            {slot: nn.Parameter(torch.zeros(rank, linear[name].in_features)) for name, slot in slots.items()}
        )
        self.up = nn.ParameterDict(
            {slot: nn.Parameter(torch.zeros(linear[name].out_features, rank)) for name, slot in slots.items()}
        )
        self.projection = nn.Linear(encoder.config.hidden_size, width)

    def weights(self, encoder: nn.Module) -> dict[str, Tensor]:
        """The changed weights by their name in the encoder."""
        own = dict(encoder.named_parameters())
        names = {f"{slot.replace('/', '.')}.weight": slot for slot in self.down}
        return {name: own[name] + self.up[slot] @ self.down[slot] for name, slot in names.items()}

    def forward(
        self, encoder: nn.Module, input_ids: Tensor, attention_mask: Tensor, weights: dict[str, Tensor] | None = None
    ) -> Tensor:
        """Vectors of names: ``(B, d_n)`` float of length 1.

        Args:
            encoder: the tagger's.
            input_ids: ``(B, T)`` long, each row a name with the special tokens around it.
            attention_mask: ``(B, T)``.
            weights: from :meth:`weights`, if the caller keeps them.
        """
        weights = self.weights(encoder) if weights is None else weights
        given = {"input_ids": input_ids, "attention_mask": attention_mask}
        hidden = torch.func.functional_call(encoder, weights, kwargs=given).last_hidden_state  # (B, T, d_h)
        mask = attention_mask[..., None].to(hidden.dtype)  # (B, T, 1)
        mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)  # (B, d_h)
        return nn.functional.normalize(self.projection(mean).float(), dim=-1)


class NameTable(nn.Module):
    r"""Vectors of names in cells, each as the cell's centre and one byte for each part of the rest.

    .. math:: v_i \approx c_{g(i)} + [C_1[\mathrm{code}_{i,1}]; \ldots; C_S[\mathrm{code}_{i,S}]]

    Source: product quantisation with an inverted file, Jégou et al. 2011 (TPAMI 33:117).

    Names stand in the order of their cells; :attr:`row` is a row of the index of written forms, or behind these of the
    further names, that has the name's key.
    """

    centres: Tensor
    first: Tensor
    books: Tensor
    codes: Tensor
    row: Tensor

    def __init__(self, config: KognerConfig):
        super().__init__()
        cells, parts, width = config.name_cells, config.name_bytes, config.name_dim
        self.register_buffer("centres", torch.zeros(cells, width))
        self.register_buffer("first", torch.zeros(cells + 1, dtype=torch.int32))
        self.register_buffer("books", torch.zeros(parts, 256, width // parts))
        self.register_buffer("codes", torch.zeros(config.num_name_vectors, parts, dtype=torch.uint8))
        self.register_buffer("row", torch.zeros(config.num_name_vectors, dtype=torch.int32))

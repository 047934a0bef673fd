"""The distilled node table: a few bytes per concept."""

import torch
from torch import Tensor, nn

from .configuration_kogner import KognerConfig


class NodeTable(nn.Module):
    r"""Vectors of concepts as sums of codebook entries, chosen by one byte each.

    .. math:: z_i = \sum_{s=1}^{S} C_s[\mathrm{code}_{i,s}]

    Source: residual vector quantisation, Chen et al. 2010 (Sensors 10:11259). The table stays frozen in tagging:
    trained there, it would memorise the concepts of the training corpus.
    """

    codes: Tensor
    codebooks: Tensor

    def __init__(self, config: KognerConfig):
        super().__init__()
        self.codebook_size = config.codebook_size
        self.register_buffer("codes", torch.zeros(config.num_concepts, config.num_codebooks, dtype=torch.uint8))
        self.register_buffer("codebooks", torch.zeros(config.num_codebooks, config.codebook_size, config.concept_dim))

    def forward(self, concepts: Tensor) -> Tensor:
        """Vectors of concepts, zeros where the index is negative.

        Args:
            concepts: ``(...)`` long, concept indices or -1.

        Returns:
            ``(..., d_k)`` float.
        """
        known = concepts >= 0
        codes = self.codes[concepts.clamp(min=0)].long()  # (..., S)
        steps = torch.arange(codes.shape[-1], device=codes.device) * self.codebook_size
        vectors = nn.functional.embedding_bag((codes + steps).flatten(0, -2), self.codebooks.flatten(0, 1), mode="sum")
        return vectors.view(*concepts.shape, -1) * known[..., None]  # (..., d_k)

"""The tagger with the losses of typed pretraining around it."""

from __future__ import annotations

import torch
from torch import nn

from ...losses import distillation_loss, three_way_loss
from ...modeling_kogner import KognerForTokenClassification
from ...surface_index import UNMATCHABLE, Links
from .masking import mask_units

PARTS = ("type_loss", "mlm_loss", "distillation_loss", "labelled_share", "masked_share")


def type_targets(links: Links) -> torch.Tensor:
    """Outside 0, begin 1, inside 2 of the longest match, for each type: ``(B, T, K)`` long."""
    begin, inside = links.evidence.chunk(2, -1)
    return (begin + 2 * inside).long()


class MaskedTokenHead(nn.Module):
    """Restore hidden tokens; the last layer is the embedding table, as in BERT. Not part of the shipped model."""

    def __init__(self, width: int, embeddings: nn.Embedding):
        super().__init__()
        self.dense = nn.Linear(width, embeddings.embedding_dim)
        self.norm = nn.LayerNorm(embeddings.embedding_dim)
        self.bias = nn.Parameter(torch.zeros(embeddings.num_embeddings))

    def forward(self, hidden, embeddings):
        """Logits of the vocabulary ``V``: ``(n, d_h)`` -> ``(n, V)``."""
        return nn.functional.linear(self.norm(nn.functional.gelu(self.dense(hidden))), embeddings.weight, self.bias)


class PretrainingModel(nn.Module):
    r"""Label a batch from the model's own surface index, hide part of it, and learn from both.

    .. math:: L = L_{type} + w_{mlm} L_{mlm} + w_{dist} L_{dist}

    Source: :math:`L_{dist}` is the paper's, here on running text. Labels from a dictionary, with mentions masked so
    that the type must be read from context, are ours.

    Args:
        tagger: its entity types are the semantic types of its tables, in their order.
        mask_id: id of the mask token.
        mask_share: share of the tokens that are hidden.
        mention_preference: see :func:`masking.mask_units`.
        mlm_weight: factor of the masked-language-modelling loss.
    """

    def __init__(
        self,
        tagger: KognerForTokenClassification,
        mask_id: int,
        mask_share: float,
        mention_preference: float,
        mlm_weight: float,
    ):
        super().__init__()
        self.tagger = tagger
        self.head = MaskedTokenHead(tagger.config.hidden_size, tagger.kogner.get_input_embeddings())
        self.mask_id, self.mask_share, self.mention_preference = mask_id, mask_share, mention_preference
        self.mlm_weight = mlm_weight

    def forward(self, input_ids: torch.LongTensor) -> dict[str, torch.Tensor]:
        """Losses of a batch of windows without padding, ``(B, T)``: ``loss`` and ``parts``, see ``PARTS``."""
        tagger, index = self.tagger, self.tagger.kogner.index
        with torch.no_grad():
            links = index(input_ids)
            text = (index.token_flags[input_ids] & UNMATCHABLE) == 0  # (B, T)
            masked, chosen = mask_units(
                *(input_ids, links.start, links.covered, text, self.mask_share, self.mention_preference),
                *(self.mask_id, index.token_flags.numel()),
            )
        output = tagger.kogner(masked)
        odds = tagger.classify(output)  # (B, T, 2K)
        types = three_way_loss(odds, type_targets(links), text[..., None])
        tokens = self._restore(output.encoder_hidden_state, input_ids, chosen)
        vectors = self._distil(output.encoder_hidden_state, links)
        loss = types + self.mlm_weight * tokens + tagger.config.distillation_weight * vectors
        size = text.sum().clamp(min=1)
        parts = [types, tokens, vectors, links.covered.sum() / size, chosen.sum() / size]
        return {"loss": loss, "parts": torch.stack([part.detach().float() for part in parts])}

    def _restore(self, hidden, input_ids, chosen):
        """Loss over hidden tokens: as many as expected, so that shapes are fixed and the device never waits."""
        count = max(1, int(self.mask_share * chosen.numel()))
        place = (chosen.flatten() + torch.rand(chosen.numel(), device=chosen.device)).topk(count).indices  # (n,)
        logits = self.head(hidden.flatten(0, 1)[place], self.tagger.kogner.get_input_embeddings())  # (n, V)
        loss = nn.functional.cross_entropy(logits.float(), input_ids.flatten()[place], reduction="none")
        counted = chosen.flatten()[place]
        return (loss * counted).sum() / counted.sum().clamp(min=1)

    def _distil(self, hidden, links: Links):
        """L_dist between all mentions and their best candidates' vectors; 0 without vectors."""
        if not self.tagger.config.num_codebooks:
            return hidden.new_zeros(())
        vectors = self.tagger.kogner.nodes(links.candidates[..., 0])  # (B, T, d_k)
        known = links.is_mention & (vectors.abs().sum(-1) > 0)
        return distillation_loss(self.tagger.project_spans(hidden, links), vectors, known)

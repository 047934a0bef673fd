"""Typed pretraining: running text labelled by the graph, part of it hidden, and the losses of restoring both."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from ..losses import distillation_loss, three_way_loss
from ..modeling_kogner import KognerForTokenClassification
from ..surface_index import Links
from ..surface_keys import UNMATCHABLE
from .packed_windows import collate
from .trainer import KognerTrainer

MASK_SHARE = 0.2  # of the tokens
MENTION_PREFERENCE = 4.0  # how many times as often a mention is masked as a token outside of mentions
MASKED, RANDOM = 0.8, 0.1  # the rest of the chosen tokens stays as it is, as in BERT
PARTS = ("type_loss", "mlm_loss", "distillation_loss", "labelled_share", "masked_share")


def type_targets(links: Links) -> torch.Tensor:
    """Outside 0, begin 1, inside 2 of the longest match, for each type: ``(B, T, K)`` long."""
    begin, inside = links.evidence.chunk(2, -1)
    return (begin + 2 * inside).long()


class MaskedText(NamedTuple):
    """A batch with tokens hidden.

    Shapes:
        - **input_ids**: ``(B, T)`` long, what the encoder reads.
        - **chosen**: ``(B, T)`` bool, tokens to restore.
    """

    input_ids: torch.Tensor
    chosen: torch.Tensor


def mask_units(input_ids, start, covered, maskable, share, preference, mask_id, vocabulary) -> MaskedText:
    """Choose whole units (a mention, or a token outside of mentions) and hide them.

    One draw a unit decides on all of its tokens: a mention half seen would give its type away.

    Source: Devlin et al. 2019 (80/10/10); Cui et al. 2021 for whole units (arXiv:1906.08101).

    Args:
        input_ids: ``(B, T)`` long.
        start: ``(B, T)`` long, first token of the unit that a token belongs to.
        covered: ``(B, T)`` bool, tokens in mentions.
        maskable: ``(B, T)`` bool, False for special tokens and padding.
        share: expected share of the maskable tokens that are chosen.
        preference: rate of mentions over that of other tokens.
        mask_id: id of the mask token.
        vocabulary: ids below it replace tokens at random.
    """
    in_mentions = covered.sum() / maskable.sum().clamp(min=1)
    rate = share / (1 + (preference - 1) * in_mentions)  # of tokens outside of mentions
    draw, fate = torch.rand(2, *input_ids.shape, device=input_ids.device)
    chosen = (draw.gather(1, start) < torch.where(covered, rate * preference, rate)) & maskable  # (B, T)
    fate = fate.gather(1, start)
    other = torch.where(fate < MASKED + RANDOM, torch.randint_like(input_ids, vocabulary), input_ids)
    hidden = torch.where(fate < MASKED, mask_id, other)
    return MaskedText(torch.where(chosen, hidden, input_ids), chosen)


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

    .. math:: L = L_{type} + L_{mlm} + w_{dist} L_{dist}

    Source: :math:`L_{dist}` is the paper's, here on running text. Labels from a dictionary, with mentions masked so
    that the type must be read from context, are ours.

    Args:
        tagger: its entity types are the semantic types of its tables, in their order.
        mask_id: id of the mask token.
    """

    def __init__(self, tagger: KognerForTokenClassification, mask_id: int):
        super().__init__()
        self.tagger, self.mask_id = tagger, mask_id
        self.head = MaskedTokenHead(tagger.config.hidden_size, tagger.kogner.get_input_embeddings())

    def forward(self, input_ids: torch.LongTensor) -> dict[str, torch.Tensor]:
        """Losses of a batch of windows without padding, ``(B, T)``: ``loss`` and ``parts``, see ``PARTS``."""
        tagger, index = self.tagger, self.tagger.kogner.index
        with torch.no_grad():
            links = index(input_ids)
            text = (index.token_flags[input_ids] & UNMATCHABLE) == 0  # (B, T)
            masked, chosen = mask_units(
                *(input_ids, links.start, links.covered, text, MASK_SHARE, MENTION_PREFERENCE),
                *(self.mask_id, index.token_flags.numel()),
            )
        output = tagger.kogner(masked)
        odds = tagger.classify(output)  # (B, T, 2K)
        types = three_way_loss(odds, type_targets(links), text[..., None])
        tokens = self._restore(output.encoder_hidden_state, input_ids, chosen)
        vectors = self._distil(output.encoder_hidden_state, links)
        loss = types + tokens + tagger.config.distillation_weight * vectors
        size = text.sum().clamp(min=1)
        parts = [types, tokens, vectors, links.covered.sum() / size, chosen.sum() / size]
        return {"loss": loss, "parts": torch.stack([part.detach().float() for part in parts])}

    def _restore(self, hidden, input_ids, chosen):
        """Loss over hidden tokens: as many as expected, so that shapes are fixed and the device never waits."""
        count = max(1, int(MASK_SHARE * chosen.numel()))
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


class PretrainingTrainer(KognerTrainer):
    """Log each part of the loss, averaged on the device over the steps since the last line (first process)."""

    _sum, _steps = 0.0, 0

    def compute_loss(self, model: nn.Module, inputs, return_outputs=False, num_items_in_batch=None):
        """Loss of a batch."""
        outputs = model(**inputs)
        self._sum = self._sum + outputs["parts"]
        self._steps += 1
        return (outputs["loss"], outputs) if return_outputs else outputs["loss"]

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the parts to a line of the log."""
        if "loss" in logs and self._steps:
            parts = (self._sum / self._steps).tolist()
            logs |= {name: round(value, 4) for name, value in zip(PARTS, parts, strict=True)}
            self._sum, self._steps = 0.0, 0
        super().log(logs, start_time)


@torch.no_grad()
def dictionary_agreement(
    tagger: KognerForTokenClassification, windows: np.ndarray, batch_size: int
) -> dict[str, dict[str, float | int]]:
    """F1 of begin and inside decisions at tokens, by semantic type; the text is unmasked.

    A sanity number: the dictionary is no gold standard, and a model may well be right against it.

    Returns:
        By type ``f1`` and ``gold``, the decisions of the dictionary.
    """
    kinds = len(tagger.config.semantic_types)
    counts = torch.zeros(3, kinds, dtype=torch.long, device=tagger.device)
    evidence, training = tagger.config.evidence, tagger.training
    tagger.config.evidence = "none"
    tagger.eval()
    try:
        for first in range(0, len(windows), batch_size):
            input_ids = collate(windows[first : first + batch_size])["input_ids"].to(tagger.device)
            gold = type_targets(tagger.kogner.index(input_ids)).flatten(0, 1)  # (B * T, K)
            odds = tagger(input_ids).logits[..., 1:].unflatten(-1, (kinds, 2)).flatten(0, 1)  # (B * T, K, 2)
            found = nn.functional.pad(odds, (1, 0)).argmax(-1)  # (B * T, K)
            counts += torch.stack([((found == gold) & (gold > 0)).sum(0), (found > 0).sum(0), (gold > 0).sum(0)])
    finally:
        tagger.config.evidence = evidence
        tagger.train(training)
    return {
        name: {"f1": round(2 * right / max(1, found + gold), 4), "gold": gold}
        for name, (right, found, gold) in zip(tagger.config.semantic_types, counts.T.tolist(), strict=True)
    }

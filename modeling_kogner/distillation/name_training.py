"""Teaches the adapter that names of one concept belong together and those of its neighbours apart."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ..graph.link_names import GROUPS
from ..name_vectors import NameAdapter
from .name_pairs import HardNegatives, NamePairs
from .settings import NameSettings

# Share of each group of types in a batch, in the order of GROUPS: what texts name most and spell in most ways first.
SHARES = (0.30, 0.22, 0.28, 0.10, 0.04, 0.06)
_CHUNKS = 4  # names of similar length go through the encoder together


class NameTrainer:
    """Contrastive training over names; the encoder stays as it is.

    A pair is two names of a concept, or a mention of a training document and a name. Negatives are the other names of
    the batch and, for each pair, one hard negative: the nearest name of another concept as the vectors were, or a name
    of a sibling. With :attr:`NameSettings.distillation`, vectors also predict their concept's distilled vector of H.

    Args:
        encoder: of the tagger.
        pairs: names and mentions.
        settings: size and schedule.
        say: gets one dictionary now and then.
        adapter: to go on with; a new one if None.
    """

    def __init__(
        self,
        encoder: nn.Module,
        pairs: NamePairs,
        settings: NameSettings,
        say: Callable[[dict[str, Any]], None],
        adapter: NameAdapter | None = None,
    ):
        torch.manual_seed(settings.seed)
        self.encoder, self.pairs, self.settings, self.say = encoder.requires_grad_(False), pairs, settings, say
        self.device = pairs.tokens.device
        self.adapter = (adapter or _new_adapter(encoder, settings)).to(self.device).float()
        self.to_concept = nn.Linear(settings.width, pairs.distilled.shape[1]).to(self.device)
        own = [*self.adapter.down.values(), *self.adapter.up.values()]
        heads = [*self.adapter.projection.parameters(), *self.to_concept.parameters()]
        self.optimizer = torch.optim.AdamW([{"params": own}, {"params": heads}], weight_decay=0.01)
        self.hard: HardNegatives | None = None

    def train(self) -> NameAdapter:
        """Train for the time or the steps that the settings give."""
        settings, spent, step, searched = self.settings, 0.0, 0, 0
        self.encoder.train()
        while (done := step / settings.steps if settings.steps else spent / settings.seconds) < 1:
            if searched < settings.rounds and done >= 0.12 + 0.66 * searched / settings.rounds:
                self._search_negatives()
                searched += 1
            started = time.time()
            self._rates(done)
            loss = self._loss(*self.pairs.draw(settings, SHARES, self.hard))
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_([p for group in self.optimizer.param_groups for p in group["params"]], 1.0)
            self.optimizer.step()
            step += 1
            if step % 100 == 0:
                self.say({"step": step, "seconds": round(spent, 1), "loss": round(loss.item(), 4)})
            elif self.device.type == "cuda" and step % 10 == 0:
                torch.cuda.synchronize()
            spent += time.time() - started
        self.say({"steps": step})
        return self.adapter.eval()

    def embed(self, tokens: Tensor, weights: dict[str, Tensor] | None = None) -> Tensor:
        """Vectors of names ``(n, T)``: ``(n, d_n)``, those of similar length together."""
        size = (tokens != 0).sum(1)
        order = size.argsort()
        with torch.autocast(self.device.type, torch.bfloat16):
            weights = weights or _half(self.adapter.weights(self.encoder))
            parts = []
            for rows in order.chunk(_CHUNKS):
                ids = tokens[rows, : int(size[rows[-1]])].long() & 0xFFFF
                parts.append(self.adapter(self.encoder, ids, (ids != 0).long(), weights))
        return torch.cat(parts)[order.argsort()]

    @torch.no_grad()
    def embed_all(self, tokens: Tensor, batch: int = 32_768) -> Tensor:
        """Half-precision vectors of any number of names."""
        self.encoder.eval()
        weights = _half(self.adapter.weights(self.encoder))
        order = (tokens != 0).sum(1).argsort()
        vectors = torch.empty(len(tokens), self.settings.width, dtype=torch.half, device=self.device)
        for rows in order.split(batch):
            vectors[rows] = self.embed(tokens[rows], weights).half()
        self.encoder.train()
        return vectors

    def _loss(self, left: Tensor, right: Tensor, concept: Tensor, negative: Tensor) -> Tensor:
        pairs, settings = self.pairs, self.settings
        left, hard = without_a_piece(left, settings.dropped), negative[negative >= 0]
        vectors = self.embed(torch.cat([left, right, pairs.tokens[hard]]))
        one, other, far = vectors.split([len(left), len(right), len(hard)])
        targets, owners = torch.cat([other, far]), torch.cat([concept, pairs.concept[hard]])
        score = one @ targets.T / settings.temperature  # (B, B + hard)
        back = other @ one.T / settings.temperature  # (B, B)
        same = concept[:, None] == owners
        same.fill_diagonal_(False)
        diagonal = torch.arange(len(left), device=self.device)
        loss = nn.functional.cross_entropy(score.masked_fill(same, -1e4), diagonal)
        loss = loss + 0.5 * nn.functional.cross_entropy(back.masked_fill(same[:, : len(left)], -1e4), diagonal)
        if settings.distillation:
            distilled = pairs.distilled[concept].float()
            guess = self.to_concept(one)
            cosine = nn.functional.cosine_similarity(guess.float(), distilled, dim=-1)
            loss = loss + settings.distillation * (1 - cosine).mean()
        return loss

    def _rates(self, done: float) -> None:
        factor = min(1.0, done / 0.03 + 0.02) * max(0.02, 0.5 * (1 + math.cos(math.pi * done)))
        rates = (self.settings.rate, self.settings.projection_rate)
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = factor * rate

    @torch.no_grad()
    def _search_negatives(self, nearest: int = 24, kept: int = 6) -> None:
        """For a sample of each group, the nearest names of other concepts: see :class:`HardNegatives`."""
        started, pairs = time.time(), self.pairs
        vectors = self.embed_all(pairs.tokens)
        hard = torch.full((len(vectors), kept), -1, dtype=torch.int32, device=self.device)
        for group in range(len(GROUPS)):
            rows = (pairs.group == group).nonzero()[:, 0]
            if len(rows) <= nearest:
                continue
            pool = vectors[rows]
            sample = rows[torch.randperm(len(rows), device=self.device)[: self.settings.mined]]
            for part in sample.split(2_048):
                near = rows[(vectors[part] @ pool.T).topk(nearest).indices]  # (n, nearest)
                own = pairs.concept[near] == pairs.concept[part][:, None]
                own |= pairs.key[near] == pairs.key[part][:, None]
                place = torch.where(own, nearest, torch.arange(nearest, device=self.device)).sort(1).values[:, :kept]
                other = near.gather(1, place.clamp(max=nearest - 1))
                hard[part] = torch.where(place < nearest, other, -1).int()
        found = hard[:, 0] >= 0
        usable = found & pairs.several
        ready = [(usable & (pairs.group == group)).nonzero()[:, 0] for group in range(len(GROUPS))]
        self.hard = HardNegatives(hard, ready)
        self.say({"hard negatives": int(found.sum()), "seconds": round(time.time() - started, 1)})


def without_a_piece(tokens: Tensor, share: float) -> Tensor:
    """Take a piece out of some names ``(n, T)``, 0 behind: of those of three pieces or more between special tokens."""
    size = (tokens != 0).sum(1, keepdim=True)  # (n, 1)
    chosen = (torch.rand(size.shape, device=tokens.device) < share) & (size >= 5)
    place = 1 + (torch.rand(size.shape, device=tokens.device) * (size - 2)).long()
    column = torch.arange(tokens.shape[1], device=tokens.device)
    behind = chosen & (column >= place)  # (n, T)
    padded = nn.functional.pad(tokens, (0, 1))
    return padded.gather(1, column + behind.long())


def _new_adapter(encoder: nn.Module, settings: NameSettings) -> NameAdapter:
    adapter = NameAdapter(encoder, settings.rank, settings.width)
    for down in adapter.down.values():
        nn.init.normal_(down, std=1 / math.sqrt(down.shape[1]))
    nn.init.orthogonal_(adapter.projection.weight)
    return adapter


def _half(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Converted once, not in every layer of every chunk."""
    return {name: weight.bfloat16() for name, weight in weights.items()}

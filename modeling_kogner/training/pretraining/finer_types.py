"""Finer types than the semantic ones: hubs of the is_a hierarchy, read by name so that new ones can be asked for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import nn

from ...graph.knowledge_folder import Knowledge
from ...knowledge_encoder import KognerModel
from ...surface_index import Links
from .packed_windows import PackedWindows, collate

UPWARD = ("is_a", "mapped_to")  # a supplementary record of MeSH is mapped to its heading
SAMPLE, BATCH = 2048, 64  # windows that tell which concepts the text mentions
TOO_GENERAL = 0.25  # of what the text mentions of a semantic type: "organic molecular entity" is no finer type
NEVER_TRAINED = 0.1  # of the hubs, asked for by name afterwards
DEEPEST = 64  # rounds; more only in cycles
TEMPERATURE = 0.05


class Hubs(NamedTuple):
    """Names and semantic types of ``M`` concepts; the first ``trained`` of them are, the others are asked for later.

    Shapes:
        - **hub_of**: ``(N,)`` int32, number of each concept's hub, -1 where it has none.
    """

    names: list[str]
    kinds: list[str]
    trained: int
    hub_of: np.ndarray


def choose_hubs(concepts: pd.DataFrame, edges: pd.DataFrame, mentioned: np.ndarray, number: int) -> Hubs:
    """Cut the hierarchy into parts that the text mentions equally many concepts of.

    Each concept keeps its most specific parent of the same semantic type, which makes a tree. From the leaves up, a
    concept becomes a hub as soon as enough mentioned concepts below it have no hub yet; "enough" is the least that
    gives at most ``number`` hubs. Roots, what is too general and things of type Other are none.

    Args:
        concepts: `id`, `name`, `type`; ``N`` rows.
        edges: `head`, `relation`, `tail`.
        mentioned: ``(N,)`` bool, concepts that the text mentions.
        number: hubs wanted.

    Raises:
        ValueError: the graph has no hierarchy with two hubs in it.
    """
    parent, depth = _tree(concepts, edges)
    levels = [np.flatnonzero(depth == level) for level in range(depth.max(), 0, -1)]
    kinds, count = pd.factorize(concepts["type"])[0], len(concepts)
    below = _collect(parent, levels, mentioned, np.zeros(len(parent), bool), np.inf)[0][:count]
    specific = below <= TOO_GENERAL * np.bincount(kinds, weights=mentioned)[kinds]
    eligible = specific & (parent[:count] >= 0) & (concepts["type"] != "Other").to_numpy()
    eligible = np.pad(eligible, (0, len(parent) - count))  # the rest has no name
    few, many = 1, int(mentioned.sum()) + 1
    while few < many:
        middle = (few + many) // 2
        if _collect(parent, levels, mentioned, eligible, middle)[1].sum() > number:
            few = middle + 1
        else:
            many = middle
    is_hub = _collect(parent, levels, mentioned, eligible, many)[1]
    if is_hub.sum() < 2:
        raise ValueError(
            "--finer_types: the is_a hierarchy of the knowledge has no hubs that the text mentions; pass 0"
        )
    up = np.where(is_hub | (parent < 0), np.arange(len(parent)), parent)
    for _ in range(DEEPEST.bit_length()):
        up = up[up]
    chosen = np.random.default_rng(0).permutation(np.flatnonzero(is_hub))
    order = np.full(len(parent), -1, np.int32)
    order[chosen] = np.arange(len(chosen))
    trained = len(chosen) - max(1, round(NEVER_TRAINED * len(chosen)))
    rows = concepts.iloc[chosen]
    return Hubs(rows["name"].tolist(), rows["type"].tolist(), trained, order[up[:count]])


def _tree(concepts: pd.DataFrame, edges: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Most specific parent, -1 for roots, and depth; behind the concepts come ids that only edges know."""
    edges = edges[edges["relation"].isin(UPWARD)]
    ids = pd.Index(pd.concat([concepts["id"], edges["tail"], edges["head"]]).unique())
    head, tail = ids.get_indexer(edges["head"]), ids.get_indexer(edges["tail"])
    kinds = np.full(len(ids), -1)
    kinds[: len(concepts)] = pd.factorize(concepts["type"])[0]
    same = (head != tail) & ((kinds[head] == kinds[tail]) | (kinds[head] < 0) | (kinds[tail] < 0))
    head, tail = head[same], tail[same]
    depth = np.zeros(len(ids), np.int64)
    for _ in range(DEEPEST):
        before = depth.copy()
        np.maximum.at(depth, head, depth[tail] + 1)
        if (depth == before).all():
            break
    parent = np.full(len(ids), -1)
    upward = depth[tail] < depth[head]  # not so somewhere in every cycle
    head, tail = head[upward], tail[upward]
    order = np.lexsort((-tail, depth[tail]))  # the deepest last, and wins
    parent[head[order]] = tail[order]
    return parent, np.where(parent < 0, 0, depth)


def _collect(parent, levels, mentioned, eligible, enough):
    """Mentioned concepts below each one, itself included, that have no hub further down; and the hubs."""
    open_ = np.pad(mentioned.astype(np.int64), (0, len(parent) - len(mentioned)))
    is_hub = np.zeros(len(parent), bool)
    for level in levels:  # the deepest first
        is_hub[level] = eligible[level] & (open_[level] >= enough)
        np.add.at(open_, parent[level], np.where(is_hub[level], 0, open_[level]))
    return open_, is_hub


@torch.no_grad()
def mentioned_concepts(model: KognerModel, windows: PackedWindows) -> np.ndarray:
    """Which concepts an even sample of the windows mentions: ``(N,)`` bool."""
    found = torch.zeros(model.config.num_concepts + 1, dtype=torch.bool, device=model.device)  # last: none
    sample = windows.ids[:: max(1, len(windows) // SAMPLE)]
    for first in range(0, len(sample), BATCH):
        ids = collate(list(sample[first : first + BATCH]))["input_ids"].to(model.device)
        found[model.index(ids).candidates[..., 0]] = True
    return found[:-1].cpu().numpy()


@torch.no_grad()
def embed_names(model: KognerModel, tokenizer, names: list[str]) -> torch.Tensor:
    """Mean of the encoder's last states over each name's tokens, less the mean of all names: ``(M, d_h)``."""
    training = model.training
    model.eval()
    batch = tokenizer(names, padding=True, truncation=True, max_length=64, return_tensors="pt").to(model.device)
    hidden = model.encoder(batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
    model.train(training)
    share = nn.functional.normalize(batch["attention_mask"].float(), p=1, dim=1)
    vectors = (share[:, None] @ hidden.float())[:, 0]  # (M, d_h)
    return vectors - vectors.mean(0)


def mention_means(hidden, links: Links):
    """Mean of each mention's tokens, at its first token: ``(B, T, d_h)``."""
    member = links.start.masked_fill(~links.covered, -1)  # (B, T)
    share = (member[:, None] == torch.arange(member.shape[1], device=member.device)[:, None]).to(hidden.dtype)
    return share @ hidden / share.sum(-1, keepdim=True).clamp(min=1)


def make_finer_types(
    number: int, folder: str, model: KognerModel, tokenizer, windows: PackedWindows
) -> tuple[Hubs, FinerTypes]:
    """Hubs of a knowledge folder that the windows mention, and what is to learn them.

    Raises:
        ValueError: see :func:`choose_hubs`.
    """
    knowledge = Knowledge.load(folder)
    hubs = choose_hubs(knowledge.concepts, knowledge.edges, mentioned_concepts(model, windows), number)
    return hubs, FinerTypes(hubs, embed_names(model, tokenizer, hubs.names)).to(model.device)


class FinerTypes(nn.Module):
    r"""Tell the hub of a mention's concept by the hub's name. Not part of the shipped model.

    .. math:: s(m, u) = \cos(W_s h_m, W_n e_u) / \tau

    with :math:`h_m` the mean of the mention's tokens and :math:`e_u` the frozen embedding of the hub's name.

    Args:
        hubs: which concepts, and whose they are.
        names: ``(M, d_h)`` float, see :func:`embed_names`.
    """

    def __init__(self, hubs: Hubs, names: torch.Tensor):
        super().__init__()
        self.trained = hubs.trained
        # int32: NCCL broadcasts no int16.
        self.register_buffer("hub_of", torch.from_numpy(np.append(hubs.hub_of, np.int32(-1))))  # last: no concept
        self.register_buffer("names", nn.functional.normalize(names, dim=-1))
        self.span, self.name = (nn.Linear(names.shape[1], names.shape[1]) for _ in range(2))

    def scores(self, spans, names):
        """``(..., d_h)``, ``(M, d_h)`` -> ``(..., M)``."""
        spans, names = self.span(spans).float(), self.name(names).float()
        return nn.functional.normalize(spans, dim=-1) @ nn.functional.normalize(names, dim=-1).T

    def gold(self, links: Links):
        """Hub of each mention's best candidate at its first token, -1 elsewhere: ``(B, T)`` long."""
        return self.hub_of[links.candidates[..., 0]].long()

    def forward(self, hidden, links: Links):
        """Cross entropy over the hubs that are trained, averaged over their mentions; at fixed shapes."""
        logits = self.scores(mention_means(hidden, links), self.names[: self.trained]) / TEMPERATURE  # (B, T, M)
        gold = self.gold(links)
        counted = (gold >= 0) & (gold < self.trained)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), (gold * counted).flatten(), reduction="none")
        return (loss * counted.flatten()).sum() / counted.sum().clamp(min=1)

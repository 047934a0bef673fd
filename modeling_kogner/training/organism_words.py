"""Learns from annotated documents which words tell whose genes a document is about."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch.nn.functional import cross_entropy, embedding_bag

from ..inference.document_organism import document_words, organism_class, organism_odds, share_of_titles
from ..inference.organisms import Organisms
from ..link_feature_names import ORGANISM_CLASSES, WORD_ROWS
from .linked_documents import LinkedDocument

OrganismOf = Callable[[int], str | None]
_STEPS, _RATE = 200, 0.05
_DECAY = 2.5  # of the squared weights, over all documents; chosen on validation among 1.7, 5 and 17
_PARTS = 5
_RAREST = 0.01


def organism_words(documents: Sequence[LinkedDocument], organism_of: OrganismOf) -> np.ndarray:
    """Table of words by a logistic regression: ``(8192, 4)`` float32, all 0 where no document has a gene.

    Args:
        documents: with genes.
        organism_of: number of a gene -> id of its organism.
    """
    shares = np.array([_shares(each, organism_of) for each in documents]).reshape(-1, ORGANISM_CLASSES)
    kept = np.flatnonzero(shares.any(1))
    table = torch.zeros(WORD_ROWS, ORGANISM_CLASSES)
    if not len(kept):
        return table.numpy()
    table[0] = torch.from_numpy(shares[kept].mean(0)).clamp(min=_RAREST).log()  # where words say nothing
    table.requires_grad_()
    bags = [_words(documents[place]) for place in kept]
    rows = torch.from_numpy(np.concatenate(bags))
    first = torch.tensor([0, *map(len, bags[:-1])]).cumsum(0)
    right = torch.from_numpy(shares[kept]).float()
    optimizer = torch.optim.Adam([table], _RATE)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, _STEPS)
    for _ in range(_STEPS):
        loss = cross_entropy(embedding_bag(rows, table, first, mode="sum"), right)
        loss = loss + _DECAY * table[1:].square().sum() / len(kept)  # row 0 is that of every document
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return table.detach().numpy()


def unseen_odds(documents: Sequence[LinkedDocument], organism_of: OrganismOf) -> list[np.ndarray]:
    """For each document whose genes it is about, ``(4,)``, by words of the others: four of five parts, by its id."""
    parts = np.array([zlib.crc32(each.id.encode()) % _PARTS for each in documents])
    found: list[np.ndarray] = [np.zeros(ORGANISM_CLASSES)] * len(documents)
    for part in range(_PARTS):
        table = organism_words([each for each, its in zip(documents, parts, strict=True) if its != part], organism_of)
        for place in np.flatnonzero(parts == part):
            found[place] = organism_odds(_words(documents[place]), table)
    return found


def _words(document: LinkedDocument) -> np.ndarray:
    titles = share_of_titles({mention.text for mention in document.mentions if mention.type == "Gene"})
    return document_words(document.text, Organisms(document.text, document.title_end), titles)


def _shares(document: LinkedDocument, organism_of: OrganismOf) -> np.ndarray:
    """Share of each class of organisms in the genes of a document: ``(4,)``, 0 without any."""
    counts = np.zeros(ORGANISM_CLASSES)
    for mention, concepts in zip(document.mentions, document.concepts, strict=True):
        if mention.type == "Gene" and concepts and (place := organism_class(organism_of(concepts[0]))) is not None:
            counts[place] += 1
    return counts / max(1.0, counts.sum())

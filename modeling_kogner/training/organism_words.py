"""Learns from annotated documents, and from articles, which words tell whose genes a document is about."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn.functional import cross_entropy, embedding_bag

from ..inference.document_organism import document_words, organism_class, organism_odds, plain_words, share_of_titles
from ..inference.organisms import Organisms, without_organisms
from ..link_feature_names import ORGANISM_CLASSES, WORD_ROWS
from .linked_documents import LinkedDocument

OrganismOf = Callable[[int], str | None]
_STEPS, _RATE = 200, 0.05
_DECAY = 2.5  # of the squared weights, over all documents; chosen on validation among 1.7, 5 and 17
_PARTS = 5
_RAREST = 0.01
# Of articles; stretches as long as abstracts. Cross-validation on 1,161 documents chose how many and their weight.
_STRETCH, _MOST_STRETCHES = 2_000, 4
_GENES = re.compile(r"\b(?:genes?|proteins?|expression|knockdown|mrna|receptor)\b", re.IGNORECASE)
_LEAST_GENES, _LEAST_NAMED, _LEAST_SHARE = 3, 10, 0.6
_WEIGHT = 0.05


@dataclass
class Stretches:
    """Stretches of articles and whose genes they are about.

    Shapes:
        - **words**: rows of the table of each stretch; **shares**: ``(n, 4)`` of classes of organisms.
    """

    words: list[np.ndarray] = field(default_factory=list)
    shares: np.ndarray = field(default_factory=lambda: np.zeros((0, ORGANISM_CLASSES)))

    def weights(self, prior: np.ndarray) -> np.ndarray:
        """Of each stretch, 1 on the mean, so that classes ``(4,)`` are as frequent as in documents: ``(n,)``."""
        if not len(self.shares):
            return np.zeros(0)
        weights = self.shares @ (prior / self.shares.mean(0).clip(min=1e-9))
        return weights / weights.mean().clip(min=1e-9)


def read_articles(texts: Iterable[str]) -> Stretches:
    """What articles about genes begin with, if they name mostly one class of organisms: nobody has to annotate them.

    Words of a stretch, without those for organisms, are to tell what the whole article names.

    Source: distant supervision, Mintz et al., ACL 2009 (P09-1113).
    """
    words, shares = [], []
    for text in texts:
        counts = np.zeros(ORGANISM_CLASSES)
        for organism, times in Organisms(text, 0).counts.items():
            counts[organism_class(organism)] += times
        if counts.sum() < _LEAST_NAMED or counts.max() < _LEAST_SHARE * counts.sum():
            continue
        for start in range(0, _MOST_STRETCHES * _STRETCH, _STRETCH):
            stretch = text[start : start + _STRETCH]
            if len(_GENES.findall(stretch)) >= _LEAST_GENES:
                words.append(plain_words(without_organisms(stretch)))
                shares.append(counts / counts.sum())
    return Stretches(words, np.array(shares).reshape(-1, ORGANISM_CLASSES))


def organism_words(
    documents: Sequence[LinkedDocument], organism_of: OrganismOf, articles: Stretches | None = None
) -> np.ndarray:
    """Table of words by a logistic regression: ``(8192, 4)`` float32, all 0 where no document has a gene.

    Args:
        documents: with genes.
        organism_of: number of a gene -> id of its organism.
        articles: a stretch counts for a twentieth of a document, more or less as its organism is frequent in documents.
    """
    articles = articles or Stretches()
    shares = np.array([_shares(each, organism_of) for each in documents]).reshape(-1, ORGANISM_CLASSES)
    kept = np.flatnonzero(shares.any(1))
    table = torch.zeros(WORD_ROWS, ORGANISM_CLASSES)
    if not len(kept):
        return table.numpy()
    table[0] = torch.from_numpy(shares[kept].mean(0)).clamp(min=_RAREST).log()  # where words say nothing
    table.requires_grad_()
    bags = [*(_words(documents[place]) for place in kept), *articles.words]
    rows = torch.from_numpy(np.concatenate(bags))
    first = torch.tensor([0, *map(len, bags[:-1])]).cumsum(0)
    right = torch.from_numpy(np.concatenate([shares[kept], articles.shares])).float()
    weight = torch.from_numpy(np.concatenate([np.ones(len(kept)), _WEIGHT * articles.weights(shares[kept].mean(0))]))
    weight = (weight / weight.sum()).float()
    optimizer = torch.optim.Adam([table], _RATE)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, _STEPS)
    for _ in range(_STEPS):
        each = cross_entropy(embedding_bag(rows, table, first, mode="sum"), right, reduction="none")
        loss = (weight * each).sum()
        loss = loss + _DECAY * table[1:].square().sum() / len(kept)  # row 0 is that of every document
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return table.detach().numpy()


def unseen_odds(
    documents: Sequence[LinkedDocument], organism_of: OrganismOf, articles: Stretches | None = None
) -> list[np.ndarray]:
    """For each document whose genes it is about, ``(4,)``, by words of the others: four of five parts, by its id."""
    parts = np.array([zlib.crc32(each.id.encode()) % _PARTS for each in documents])
    found: list[np.ndarray] = [np.zeros(ORGANISM_CLASSES)] * len(documents)
    for part in range(_PARTS):
        others = [each for each, its in zip(documents, parts, strict=True) if its != part]
        table = organism_words(others, organism_of, articles)
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

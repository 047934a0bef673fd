"""What linking asks of a document: mention texts, and what becomes known of the concepts that they may stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..corpora.document import Document
from ..corpora.mention import Mention
from ..link_feature_names import LINK_FEATURES
from .variants import TYPE as VARIANT

PLACE = {name: place for place, name in enumerate(LINK_FEATURES)}
Own = Mapping[tuple[int, int], int]


@dataclass
class Query:
    """A mention text of a document with the concepts that it may stand for.

    Args:
        text: the mention; what it stands for where it is a formula or a common short form.
        kind: its entity type.
        long: its long form, where the document has one.
        by_drugs: whether the document has a chemical.
        features: of each candidate, by number of the concept; see :data:`LINK_FEATURES`.
        listed: candidates of which a vocabulary has the mention or its long form as a name.
    """

    text: str
    kind: str
    long: str | None
    by_drugs: bool = True
    features: dict[int, np.ndarray] = field(default_factory=dict)
    listed: set[int] = field(default_factory=set)

    def at(self, concept: int) -> np.ndarray:
        """Features of a candidate, all 0 where it is new."""
        return self.features.setdefault(concept, np.zeros(len(LINK_FEATURES), np.float32))


@dataclass
class LinkedText:
    """A document whose mentions are to be linked.

    Args:
        text: of the document.
        title_end: where its title ends.
        mentions: of any types.
        long_forms: short form -> long form.
        own: counts of this document itself among the counts of names, by hash and concept; they are left out when the
            choice is trained on it.
        organisms: ``(4,)`` whose genes it is about, by its words; found without it when the choice is trained on it,
            else None: see :mod:`document_organism`.
    """

    text: str
    title_end: int
    mentions: Sequence[Mention]
    long_forms: Mapping[str, str]
    own: Own = field(default_factory=dict)
    organisms: np.ndarray | None = None


def linkable(document: Document) -> list[Mention]:
    """All mentions but variants, which no graph lists."""
    return [mention for mention in document.mentions if mention.type != VARIANT]


def title_end(document: Document) -> int:
    """Where the first passage ends."""
    return len(document.passages[0].text) if document.passages else 0

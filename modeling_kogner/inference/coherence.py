"""Which mentions of different types may share text, where no guideline of a corpus is followed."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ..corpora.mention import Mention

# Type inside -> types outside. Measured without a convention: see benchmarks/joint_tagger.md.
NOT_INSIDE = {
    "Chemical": ("Gene", "GeneFamily", "Variant"),
    "Variant": ("Chemical",),
    "Gene": ("Disease",),
}

# A family's name often stands for the gene, so it loses a stretch to any other type. BioRED's validation documents, six
# types: 90.6 with it, 89.9 where the better score decides.
YIELDING = "GeneFamily"

# A piece of a disease's name less sure than this is no disease of its own. Disease, strict F1 without it and with it:
# BioRED's validation documents 88.7, 89.2; NCBI-disease's and BC5CDR's, which training saw, +0.2 and +0.3. Other types
# gain nothing.
PIECE = 0.95


def coherent(mentions: Sequence[Mention]) -> list[Mention]:
    """The mentions that can stand together; one may lie inside another, as NOT_INSIDE permits.

    Of two mentions of exactly the same characters, or of which each has some that the other lacks, the one of the
    YIELDING type goes or else the one with the lower score. Corpora follow rules of their own, so this is for
    output without a convention.

    Args:
        mentions: in order of their start, longer ones first.
    """
    lost: set[int] = set()
    open_: list[Mention] = []
    for mention in mentions:
        open_ = [each for each in open_ if each.end > mention.start]
        losers = (_loser(outer, mention) for outer in open_)
        lost.update(id(loser) for loser in losers if loser is not None)
        open_.append(mention)
    return [mention for mention in mentions if id(mention) not in lost]


def without_pieces(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """The mentions less what fell off a disease's name in front: "inherited" before "factor V deficiency".

    Args:
        text: of the document.
        mentions: in order of their start, longer ones first.
    """
    diseases = [mention for mention in mentions if mention.type == "Disease"]
    pieces = {
        id(piece)
        for piece, name in itertools.pairwise(diseases)
        if (piece.score or 0.0) < PIECE and text[piece.end : name.start] == " "
    }
    return [mention for mention in mentions if id(mention) not in pieces]


def _loser(outer: Mention, inner: Mention) -> Mention | None:
    """The one of two overlapping mentions that has to go; ``outer`` starts first or is longer, or they are the same."""
    is_inside = inner.end <= outer.end
    if is_inside and inner.end - inner.start < outer.end - outer.start:
        return inner if outer.type in NOT_INSIDE.get(inner.type, ()) else None
    ranks = [(mention.type != YIELDING, mention.score or 0.0) for mention in (outer, inner)]
    return inner if ranks[1] <= ranks[0] else outer

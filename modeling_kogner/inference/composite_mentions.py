"""Mentions that join several names: "breast or ovarian cancer"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..corpora.document import Document
from ..corpora.mention import Mention
from .concept_choice import Ranked
from .link_query import LinkedText, linkable, title_end
from .mention_forms import parts_of

_SURE = 0.95  # probability from which a mention that joins names has a concept of its own: "head and neck cancer"
_SURE_PART = 0.9  # of each name, where training documents alone give all of them one concept
_HEREDITARY_AFTER = re.compile(r"\s*(?:susceptibility|predisposition|famil|syndrome|pedigree|kindred)", re.IGNORECASE)
_HEREDITARY_BEFORE = re.compile(r"\b(?:hereditary|familial|inherited)\s+(?:[\w-]+\s+)?$", re.IGNORECASE)
_READ_BEFORE = 40  # characters


def with_parts(
    document: Document, long_forms: Mapping[str, str], whole: Mapping[str, str]
) -> tuple[LinkedText, list[tuple[Mention, list[Mention], list[list[Mention]]]]]:
    """A document with its mentions, and behind them their whole names and the names that composite ones join.

    Args:
        document: with mentions.
        long_forms: short form -> long form.
        whole: shortened names -> whole ones.

    Returns:
        What is to be linked, and of each mention the forms of itself and of its parts in it.
    """
    groups = [
        (
            mention,
            [mention, *([replace(mention, text=whole[mention.text])] if mention.text in whole else [])],
            [[replace(mention, text=form) for form in forms] for forms in parts_of(mention.text)],
        )
        for mention in linkable(document)
    ]
    mentions = [form for _, own, parts in groups for forms in (own, *parts) for form in forms]
    return LinkedText(document.text, title_end(document), mentions, long_forms), groups


def likeliest(ranked: Ranked) -> float:
    """Probability of the first concept."""
    return ranked[0][1] if ranked else 0.0


def says_more(several: Sequence[Ranked], whole: float, threshold: float) -> bool:
    """Whether the concepts of all parts are more likely than the one of the whole mention, which is not sure."""
    least = min(map(likeliest, several))
    different = {ranked[0][0] for ranked in several if ranked}
    return least >= threshold and whole < _SURE and least > whole and (len(different) > 1 or not whole)


def names_several(text: str, mention: Mention, several: Sequence[Ranked]) -> bool:
    """Whether a disease whose whole name no vocabulary has is the several that it names.

    Training documents call a hereditary syndrome "breast and ovarian cancer"; it is meant where its families, or the
    susceptibility, are named.

    Args:
        text: of the document.
        mention: in it.
        several: concepts of each of its parts.
    """
    if mention.type != "Disease" or "/" in mention.text.replace("and/or", ""):
        return False
    if min(map(likeliest, several)) < _SURE_PART or len({ranked[0][0] for ranked in several}) < 2:
        return False
    before = max(0, mention.start - _READ_BEFORE)
    return not _HEREDITARY_AFTER.match(text, mention.end) and not _HEREDITARY_BEFORE.search(text, before, mention.start)

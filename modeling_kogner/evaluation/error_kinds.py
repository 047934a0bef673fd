"""What kind each wrong or missing mention is: a border, another type, spurious or missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ..corpora.mention import Mention

KINDS = ("border", "type", "spurious", "missed", "missed_for_type")


def error_kinds(gold: Sequence[Iterable[Mention]], found: Sequence[Iterable[Mention]]) -> dict[str, int]:
    """Count the errors of each kind over documents.

    - ``border``: found, and overlaps a gold mention of its type, but with other ends; that one is no error again.
    - ``type``: found, and overlaps gold mentions of other types only.
    - ``spurious``: found, and overlaps no gold mention.
    - ``missed``: in gold, and overlaps nothing found.
    - ``missed_for_type``: in gold, and overlaps found mentions of other types only.

    Args:
        gold: mentions of each document.
        found: mentions of the same documents.
    """
    counts: Counter[str] = Counter()
    for wanted, got in zip(gold, found, strict=True):
        marked, annotated = ({(each.type, each.start, each.end) for each in mentions} for mentions in (wanted, got))
        right = marked & annotated
        for mention in annotated - right:
            counts[_kind(mention, marked, ("border", "type", "spurious"))] += 1
        for mention in marked - right:
            counts[_kind(mention, annotated, ("", "missed_for_type", "missed"))] += 1
    return {kind: counts[kind] for kind in KINDS}


def _kind(mention: tuple[str, int, int], others: set[tuple[str, int, int]], names: tuple[str, str, str]) -> str:
    """The first name if an overlapping mention has the same type, the second if others overlap, else the third."""
    kind, start, end = mention
    overlapping = {other for other, s, e in others if s < end and start < e}
    return names[0] if kind in overlapping else names[1] if overlapping else names[2]

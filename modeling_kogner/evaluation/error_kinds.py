"""What kind each wrong or missing mention is: a border, another type, spurious or missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..corpora.mention import Mention

KINDS = ("border", "type", "spurious", "missed", "missed_for_type")


@dataclass
class Error:
    """A mention that is wrong or missing.

    Args:
        kind: one of :data:`KINDS`.
        document: its number.
        mention: what was found; of those missed, what is in gold.
        other: the mention of the other side that it overlaps, of the same type if there is one.
    """

    kind: str
    document: int
    mention: Mention
    other: Mention | None


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
    counts = Counter(error.kind for error in errors(gold, found))
    return {kind: counts[kind] for kind in KINDS}


def errors(gold: Sequence[Iterable[Mention]], found: Sequence[Iterable[Mention]]) -> Iterator[Error]:
    """The errors that :func:`error_kinds` counts, document by document and in the order of their start."""
    for number, (wanted, got) in enumerate(zip(gold, found, strict=True)):
        marked, annotated = ({(m.start, m.end, m.type): m for m in mentions} for mentions in (wanted, got))
        right = marked.keys() & annotated.keys()
        for place in sorted(annotated.keys() - right):
            yield _error(number, annotated[place], marked, ("border", "type", "spurious"))
        for place in sorted(marked.keys() - right):
            error = _error(number, marked[place], annotated, ("", "missed_for_type", "missed"))
            if error.kind:
                yield error


def _error(
    number: int, mention: Mention, others: dict[tuple[int, int, str], Mention], names: tuple[str, str, str]
) -> Error:
    """Of the first kind if an overlapping mention has the same type, the second if others overlap, else the third."""
    overlapping = [other for other in others.values() if other.start < mention.end and mention.start < other.end]
    same = [other for other in overlapping if other.type == mention.type]
    kind = names[0] if same else names[1] if overlapping else names[2]
    return Error(kind, number, mention, next(iter(same or overlapping), None))

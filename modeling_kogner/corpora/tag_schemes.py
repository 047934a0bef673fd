"""Per-token entity tags: the schemes in use, IOB2 as the one form kept inside, and mention spans read from tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from ..files.errors import InputError

_TAG = re.compile(r"([BIESLU])-(\S.*)", re.DOTALL)
_FIX = "tags are 'O' or PREFIX-TYPE with a prefix of IOB1/IOB2 (B, I), BIOES (B, I, E, S) or BILOU (B, I, L, U)"


@lru_cache(maxsize=4096)
def split_tag(tag: str) -> tuple[str, str]:
    """Split a tag into prefix and entity type, ``("O", "")`` for ``O``.

    Raises:
        InputError: the tag belongs to none of the known schemes.
    """
    if tag == "O":
        return "O", ""
    match = _TAG.fullmatch(tag) if isinstance(tag, str) else None
    if match is None:
        raise InputError(f"unknown tag {tag!r:.60}", fix=_FIX)
    return match[1], match[2]


def check_scheme(prefixes: Iterable[str], where: str) -> None:
    """Refuse a set of prefixes that no single scheme explains.

    Args:
        prefixes: the prefixes of the whole split set; one sentence alone rarely tells the schemes apart.
        where: the corpus, for the message.

    Raises:
        InputError: prefixes of BIOES and of BILOU occur together.
    """
    found = set(prefixes)
    if found & {"E", "S"} and found & {"L", "U"}:
        problem = f"prefixes {sorted(found)} mix BIOES (E, S) with BILOU (L, U)"
        raise InputError(problem, file=where, fix="convert it to one scheme")


def to_iob2(tags: Sequence[str]) -> list[str]:
    """Rewrite one sentence's IOB1, IOB2, BIOES or BILOU tags as IOB2.

    One rule reads all of them, the one of conlleval: a mention starts at B, S or U, after O, after the end of a
    mention (E, S, L, U) and where the type changes; so an I without a B, as IOB1 writes it, opens a mention.
    """
    iob2, previous = [], ("O", "")
    for tag in tags:
        prefix, kind = split_tag(tag)
        if prefix == "O":
            iob2.append("O")
        else:
            starts = prefix in "BSU" or previous[0] in "OESLU" or previous[1] != kind
            iob2.append(f"{'B' if starts else 'I'}-{kind}")
        previous = prefix, kind
    return iob2


def mention_spans(tags: Sequence[str]) -> list[tuple[str, int, int]]:
    """Read the mentions of one sentence as ``(type, first token, one past the last token)``, in reading order."""
    spans: list[tuple[str, int, int]] = []
    for position, tag in enumerate(to_iob2(tags)):
        if tag[0] == "B":
            spans.append((tag[2:], position, position + 1))
        elif tag[0] == "I":
            spans[-1] = (*spans[-1][:2], position + 1)
    return spans


def keep_types(tags: Sequence[str], types: Iterable[str]) -> list[str]:
    """Turn the IOB2 tags of all other types into ``O``."""
    kept = set(types)
    return [tag if tag[2:] in kept else "O" for tag in tags]


def rename_types(tags: Sequence[str], names: Mapping[str, str | None]) -> list[str]:
    """IOB2 tags with other type names; those of a type whose name is None become ``O``.

    Raises:
        InputError: a type has no new name.
    """
    try:
        new = [names[tag[2:]] if tag != "O" else None for tag in tags]
    except KeyError as error:
        problem = f"type {error} is not mapped to an entity type; mapped are {', '.join(names)}"
        raise InputError(problem, fix="map it in the recipe, to null if its mentions are to be left out") from None
    return [f"{tag[:2]}{name}" if name else "O" for tag, name in zip(tags, new, strict=True)]

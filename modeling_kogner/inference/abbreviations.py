"""Abbreviations that a text defines itself."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..corpora.mention import Mention

_BRACKETED = re.compile(r"\(([^()\n]{2,60})\)")
_BEFORE = 200  # characters in which a definition lies
_SHORTEST, _LONGEST, _MOST_WORDS = 2, 10, 2


class Definition(NamedTuple):
    """A short form, the long form before it, and where the long form ends."""

    short: str
    long: str
    end: int


def find_abbreviations(text: str) -> dict[str, str]:
    """Short form -> long form of each definition; the first definition of a short form counts."""
    found: dict[str, str] = {}
    for definition in definitions(text):
        found.setdefault(definition.short, definition.long)
    return found


def definitions(text: str) -> Iterator[Definition]:
    """Definitions "long form (SF)" of a text, in order.

    Source: Schwartz & Hearst, PSB 2003: from right to left every letter of the short form is found in the words before
    the bracket, the first one at the start of a word.
    """
    for match in _BRACKETED.finditer(text):
        short = re.split(r"[;,]\s", match[1])[0].strip()
        fits = _SHORTEST <= len(short) <= _LONGEST and len(short.split()) <= _MOST_WORDS
        if not fits or not short[0].isalnum() or not any(map(str.isalpha, short)):
            continue
        before = text[max(0, match.start() - _BEFORE) : match.start()]
        words = before.split()
        long = long_form(short, " ".join(words[-min(len(short) + 5, 2 * len(short)) :]))
        if long is not None and len(long) > len(short) and short not in long.split():
            yield Definition(short, long, match.start() - len(before) + len(before.rstrip()))


def spread(text: str, mentions: Sequence[Mention]) -> tuple[list[Mention], dict[str, str]]:
    """Give every use of a short form in the document the type of the mention that the document defines it by.

    A use that touches a longer mention stays as it is; shorter and equal ones are replaced. The other way, from a
    tagged short form to its untagged long form, costs precision and is not done.

    Args:
        text: of the whole document.
        mentions: in it, in order of their start.

    Returns:
        The mentions, in order of their start, and short form -> long form, as linking needs it: where the long form is
        a mention, as this mention has it, unless the short form is the initials of more words.
    """
    long_forms: dict[str, str] = {}
    sources: dict[str, Mention] = {}
    ending: dict[int, list[Mention]] = defaultdict(list)
    for mention in mentions:
        ending[mention.end].append(mention)
    for short, long, end in definitions(text):
        long_forms.setdefault(short, long)
        if defined := ending.get(end):
            source = max(defined, key=lambda mention: (-mention.start, mention.score or 0.0))
            sources.setdefault(short, source)
    if not sources:
        return list(mentions), long_forms
    starts, longest = [mention.start for mention in mentions], max(len(mention.text) for mention in mentions)
    replaced: set[int] = set()
    added: list[Mention] = []
    either = "|".join(map(re.escape, sorted(sources, key=len, reverse=True)))
    for use in re.finditer(rf"(?<![^\W_])(?:{either})(?![^\W_])", text):
        near = mentions[bisect_left(starts, use.start() - longest) : bisect_right(starts, use.end() - 1)]
        met = [mention for mention in near if mention.end > use.start()]
        if all(len(mention.text) <= len(use[0]) for mention in met):
            replaced.update(map(id, met))
            source = sources[use[0]]
            added.append(Mention(use.start(), use.end(), use[0], source.type, source.score))
    kept = [mention for mention in mentions if id(mention) not in replaced]
    for short, source in sources.items():
        if len(source.text) > len(long_forms[short]) or not _is_initials(short, long_forms[short].split()):
            long_forms[short] = source.text  # else "oxygen species" would be the long form of ROS
    return sorted(kept + added, key=lambda mention: (mention.start, -mention.end)), long_forms


def long_form(short: str, before: str) -> str | None:
    """The last words whose initials ``short`` is, or the shortest end that has its letters and starts with the first.

    "AAPC" is "attenuated adenomatous polyposis coli", though "adenomatous polyposis coli" has its letters.
    """
    words = before.split()[-len(short) :]
    if _is_initials(short, words):
        return " ".join(words)
    place = len(before)
    for i in range(len(short) - 1, -1, -1):
        letter = short[i].lower()
        if not letter.isalnum():
            continue
        place -= 1
        while place >= 0 and (before[place].lower() != letter or (i == 0 and before[:place][-1:].isalnum())):
            place -= 1
        if place < 0:
            return None
    return before[place:]


def initials(text: str) -> str:
    """First letters of its words and their parts, in small letters."""
    return "".join(word[0] for word in text.casefold().replace("-", " ").split())


def _is_initials(short: str, words: Sequence[str]) -> bool:
    return "".join(word[0] for word in words).lower() == short.lower()

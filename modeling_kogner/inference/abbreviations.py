"""Abbreviations that a text defines itself."""

from __future__ import annotations

import re

_BRACKETED = re.compile(r"\(([^()\n]{2,60})\)")
_BEFORE = 200  # characters in which a definition lies
_SHORTEST, _LONGEST, _MOST_WORDS = 2, 10, 2


def find_abbreviations(text: str) -> dict[str, str]:
    """Short form -> long form of each definition "long form (SF)"; the first definition of a short form counts.

    Source: Schwartz & Hearst, PSB 2003: from right to left every letter of the short form is found in the words before
    the bracket, the first one at the start of a word.
    """
    found: dict[str, str] = {}
    for match in _BRACKETED.finditer(text):
        short = re.split(r"[;,]\s", match[1])[0].strip()
        fits = _SHORTEST <= len(short) <= _LONGEST and len(short.split()) <= _MOST_WORDS
        if not fits or not short[0].isalnum() or not any(map(str.isalpha, short)):
            continue
        words = text[max(0, match.start() - _BEFORE) : match.start()].split()
        long = _long_form(short, " ".join(words[-min(len(short) + 5, 2 * len(short)) :]))
        if long is not None and len(long) > len(short) and short not in long.split():
            found.setdefault(short, long)
    return found


def _long_form(short: str, before: str) -> str | None:
    """The shortest end of ``before`` that holds the letters of ``short`` in order and starts a word with the first."""
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

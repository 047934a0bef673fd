"""Ends of mentions that no guideline has: separators, and brackets of which one half is outside."""

from __future__ import annotations

from ..surface_keys import HYPHENS

_SEPARATORS = ",;:/|\u2022"
_CLOSING = {")": "(", "]": "[", "}": "{"}
_OPENING = {opening: closing for closing, opening in _CLOSING.items()}


def repaired(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch without separators, joining hyphens and half brackets; empty if nothing else is in it.

    A bracket that opens within it and closes right behind it is completed: ``interferon (IFN`` of ``interferon (IFN)``.
    At any other half bracket the stretch is cut, and the longer side stays: ``lung and liver) tissue``.
    """
    while start < end:
        half = _half_bracket(text, start, end)
        if _separates(text[start]) or half == start or _joins(text, start, start - 1):
            start += 1
        elif _separates(text[end - 1]) or half == end - 1 or _joins(text, end - 1, end):
            end -= 1
        elif half is not None and _completes(text, start, half, end):
            end += 1
        elif half is not None:
            start, end = (start, half) if half - start > end - half else (half, end)
        else:
            break
    return start, end


def _separates(character: str) -> bool:
    return character.isspace() or character in _SEPARATORS


def _joins(text: str, place: int, outside: int) -> bool:
    """Whether a hyphen joins the stretch to what is outside: that of ``HER2-positive``, not that of ``-308G``."""
    return text[place] in HYPHENS and outside >= 0 and text[outside : outside + 1].isalnum()


def _completes(text: str, start: int, half: int, end: int) -> bool:
    """Whether the bracket behind the stretch is the other half; that of ``a (b [c`` is not that of ``(``."""
    return text[end : end + 1] == _OPENING.get(text[half]) and _half_bracket(text, start, end + 1) != end


def _half_bracket(text: str, start: int, end: int) -> int | None:
    """Place of the first bracket whose other half is not in the stretch."""
    open_: list[int] = []
    for place in range(start, end):
        if text[place] in _OPENING:
            open_.append(place)
        elif text[place] in _CLOSING:
            if not open_ or text[open_[-1]] != _CLOSING[text[place]]:
                return place
            open_.pop()
    return open_[0] if open_ else None

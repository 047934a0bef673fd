"""Passages of an article that follow one another, and its date: what the readers of PubMed and PubMed Central share."""

from __future__ import annotations

import re

from .document import Document
from .mention import Passage

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class TitledPassages:
    """Passages with one character between two; what has no text is left out."""

    def __init__(self) -> None:
        self.passages: list[Passage] = []

    def add(self, text: str, **infons: str) -> None:
        """Append a passage."""
        if text:
            last = self.passages[-1:]
            self.passages.append(Passage(text, last[0].offset + len(last[0].text) + 1 if last else 0, infons))

    def document(self, name: str, fields: dict[str, str]) -> Document:
        """The document, whose record has what is known of the fields beside id and text."""
        document = Document(name, self.passages)
        known = {key: value for key, value in fields.items() if value}
        document.record = {"id": name, "text": document.text, **known}
        return document


def iso_date(year: str, month: str = "", day: str = "") -> str:
    """``2019``, ``2019-03`` or ``2019-03-07``; months may be names; empty without a year."""
    found = re.search(r"\b[12][0-9]{3}\b", year)
    if not found:
        return ""
    if not month.isdecimal():
        month = str(_MONTHS.index(month[:3].lower()) + 1) if month[:3].lower() in _MONTHS else ""
    parts = [found[0]]
    for part, most in ((month, 12), (day, 31)):
        if not (part.isdecimal() and 1 <= int(part) <= most):
            break
        parts.append(f"{int(part):02}")
    return "-".join(parts)

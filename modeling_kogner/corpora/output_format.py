"""What a format of annotated documents is: how one document is rendered, and how many become a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .mention import Mention, Passage

if TYPE_CHECKING:
    from collections.abc import Callable

_BREAKS = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029")


class Annotated(Protocol):
    """What is written of a document."""

    id: str
    passages: list[Passage]
    mentions: list[Mention]
    record: dict[str, Any] | None

    @property
    def text(self) -> str:
        """The whole text."""


@dataclass
class OutputFormat:
    """How documents become a file.

    Args:
        render: a document with its mentions as text.
        head: before the first document.
        separator: between two.
        tail: after the last.
        pack: makes the file from what was rendered, where the format cannot be written piece by piece.
        needs: a package of an extra.
        is_folder: whether ``pack`` fills a folder, unless the output's name ends with ``.zip``.
    """

    render: Callable[[Any], str]
    head: str = ""
    separator: str = ""
    tail: str = ""
    pack: Callable[[Path, Path], None] | None = None
    needs: str | None = None
    is_folder: bool = False

    def whole(self, documents: list[Annotated]) -> str:
        """A file of these documents."""
        return self.joined(list(map(self.render, documents)), 0) + self.end(len(documents))

    def joined(self, rendered: list[str], before: int) -> str:
        """What is written of some documents, after so many others."""
        parts = enumerate(rendered, start=before)
        return "".join((self.separator if number else self.head) + part for number, part in parts)

    def end(self, count: int) -> str:
        """What ends a file of so many documents."""
        return self.tail if count else self.head + self.tail


def one_line(text: str) -> str:
    """The text with each line break and tab replaced by a space, so that offsets stay."""
    return "".join(" " if character in _BREAKS else character for character in text)

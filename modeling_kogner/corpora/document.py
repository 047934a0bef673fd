"""A document as all formats see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ..inference.annotator import Mention

MAX_GAP = 1_000_000  # blanks between passages; a wrong offset in one file must not fill the memory


@dataclass
class Passage:
    """A stretch of a document that is read by itself, such as its title.

    Args:
        text: as written.
        offset: its first character in the document.
        infons: what BioC says about it.
    """

    text: str
    offset: int = 0
    infons: dict[str, Any] = field(default_factory=dict)


@dataclass
class Document:
    """Passages in order, and where they came from.

    Args:
        id: of the document; its number in the input where it has no other.
        passages: that do not overlap.
        record: fields of a JSON object or table row, which JSON lines and parquet keep beside the mentions.

    Raises:
        ValueError: an offset of a passage contradicts the length of the one before.
    """

    id: str
    passages: list[Passage]
    record: dict[str, Any] | None = None

    def __post_init__(self):
        end = 0
        for number, passage in enumerate(self.passages, start=1):
            if not end <= passage.offset <= end + MAX_GAP:
                raise ValueError(
                    f"document {self.id}, passage {number}: offset {passage.offset} does not follow {end}, the end of "
                    "the passage before; offsets count characters"
                )
            end = passage.offset + len(passage.text)

    @property
    def text(self) -> str:
        """The passages at their offsets, blanks between: ``text[start:end]`` is a mention."""
        text = ""
        for passage in self.passages:
            text += " " * (passage.offset - len(text)) + passage.text
        return text

    def shifted(self, found: list[list[Mention]]) -> list[Mention]:
        """Mentions of the passages, counted from the start of the document."""
        return [
            replace(mention, start=mention.start + passage.offset, end=mention.end + passage.offset)
            for passage, mentions in zip(self.passages, found, strict=True)
            for mention in mentions
        ]


@dataclass
class Record:
    """A document that is not read yet: what is wrong with it shows when it is parsed.

    Args:
        where: file and line, for messages.
        position: bytes of the file up to its end.
        parse: makes the document, or raises a ValueError that says what is wrong and the mend.
    """

    where: str
    position: int
    parse: Callable[[], Document]


@dataclass
class Fields:
    """Names of the fields of JSON objects and tables that hold the text and the document's id."""

    text: str = "text"
    id: str = "id"

    def document(self, record: dict[str, Any], number: int) -> Document:
        """A row as a document; rows without an id are called by their number.

        Raises:
            ValueError: the text is missing or no string.
        """
        if self.text not in record:
            has = ", ".join(map(str, record)) or "none"
            raise ValueError(f"no field {self.text!r}; it has {has:.200}; name the one with --text_column")
        text = record[self.text]
        if not isinstance(text, str):
            raise ValueError(f"field {self.text!r} is {type(text).__name__}, not a string; write '' for no text")
        return Document(str(record.get(self.id, number)), [Passage(text)], record)


def one_line(text: str) -> str:
    """The text without line breaks and tabs, each a blank: offsets stay."""
    return "".join(" " if character in _BREAKS else character for character in text)


_BREAKS = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029")

"""A document as every reader gives it, every door annotates it and every writer takes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..files.errors import InputError
from . import brat, html_page, writers
from .mention import Mention, Passage

if TYPE_CHECKING:
    import pandas

MAX_GAP = 1_000_000  # spaces between passages; a wrong offset in one file must not fill the memory


@dataclass
class Document:
    """Passages in order, the mentions in them, and where they came from.

    Args:
        id: of the document; its number in the input where it has no other.
        passages: that do not overlap.
        mentions: in order of their start; offsets count characters of :attr:`text`.
        record: fields of a JSON object or table row, which JSON lines and parquet keep beside the mentions.

    Raises:
        InputError: an offset of a passage contradicts the length of the one before.
    """

    id: str
    passages: list[Passage]
    mentions: list[Mention] = field(default_factory=list)
    record: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        end = 0
        for number, passage in enumerate(self.passages, start=1):
            if not end <= passage.offset <= end + MAX_GAP:
                raise InputError(
                    f"document {self.id}, passage {number}: offset {passage.offset} does not follow {end}, the end of "
                    "the passage before",
                    fix="offsets count characters",
                )
            end = passage.offset + len(passage.text)

    @classmethod
    def of(cls, text: str, name: str = "1") -> Document:
        """A document of one passage."""
        return cls(name, [Passage(text)])

    @property
    def text(self) -> str:
        """The passages at their offsets, spaces between: ``text[start:end]`` is a mention."""
        text = ""
        for passage in self.passages:
            text += " " * (passage.offset - len(text)) + passage.text
        return text

    def to_dict(self) -> dict[str, Any]:
        """Id, text and mentions (or the fields of the record and mentions) as plain Python."""
        return writers.as_dict(self)

    def to_pandas(self) -> pandas.DataFrame:
        """A table with one row for each mention."""
        return to_pandas([self])

    def to_html(self) -> str:
        """The text with its mentions marked, as a page of its own."""
        return html_page.HTML.whole([self])

    def to_brat(self) -> str:
        """The ``.ann`` file that brat shows beside the text."""
        return brat.brat(self)

    def to_pubtator(self) -> str:
        """Title, abstract and mentions in the PubTator format."""
        return writers.PUBTATOR.whole([self])

    def to_bioc(self) -> str:
        """A BioC collection of this document, as JSON."""
        return writers.BIOC.whole([self])

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return html_page.html_block(self)


class Documents(Iterator[Document]):
    """Documents one after another as they are annotated; the ``to_`` methods read what is left of them.

    Args:
        documents: read once.
    """

    def __init__(self, documents: Iterable[Document]):
        self._documents = iter(documents)

    def __next__(self) -> Document:
        return next(self._documents)

    def to_dict(self) -> list[dict[str, Any]]:
        """See :meth:`Document.to_dict`."""
        return [document.to_dict() for document in self]

    def to_pandas(self) -> pandas.DataFrame:
        """See :meth:`Document.to_pandas`."""
        return to_pandas(self)

    def to_html(self) -> str:
        """One page with all documents."""
        return html_page.HTML.whole(list(self))

    def to_brat(self) -> dict[str, str]:
        """The ``.ann`` file of each document, by its id."""
        return {document.id: document.to_brat() for document in self}

    def to_pubtator(self) -> str:
        """All documents in the PubTator format."""
        return writers.PUBTATOR.whole(list(self))

    def to_bioc(self) -> str:
        """A BioC collection of all documents, as JSON."""
        return writers.BIOC.whole(list(self))


def to_pandas(documents: Iterable[Document]) -> pandas.DataFrame:
    """One row for each mention: the document's id, and the fields of the mention."""
    import pandas

    rows = [{"document": document.id, **mention.to_dict()} for document in documents for mention in document.mentions]
    return pandas.DataFrame(rows, columns=["document", *Mention.__dataclass_fields__])

"""Documents longer than memory should hold at once, part by part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ..corpora.document import Document
from ..corpora.mention import Passage

# In characters: a longer document is read in parts, which end where a paragraph, sentence or word does. A part is a
# document of its own: what it abbreviates counts within it. A book has half a million.
LONGEST, PART = 500_000, 200_000
_ENDS = (re.compile(r".*\n\s*", re.DOTALL), re.compile(r".*[.?!]\s+", re.DOTALL), re.compile(r".*\s", re.DOTALL))
_LOOK_BACK = 5_000  # for such an end; in text without any a part ends within a word


def is_long(document: Document) -> bool:
    """Whether a document is read in parts."""
    return sum(len(passage.text) for passage in document.passages) > LONGEST


def parts_of(document: Document) -> Iterator[tuple[int, Document]]:
    """Parts of a document with the place of their first characters in it; their own offsets count from there."""
    passages: list[Passage] = []
    size = 0
    for passage in map(_cut, document.passages):
        for piece in passage:
            if size and size + len(piece.text) > PART:
                yield _part(document, passages)
                passages, size = [], 0
            passages.append(piece)
            size += len(piece.text)
    yield _part(document, passages)


def _part(document: Document, passages: list[Passage]) -> tuple[int, Document]:
    first = passages[0].offset if passages else 0
    moved = [replace(passage, offset=passage.offset - first) for passage in passages]
    return first, Document(document.id, moved)


def _cut(passage: Passage) -> Iterator[Passage]:
    """Pieces of a passage of at most PART characters."""
    start, back = 0, min(_LOOK_BACK, PART // 2)
    while len(passage.text) - start > PART:
        end = start + PART
        near = passage.text[end - back : end]
        found = next((match for pattern in _ENDS if (match := pattern.match(near))), None)
        end = end - back + found.end() if found else end
        yield replace(passage, text=passage.text[start:end], offset=passage.offset + start)
        start = end
    yield replace(passage, text=passage.text[start:], offset=passage.offset + start)

"""Text of any length as overlapping windows of pieces, with where each piece lies in the text."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from ..files.errors import InputError
from .text_tokenizer import TextTokenizer

_HALF_PAIRS = re.compile("[\ud800-\udfff]")  # no characters, which tokenizers refuse; Python's strings can hold them


@dataclass
class Window:
    """One input of the model.

    Args:
        text_index: which of the texts it is from.
        input_ids: special tokens included.
        lead: special tokens before the first piece.
        first: number of its first piece in the text.
        offsets: ``[start, end)`` in the text's characters of each piece, special tokens left out.
        word_ids: the tokenizer's word number of each piece.
        is_last: whether the text ends here.
    """

    text_index: int
    input_ids: list[int]
    lead: int
    first: int
    offsets: list[tuple[int, int]]
    word_ids: list[int]
    is_last: bool

    @property
    def end(self) -> int:
        """Number of the piece after its last."""
        return self.first + len(self.offsets)


@dataclass
class Word:
    """A word of a text: consecutive pieces between spaces or punctuation.

    Args:
        first: number of its first piece in the text.
        last: number of its last piece.
        start: first character.
        end: the character after its last.
        window: the window to read it from, in which it is farthest from an edge.
    """

    first: int
    last: int
    start: int
    end: int
    window: Window


def check_stride(room: int, stride: int) -> None:
    """Refuse a stride that leaves no room for new pieces.

    Args:
        room: pieces of a window without special ones.
        stride: pieces that neighbouring windows share.

    Raises:
        InputError: it does.
    """
    if not 0 <= stride < room:
        raise InputError(f"stride {stride} does not fit windows of {room} pieces", fix=f"give one from 0 to {room - 1}")


def readable(text: str) -> str:
    """The text without half characters, which tokenizers refuse."""
    return _HALF_PAIRS.sub("\N{REPLACEMENT CHARACTER}", text)


def make_windows(texts: list[str], tokenizer: TextTokenizer, max_length: int, stride: int) -> list[list[Window]]:
    """Windows of each text; neighbouring ones share ``stride`` pieces, and a text's own ends do not count as edges.

    Args:
        texts: of any length.
        tokenizer: of the model.
        max_length: pieces of a window, special ones included.
        stride: pieces.
    """
    if not texts:
        return []
    # Cut here and not by the tokenizer: its truncation is a setting, which threads would change under each other.
    encodings = tokenizer.encode(list(map(readable, texts)))
    windows: list[list[Window]] = [[] for _ in texts]
    for row, encoded in enumerate(encodings):
        ids = encoded.ids
        own = [position for position, special in enumerate(encoded.special_tokens_mask) if not special]
        if not own:
            continue
        lead, end = own[0], own[-1] + 1
        before, pieces, after = ids[:lead], ids[lead:end], ids[end:]
        words: list[Any] = encoded.word_ids[lead:end]  # None of special pieces alone
        offsets = encoded.offsets[lead:end]
        room, size = max_length - len(before) - len(after), len(pieces)
        for first in range(0, max(size - stride, 1), room - stride):
            part = slice(first, first + room)
            windows[row].append(
                Window(
                    text_index=row,
                    input_ids=before + pieces[part] + after,
                    lead=lead,
                    first=first,
                    offsets=offsets[part],
                    word_ids=words[part],
                    is_last=first + room >= size,
                )
            )
    return windows


def words_of(text: str, windows: list[Window]) -> list[Word]:
    """Words of a text in order, each with the window in which it is farthest from an edge.

    The tokenizer's words are split once more at punctuation: a sentencepiece word would swallow its full stop.
    """
    offsets: list[tuple[int, int]] = []
    word_ids: list[int] = []
    for window in windows:
        new = len(offsets) - window.first
        offsets += window.offsets[new:]
        word_ids += window.word_ids[new:]
    borders = [
        i for i in range(1, len(offsets)) if _is_border(text, offsets[i - 1], offsets[i], word_ids[i - 1], word_ids[i])
    ]
    words = []
    oldest = 0
    for first, after in zip([0, *borders], [*borders, len(offsets)], strict=True) if offsets else []:
        while windows[oldest].end <= first:
            oldest += 1
        start, end = _trim(text, offsets[first][0], max(end for _, end in offsets[first:after]))
        if start < end:
            words.append(Word(first, after - 1, start, end, _farthest_from_a_cut(windows, oldest, first, after - 1)))
    return words


def _farthest_from_a_cut(windows: list[Window], oldest: int, first: int, last: int) -> Window:
    """Of the windows from ``oldest`` on that hold the first piece."""
    if oldest + 1 == len(windows) or windows[oldest + 1].first > first:
        return windows[oldest]  # most words are in one window alone

    def room(window: Window) -> float:
        before = math.inf if window.first == 0 else first - window.first
        return min(before, math.inf if window.is_last else window.end - 1 - last)

    holders = takewhile(lambda window: window.first <= first, (windows[i] for i in range(oldest, len(windows))))
    return max(holders, key=room)


def _is_border(text: str, piece: tuple[int, int], following: tuple[int, int], word: int, following_word: int) -> bool:
    """Whether a word ends between two pieces."""
    if following[0] < piece[1]:  # bytes of one character
        return False
    if word != following_word:
        return True
    return not (text[slice(*piece)].strip()[-1:].isalnum() and text[slice(*following)].strip()[:1].isalnum())


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The same stretch without space around it."""
    stripped = text[start:end].strip()
    start += text[start:end].find(stripped)
    return start, start + len(stripped)

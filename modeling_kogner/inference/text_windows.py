"""Text of any length as overlapping windows of pieces, with where each piece lies in the text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase


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
        window: the window to read it from, in which it lies farthest from a cut.
    """

    first: int
    last: int
    start: int
    end: int
    window: Window


def make_windows(
    texts: list[str], tokenizer: PreTrainedTokenizerBase, max_length: int, stride: int
) -> list[list[Window]]:
    """Windows of each text; neighbouring ones share ``stride`` pieces, and only a text's own ends are no cuts."""
    if not texts:
        return []
    encoded = tokenizer(
        texts,
        truncation=True,
        max_length=max_length,
        stride=stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
    )
    # The setting would otherwise stay in the tokenizer, and in the tokenizer.json that it saves.
    tokenizer.backend_tokenizer.no_truncation()
    windows: list[list[Window]] = [[] for _ in texts]
    for row, text_index in enumerate(encoded["overflow_to_sample_mapping"]):
        own = [position for position, special in enumerate(encoded["special_tokens_mask"][row]) if not special]
        if not own:
            continue
        earlier = windows[text_index]
        if earlier:
            earlier[-1].is_last = False
        words = encoded.word_ids(row)
        earlier.append(
            Window(
                text_index=text_index,
                input_ids=encoded["input_ids"][row],
                lead=own[0],
                first=earlier[-1].end - stride if earlier else 0,
                offsets=[tuple(encoded["offset_mapping"][row][position]) for position in own],
                word_ids=[words[position] for position in own],
                is_last=True,
            )
        )
    return windows


def words_of(text: str, windows: list[Window]) -> list[Word]:
    """Words of a text in order, each with the window in which it lies farthest from a cut.

    The tokenizer's words are split once more at punctuation: a sentencepiece word would swallow its full stop.
    """
    best: dict[int, tuple[float, Word]] = {}
    for window in windows:
        for first, last in _word_ranges(text, window):
            before = math.inf if window.first == 0 else first
            after = math.inf if window.is_last else len(window.offsets) - 1 - last
            start, end = _trim(text, window.offsets[first][0], max(end for _, end in window.offsets[first : last + 1]))
            word = Word(window.first + first, window.first + last, start, end, window)
            # A word cut at a window's end is the same word as in the next window, where it starts alike.
            if start < end and min(before, after) > best.get(word.first, (-1.0, word))[0]:
                best[word.first] = min(before, after), word
    words: list[Word] = []
    for _, word in (best[first] for first in sorted(best)):
        if words and word.first <= words[-1].last:
            continue  # the rest of a word whose start was cut off by a window
        words.append(word)
    return words


def _word_ranges(text: str, window: Window) -> Iterator[tuple[int, int]]:
    first = 0
    for position in range(1, len(window.offsets) + 1):
        if position == len(window.offsets) or _is_border(text, window, position):
            yield first, position - 1
            first = position


def _is_border(text: str, window: Window, position: int) -> bool:
    """Whether a word ends between this piece and the one before it."""
    (start, end), (next_start, next_end) = window.offsets[position - 1 : position + 1]
    if next_start < end:  # bytes of one character
        return False
    if window.word_ids[position] != window.word_ids[position - 1]:
        return True
    return not (text[start:end].strip()[-1:].isalnum() and text[next_start:next_end].strip()[:1].isalnum())


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The same stretch without space around it."""
    stripped = text[start:end].strip()
    start += text[start:end].find(stripped)
    return start, start + len(stripped)

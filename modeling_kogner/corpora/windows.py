"""Tagged sentences as model inputs: windows with a label and a word for each piece, and the way back to words."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate
from typing import Any

from transformers import PreTrainedTokenizerBase

from ..files.errors import InputError
from ..losses import IGNORED
from .text_tokenizer import TextTokenizer
from .text_windows import Window, check_stride, make_windows

SPECIAL = -1  # the word id of [CLS] and the like; parquet and arrow like no None among integers


def encode(
    examples: Mapping[str, Sequence[Any]],
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    stride: int,
    label2id: Mapping[str, int],
    supervised_types: Collection[str],
) -> dict[str, list[Any]]:
    """Turn tagged sentences into windows of at most ``max_length`` pieces.

    Words are read as a text, with spaces between them, so that a model learns from the windows that it annotates in.
    The first piece of a word has its tag, later ones I-.

    Args:
        examples: ``tokens`` and, optionally, ``ner_tags`` (IOB2); without tags there are no ``labels``.
        tokenizer: a fast one.
        max_length: tokens per window, special tokens included.
        stride: pieces that neighbouring windows share at most.
        label2id: the model's labels, ``O``, ``B-T1``, ``I-T1``, ...
        supervised_types: the model's types that this corpus annotates.

    Returns:
        ``input_ids``, ``attention_mask``, ``labels``, ``word_ids`` (-1 for special tokens and for the rest of a word
        that began in an earlier window), ``example_index`` (row in ``examples``) and ``type_mask`` (0/1 for each of the
        model's types), one entry per window; a sentence without any piece has none.

    Raises:
        InputError: a slow tokenizer, a type the model does not know, or a stride that leaves no room.
    """
    plain = TextTokenizer.of(tokenizer)
    check_stride(max_length - sum(map(len, plain.special_tokens)), stride)
    type_mask = _type_mask(label2id, supervised_types)
    windows: dict[str, list[Any]] = {"input_ids": [], "attention_mask": [], "word_ids": []}
    windows |= {"example_index": [], "type_mask": []} | ({"labels": []} if "ner_tags" in examples else {})
    sentences = [list(words) for words in examples["tokens"]]
    texts = [" ".join(filter(None, words)) for words in sentences]
    for index, group in enumerate(make_windows(texts, plain, max_length, stride)):
        labels = _label_ids(examples["ner_tags"][index], label2id) if "labels" in windows else None
        word_of = _words_of_pieces(sentences[index], group)
        for window in group:
            own = range(window.first, window.end)
            start = next((piece for piece in own if _is_first(word_of, piece)), window.end)
            around = (window.lead, len(window.input_ids) - window.lead - len(own))
            windows["input_ids"].append(window.input_ids)
            windows["attention_mask"].append([1] * len(window.input_ids))
            windows["word_ids"].append(_filled([word_of[i] if i >= start else SPECIAL for i in own], SPECIAL, *around))
            windows["example_index"].append(index)
            windows["type_mask"].append(type_mask)
            if labels is not None:
                of_pieces = [labels[word_of[i]][0 if _is_first(word_of, i) else 1] for i in own]
                windows["labels"].append(_filled(of_pieces, IGNORED, *around))
    return windows


def neighbours(lengths: Sequence[int], documents: Sequence[Any], most: int) -> list[range]:
    """Runs of neighbouring sentences of a document that have at most so many pieces together; one at least.

    Args:
        lengths: pieces of each sentence.
        documents: of each sentence, equal where the document is the same.
        most: pieces; 0 leaves every sentence alone.
    """
    runs: list[range] = []
    pieces = 0
    for row, (length, document) in enumerate(zip(lengths, documents, strict=True)):
        pieces += length
        if runs and pieces <= most and document == documents[row - 1]:
            runs[-1] = range(runs[-1].start, row + 1)
        else:
            runs.append(range(row, row + 1))
            pieces = length
    return runs


def merge_windows(
    predictions: Sequence[Sequence[int]],
    word_ids: Sequence[Sequence[int]],
    example_index: Sequence[int],
    word_counts: Sequence[int],
    id2label: Mapping[int, str],
) -> list[list[str]]:
    """Bring predicted label ids of pieces back to one label for each word.

    The first piece of a word decides its label. A word in several windows takes the one in which it is farthest from
    an edge; the sentence's own start and end do not count as edges. Words without any piece (control characters) are
    ``O``.

    Args:
        predictions: label ids by window and piece; rows may be longer than their ``word_ids`` (padding on the right).
        word_ids: from ``encode``.
        example_index: from ``encode``, windows of a sentence in their order.
        word_counts: words of each sentence.
        id2label: the model's labels.
    """
    merged = [["O"] * count for count in word_counts]
    best = [[-1.0] * count for count in word_counts]
    last_window = {example: window for window, example in enumerate(example_index)}
    seen: Counter[int] = Counter()
    for window, (example, row, words) in enumerate(zip(example_index, predictions, word_ids, strict=True)):
        cut_before = seen[example] > 0
        seen[example] += 1
        previous = SPECIAL
        for position, word in enumerate(words):
            if word not in (SPECIAL, previous):
                before = position if cut_before else math.inf
                after = len(words) - 1 - position if window != last_window[example] else math.inf
                if min(before, after) > best[example][word]:
                    best[example][word] = min(before, after)
                    merged[example][word] = id2label[int(row[position])]
            previous = word
    return merged


def _words_of_pieces(words: Sequence[str], windows: Sequence[Window]) -> list[int]:
    """The word of each piece of a sentence: the one that holds the piece's last character."""
    numbers = [number for number, word in enumerate(words) if word]
    ends = list(accumulate(len(words[number]) + 1 for number in numbers))  # of a word and the space behind it
    found: list[int] = []
    for window in windows:
        found += [numbers[bisect_left(ends, end + 1)] for _, end in window.offsets[len(found) - window.first :]]
    return found


def _is_first(word_of: Sequence[int], piece: int) -> bool:
    return piece == 0 or word_of[piece] != word_of[piece - 1]


def _filled(values: list[int], filler: int, before: int, after: int) -> list[int]:
    """Values of a window's pieces, and a filler for the special tokens around them."""
    return [filler] * before + values + [filler] * after


def _label_ids(tags: Sequence[str], label2id: Mapping[str, int]) -> list[tuple[int, int]]:
    """Return for each word the label of its first piece and that of its later ones."""
    try:
        return [(label2id[tag], label2id[tag if tag == "O" else f"I-{tag[2:]}"]) for tag in tags]
    except KeyError as error:
        problem = f"tag {error} is none of the model's labels ({', '.join(label2id)})"
        raise InputError(problem, fix="restrict the corpus to types that the model knows") from None


def _type_mask(label2id: Mapping[str, int], supervised_types: Collection[str]) -> list[int]:
    types = [label[2:] for label in sorted(label2id, key=label2id.__getitem__) if label.startswith("B-")]
    if unknown := sorted(set(supervised_types) - set(types)):
        problem = f"the model does not know the type {', '.join(unknown)}"
        raise InputError(problem, fix=f"it knows {', '.join(types)}")
    return [int(name in supervised_types) for name in types]

"""Sentences as model inputs: words to pieces, long sentences as overlapping windows, and the way back to words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from tokenizers import Encoding
from transformers import PreTrainedTokenizerBase

from ..files.errors import InputError
from ..losses import IGNORED

SPECIAL = -1  # the word id of [CLS] and the like; parquet and arrow like no None among integers


def check_tokenizer(tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse a tokenizer that cannot map pieces to words, or that reads listed words unlike running text.

    Raises:
        InputError: it is a slow tokenizer, or drops the space before listed words.
    """
    name = tokenizer.name_or_path or type(tokenizer).__name__
    if not tokenizer.is_fast:
        problem = "a slow tokenizer does not say which word a token belongs to"
        raise InputError(problem, file=name, fix="use its fast version (tokenizer.json)")
    # Without the space a byte-level BPE gives every word the pieces that it has in mid-word.
    listed = tokenizer(["a", "b"], is_split_into_words=True, add_special_tokens=False)["input_ids"]
    if listed != tokenizer("a b", add_special_tokens=False)["input_ids"]:
        problem = "listed words lose the space before them"
        raise InputError(problem, file=name, fix="load the tokenizer with add_prefix_space=True")


def encode(
    examples: Mapping[str, Sequence[Any]],
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    stride: int,
    label2id: Mapping[str, int],
    supervised_types: Collection[str],
) -> dict[str, list[Any]]:
    """Turn tagged sentences into windows of at most ``max_length`` pieces.

    A sentence past the limit is cut between words only, into windows that share up to ``stride`` pieces. Only a single
    word longer than a window loses pieces, never its label. The first piece of a word has its tag, later ones I-.

    Args:
        examples: ``tokens`` and, optionally, ``ner_tags`` (IOB2); without tags there are no ``labels``.
        tokenizer: a fast one.
        max_length: tokens per window, special tokens included.
        stride: pieces that neighbouring windows share at most.
        label2id: the model's labels, ``O``, ``B-T1``, ``I-T1``, ...
        supervised_types: the model's types that this corpus annotates.

    Returns:
        ``input_ids``, ``attention_mask``, ``labels``, ``word_ids`` (-1 for special tokens), ``example_index`` (row in
        ``examples``) and ``type_mask`` (0/1 for each of the model's types), one entry per window.

    Raises:
        InputError: an unfit tokenizer, a type the model does not know, or a stride that leaves no room.
    """
    check_tokenizer(tokenizer)
    room = max_length - tokenizer.num_special_tokens_to_add()
    if not 0 <= stride < room:
        problem = f"{stride} does not fit max_length {max_length}"
        raise InputError(problem, field="stride", fix=f"give a stride from 0 to {room - 1}")
    type_mask = _type_mask(label2id, supervised_types)
    windows: dict[str, list[Any]] = {"input_ids": [], "attention_mask": [], "word_ids": []}
    windows |= {"example_index": [], "type_mask": []} | ({"labels": []} if "ner_tags" in examples else {})
    sentences = [list(words) for words in examples["tokens"]]
    whole = tokenizer(sentences, is_split_into_words=True, verbose=False).encodings if sentences else []
    for index, words in enumerate(sentences):
        labels = _label_ids(examples["ner_tags"][index], label2id) if "labels" in windows else None
        for ids, word_ids in _windows(words, whole[index], tokenizer, max_length, stride):
            windows["input_ids"].append(ids)
            windows["attention_mask"].append([1] * len(ids))
            windows["word_ids"].append(word_ids)
            windows["example_index"].append(index)
            windows["type_mask"].append(type_mask)
            if labels is not None:
                windows["labels"].append(_piece_labels(word_ids, labels))
    return windows


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


def _windows(
    words: list[str], whole: Encoding, tokenizer: PreTrainedTokenizerBase, max_length: int, stride: int
) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the ids of each window and the words that they belong to."""
    if len(whole.ids) <= max_length:
        yield whole.ids, _words_of(whole, 0)
        return
    pieces = Counter(whole.word_ids)
    room = max_length - tokenizer.num_special_tokens_to_add()
    for start, end in _word_ranges([pieces[word] for word in range(len(words))], room, stride):
        window = tokenizer(words[start:end], is_split_into_words=True, verbose=False).encodings[0]
        ids, word_ids = window.ids, _words_of(window, start)
        # By hand: truncation=True would stay switched on in the tokenizer.json that is saved with the model.
        surplus = [position for position, word in enumerate(word_ids) if word != SPECIAL][room:]
        for position in reversed(surplus):
            del ids[position], word_ids[position]
        yield ids, word_ids


def _words_of(encoding: Encoding, start: int) -> list[int]:
    return [SPECIAL if word is None else word + start for word in encoding.word_ids]


def _word_ranges(pieces: Sequence[int], room: int, stride: int) -> Iterator[tuple[int, int]]:
    """Cover the words with ranges of at most ``room`` pieces (or one word) that share up to ``stride`` pieces."""
    start = 0
    while True:
        end, used = start + 1, pieces[start]
        while end < len(pieces) and used + pieces[end] <= room:
            used += pieces[end]
            end += 1
        yield start, end
        if end == len(pieces):
            return
        following, shared = end, 0
        # Stepping back must leave room for the next word, or the next window would end where this one did.
        limit = min(stride, room - pieces[end])
        while following - 1 > start and shared + pieces[following - 1] <= limit:
            following -= 1
            shared += pieces[following]
        start = following


def _piece_labels(word_ids: Sequence[int], labels: Sequence[tuple[int, int]]) -> list[int]:
    result, previous = [], SPECIAL
    for word in word_ids:
        if word == SPECIAL:
            result.append(IGNORED)
        else:
            first, later = labels[word]
            result.append(later if word == previous else first)
        previous = word
    return result


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

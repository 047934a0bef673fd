"""Tagged sentences as one row of token ids and labels: what millions of tokens fit into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from transformers import PreTrainedTokenizerBase

from .text_windows import readable

SENTENCES_A_BATCH = 4096


@dataclass
class FlatTokens:
    """Sentences one after another, without special tokens.

    Shapes:
        - **ids**: ``(N,)`` int32.
        - **labels**: ``(N,)`` int16; the first piece of a word has its tag, later ones that of its inside.
        - **lengths**: ``(sentences,)`` int32; 0 for a sentence without any piece.
    """

    ids: np.ndarray
    labels: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(
        cls,
        sentences: Sequence[Sequence[str]],
        tags: Sequence[Sequence[str]],
        tokenizer: PreTrainedTokenizerBase,
        label2id: Mapping[str, int],
    ) -> FlatTokens:
        """Tokenise sentences as :func:`windows.encode` does.

        Args:
            sentences: words of each.
            tags: IOB2 tags of each.
            tokenizer: a fast one.
            label2id: number of each tag.
        """
        parts = []
        for first in range(0, len(sentences), SENTENCES_A_BATCH):
            some = slice(first, first + SENTENCES_A_BATCH)
            parts.append(_encode(sentences[some], tags[some], tokenizer, label2id))
        return cls(*map(np.concatenate, zip(*parts, strict=True)))


def _encode(
    sentences: Sequence[Sequence[str]],
    tags: Sequence[Sequence[str]],
    tokenizer: PreTrainedTokenizerBase,
    label2id: Mapping[str, int],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ids, labels and lengths of some sentences; places of words and pieces count in all texts laid end to end."""
    inside = {tag: label2id[tag if tag == "O" else f"I-{tag[2:]}"] for tag in label2id}
    pairs = [
        [(word, tag) for word, tag in zip(*each, strict=True) if word] for each in zip(sentences, tags, strict=True)
    ]
    texts = [readable(" ".join(word for word, _ in row)) for row in pairs]
    encoded = tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    lengths = np.array([len(ids) for ids in encoded["input_ids"]], dtype=np.int32)
    sizes = np.array([sum(len(word) + 1 for word, _ in row) for row in pairs])  # a space ends each word
    before = np.cumsum(sizes) - sizes
    ends = np.array([end for row in encoded["offset_mapping"] for _, end in row], dtype=np.int64)
    ends += np.repeat(before, lengths)
    word_ends = np.cumsum([len(word) + 1 for row in pairs for word, _ in row])
    word = np.searchsorted(word_ends, ends + 1)  # of each piece: the one that holds its last character
    starts = np.diff(word, prepend=-1) != 0
    first, later = (np.array([of[tag] for row in pairs for _, tag in row], dtype=np.int16) for of in (label2id, inside))
    ids = np.fromiter((i for row in encoded["input_ids"] for i in row), dtype=np.int32, count=len(ends))
    return ids, np.where(starts, first[word], later[word]), lengths

"""A model's tokenizer as inference uses it: without truncation and padding, so that threads may share it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import Encoding, Tokenizer

from ..files.errors import InputError, first_line

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_NO_LIMIT = 10**6  # transformers writes a larger number where a tokenizer has none


class TextTokenizer:
    """Pieces of texts, with their places.

    Args:
        backend: without truncation and padding.
        name: for messages.
        max_length: pieces that the model reads, special ones included.
        pad_id: id that fills up a batch.
    """

    def __init__(self, backend: Tokenizer, name: str = "", max_length: int = _NO_LIMIT, pad_id: int = 0):
        self.backend, self.name, self.max_length, self.pad_id = backend, name, max_length, pad_id

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase | TextTokenizer) -> TextTokenizer:
        """A tokenizer of transformers as one of these; it stays as it is.

        Raises:
            InputError: it is a slow one.
        """
        if isinstance(tokenizer, TextTokenizer):
            return tokenizer
        name = tokenizer.name_or_path or type(tokenizer).__name__
        if not tokenizer.is_fast:
            raise InputError("a slow tokenizer has no offsets", file=name, fix="use its fast version (tokenizer.json)")
        backend = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
        backend.no_truncation()
        backend.no_padding()
        return cls(backend, name, tokenizer.model_max_length, tokenizer.pad_token_id or 0)

    @classmethod
    def load(cls, folder: str | Path) -> TextTokenizer:
        """The tokenizer of a folder that ``kogner export`` wrote.

        Raises:
            InputError: there is none, or it is damaged.
        """
        try:
            backend = Tokenizer.from_file(str(Path(folder, "tokenizer.json")))
            settings = json.loads(Path(folder, "tokenizer_config.json").read_text())
        except Exception as error:  # the library's own is a bare Exception
            fix = "export the model again: kogner export MODEL --output FOLDER"
            raise InputError(f"no tokenizer could be read there ({first_line(error)})", file=folder, fix=fix) from error
        backend.no_truncation()
        backend.no_padding()
        pad = backend.token_to_id(str(settings.get("pad_token")))
        return cls(backend, str(folder), int(settings.get("model_max_length", _NO_LIMIT)), pad or 0)

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        """Pieces with special ones, places and words."""
        return self.backend.encode_batch(list(texts))

    @cached_property
    def special_tokens(self) -> tuple[list[int], list[int]]:
        """Ids before and after a text."""
        encoded = self.backend.encode("a")
        own = [place for place, special in enumerate(encoded.special_tokens_mask) if not special]
        return encoded.ids[: own[0]], encoded.ids[own[-1] + 1 :]

    def cut(self, texts: Sequence[str], length: int) -> list[list[int]]:
        """Ids of texts with special ones, at most so many."""
        before, after = self.special_tokens
        room = length - len(before) - len(after)
        encoded = self.backend.encode_batch_fast(list(texts), add_special_tokens=False)
        return [before + each.ids[:room] + after for each in encoded]

    @cached_property
    def fingerprint(self) -> str:
        """Digest of the vocabulary; equal vocabularies give equal token ids."""
        return vocabulary_fingerprint(self.backend.get_vocab())


def vocabulary_fingerprint(vocabulary: dict[str, int]) -> str:
    """Digest of a vocabulary, token -> id."""
    pairs = sorted(vocabulary.items(), key=lambda item: item[1])
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()[:16]


def check_vocabulary(built_for: str | None, tokenizer: TextTokenizer) -> None:
    """Refuse a tokenizer whose ids mean other pieces than those of the model and of its surface index.

    Args:
        built_for: fingerprint of the model's tokenizer; None for a model without a graph.
        tokenizer: given with it.

    Raises:
        InputError: the vocabularies differ.
    """
    if built_for not in (None, tokenizer.fingerprint):
        raise InputError(
            f"the tokenizer of {tokenizer.name} has another vocabulary than the one this model was made for",
            fix="use the tokenizer saved with the model, or train it again from its encoder",
        )

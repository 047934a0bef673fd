"""The tokenizer saved with a model, read so that it splits listed words like running text."""

from __future__ import annotations

from tokenizers import pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from ..files.errors import InputError, first_line
from . import auto_classes  # noqa: F401  (the tokenizer's class is found by the kind of model)


def load_tokenizer(source: str) -> PreTrainedTokenizerBase:
    """A fast tokenizer that reads listed words as it reads running text.

    Raises:
        InputError: there is none.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
    except (OSError, ValueError) as error:
        raise InputError(
            f"no tokenizer could be read there ({first_line(error)})", file=source, fix="check path or id"
        ) from error
    if tokenizer("a", add_special_tokens=False).input_ids != tokenizer(" a", add_special_tokens=False).input_ids:
        tokenizer = AutoTokenizer.from_pretrained(source, add_prefix_space=True)
        if tokenizer.is_fast:  # ModernBERT's class, for one, ignores the argument
            parts = tokenizer.backend_tokenizer.pre_tokenizer
            whole = isinstance(parts, pre_tokenizers.Sequence)
            for part in parts if whole else [parts]:
                if isinstance(part, pre_tokenizers.ByteLevel):
                    part.add_prefix_space = True
    tokenizer.padding_side = "right"
    return tokenizer

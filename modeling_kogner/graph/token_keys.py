"""How a tokenizer spells its tokens, in the terms of the surface index."""

import json

import torch
from transformers import PreTrainedTokenizerBase
from transformers.convert_slow_tokenizer import bytes_to_unicode

from ..corpora.text_tokenizer import vocabulary_fingerprint
from ..files.errors import InputError
from ..surface_keys import (
    ENDS_IN_S,
    FIRST_ALNUM,
    LAST_ALNUM,
    MAX_TOKEN_CHARACTERS,
    SPACE_BEFORE,
    UNMATCHABLE,
    hash_key,
    normalise_key,
)


def tokenizer_fingerprint(tokenizer: PreTrainedTokenizerBase) -> str:
    """Digest of a tokenizer's vocabulary; equal vocabularies give equal token ids."""
    return vocabulary_fingerprint(tokenizer.get_vocab())


def token_table(tokenizer: PreTrainedTokenizerBase) -> dict[str, torch.Tensor]:
    """Spell every token id: buffers ``token_hash`` (long), ``token_length`` and ``token_flags`` (uint8), ``(V,)`` each.

    Word-piece, byte-level BPE and sentencepiece (Metaspace) vocabularies are read by their own conventions.

    Raises:
        InputError: the tokenizer is not a fast one, so its conventions cannot be read.
    """
    if not getattr(tokenizer, "is_fast", False):
        problem = f"{type(tokenizer).__name__} is a slow tokenizer"
        raise InputError(problem, fix="the surface index needs a fast one (with tokenizer.json)")
    spell = _speller(json.loads(tokenizer.backend_tokenizer.to_str()))
    special = set(tokenizer.all_special_ids)
    hashes, lengths, flags = [], [], []
    for token, index in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1]):
        while len(hashes) < index:  # an id without a token
            hashes.append(0), lengths.append(0), flags.append(UNMATCHABLE)
        key, flag = (b"", UNMATCHABLE) if index in special else _key_and_flags(*spell(token))
        hashes.append(hash_key(key)), lengths.append(len(key)), flags.append(flag)
    return {
        "token_hash": torch.tensor(hashes, dtype=torch.long),
        "token_length": torch.tensor(lengths, dtype=torch.uint8),
        "token_flags": torch.tensor(flags, dtype=torch.uint8),
    }


def _speller(backend: dict):
    """A function from a token to its bytes and whether a space comes before it."""
    model = backend["model"]
    if model["type"] == "WordPiece":
        prefix = model["continuing_subword_prefix"]
        return lambda token: (token.removeprefix(prefix).encode(), not token.startswith(prefix))
    if '"ByteLevel"' in json.dumps([backend.get("pre_tokenizer"), backend.get("decoder")]):
        byte_of = {character: byte for byte, character in bytes_to_unicode().items()}

        def byte_level(token):
            raw = bytes(b for c in token for b in ([byte_of[c]] if c in byte_of else c.encode()))
            return raw.strip(), raw[:1].isspace()

        return byte_level

    def metaspace(token):
        if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):  # byte fallback
            return bytes([int(token[3:5], 16)]), False
        return token.replace("\u2581", " ").strip().encode(), token.startswith("\u2581")

    return metaspace


def _key_and_flags(raw: bytes, space_before: bool) -> tuple[bytes, int]:
    """Key bytes and flag bits of one token."""
    try:
        text = raw.decode()
        key = normalise_key(text).encode()
        # A token of spaces alone counts as the space before a letter, which the next token then starts without.
        first, last = text[:1].isalnum() or not text, text[-1:].isalnum()
    except UnicodeDecodeError:  # part of a multi-byte character, hence inside a word
        key, first, last = raw, True, True
    if len(key) > MAX_TOKEN_CHARACTERS:
        return b"", UNMATCHABLE
    bits = ((SPACE_BEFORE, space_before), (FIRST_ALNUM, first), (LAST_ALNUM, last), (ENDS_IN_S, key.endswith(b"s")))
    return key, sum(bit for bit, on in bits if on)

"""Keys of written forms: how the tokens of a tokenizer are spelled, and the hash that finds a form in the index."""

from functools import cache

import numpy as np

# Bits of `token_flags`; the linker shifts LAST_ALNUM onto FIRST_ALNUM.
SPACE_BEFORE, FIRST_ALNUM, LAST_ALNUM, UNMATCHABLE, ENDS_IN_S = 1, 2, 4, 8, 16
# Keys of fewer characters keep a final "s" and must not span a space ("at 1" is not the gene AT1).
SHORT_KEY = 5
# Base of the polynomial and its inverse modulo 2**64, as signed integers: any odd base has one.
BASE = 0x5851F42D4C957F2D
INVERSE = pow(BASE, -1, 2**64)
MAX_TOKEN_CHARACTERS = 255
MAX_MENTION_TOKENS = 12  # of a written form
_MASK = 2**64 - 1
HYPHENS = "-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
APOSTROPHES = "'`\u00b4\u02bc\u2018\u2019\u2032"
_DELETED = str.maketrans("", "", HYPHENS + APOSTROPHES)


def normalise_key(text: str) -> str:
    """Key of a surface form: lower case, without whitespace, hyphens and apostrophes."""
    return "".join(text.translate(_DELETED).lower().split())


def to_signed(value: int) -> int:
    """The signed 64-bit integer with the bits of ``value`` modulo 2**64."""
    value &= _MASK
    return value - 2**64 if value >= 2**63 else value


def byte_value(byte: int) -> int:
    """Scatter a byte over 64 bits (the finaliser of splitmix64), so that short keys do not collide."""
    z = (byte + 1) * 0x9E3779B97F4A7C15 & _MASK
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _MASK
    return z ^ (z >> 31)


def hash_key(key: bytes) -> int:
    """Polynomial hash of a key modulo 2**64, signed: the value that the index computes for its n-gram."""
    value = 0
    for byte in key:
        value = (value * BASE + byte_value(byte)) & _MASK
    return to_signed(value)


@cache
def powers() -> np.ndarray:
    """``P^n`` and ``P^-n`` for ``n`` up to the longest token: ``(2, 256)`` int64."""
    exponents = range(MAX_TOKEN_CHARACTERS + 1)
    return np.array([[to_signed(pow(base, n, 2**64)) for n in exponents] for base in (BASE, INVERSE)])

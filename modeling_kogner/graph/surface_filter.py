"""Names that would only make noise, by stated rules."""

from __future__ import annotations

import re
from functools import cache

from .surface_forms import surface_key

MAX_CHARACTERS = 60
MAX_WORDS = 12

# Heads that say only what kind of thing a mention is; alone they name nothing.
GENERIC = frozenset(
    ["acid", "agent", "allele", "animal", "antibody", "antigen", "bacteria", "bacterium", "cell", "cell", "line", "chemical", "component", "compound", "condition", "disease", "disorder", "drug", "enzyme", "factor", "family", "finding", "function", "gene", "group", "inhibitor", "ion", "ligand", "material", "medicine", "metabolite", "molecule", "mutation", "organ", "organism", "other", "part", "pathway", "patient", "peptide", "phenotype", "plant", "process", "product", "protein", "receptor", "region", "residue", "rna", "dna", "sample", "sequence", "species", "strain", "structure", "substance", "symptom", "syndrome", "system", "tissue", "type", "unknown", "virus"]
) | {"cell line"}

# Zipf value (log10 of occurrences in a billion words) from which a word of general English is no longer believed to be
# a name. Gene symbols are matched without regard to case, so "REST" and "CAMP" must go; whole words such as insulin
# (3.8) are believed for longer, and most of all in types whose members everybody talks about: heart, mouse, pain.
_SYMBOL_LIMIT = {"weak": 3.3, "strong": 4.5}
_WORD_LIMIT = {"weak": 4.0, "Species": 5.5, "Chemical": 5.4, "Disease": 5.1, "Phenotype": 4.6, "Anatomy": 5.8}
_WORD_LIMIT |= {"Cell": 4.0, "CellLine": 3.3}
_STRONG_TYPES = {"Species", "Chemical", "Disease", "Phenotype", "Anatomy", "Cell", "CellLine"}

_ROMAN_OR_NUMBER = re.compile(r"^(?:x{0,3}(?:ix|iv|v?i{0,3})|[\W\d_]*)$")
_AUTHORITY = re.compile(r"\d{4}|\bet al\b|\bex\b|[\"“”&]|[a-z] \(?[A-Z][\w.]*\.?\)?$|[a-z] \(?(?:[A-Z]\.|[A-Z][a-z]+\.?\)?) ")


def noise(surface: str, semantic_type: str) -> str | None:
    """Return why a surface stays out of the index, or `None`."""
    if len(surface) > MAX_CHARACTERS or surface.count(" ") >= MAX_WORDS:
        return f"over {MAX_CHARACTERS} characters or {MAX_WORDS} words"
    key = surface_key(surface)
    if len(key) <= 2:
        return "one or two letters"
    if _ROMAN_OR_NUMBER.match(key):
        return "number, roman numeral or punctuation"
    if key in _generic_keys():
        return "generic head"
    if semantic_type == "Species" and " " in surface and _AUTHORITY.search(surface):
        return "species name with its author"
    if _is_english(surface, semantic_type):
        return "ordinary English word"
    return None


def _is_english(surface: str, semantic_type: str) -> bool:
    if not surface.isalpha():
        return False
    kind = "strong" if semantic_type in _STRONG_TYPES else "weak"
    symbol = sum(map(str.isupper, surface)) >= 2
    limit = _SYMBOL_LIMIT[kind] if symbol else _WORD_LIMIT.get(semantic_type, _WORD_LIMIT["weak"])
    return _zipf(surface.lower()) >= limit


@cache
def _generic_keys() -> frozenset[str]:
    return frozenset(map(surface_key, GENERIC))


@cache
def _frequent_words() -> dict[str, float]:
    from wordfreq import get_frequency_list

    # Bin number i of the list holds the words of frequency 10^(-i/100).
    return {word: 9 - i / 100 for i, words in enumerate(get_frequency_list("en", "large")) for word in words}


def _zipf(word: str) -> float:
    return _frequent_words().get(word, 0.0)

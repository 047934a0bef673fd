"""Names that would only make noise, by stated rules."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from .surface_forms import surface_key

MAX_CHARACTERS = 60
MAX_WORDS = 12

# Heads that say only what kind of thing a mention is; alone they name nothing.
GENERIC = """
agent, allele, animal, antagonist, agonist, antibody, antigen, bacteria, bacterium, binding protein, cdna, cell,
cell line, chemical, chemicals and drugs, clone, component, compound, condition, disease, disorder, dna, drug, enzyme,
exon, factor, family, finding, fragment, function, gene, gene product, group, growth factor, hormone, inhibitor, ion,
isoform, kinase, ligand, material, medicine, membrane protein, metabolite, molecule, mrna, mutation, organ, organism,
other, part, pathway, patient, peptide, phenotype, plant, precursor, process, product, protein, receptor, region,
residue, rna, role, sample, sequence, solution, species, strain, structure, substance, subunit, symptom, syndrome,
system, tissue, transcription factor, trna, type, unknown, virus
"""

# Zipf value (log10 of occurrences in a billion words of English) from which a single word is no longer believed to be
# a name. The index ignores case, so symbols such as REST and CAMP must go early; whole words such as insulin (3.8) are
# believed for longer, longest in types whose members everybody talks about: heart, mouse, pain.
_SYMBOL_LIMIT = {"Species": 4.5, "Chemical": 4.3, "Disease": 4.3, "Phenotype": 4.3, "Anatomy": 4.3}
_WORD_LIMIT = {"Species": 5.5, "Chemical": 5.4, "Disease": 5.1, "Phenotype": 5.1, "Anatomy": 6.0}
_WEAK_SYMBOL_LIMIT, _WEAK_WORD_LIMIT = 3.5, 4.45
# A vocabulary's preferred name is believed most, what a rule of ours made of a synonym least.
Evidence = Literal["preferred", "synonym", "derived"]
_MISTRUST = {"preferred": 0.0, "synonym": 0.6, "derived": 1.6}
_FUNCTION_WORD = 6.0  # the, of, all, was

_ROMAN_OR_NUMBER = re.compile(r"x{0,3}(?:ix|iv|v?i{0,3})|[\W\d_]*")
_AUTHOR = re.compile(r"\d{4}|\bet al\b|[\"\u201c\u201d&]|[a-z] \(?(?:[A-Z]\.|[A-Z][\w.]*[a-z.]\)?(?:$| ))")


def noise(surface: str, semantic_type: str, evidence: Evidence = "preferred") -> str | None:
    """Return why a surface stays out of the index, or `None`.

    Args:
        surface: a written form.
        semantic_type: of its concept.
        evidence: where the form comes from; the less it is worth, the sooner an English word is distrusted.
    """
    if len(surface) > MAX_CHARACTERS or surface.count(" ") >= MAX_WORDS:
        return f"over {MAX_CHARACTERS} characters or {MAX_WORDS} words"
    key = surface_key(surface)
    if len(key) <= 2:
        return "one or two letters"
    if _ROMAN_OR_NUMBER.fullmatch(key):
        return "number, roman numeral or punctuation"
    if key in _generic_keys():
        return "generic head"
    if semantic_type == "Species" and " " in surface and _AUTHOR.search(surface):
        return "species name with its author"
    if _is_english(surface, key, semantic_type, evidence):
        return "ordinary English"
    return None


def _is_english(surface: str, key: str, semantic_type: str, evidence: Evidence) -> bool:
    first, *rest = surface.lower().split(" ", 2)
    if rest:  # "THE syndrome", "not shown", "ALL cell"
        return len(rest) == 1 and len(first) > 1 and _zipf(first) >= _FUNCTION_WORD
    if not key.isalpha():
        return False
    if sum(map(str.isupper, surface)) >= 2:
        limit = _SYMBOL_LIMIT.get(semantic_type, _WEAK_SYMBOL_LIMIT)
    else:
        limit = _WORD_LIMIT.get(semantic_type, _WEAK_WORD_LIMIT)
    # The key may have lost an "s"; both words are matched by it.
    return max(_zipf(key), _zipf(key + "s")) >= limit - _MISTRUST[evidence]


@cache
def _generic_keys() -> frozenset[str]:
    return frozenset(surface_key(head) for head in GENERIC.replace("\n", " ").split(","))


@cache
def _frequencies() -> dict[str, float]:
    from wordfreq import get_frequency_list

    # Bin number i of the list holds the words of frequency 10^(-i/100).
    return {word: 9 - i / 100 for i, words in enumerate(get_frequency_list("en", "large")) for word in words}


def _zipf(word: str) -> float:
    return _frequencies().get(word, 0.0)

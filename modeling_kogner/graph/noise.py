"""Which written forms are no names: too short, too long, numbers, ordinary English."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..files.tables import among
from .surface_forms import author_forms, surface_key

MAX_CHARACTERS = 60
MAX_WORDS = 12

# Heads that say only what kind of thing a mention is; alone they name nothing.
GENERIC = """
agent, agonist, allele, animal, antagonist, antibody, antigen, bacteria, bacterium, binding protein, cdna, cell, cell
line, chemical, chemicals and drugs, clone, component, compound, condition, disease, disorder, dna, dna binding, drug,
enzyme, exon, factor, family, finding, fragment, function, gene, gene product, group, growth factor, hormone,
inhibitor, ion, isoform, kinase, ligand, material, medicine, membrane protein, metabolite, molecule, mrna, mutation,
oncogene, organ, organism, other, part, pathway, patient, peptide, phenotype, plant, plasmid, precursor, process,
product, protein, receptor, region, residue, rna, role, sample, sequence, solution, species, strain, structure,
substance, subunit, superfamily, symptom, syndrome, system, tissue, transcription factor, trna, type, unknown, virus
"""

# Zipf value (log10 of occurrences in a billion words of English) from which a single word is no longer taken for
# a name. The index ignores case, so symbols such as REST and CAMP must go early; whole words such as insulin (3.8) are
# accepted for longer, longest in types whose members are everyday words: heart, mouse, pain.
_SYMBOL_LIMIT = {"Species": 4.5, "Chemical": 4.3, "Disease": 4.3, "Phenotype": 4.3, "Anatomy": 4.3}
_WORD_LIMIT = {"Species": 5.5, "Chemical": 5.4, "Disease": 5.1, "Phenotype": 5.1, "Anatomy": 6.0}
_WEAK_SYMBOL_LIMIT, _WEAK_WORD_LIMIT = 3.5, 4.45
# A vocabulary's preferred name is trusted most, then its synonyms, what a rule here derives, and raw lists of names.
_MISTRUST = {"preferred": 0.0, "synonym": 0.6, "derived": 1.6, "listed": 1.6}
_FUNCTION_WORD = 6.0  # the, of, all, was

# For the regular expressions of arrow.
_ROMAN_OR_NUMBER = r"^(?:x{0,3}(?:ix|iv|v?i{0,3})|[^\pL]*)$"
_AUTHOR = r"\d{4}|\bet al\b|[\"\x{201c}\x{201d}&]|[a-z] \(?(?:[A-Z]\.|[A-Z][\w.]*[a-z.]\)?(?:$| ))"
TOO_LONG = f"over {MAX_CHARACTERS} characters or {MAX_WORDS} words"


def noise(forms: pd.DataFrame) -> pd.Series:
    """Reason why each form is kept out of the index, or a missing value.

    Args:
        forms: `surface`, `key`, `type` of its concept; `synonym`, `derived`, `listed`: where the form comes from. The
            weaker that is, the sooner an English word is rejected.
    """
    surface, key = pa.array(forms["surface"], pa.string()), pa.array(forms["key"], pa.string())
    length, words = pc.utf8_length(surface), pc.add(pc.count_substring(surface, " "), 1)
    author = pc.and_(pc.greater(words, 1), pc.match_substring_regex(surface, _AUTHOR))
    reasons = {
        TOO_LONG: pc.or_(pc.greater(length, MAX_CHARACTERS), pc.greater(words, MAX_WORDS)),
        "one or two letters": pc.less_equal(pc.utf8_length(key), 2),
        "number, roman numeral or punctuation": pc.match_substring_regex(key, _ROMAN_OR_NUMBER),
        "generic head": forms["key"].isin(_generic_keys()),
        "species name with its author": (forms["type"] == "Species").to_numpy() & np.asarray(author),
        "ordinary English": _english(forms, np.asarray(words)),
    }
    found = np.select([np.asarray(bad, bool) for bad in reasons.values()], list(reasons), "")
    return pd.Series(found, index=forms.index, dtype="str").replace("", pd.NA)


def _english(forms: pd.DataFrame, words: np.ndarray) -> np.ndarray:
    types, key = forms["type"].astype(str), forms["key"]
    # "THE syndrome", "not shown", "ALL cell"
    first = forms["surface"].where(words == 2, "").str.replace(r" .*", "", regex=True).str.lower()
    function = (first.str.len() > 1) & (_zipf(first) >= _FUNCTION_WORD)
    evidence = np.select(
        [forms["derived"], forms["listed"], forms["synonym"]], ["derived", "listed", "synonym"], "preferred"
    )
    mistrust = pd.Series(evidence, index=forms.index).map(_MISTRUST)
    symbol = forms["surface"].str.count("[A-Z]") >= 2
    strict = forms["listed"] & ~forms["derived"]
    limit = types.map(_WORD_LIMIT).fillna(_WEAK_WORD_LIMIT).where(~strict, _WEAK_WORD_LIMIT)
    limit = limit.where(~symbol | strict, types.map(_SYMBOL_LIMIT).fillna(_WEAK_SYMBOL_LIMIT))
    # The key may have lost an "s"; both words are matched by it.
    common = np.maximum(_zipf(key), _zipf(key + "s")) >= limit - mistrust
    found = pd.Series(np.where(words > 1, function, common & key.str.isalpha()), index=forms.index)
    # What one vocabulary prefers as the name of a disease is a synonym of a disease in the others.
    place = key + " " + types.replace({"Phenotype": "Disease"})
    vouched = ~forms["listed"] & types.isin(["Disease", "Phenotype"]) & among(place, place[~found & ~forms["listed"]])
    return (found & ~(vouched & ~forms["derived"])).to_numpy()


def _zipf(words: pd.Series) -> pd.Series:
    return words.map(_frequencies()).fillna(0.0).astype(float)


@cache
def _generic_keys() -> frozenset[str]:
    return frozenset(
        surface_key(form)
        for head in GENERIC.replace("\n", " ").split(",")
        for form in author_forms(head.strip(), "Procedure")
    )


@cache
def _frequencies() -> dict[str, float]:
    from wordfreq import get_frequency_list

    # Bin number i of the list holds the words of frequency 10^(-i/100).
    return {word: 9 - i / 100 for i, words in enumerate(get_frequency_list("en", "large")) for word in words}

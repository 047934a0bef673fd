"""Written forms: how authors write the names that vocabularies list."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..surface_keys import SHORT_KEY, normalise_key

# Trailing remarks of curators: "(disease)", "[Ambiguous]"; never "(2+)" or "(II)", which belong to the name.
_REMARK = re.compile(r"\s+(?:\([a-z][^()]{3,}\)|\[[^\[\]]*\]|\((?:U\.S\.|Mmus|Homo sapiens|Approved Lists 1980)\))$")
_KEEPS_REMARK = {"Chemical", "Function"}  # "iron (heme)", "dehydrogenase (decarboxylating)"

_ORGANISM = re.compile(
    r"^(?P<head>.+), (?:(?:human|mouse|rat|zebrafish|chicken|bovine|porcine|rabbit|plant|yeast|bacterial?|recombinant)"
    r"|Bacteria|Drosophila|Arabidopsis|Xenopus|[A-Z][a-z]{3,}|[A-Z]\.? [a-z]{3,}|[A-Z][a-z]{2,} [a-z]{3,})$"
)
_PROTEIN_WORD = re.compile(r"^(?P<symbol>\S{3,}) protein$")
_BRAND = re.compile(r"^(?P<brand>.+?) COMPONENT ")  # of several substances
_CELL_WORD = re.compile(r"^(?P<symbol>.*(?:\d|[A-Z].*[A-Z]).*?),? cells?(?: line)?$")

_UNINVERTED_TYPES = {
    "Anatomy", "Cell", "CellLine", "Chemical", "Component", "Disease", "Other", "Phenotype", "Procedure", "Process",
    "Protein", "Species",
}  # fmt: skip
# A part that starts or ends so is an afterthought or one item of a list, not an adjective put behind its noun.
_NO_INVERSION = re.compile(
    r"(?:^|, )(?:and|or|with|without|due|in|of|from|by|not|including|excluding|susceptibility|incl)\b"
    r"|\b(?:and|or|to|of|with|by|in|from)(?:,|$)|,.*\b(?:and|or)\b"
)
_NUMBERED = re.compile(r"^(?:type |group |stage |grade |class )?(?:\d+\w?|[IVX]+\w?)$", re.IGNORECASE)

_GREEK = {
    "alpha": "\u03b1", "beta": "\u03b2", "gamma": "\u03b3", "delta": "\u03b4", "epsilon": "\u03b5", "zeta": "\u03b6",
    "eta": "\u03b7", "theta": "\u03b8", "kappa": "\u03ba", "lambda": "\u03bb", "mu": "\u03bc", "sigma": "\u03c3",
    "tau": "\u03c4", "psi": "\u03c8", "omega": "\u03c9",
}  # fmt: skip
_SPELLED_GREEK = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(_GREEK)})(?![a-z])")
_GREEK_LETTER = re.compile("[\u03b1-\u03c9\u00b5]")
_LETTER_NAMES = {letter: name for name, letter in _GREEK.items()} | {"\u00b5": "mu"}  # the micro sign

_INFLECTED_TYPES = {"Anatomy", "Cell", "Component", "Disease", "Phenotype", "Procedure", "Process"}
_BINOMIAL = re.compile(r"^(?P<initial>[A-Z])[a-z]+ (?P<species>[a-z]{3,}(?: [a-z]{3,})?)$")

# American spelling -> British, British -> American; "-" where one direction needs no rule.
_SPELLINGS = [
    line.split()
    for line in r"""
    (?<=t)umor                     umour     (?<=t)umour              umor
    (?<=leuk)em                    aem       (?<=[a-z])aem(?=i)       em
    (?<!o)edema                    oedema    oedema                   edema
    (?<=an)emi(?=[ac]\b)           aemi      -                        -
    (?<=isch)em                    aem       -                        -
    (?<=[a-z]{2}[cdhklrtv])emia\b  aemia     -                        -
    (?<![a-z])esophag              oesophag  (?<![a-z])oesophag       esophag
    (?<![a-z])estr(?=ogen|adiol|iol|one)  oestr  (?<![a-z])oestr      estr
    (?<=diarrh)ea                  oea       (?<=diarrh)oea           ea
    (?<=p)ed(?=iatr)               aed       (?<=p)aed(?=iatr)        ed
    (?<=orthop)ed                  aed       (?<=orthop)aed           ed
    (?<=gyn)ec                     aec       (?<=gyn)aec              ec
    (?<![a-z])fet(?=al|us)         foet      (?<![a-z])foet(?=al|us)  fet
    (?<=c)ec(?=um|al\b)            aec       -                        -
    (?<![a-z])sulf(?=at|id|on|ur)  sulph     (?<![a-z])sulph          sulf
    (?<=fib)er\b                   re        (?<=fib)re\b             er
    (?<=h)em(?=orrh|ato|oglob|ophil|oly|odia|ochrom|odyn|osta|angio)  aem  (?<![a-z])haem(?=[a-z])  hem
    """.strip().splitlines()
]
_BRITISH = [(re.compile(f"(?i){american}"), british) for american, british, _, _ in _SPELLINGS]
_AMERICAN = [(re.compile(f"(?i){british}"), american) for _, _, british, american in _SPELLINGS if british != "-"]
_SPELLED_TWO_WAYS = re.compile(r"(?i)umo|em|ecum|ecal|estr|esoph|rh(?:ea|oea)|ped|aed|gyn|f[eo]e?t|sul[fp]|fib")


# What one of the rules of `author_forms` may change, whatever the type; for another library of regular expressions.
_MAY_CHANGE = (
    r"(?i)[)\]]$|, | component |protein$|cells?(?: line)?$|['\x{2019}]s |[\x{03b1}-\x{03c9}\x{00b5}]|umo|em"
    rf"|ecum|ecal|estr|esoph|rh(?:ea|oea)|ped|aed|gyn|f[eo]e?t|sul[fp]|fib|{'|'.join(_GREEK)}"
)


def surface_key(surface: str) -> str:
    """Return what the surface index compares: `normalise_key`, a plural as its singular."""
    key = normalise_key(surface)
    return key[:-1] if len(key) >= SHORT_KEY and key.endswith("s") else key


def surface_keys(surfaces: pd.Series) -> pd.Series:
    """:func:`surface_key` of each, ASCII in one go."""
    text = pa.array(surfaces, pa.string())
    keys = pc.replace_substring_regex(pc.utf8_lower(text), r"[-'`\s\x0b\x1c-\x1f]", "")
    plural = pc.and_(pc.greater_equal(pc.utf8_length(keys), SHORT_KEY), pc.ends_with(keys, "s"))
    keys = pc.if_else(plural, pc.utf8_slice_codeunits(keys, 0, -1), keys).to_numpy(zero_copy_only=False)
    other = ~pc.string_is_ascii(text).to_numpy(zero_copy_only=False)
    keys[other] = [surface_key(surface) for surface in surfaces[other]]
    return pd.Series(keys, index=surfaces.index, dtype="str")


def changes(names: pd.Series, semantic_types: pd.Series) -> np.ndarray:
    """False for names whose only author's form is the name itself; True may be wrong."""
    text = pa.array(names, pa.string())

    def match(pattern: str) -> np.ndarray:
        return pc.match_substring_regex(text, pattern).to_numpy(zero_copy_only=False)

    found = match(_MAY_CHANGE)
    found |= semantic_types.isin(_INFLECTED_TYPES).to_numpy() & match(r"(?:y|sis|ss|x|ch|sh)$")
    return found | ((semantic_types == "Species").to_numpy() & match(r"^[A-Z][a-z]+ [a-z]"))


def author_forms(name: str, semantic_type: str) -> list[str]:
    """Return the forms in which authors write a name, the closest to the name first.

    Rules, each on the result of those before it:

    1. curators' remarks are cut: "astrocytoma (disease)", "gastroparesis [Ambiguous]";
    2. organisms behind proteins are cut: "ft protein, Drosophila" gives "ft protein" and "ft"; likewise
       "HUT-125 cell" gives "HUT-125", and a brand's substance gives the brand: "ADVAIR COMPONENT SALMETEROL";
    3. inverted names are turned: "Leukemia, Myeloid, Acute" gives "Acute Myeloid Leukemia";
    4. variants are added: Greek letters spelled and as symbols, British and American spelling, possessive dropped,
       plurals in -ies, -ses and -es (the index sees through a plain -s), "E. coli" for a binomial.

    The original is not among the forms where rules 1 to 3 apply: authors do not write it.
    """
    base = name if semantic_type in _KEEPS_REMARK else _REMARK.sub("", _REMARK.sub("", name))
    forms = [turned for cut in _cut_qualifiers(base, semantic_type) for turned in _turned(cut, semantic_type)]
    for variants in (_spelling_variants, _greek_variants):
        forms += [variant for form in forms for variant in variants(form)]
    forms += [variant for form in forms for variant in _inflections(form, semantic_type)]
    return list(dict.fromkeys(forms))


def _cut_qualifiers(name: str, semantic_type: str) -> Iterator[str]:
    if semantic_type in ("Protein", "Gene"):
        if match := _ORGANISM.match(name):
            name = match["head"]
        if match := _PROTEIN_WORD.match(name):
            yield match["symbol"]
    yield name
    if semantic_type == "Chemical" and (match := _BRAND.match(name)):
        yield match["brand"]
    if semantic_type == "CellLine" and (match := _CELL_WORD.match(name)):
        yield match["symbol"]


def _turned(name: str, semantic_type: str) -> Iterator[str]:
    parts = name.split(", ")
    if semantic_type not in _UNINVERTED_TYPES or not 2 <= len(parts) <= 4 or _NO_INVERSION.search(name):
        yield name
        return
    yield " ".join(reversed(parts))
    if _NUMBERED.match(parts[-1]):  # "Diabetes Mellitus, Type 2" is also written without its comma
        yield " ".join([*reversed(parts[:-1]), parts[-1]])


def _spelling_variants(name: str) -> Iterator[str]:
    for rules in (_AMERICAN, _BRITISH) if _SPELLED_TWO_WAYS.search(name) else ():
        variant = name
        for pattern, replacement in rules:
            variant = pattern.sub(replacement, variant)
        if variant != name:
            yield variant
    if "'s " in name or "\u2019s " in name:
        yield re.sub(r"['\u2019]s(?= )", "", name)


def _greek_variants(name: str) -> Iterator[str]:
    if len(name) <= 30 and _SPELLED_GREEK.search(name):
        yield _SPELLED_GREEK.sub(lambda match: _GREEK[match[0]], name)
    if _GREEK_LETTER.search(name):
        yield _GREEK_LETTER.sub(lambda match: _LETTER_NAMES.get(match[0], match[0]), name)


def _inflections(name: str, semantic_type: str) -> Iterator[str]:
    if semantic_type == "Species" and (match := _BINOMIAL.match(name)):
        yield f"{match['initial']}. {match['species']}"
    if semantic_type not in _INFLECTED_TYPES or len(name) < 5:
        return
    if name[-1] == "y" and name[-2] not in "aeiou":
        yield name[:-1] + "ies"
    elif name.endswith("sis"):
        yield name[:-3] + "ses"
    elif name.endswith(("ss", "x", "ch", "sh")):
        yield name + "es"

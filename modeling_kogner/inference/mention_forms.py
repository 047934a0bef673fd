"""Other written forms of a mention under which the graph may have its concept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from .chemical_formulas import ELEMENTS

_GREEK = {
    "\u03b1": "alpha", "\u03b2": "beta", "\u03b3": "gamma", "\u03b4": "delta", "\u03b5": "epsilon",
    "\u03b6": "zeta", "\u03b7": "eta", "\u03b8": "theta", "\u03ba": "kappa", "\u03bb": "lambda", "\u03bc": "mu",
    "\u03c3": "sigma", "\u03c4": "tau", "\u03c9": "omega", "\u00b5": "mu",
}  # fmt: skip
_GREEK_LETTER = re.compile(f"[{''.join(_GREEK)}]")
_SPELLED = ("alpha", "beta", "gamma", "delta", "epsilon", "kappa")
_SPELLED_GREEK = re.compile("|".join(_SPELLED), re.IGNORECASE)
_LATIN_GREEK = re.compile(r"(?<=[A-Za-z0-9-])([abgdek])(?=\d*$)")
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8"}
_ROMAN_WORD = re.compile(rf"\b({'|'.join(_ROMAN)})\b", re.IGNORECASE)
_GENE_WORDS = re.compile(
    r"\b(?:genes?|proteins?|m?rnas?|cdnas?|promoters?|alleles?|polypeptides?|transcripts?|peptides?|isoforms?)\b",
    re.IGNORECASE,
)
_ORGANISM_WORDS = re.compile(
    r"\b(?:human|mouse|murine|rat|bovine|recombinant|wild[ -]type|mutant|anti|endogenous|phosphorylated|plasma"
    r"|serum)\b",
    re.IGNORECASE,
)
_PREFIXED = re.compile(r"^(?:rh|[hmrdz])(?=[A-Z][A-Za-z]*\d|[A-Z]{2})")
_YEAST_PROTEIN = re.compile(r"^([A-Z][a-z]{2}\d+)p$")
_BRACKETS = re.compile(r"\s*\([^()]*\)|\s*\[[^\[\]]*\]")
_BRACKETED_NUMBER, _THOUSANDS = re.compile(r"\((\d+)\)"), re.compile(r"(?<=\d),(?=\d{3})")  # "PGE(2)", "SR 48,968"
_DISEASE_WORDS = re.compile(
    r"^(?:(?:sporadic|familial|hereditary|inherited|severe|mild|acute|chronic|early-onset|late-onset|advanced|primary"
    r"|secondary|recurrent|human|idiopathic|isolated|classical|classic)\s+)+|\s+(?:patients?|families|cases)$",
    re.IGNORECASE,
)
_HEREDITARY = re.compile(r"(?:hereditary|inherited|familial)\b", re.IGNORECASE)
_NOUNS = (("cancers", "neoplasms"), ("cancer", "neoplasm"), ("tumours", "neoplasms"), ("tumour", "neoplasm"),
          ("tumors", "neoplasms"), ("tumor", "neoplasm"), ("carcinomas", "carcinoma"))  # fmt: skip
_SALT = re.compile(
    r"[\s-]+(?:hydrochloride|hcl|hydrobromide|sodium|potassium|calcium|sulfate|sulphate|phosphate|acetate|citrate|tartrate"
    r"|maleate|mesylate|fumarate|succinate|nitrate|chloride|bromide|dihydrate|monohydrate|tablets?|therapy)$",
    re.IGNORECASE,
)
_OF_ORGANS = {
    "abdominal": "abdomen", "adipose": "adipose tissue", "adrenal": "adrenal gland", "aortic": "aorta",
    "arterial": "artery", "bronchial": "bronchus", "cardiac": "heart", "cardiovascular": "cardiovascular system",
    "cerebellar": "cerebellum", "cerebral": "cerebrum", "colonic": "colon", "corneal": "cornea",
    "cutaneous": "skin", "cytoplasmic": "cytoplasm", "cytosolic": "cytosol", "dental": "tooth", "dermal": "dermis",
    "duodenal": "duodenum", "embryonic": "embryo", "endocrine": "endocrine system", "endothelial": "endothelium",
    "epidermal": "epidermis", "epithelial": "epithelium", "esophageal": "esophagus", "faecal": "feces",
    "fecal": "feces", "fetal": "fetus", "gastric": "stomach", "gastrointestinal": "gastrointestinal tract",
    "hepatic": "liver", "hippocampal": "hippocampus", "hypothalamic": "hypothalamus", "ileal": "ileum",
    "intestinal": "intestine", "laryngeal": "larynx", "lymphatic": "lymphatic system", "mammary": "mammary gland",
    "mucosal": "mucosa", "muscular": "muscle", "myocardial": "myocardium", "nasal": "nose", "ocular": "eye",
    "oral": "mouth", "ovarian": "ovary", "pancreatic": "pancreas", "placental": "placenta",
    "prostatic": "prostate", "pulmonary": "lung", "rectal": "rectum", "renal": "kidney", "retinal": "retina",
    "salivary": "salivary gland", "skeletal": "skeleton", "spinal": "spinal cord", "splenic": "spleen",
    "testicular": "testis", "thoracic": "thorax", "thymic": "thymus", "tracheal": "trachea",
    "umbilical": "umbilical cord", "urinary": "urinary tract", "uterine": "uterus", "vacuolar": "vacuole",
    "vaginal": "vagina", "vascular": "vasculature", "venous": "vein", "ventricular": "heart ventricle",
}  # fmt: skip
_TISSUE = re.compile(r"\s+(?:tissues?|samples?|sections?|slices?|specimens?|homogenates?)$", re.IGNORECASE)
_PLURALS = {
    "antennae": "antenna", "feet": "foot", "hyphae": "hypha", "larvae": "larva", "leaves": "leaf", "nuclei": "nucleus",
}  # fmt: skip
_BRITISH = (("ae", "e"), ("oe", "e"), ("tumour", "tumor"), ("sulph", "sulf"), ("aluminium", "aluminum"))
_CELL_WORDS = re.compile(r"\s+cells?(?:\s+lines?)?$|\s+lines?$", re.IGNORECASE)
_KIND_OF_CELL = re.compile(r"(?<=\w)\s+(?:[TB]|[a-z]+(?:blast|cyte|phage)s?)$")  # "C2C12 myoblasts", "Jurkat T"
_STRAIN = re.compile(r"\s+(?:strains?|isolates?|infections?|subsp\.?|spp?\.?)\b.*$")
# "SOCS-1 and -3", "BRCA1/2", "hepatitis B and C": the last letter, number or short word of the first name is exchanged.
_LAST_LETTER, _LAST_NUMBER = re.compile(r"(?<=[-\s\d])[A-Za-z]$"), re.compile(r"\d+[A-Za-z]?$")
_LAST_WORD = re.compile(r"(?<=[-\s])[A-Za-z]+$")
_SHORT_PART = re.compile(r"-\w{1,5}|\d+|[A-Z]")
_JOINED = re.compile(r"\s*(?:,| and/or |(?<!\bhead) and | or |/)\s*")  # "head and neck" is one place


def mention_forms(text: str, entity_type: str) -> list[str]:
    """Forms that are tried after the mention itself, the closest first."""
    rules = {"Gene": _gene, "GeneFamily": _gene, "Disease": _disease, "Chemical": _chemical}
    made = rules[entity_type](text) if entity_type in rules else _other(text, entity_type)
    if entity_type in ("Disease", "Chemical", "Anatomy", "Cell") and (american := _american(text)) != text.lower():
        made = chain([american], made)
    forms = dict.fromkeys(" ".join(form.split()).strip(" -,;") for form in made)
    forms.pop(text, None)
    return [form for form in forms if len(form) > 1]


def parts_of(text: str) -> list[list[str]]:
    """For each name that a composite mention joins the forms that it may have: with a head that they share, and bare.

    "breast and ovarian cancer" joins "breast cancer" or "breast", and "ovarian cancer". A mention that joins nothing
    has no parts, nor has what runs in families: "hereditary breast and ovarian cancer" is one.
    """
    parts = [part for part in _JOINED.split(text) if part]
    if len(parts) < 2 or len(parts) > 6 or _HEREDITARY.match(text):
        return []
    head = parts[-1].split()[1:]
    if head:
        heads = [" ".join(head[place:]) for place in range(len(head))]  # "type 1 and type 2 diabetes" share one word
        return [*([*(f"{part} {each}" for each in heads), part] for part in parts[:-1]), [parts[-1]]]
    return [[parts[0]], *([_as_first(parts[0], part)] for part in parts[1:])]


def _as_first(first: str, part: str) -> str:
    """A part that has the beginning of the first one, with it; another one as it is."""
    if not _SHORT_PART.fullmatch(part):
        return part
    end = part.lstrip("-")
    last = _LAST_LETTER if len(end) == 1 and end.isalpha() else _LAST_NUMBER if end[0].isdigit() else _LAST_WORD
    whole = last.sub(end, first)
    return part if whole == first else whole


def _american(text: str) -> str:
    """In American spelling: "thrombocytopenia" for "thrombocytopaenia", "edema" for "oedema"."""
    text = text.lower()
    for british, american in _BRITISH:
        text = text.replace(british, american)
    return text


def _gene(text: str) -> Iterator[str]:
    plain = _GREEK_LETTER.sub(lambda match: _GREEK[match[0]], text)
    yield plain
    yield _SPELLED_GREEK.sub(lambda match: match[0][0], plain)
    if len(plain) < 12:
        yield _LATIN_GREEK.sub(lambda match: next(word for word in _SPELLED if word[0] == match[0]), plain)
    bare = _GENE_WORDS.sub("", plain)
    yield bare
    bare = _ORGANISM_WORDS.sub("", bare).strip(" -")
    yield bare
    yield _BRACKETS.sub("", bare)
    numbered = _ROMAN_WORD.sub(lambda match: _ROMAN[match[0].lower()], bare)
    yield numbered
    yield _PREFIXED.sub("", bare)
    yield _YEAST_PROTEIN.sub(r"\1", bare)
    yield re.sub(r"[^\w]", "", bare)
    yield re.sub(r"[\s-]receptors?$", " receptor", bare)
    yield bare[:-1] if bare.endswith("1") else bare + "1"
    yield re.sub(r"\s+(?:receptor|kinase|subunit|channel|factor|family|complex)s?$", "", bare)


def _disease(text: str) -> Iterator[str]:
    yield _BRACKETS.sub("", text)
    if inherited := _HEREDITARY.match(text):
        yield f"hereditary{text[inherited.end() :]}"
    bare = _DISEASE_WORDS.sub("", text)
    yield bare
    for word, other in _NOUNS:
        if re.search(rf"\b{word}\b", bare, re.IGNORECASE):
            yield re.sub(rf"\b{word}\b", other, bare, flags=re.IGNORECASE)
            break
    yield re.sub(r"['\u2019]s\b", "", bare)
    yield re.sub(r"\s+(?:disease|disorder|syndrome|deficiency)s?$", "", bare, flags=re.IGNORECASE)
    if not re.search(r"(?:disease|syndrome|disorder)s?$", bare, re.IGNORECASE):
        yield f"{bare} disease"
        yield f"{bare} syndrome"
    yield re.sub(r"^(\w+?)(?:al|ic|ary|ous)\b", r"\1", bare)
    numbered = _ROMAN_WORD.sub(lambda match: _ROMAN[match[0].lower()], bare)
    yield numbered
    if match := re.fullmatch(r"(.+?) of (?:the )?(.+)", bare):
        yield f"{match[2]} {match[1]}"


def _chemical(text: str) -> Iterator[str]:
    plain = _GREEK_LETTER.sub(lambda match: _GREEK[match[0]], text)
    yield plain
    yield _BRACKETED_NUMBER.sub(r"\1", plain)
    yield _THOUSANDS.sub("", plain)
    yield _BRACKETS.sub("", plain)
    base = _SALT.sub("", plain)
    if base.lower() not in ELEMENTS:  # morphine sulfate is morphine, but sodium sulfate is not sodium
        yield base
    yield re.sub(r"^(?:\(?[+-]\)?-?|[dlDL]{1,2}-|\([RS]\)-|S-|R-|[nN]-|trans-|cis-)", "", plain)
    yield re.sub(r"^(?:anti-|low-dose |high-dose |intravenous |oral |exogenous |endogenous )", "", plain)
    yield re.sub(r"(?:ic acid|ate)$", lambda match: "ate" if match[0] == "ic acid" else "ic acid", plain)
    if plain.endswith("s"):
        yield plain[:-1]


def _other(text: str, entity_type: str) -> Iterator[str]:
    yield _BRACKETS.sub("", text)
    if entity_type == "CellLine":
        bare = _CELL_WORDS.sub("", text)
        yield bare
        yield _KIND_OF_CELL.sub("", bare)
        yield re.sub(r"[^\w]", "", bare)
        yield f"{bare} cell"
        yield re.sub(r"(?:wt|WT)$", "", bare)
    elif entity_type == "Species":
        yield _STRAIN.sub("", text)
        words = text.split()
        if len(words) > 2:
            yield " ".join(words[:2])
        yield f"{text} virus"
    else:
        bare = _TISSUE.sub("", text)
        yield _PLURALS.get(bare.lower()) or _OF_ORGANS.get(bare.lower(), bare)
        yield re.sub(r"^(?:normal|human|mouse|rat|primary|adult|fetal)\s+", "", text, flags=re.IGNORECASE)

"""Forms of sequence variants in HGVS nomenclature, of what texts and corpora call them.

Papers write "V600E", "Val600Glu", "1799T->A" or "arginine to tryptophan at codon 198"; libraries for HGVS read none but
its own form, so the rules are here. A form is what the text alone tells, without a reference sequence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

LONGEST = 200  # characters of a mention that is read
RESIDUES = {
    "A": "Ala",
    "R": "Arg",
    "N": "Asn",
    "D": "Asp",
    "C": "Cys",
    "Q": "Gln",
    "E": "Glu",
    "G": "Gly",
    "H": "His",
    "I": "Ile",
    "L": "Leu",
    "K": "Lys",
    "M": "Met",
    "F": "Phe",
    "P": "Pro",
    "S": "Ser",
    "T": "Thr",
    "W": "Trp",
    "Y": "Tyr",
    "V": "Val",
    "X": "Ter",
    "*": "Ter",
}
_WORDS = {
    r"(?:premature )?(?:stop|termination)(?: codon)?": "Ter",
    "alanine": "Ala",
    "arginine": "Arg",
    "asparagine": "Asn",
    r"aspart(?:ic acid|ate)": "Asp",
    "cysteine": "Cys",
    "glutamine": "Gln",
    r"glutam(?:ic acid|ate)": "Glu",
    "glycine": "Gly",
    "histidine": "His",
    "isoleucine": "Ile",
    "leucine": "Leu",
    "lysine": "Lys",
    "methionine": "Met",
    "phenylalanine": "Phe",
    "proline": "Pro",
    "serine": "Ser",
    "threonine": "Thr",
    "tryptophan": "Trp",
    "tyrosine": "Tyr",
    "valine": "Val",
    "adenine": "A",
    "cytosine": "C",
    "guanine": "G",
    r"thymi(?:ne|dine)": "T",
    "deletion": "del",
    "insertion": "ins",
    "duplication": "dup",
}
_CLEAN = [
    (r"[\u2010-\u2015\u2212]", "-"),
    (r"&gt;|-*>|=>|[\u2192\u21d2]|-{2,}", ">"),
    (r"[\u0394\u03b4\u2206]", "delta "),
    (r"\s+", " "),
    (r"(?<!to )\b(?:residues?|[Tt]he|[Aa]n|a(?= [A-Za-z])|homozygous|heterozygous)\b ?", ""),
    (r"(?<=\d) ?(?:bp|nt|th)(?= [ACGT])", ""),
    (
        r" (?:(?:nucleotide|base|missense|nonsense|point|single|amino acid) )*"
        r"(?:substitution|mutation|polymorphism|variant|transition|change|exchange)s?$",
        "",
    ),
]
RESIDUE = "|".join(sorted({*RESIDUES.values(), "Stop"}))
RESIDUE = rf"(?:(?i:{RESIDUE})|[ACDEFGHIKLMNPQRSTVWYX*])"
_BASES = r"[ACGTUacgtu]+"
_TO = r" ?-?(?:>|/|to|by|with|for|into|substituted by|replaced by|substituted with|replaced with)-? ?"
_PLACE = r"(?:IVS ?\d+ ?[+-] ?\d+|[-+*] ?\d+|\d+(?: ?[+-] ?\d+)?)"
_LEVEL = r"(?P<level>[cgmnr]\. ?|[cg](?=\d)|(?=))"
_AT = r"(?:codon|position|amino acids?|aa|nucleotides?|nt|base|bp)"


def hgvs(text: str, favours_protein: bool = False) -> str | None:
    """HGVS form of a variant as a text writes it; None if the text does not tell position and change.

    Three-letter residues, ``Ter`` for a stop, no sequence of what is deleted or doubled, ``c.`` where the text does not
    say which sequence is counted.

    Args:
        text: the mention, such as ``Val600Glu`` or ``c.1799T>A``.
        favours_protein: read ``C61G``, a change of bases or of residues, as residues.
    """
    short = cleaned(text)
    if len(short) > LONGEST or re.search(_BASES_OF_CODON, short):
        return None
    is_unsure = re.fullmatch(UNSURE, short)
    rules = [*PROTEIN, *DNA] if short.startswith("p.") or (favours_protein and is_unsure) else [*DNA, *PROTEIN]
    for pattern, form in rules:
        if match := re.fullmatch(pattern, short):
            return form(match)
    head = re.match(r"([^ (\[]+) [(\[]", short)  # Lys109Arg (A/G)
    return hgvs(head[1], favours_protein) if head else None


def is_normal(concept: str) -> bool:
    """Whether an id is an rs number or a form as :func:`hgvs` gives it."""
    return bool(re.fullmatch(r"rs\d+|[cgmnpr]\..+", concept))


def from_tmvar(written: str) -> str | None:
    """HGVS form of an annotation as tmVar and BioRED write it, such as ``p|SUB|V|600|E``; None where that has none."""
    level, kind, *rest = [*written.split("|"), "", "", ""]
    if kind == "SUB" and rest[1]:
        text = f"{rest[0]}{rest[1]}{rest[2]}" if level == "p" else f"{rest[1]}{rest[0]}>{rest[2]}"
    elif kind == "FS":
        text = f"{rest[0]}{rest[1]}{rest[2]}fsTer{rest[3]}"
    elif kind in ("DEL", "DUP", "INS") and rest[0]:
        first = rest[1][:1] if level == "p" else ""
        text = f"{first}{rest[0]}{kind.lower()}{'' if level == 'p' else rest[1]}"
    else:
        return None
    return hgvs(f"{level}.{text}", favours_protein=level == "p")


def cleaned(text: str) -> str:
    """A mention with one sign for each arrow and dash, and codes for the words of residues and bases."""
    short = re.sub(r"^\((.*)\)$", r"\1", unicodedata.normalize("NFKC", text).strip())
    for pattern, by in _CLEAN:
        short = re.sub(pattern, by, short)
    for word, by in _WORDS.items():
        short = re.sub(rf"(?i)\b{word}\b", by, short)
    short = re.sub(rf"(?<=[A-Za-z]) \((?:{RESIDUE})\)", "", short)  # arginine (R) to glycine (G)
    short = re.sub(r"(?<=[A-Za-z]) \([A-Z][A-Z0-9]+\)$", "", short)  # R243H (KCNQ1)
    short = re.sub(r"^\((.*)\)$", r"\1", short.strip(" ,;.:[]")).strip()
    return re.sub(r"^([cgmnpr]\.) ?\((.*)\)$", r"\1\2", short)


def _residue(code: str) -> str:
    return RESIDUES.get(code, "Ter" if code.casefold() == "stop" else code.capitalize())


def _substituted(match: re.Match) -> str:
    old, new = _residue(match["old"]), _residue(match["new"])
    if match.groupdict().get("by", "").strip() == "for":  # "a stop codon for glutamine"
        old, new = new, old
    return f"p.{old}{match['at']}{'=' if old == new else new}"


def _shifted(match: re.Match) -> str:
    new = _residue(match["new"]) if match["new"] else ""
    return f"p.{_residue(match['old'])}{match['at']}{new}fs{'Ter' + match['end'] if new and match['end'] else ''}"


def _residues_changed(match: re.Match) -> str:
    groups = match.groupdict()
    first = f"{_residue(match['old'])}{match['at']}"
    last = f"_{_residue(groups['last'])}{groups['to']}" if groups.get("last") and groups.get("to") else ""
    how = groups.get("how") or "del"
    added = "".join(map(_residue, re.findall(RESIDUE, groups.get("new") or "")))
    return f"p.{first}{last}{how}{added if 'ins' in how else ''}"


def _bases_substituted(match: re.Match) -> str | None:
    old, new = (match[name].upper().replace("U", "T") for name in ("old", "new"))
    at = place_of(match["at"])
    if len(old) == len(new) == 1:
        return f"{_level(match)}{at}{old}>{new}"
    if not re.fullmatch(r"\d+(?:_\d+)?", at):
        return None
    to = f"_{int(at) + len(old) - 1}" if at.isdigit() and len(old) > 1 else ""
    return f"{_level(match)}{at}{to}delins{new}"


def _bases_changed(match: re.Match) -> str | None:
    groups = match.groupdict()
    at, how, new = place_of(match["at"]), match["how"].lower(), (groups.get("new") or "").upper()
    at, _, end = at.partition("_")
    to: str = end or place_of(groups.get("to") or "")
    if not to and at.isdigit() and (how == "ins" or (size := int(new) if new.isdigit() else len(new)) > 1):
        to = str(int(at) + (1 if how == "ins" else size - 1))
    if "ins" in how and (not new.isalpha() or not to):
        return None
    return f"{_level(match)}{at}{'_' + to if to and to != at else ''}{how}{new if 'ins' in how else ''}"


def _bases_exchanged(match: re.Match) -> str:
    at = "_".join(filter(None, (place_of(match["at"]), match["to"] and place_of(match["to"]))))
    return f"{_level(match)}{at}delins{match['new'].upper()}"


def _level(match: re.Match) -> str:
    return (match.groupdict().get("level") or "c")[0] + "."


def place_of(at: str) -> str:
    """A position without spaces; ``c.2970-2972`` is a range."""
    at = at.replace(" ", "").removeprefix("+")
    stretch = re.fullmatch(r"(\d+)-(\d+)", at)  # a range, unless it is the distance of an intron's base to its exon
    return f"{stretch[1]}_{stretch[2]}" if stretch and int(stretch[2]) > int(stretch[1]) else at


Rule = tuple[str, Callable[[re.Match], str | None]]
_OLD, _NEW = rf"(?P<old>{RESIDUE})", rf"(?P<new>{RESIDUE})"
UNSURE = r"[ACGT]\d+ ?[ACGT]"
_BASES_OF_CODON = rf"\b[ACGT]{_TO}[ACGT]\b.*\bcodon|\bcodon\b.*\b[ACGT]{_TO}[ACGT]\b"
PROTEIN: list[Rule] = [
    (rf"(?:p\.)? ?{_OLD}[ -]?(?P<at>\d+)(?:{_TO}|[ -])?{_NEW}", _substituted),
    (rf"(?:p\.)? ?(?P<at>\d+) ?{_OLD}(?:{_TO}|-){_NEW}", _substituted),
    (rf"{_OLD}(?P<by>{_TO}){_NEW}-?(?P<at>\d+)", _substituted),
    (rf"{_OLD}(?: substitution)?(?P<by>{_TO}){_NEW} .*?\b{_AT} (?:{_AT} )?(?P<at>\d+)(?: .*)?", _substituted),
    (rf"(?:.*\b)?{_AT} (?:{_AT} )?(?P<at>\d+)[ ,(:]*(?:from )?{_OLD}(?P<by>{_TO}){_NEW}\)?(?: .*)?", _substituted),
    (rf"(?:p\.)? ?{_OLD} ?(?P<at>\d+)(?P<new>{RESIDUE})?fs ?(?:Ter|[X*])?(?P<end>\d+)?", _shifted),
    (
        rf"(?:p\.)? ?{_OLD}(?P<at>\d+)(?:[_-](?P<last>{RESIDUE})(?P<to>\d+))? ?(?P<how>del|dup|ins|delins)"
        rf"(?P<new>{RESIDUE}*)",
        _residues_changed,
    ),
    (rf"(?:delta|del)[ -]?{_OLD}[ -]?(?P<at>\d+)", _residues_changed),
    (rf"(?:p\.)? ?(?P<at>\d+)del{_OLD}", _residues_changed),
    (rf"(?i:del)(?P<at>\d+){_OLD}", _residues_changed),
]
_FROM, _INTO = rf"(?P<old>{_BASES})", rf"(?P<new>{_BASES})"
DNA: list[Rule] = [
    (rf"{_LEVEL}(?P<at>{_PLACE}) ?\(?{_FROM}(?:{_TO}| ?- ?){_INTO}\)?", _bases_substituted),
    (rf"{_LEVEL}(?P<old>[ACGT]) ?(?P<at>{_PLACE}) ?>? ?(?P<new>[ACGT])", _bases_substituted),
    (rf"{_FROM}(?:{_TO}|-){_INTO} ?\((?P<at>{_PLACE})\)", _bases_substituted),
    (rf"\(?{_FROM}(?:{_TO}|-){_INTO}\)? .*?\b(?!codon){_AT} {_LEVEL}(?P<at>{_PLACE})(?: .*)?", _bases_substituted),
    (rf"\(?{_FROM}(?:{_TO}|-){_INTO}\)? (?:.* )?at {_LEVEL}(?P<at>[-+]\d+)(?: .*)?", _bases_substituted),
    (rf"(?!codon){_AT} {_LEVEL}(?P<at>{_PLACE})[ ,(:]*{_FROM}{_TO}{_INTO}\)?", _bases_substituted),
    (
        rf"{_LEVEL}(?P<at>{_PLACE})(?: ?[_-] ?(?P<to>{_PLACE}))? ?(?P<how>delins|del|dup|ins|inv) ?"
        rf"(?P<new>{_BASES}|\d*)",
        _bases_changed,
    ),
    (rf"{_LEVEL}(?P<at>{_PLACE})(?:_(?P<to>{_PLACE}))?del{_BASES}(?P<how>ins)(?P<new>{_BASES})", _bases_exchanged),
    (rf"(?P<how>del|dup) of (?P<new>{_BASES}) at {_AT} {_LEVEL}(?P<at>{_PLACE})", _bases_changed),
]

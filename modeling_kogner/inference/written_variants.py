"""Written forms of sequence variants, found by rule beside the tagger.

Source: the forms of tmVar (Wei et al., Bioinformatics 2013 and 2022) and of the HGVS recommendations, read off the
training documents of BioRED, SETH and OSIRIS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..corpora.mention import Mention
from .borders import repaired
from .variants import TYPE

# Share of what the rules find in the training documents that is an annotated variant or lies in one, rs numbers aside,
# which SETH annotates at random.
SCORE = 0.99

_CODES = "Ala|Arg|Asn|Asp|Cys|Gln|Glu|Gly|His|Ile|Leu|Lys|Met|Phe|Pro|Ser|Thr|Trp|Tyr|Val|Ter|Stop"
_THREE = f"(?:{_CODES}|{_CODES.upper()})"
_ONE = "[ACDEFGHIKLMNPQRSTVWY]"
_EITHER = f"(?:{_THREE}|{_ONE})"
_TO = r"\s?(?:-{0,4}>|→|&gt;|-{2,4})\s?"
_SIGNS = "+\u2010-\u2015\u2212-"
_SIGN = f"[{_SIGNS}]"
_PLACE = rf"(?:IVS\s?-?\d+\s?|\*)?(?:{_SIGN}\s?)?\d+(?:\s?{_SIGN}\s?\d+(?:\.\d+kb|kb)?)?"
_SHIFT = r"fs(?:\s?(?:Ter|X|\*)\s?\d*)?"
_SOME = r"(?:[ACGTUacgtu]{1,40}|\d+(?:\s?bp)?)"
_CHANGE = (
    rf"(?:\s?[ACGTU]+{_TO}[ACGTU]+|\s?[acgtu]{_TO}[acgtu]|\s?[ACGT]/[ACGT]"
    rf"|\s?(?:del|dup)(?:\s?{_SOME})?(?:\s?ins\s?{_SOME})?|\s?ins\s?{_SOME}|inv)"
)
_CELLS = "C-33A|C33A|S288C|T47D"  # cell lines, and a strain of yeast
_FORMS = (
    r"rs\s?\#?\s?\d{3,}|Rs\d{5,}|ss\d{6,}",
    rf"[cgmnr]\.\s?{_PLACE}(?:_{_PLACE})?{_CHANGE}|IVS\s?\d+[-+]\d+_\d+{_CHANGE}",
    r"[cp]\.\[[^\]\s]{3,60}\](?:\+\[[^\]\s]{1,60}\])?",
    rf"p\.\s?[\[(]?(?:\d+_\d+(?:del|dup|ins{_ONE}+)|{_EITHER}\s?\d+(?:[_-]{_EITHER}\d+)?"
    rf"(?:(?:{_EITHER}|X|\*)?{_SHIFT}|(?:del)?ins{_EITHER}+|del|dup"
    rf"|\s?(?:stop|{_THREE}|{_ONE}(?!\w)|X(?!\w)|\*|=|\[[A-Z],\s?[A-Z]\])))[\])]?",
    # Val600Glu, not the zinc finger Cys3His
    rf"(?!Cys[23]His){_THREE}[- ]?\d+(?:{_TO}|\s)?(?:{_THREE}(?!\w)(?:{_SHIFT})?|X(?!\w)|\*|{_SHIFT}|del)",
    rf"{_ONE}\d+(?:[_-]{_ONE}\d+)?(?:(?:{_ONE})?{_SHIFT}|del|dup|ins{_ONE}+)",
    rf"{_PLACE}\s?(?:[ACGT]{{1,12}}{_TO}[ACGT]{{1,12}}|[acgt]{_TO}[acgt])",
    rf"(?:IVS\s?\d+\s?)?{_SIGN}\s?\d{{2,}},?\s?"
    r"(?:[ACGT]\s?/\s?[ACGT]|(?:del|ins)[a-z]*\s?/\s?(?:ins|del|[ACGT]+)[a-z]*)",
    rf"(?=\S*\d\d){_PLACE}[ACGT]/[ACGT]",
    r"\d{2,}(?:[_-]\d+)?\s?(?:del|ins|dup)(?:[ACGT]{1,40}|\d+)",
    rf"IVS\s?-?\d+\s?(?:{_SIGN}|nt\s?-?)\s?\d+(?:,?\s?\(?[ACGTacgt](?:{_TO}|/|-)[ACGTacgt]\)?)?",
    rf"(?!{_CELLS})[ACGT]\(?{_SIGN}\s?\d{{2,}}\)?[ACGT]",
    r"H3(?:\.[1-3])?[KG]\d+[A-Z]",
    r"(?:delta\s?|Δ)[FI]\d{3}",
)
# A sign may be glued to a gene's name, not to a number.
_WRITTEN = re.compile(
    rf"(?:(?<!\w)|(?<=[A-Za-z\d])(?<!\b\d)(?<!\b\d\d)(?<!\b\d{{3}})(?={_SIGN}\d))(?:{'|'.join(_FORMS)})(?!\w)"
)

_RESIDUE = (
    r"alanine|arginine|asparagine|aspart(?:ic acid|ate)|cysteine|glutam(?:ine|ic acid|ate)|glycine|histidine|isoleucine"
    r"|leucine|lysine|methionine|phenylalanine|proline|serine|threonine|tryptophan|tyrosine|valine"
    r"|(?:premature\s)?(?:stop|termination)(?:\scodon)?"
)
_RESIDUE = rf"(?:(?i:{_RESIDUE})|{_THREE}(?!\w))"
_OLD = rf"{_RESIDUE}(?:\s(?:residue|codon))?"
_NOTE = r"(?:\s?\([^()]{1,12}\))?"
_KIND = r"(?:amino[ -]acid|codon|position|residue|nucleotide|base)"
_REPLACED = r"\s(?:(?:(?:is|was)\s)?(?:replaced|substituted)\s)?(?:to|by|with|for|into|instead of|rather than)\s"
_BECOMES = rf"(?:\s?-{{0,2}}>\s?|-to-|{_REPLACED}(?:an?\s|the\s)?)"
_CALLED = (
    r"(?:[ -](?:(?:missense|nonsense|point|single|amino acid|nucleotide|base)\s)*"
    r"(?:substitution|mutation|change|transition|transversion|exchange|polymorphism)s?)?"
)
_AT = rf",?\s(?:(?:at|in|of|on)\s)?(?:the\s)?(?:{_KIND}\s)+[-+]?\d+"
_RESIDUES_CHANGED = re.compile(
    rf"(?<!\w)(?:{_OLD}{_NOTE}{_BECOMES}{_RESIDUE}{_NOTE}{_CALLED}{_AT}|{_RESIDUE}[ -]?\d+{_BECOMES}{_RESIDUE}"
    rf"|{_OLD}{_AT}{_BECOMES}{_RESIDUE})(?!\w)"
)
_BASES_CHANGED = re.compile(
    rf"[ACGT](?<!\w.)(?:(?:{_BECOMES}|/)[ACGT]{_CALLED}(?:{_AT}|\sat\s[-+]\d+)"
    r"|\sallele\s(?:at|of)\s(?:position\s)?[-+]\d+)(?!\w)"
)
_KINDS = ("codon ", "position ", "acid ", "residue ", "nucleotide ", "base ")
_SHORT = re.compile(rf"{_ONE}(?<!\w.)[1-9]\d{{1,3}}{_ONE}(?!\w)")
_NAMED_BEFORE = re.compile(r"(?:mutation|mutant|substitution|polymorphism|variant) \(?$")
_NAMED_AFTER = re.compile(r"\)?\s(?:amino acid\s)?(?:mutant|mutation|substitution|polymorphism|variant)s?\b")


def with_written(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """Add the written variants of a document to its mentions, and give what the tagger found of them their borders.

    What the tagger found around a written form stays as it is, but for brackets around the whole; what it found within
    one, of any type, is replaced. The score of a form is SCORE, or that of the tagger if it is higher.

    Args:
        text: of the document.
        mentions: in it, in order of their start.
    """
    mentions = [_without_brackets(each) for each in mentions]
    added: list[Mention] = []
    gone: set[int] = set()
    for start, end in written_variants(text):
        met = [each for each in mentions if each.start < end and each.end > start]
        variants = [each for each in met if each.type == TYPE]
        if any(each.start <= start and each.end >= end for each in variants):
            continue
        gone.update(id(each) for each in met if each.type == TYPE or (start <= each.start and each.end <= end))
        score = max([SCORE, *(each.score or 0.0 for each in variants)])
        added.append(Mention(start, end, text[start:end], TYPE, score))
    kept = [each for each in mentions if id(each) not in gone]
    return sorted(kept + added, key=lambda mention: (mention.start, -mention.end))


def written_variants(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of a text that name a variant by their form alone, in order; of two that overlap the first or longer.

    Codes of one letter such as ``V600E`` are as often parts, figures and catalogue numbers; they count beside a word
    such as "mutation" only.
    """
    found = list(_with_positions(text))
    if any(kind in text for kind in _KINDS):
        found += [match.span() for match in _RESIDUES_CHANGED.finditer(text)]
    found += [match.span() for match in _BASES_CHANGED.finditer(text)]
    found += [match.span() for match in _SHORT.finditer(text) if _is_called_mutation(text, *match.span())]
    last = 0
    for start, end in sorted(found, key=lambda stretch: (stretch[0], -stretch[1])):
        if start >= last:
            yield start, end
            last = end


def _with_positions(text: str) -> Iterator[tuple[int, int]]:
    place = 0
    while match := _WRITTEN.search(text, place):
        start, end = match.start(), repaired(text, *match.span())[1]
        unsigned = re.escape(text[start + 1 : end])
        if start and text[start - 1].isalnum() and re.search(rf"(?<![\w{_SIGNS}]){unsigned}", text):
            start += 1  # the hyphen of "MTHFR-677C>T", not the sign of "IL8-251A/A"
        yield start, end
        place = max(end, match.start() + 1)


def _is_called_mutation(text: str, start: int, end: int) -> bool:
    """Whether a code such as ``V600E`` has a word for a mutation beside it, and is no change to the same."""
    is_called = _NAMED_BEFORE.search(text[max(0, start - 15) : start]) or _NAMED_AFTER.match(text, end)
    return bool(is_called) and text[start] != text[end - 1] and text[start:end] not in _CELLS.split("|")


def _without_brackets(mention: Mention) -> Mention:
    inner = mention.text[1:-1]
    is_bracketed = mention.text[:1] + mention.text[-1:] in ("()", "[]") and not re.search(r"[()\[\]]", inner)
    if mention.type != TYPE or not is_bracketed:
        return mention
    return replace(mention, start=mention.start + 1, end=mention.end - 1, text=inner)

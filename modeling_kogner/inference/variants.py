"""Ids of the sequence variants in a document: rs numbers where it has them, else their HGVS form."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Sequence

from ..corpora.mention import Mention
from .hgvs import RESIDUE, RESIDUES, UNSURE, cleaned, hgvs, place_of

TYPE = "Variant"
_BESIDE = r" ?(?:polymorphism|variant|mutation|SNP|allele|genotype)?s? ?[(\[/=:]+ ?"
_ALLELES = (
    rf"(?:p\.)?(?P<letter>{RESIDUE}) ?-?(?P<at>\d+)(?: alleles?)?",
    rf"(?:p\.)?(?P<at>[-+]?\d+) ?(?P<letter>{RESIDUE})(?P=letter)?(?: alleles?)?",
    r"(?P<letter>[ACGT]) (?:alleles? )?(?:at|in)(?: position)? (?P<at>[-+]?\d+)",
)


def variant_ids(text: str, favours_protein: bool = False) -> list[str]:
    """The rs numbers in a mention of a variant, else its HGVS form; empty if there is neither.

    Args:
        text: the mention, such as ``Val600Glu``, ``c.1799T>A`` or ``rs113488022``.
        favours_protein: read ``C61G``, a change of bases or of residues, as residues.
    """
    if numbers := re.findall(r"(?i)\brs ?#?(\d{2,})\b", text):
        return list(dict.fromkeys(f"rs{number}" for number in numbers))
    form = hgvs(text, favours_protein)
    return [form] if form else []


def link_variants(mentions: Sequence[Mention], text: str) -> None:
    """Set id and ids of the variants among a document's mentions.

    The document decides more than a mention alone: other changes of residues in it make ``C61G`` one, ``V103I
    (rs2229616)`` gives all uses of V103I the rs number, its HGVS form among the ids, and "the 103I allele" is that one.

    Args:
        mentions: of the document, in order of their start.
        text: of the document.
    """
    variants = [mention for mention in mentions if mention.type == TYPE]
    sure = [hgvs(each.text) or "" for each in variants if not re.fullmatch(UNSURE, cleaned(each.text))]
    proteins = sum(form.startswith("p.") for form in sure)
    found = [variant_ids(each.text, proteins > len([*filter(None, sure)]) - proteins) for each in variants]
    known = {form for ids in found for form in ids}
    found = [ids or _of_allele(mention.text, known) for mention, ids in zip(variants, found, strict=True)]
    numbers = _numbers(variants, found, text)
    for mention, ids in zip(variants, found, strict=True):
        number = numbers.get(ids[0] if ids else mention.text)
        mention.ids = [number, *ids] if number else ids
        if mention.ids:
            mention.id = mention.name = number or "|".join(ids)


def _numbers(variants: Sequence[Mention], found: Sequence[list[str]], text: str) -> dict[str, str]:
    """HGVS form, or the text of a mention without one -> the rs number that stands beside it in brackets."""
    numbers: dict[str, str] = {}
    both = list(zip(variants, found, strict=True))
    for (one, left), (other, right) in itertools.pairwise(both):
        forms = [ids[0] if ids else mention.text for mention, ids in ((one, left), (other, right))]
        is_number = [form.startswith("rs") for form in forms]
        gap = text[one.end : other.start]
        if sum(is_number) == 1 and (re.fullmatch(_BESIDE, gap) or (gap == " " and not (left and right))):
            numbers.setdefault(forms[is_number.index(False)], forms[is_number.index(True)])
    return numbers


def _of_allele(text: str, known: Collection[str]) -> list[str]:
    """The form, of those known, that has an allele such as ``Met66`` or ``-31TT``."""
    for pattern in _ALLELES:
        if match := re.fullmatch(pattern, cleaned(text)):
            letter, at = match["letter"], re.escape(place_of(match["at"]))
            change = rf"(?:{letter}>.*|[ACGT]>{letter})"
            residue = RESIDUES.get(letter, letter.capitalize())
            has = re.compile(rf"c\.{at}{change}|p\.(?:{residue}{at}\D+|\D+{at}{residue})")
            same = sorted(form for form in known if has.fullmatch(form))
            if len(same) == 1:
                return same
    return []

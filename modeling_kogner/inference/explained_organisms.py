"""Organisms that a document explains itself: "B. mori", "strain YC6903", "redshank (Tringa totanus)"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from ..corpora.mention import Mention

_WORD = re.compile(r"[a-z]{4}")
_NAME = re.compile(
    r"([A-Z](?:[a-z]{0,2}\.|[a-z]{2,})) ?([a-z][a-z-]{2,})((?: (?!.*(?:virus|phage)).+)?)"
)  # genus, epithet, strain
_GENUS = re.compile(r"\b([A-Z][a-z]{2,}) [a-z]{3}")
_BINOMIAL = re.compile(r"[A-Z](?:[a-z]+|[a-z]{0,2}\.) ?[a-z][a-z-]{2,}")
_NOVEL = re.compile(r"\b(?:sp|gen|comb|nov)\. ?(?:nov|sp)\b")
_TYPE_STRAIN = re.compile(r"\s*\(T\)?$")  # a raised T in print: "DSM 18155(T)"
_TO_STRAIN = re.compile(r",? (?:\(?(?:type |reference |laboratory |wild-type )?(?:strains?|isolates?|str\.) )?")
# Characters from a name to "sp. nov.", from a species to the strain behind it, from a new species to its type strain.
_NOVEL_WITHIN, _BEHIND_WITHIN, _STRAIN_WITHIN = 12, 40, 120


def whole_names(text: str, mentions: Sequence[Mention]) -> dict[str, list[str]]:
    """Names of species -> with each genus of the document that begins so, and without a strain, the likeliest first.

    Args:
        text: of the document.
        mentions: in it.
    """
    genera = [genus for genus, _ in Counter(_GENUS.findall(text)).most_common()]
    forms = {}
    for mention in mentions:
        if mention.type == "Species" and (match := _NAME.fullmatch(mention.text)):
            first, epithet, strain = match.groups()
            known = [genus for genus in genera if genus.startswith(first[:-1])] if first.endswith(".") else [first]
            whole = sorted((f"{genus} {epithet}" for genus in known), key=lambda form: form not in text)
            forms[mention.text] = [form for end in dict.fromkeys((strain, "")) for form in (f"{w}{end}" for w in whole)]
    return forms


def explained(text: str, mentions: Sequence[Mention]) -> Iterator[tuple[Mention, Mention]]:
    """Mentions of organisms with a linked one that the document gives the same concept.

    A strain's number is of the species that stands before it, or of the new one that the document describes, where the
    number has no concept itself. A common name is of the species beside it in brackets, or of the only species of the
    genus that it is linked to.

    Args:
        text: of the document.
        mentions: in it, linked as far as their names say.
    """
    organisms = [mention for mention in mentions if mention.type == "Species"]
    named = [mention for mention in organisms if mention.id and _WORD.search(mention.text)]
    if not named:
        return
    strains, common = _strains(text, named), _common_names(text, organisms, named)
    for mention in organisms:
        found = strains(mention.text) if mention.id is None and _is_strain(mention.text) else common(mention)
        if found is not None and found.id != mention.id:
            yield mention, found


def _is_strain(text: str) -> bool:
    """Whether all words are numbers or short: "DSM 18155(T)"."""
    has_number = re.search(r"\d", text) and not _WORD.search(text)
    return bool(has_number) and all(len(word) <= 6 or re.search(r"\d", word) for word in text.split())


def _strains(text: str, named: Sequence[Mention]) -> Callable[[str], Mention | None]:
    """Says which mention has the species of a strain's number."""
    novel = [each for each in named if _NOVEL.search(each.text) or _is_followed_by_novel(text, each)]
    ends = {each.end: each for each in named if _BINOMIAL.match(each.text)}
    known: dict[str, Mention | None] = {}

    def before(number: str) -> Iterator[Mention]:
        for at in _places(text, number):
            for end in range(at - 1, at - _BEHIND_WITHIN, -1):
                if end in ends and _TO_STRAIN.fullmatch(text[end:at]):
                    yield ends[end]
        yield from (each for each in named if number in each.text and any(_places(each.text, number)))

    def described(number: str) -> Mention | None:
        if len({each.id for each in novel}) == 1:
            return novel[0]
        gaps = [(at - each.end, place) for at in _places(text, number) for place, each in enumerate(novel)]
        near = [pair for pair in gaps if 0 <= pair[0] < _STRAIN_WITHIN]
        return novel[min(near)[1]] if near else None

    def find(mention: str) -> Mention | None:
        number = _TYPE_STRAIN.sub("", mention)
        if number not in known:
            known[number] = next(before(number), None) or described(number)
        return known[number]

    return find


def _is_followed_by_novel(text: str, mention: Mention) -> bool:
    return _NOVEL.match(text[mention.end : mention.end + _NOVEL_WITHIN].lstrip()) is not None


def _places(text: str, number: str) -> Iterator[int]:
    return (match.start() for match in re.finditer(rf"(?<![A-Za-z0-9]){re.escape(number)}(?![A-Za-z0-9])", text))


def _common_names(
    text: str, organisms: Sequence[Mention], named: Sequence[Mention]
) -> Callable[[Mention], Mention | None]:
    """Says which mention has the species of a common name; those linked to a species themselves keep it."""
    species = [each for each in named if _BINOMIAL.fullmatch(each.text)]
    starts, ends = {each.start: each for each in species}, {each.end: each for each in species}
    beside: dict[str, dict[str, Mention]] = {}
    for mention in organisms:
        if _is_common(mention) and (each := _beside(text, mention, starts, ends)) is not None:
            beside.setdefault(_singular(mention.text), {})[each.id or ""] = each
    of_genus: dict[str, dict[str, Mention]] = {}
    for each in species:
        of_genus.setdefault((each.name or "").partition(" ")[0], {})[each.id or ""] = each

    def find(mention: Mention) -> Mention | None:
        if not _is_common(mention) or mention.text == mention.name:
            return None
        name = _singular(mention.text)
        found = beside.get(name) or next((of for long, of in beside.items() if long.endswith(f" {name}")), None)
        if not found and mention.name:
            found = of_genus.get(mention.name)
        return next(iter(found.values())) if found and len(found) == 1 else None

    return find


def _is_common(mention: Mention) -> bool:
    """Whether a mention may be a common name of which no species is known: "cuckoo", linked to a family."""
    is_word = _WORD.search(mention.text) and not re.search(r"\d", mention.text) and not _BINOMIAL.match(mention.text)
    return bool(is_word) and " " not in (mention.name or "")


def _beside(text: str, common: Mention, starts: dict[int, Mention], ends: dict[int, Mention]) -> Mention | None:
    """The species right behind a common name, in brackets or not, or the one behind which it stands in brackets."""
    for gap in (" ", " ("):
        if text.startswith(gap, common.end) and (each := starts.get(common.end + len(gap))):
            return each
    if text.startswith(" (", common.start - 2) and text.startswith(")", common.end):
        return ends.get(common.start - 2)
    return None


def _singular(text: str) -> str:
    folded = text.casefold()
    return folded[:-1] if folded.endswith("s") else folded

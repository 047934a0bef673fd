"""Why a mention is linked to this concept and not to the next three."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..corpora.mention import Candidate, Mention
from ..corpora.vocabularies import PREFERRED, vocabulary_of
from .abbreviations import find_abbreviations

NEXT = 3
# What is known of a candidate -> what it says, from what counts most to what counts least.
_REASONS = {
    "exact": "a written form of it",
    "long_form": "a written form of it is what the mention is short for",
    "other_form": "a written form of it, but for plural, Greek letters or words such as gene",
    "near": "its name is similar",
    "preferred_name": "its preferred name",
    "seen": "annotated so in training documents",
    "organism_near": "its organism is the one named nearest",
    "organism_title": "its organism is in the title",
    "organism_main": "its organism is the one named most",
    "case_fits": "written as symbols of its organism are",
    "support": "the document names it in other words too",
    "ortholog": "an ortholog of it has this name",
    "broader": "stands above a concept of this name",
    "vocabulary": "has an id of the preferred vocabulary",
}
_IN_NUMBERS = ("near",)
_EXPLAINED = "the document itself says so"  # of a concept that the choice did not consider for the mention


@dataclass
class ConsideredConcept:
    """A concept that a mention may stand for, and what speaks for it.

    Args:
        candidate: with the score of the link.
        is_chosen: whether the mention is linked to it.
        reasons: in words.
    """

    candidate: Candidate
    is_chosen: bool
    reasons: list[str]


def considered(
    mention: Mention, text: str, features: Mapping[str, Mapping[str, float]] | None = None
) -> list[ConsideredConcept]:
    """The concept of a mention, if it has one, and the next three.

    Args:
        mention: as annotated.
        text: of its document.
        features: of candidates, by id and name, as the choice read them; None where the spelling decides.
    """
    found = list(mention.alternatives[:NEXT])
    if chosen := mention.linked:
        found.insert(0, chosen)
    long = find_abbreviations(text).get(mention.text)
    is_first = [mention.id is not None and place == 0 for place in range(len(found))]

    def reasons(candidate: Candidate, is_chosen: bool) -> list[str]:
        if is_chosen and features is not None and candidate.id not in features and "|" not in candidate.id:
            return [_EXPLAINED]
        return reasons_of((features or {}).get(candidate.id) or _spelling(mention, candidate, long))

    return [ConsideredConcept(each, first, reasons(each, first)) for each, first in zip(found, is_first, strict=True)]


def reasons_of(features: Mapping[str, float]) -> list[str]:
    """What features of a candidate say, in words; those that are 0 say nothing.

    Args:
        features: by name; others than these are passed over.
    """
    said = [name for name in _REASONS if features.get(name)]
    if "exact" in said:
        said = [name for name in said if name not in ("near", "other_form")]
    return [f"{_REASONS[name]} ({features[name]:.2f})" if name in _IN_NUMBERS else _REASONS[name] for name in said]


def _spelling(mention: Mention, candidate: Candidate, long: str | None) -> dict[str, float]:
    """What mention and candidate alone tell."""
    score = candidate.score or 0.0
    texts: Sequence[str] = [each.casefold() for each in (mention.text, long) if each]
    preferred = PREFERRED.get(mention.type)
    return {
        "long_form" if long else "exact": score == 1,
        "near": score if score < 1 else 0.0,
        "preferred_name": candidate.name.casefold() in texts,
        "vocabulary": bool(preferred) and vocabulary_of(candidate.id) == preferred,
    }

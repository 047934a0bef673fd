"""Two names for one concept: "interferon consensus sequence-binding protein (ICSBP)"."""

from __future__ import annotations

from collections.abc import Sequence

from ..corpora.mention import Mention
from .concept_choice import Ranked

_SURE = 0.8  # probability from which a mention keeps its concept, whatever stands beside it
_WITHIN = 4  # mentions behind a name among which the one in brackets is: other types and nested ones lie between
_Name = tuple[str, str]  # text and type


def agreed(text: str, mentions: Sequence[Mention], ranked: Sequence[Ranked]) -> list[Ranked]:
    """Concepts of mentions, those of names beside them included.

    Of two mentions of one type of which the second one stands in brackets right behind the first, the concept is the
    same for 387 of 389 in NLM-Gene's training documents. One that is not sure takes what is likelier for the other,
    everywhere in the document.

    Args:
        text: of the document.
        mentions: in it; other forms of them do not count as standing in the text.
        ranked: concepts of each mention with their probabilities, best first.
    """
    beside = _beside(text, mentions)
    places: dict[_Name, list[int]] = {}
    for place, mention in enumerate(mentions):
        if (name := _name(mention)) in beside:
            places.setdefault(name, []).append(place)
    agreed = list(ranked)
    for name, others in beside.items():
        for place in places[name]:
            if ranked[place] and ranked[place][0][1] >= _SURE:
                continue
            known = dict(ranked[place])
            for other in others:
                near = min(places[other], key=lambda each: abs(mentions[each].start - mentions[place].start))
                for concept, probability in ranked[near]:
                    known[concept] = max(known.get(concept, 0.0), probability)
            agreed[place] = sorted(known.items(), key=lambda pair: -pair[1])
    return agreed


def _name(mention: Mention) -> _Name:
    """Text and type of a mention, the same where a sentence begins with it."""
    text = mention.text
    return (text[:1].lower() + text[1:] if text[1:2].islower() else text), mention.type


def _beside(text: str, mentions: Sequence[Mention]) -> dict[_Name, dict[_Name, None]]:
    """Names that stand in brackets behind others, and the others."""
    found = sorted({(m.start, m.end, _name(m)) for m in mentions if text[m.start : m.end] == m.text})
    pairs = [
        (first, second)
        for place, (_, end, first) in enumerate(found)
        for start, last, second in found[place + 1 : place + 1 + _WITHIN]
        if first[1] == second[1] and text[end:start] in (" (", " [") and text[last : last + 1] in (")", "]")
    ]
    beside: dict[_Name, dict[_Name, None]] = {}
    for one, other in (*pairs, *((second, first) for first, second in pairs)):
        if one != other:
            beside.setdefault(one, {})[other] = None
    return beside

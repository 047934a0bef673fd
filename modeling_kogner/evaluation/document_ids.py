"""End to end: mentions of documents with the right concept, and the set of concepts of each document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..corpora.mention import Mention
from .gold import gold_ids, predicted_concepts
from .strict_scores import agreement


def score_ids(
    gold: Sequence[Sequence[Mention]],
    guess: Sequence[Sequence[Mention]],
    types: Collection[str],
    owners: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """Scores of annotated documents against gold ids, of any vocabulary that the graph gives a concept.

    Gold mentions without a concept, and predictions at exactly their place and type, are left out: there is nothing to
    compare with. So are predictions without a link, and types of which gold has no concept.

    Args:
        gold: mentions of each document, under the model's types, with ids as written in the corpus.
        guess: mentions of the same documents, linked.
        types: that count.
        owners: other ids of concepts -> the preferred ids of those that have them.

    Returns:
        ``mentions``: place, type and concept must agree, of several gold concepts one; ``concepts``: the concepts of
        each document by type, wherever they are named.
    """
    wanted = [[(each, gold_ids(each.id or "", each.type)) for each in mentions] for mentions in gold]
    scored = [kind for kind in types if any(ids and each.type == kind for found in wanted for each, ids in found)]
    places, concepts = [], []
    for marked, annotated in zip(wanted, guess, strict=True):
        unknown = {(each.start, each.end, each.type) for each, ids in marked if not ids}
        linked = [m for m in annotated if m.id and (m.start, m.end, m.type) not in unknown]
        places.append(([replace(each, id="right") for each, ids in marked if ids], list(_at_places(linked, marked))))
        concepts.append((list(_of_gold(marked, owners)), list(_of_guess(linked, marked, owners))))
    return {
        "mentions": agreement(*zip(*places, strict=True), scored, key=lambda each: (each.start, each.end, each.id)),
        "concepts": agreement(*zip(*concepts, strict=True), scored, key=lambda each: each.id),
    }


def _at_places(linked: Iterable[Mention], marked: Iterable[tuple[Mention, list[str]]]) -> Iterator[Mention]:
    """Predictions, their id ``right`` where it is a gold one of the same place and type, else ``wrong``."""
    at = {(each.start, each.end, each.type): ids for each, ids in marked}
    for mention in linked:
        ids = at.get((mention.start, mention.end, mention.type), [])
        is_right = any(not concept.isdisjoint(ids) for concept in predicted_concepts(mention))
        yield replace(mention, id="right" if is_right else "wrong")


def _of_gold(marked: Iterable[tuple[Mention, list[str]]], owners: Mapping[str, Sequence[str]]) -> Iterator[Mention]:
    """A mention for each gold concept."""
    for mention, ids in marked:
        for each in ids:
            yield replace(mention, id=owners.get(each, [each])[0])


def _of_guess(
    linked: Iterable[Mention], marked: Sequence[tuple[Mention, list[str]]], owners: Mapping[str, Sequence[str]]
) -> Iterator[Mention]:
    """A mention for each predicted concept, under the id that a gold concept of the document has if it is the same."""
    for mention in linked:
        ids = [each for other, given in marked if other.type == mention.type for each in given]
        for concept in predicted_concepts(mention):
            same = next((each for each in ids if each in concept), min(concept))
            yield replace(mention, id=owners.get(same, [same])[0])

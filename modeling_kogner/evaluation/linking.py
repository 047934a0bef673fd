"""How often gold mentions are linked to their gold concept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from ..corpora.mention import Candidate
from ..corpora.pubtator import load_pubtator
from ..files.errors import InputError
from ..inference.abbreviations import find_abbreviations
from ..inference.linker import Linker, is_link

# How NCBI-disease divides its one entity type.
ENTITY_TYPES = dict.fromkeys(("SpecificDisease", "DiseaseClass", "Modifier", "CompositeMention"), "Disease")
PRINTED = ("accuracy@1", "accuracy@5", "candidate_recall", "ceiling", "precision", "recall", "f1")
_NO_CONCEPT = ("", "-", "-1")
_SEVERAL = re.compile(r"[|+,]")


def gold_concepts(ids: str, owners: Mapping[str, Sequence[str]]) -> set[str]:
    """Concepts of an annotation under the graph's preferred ids; empty for ``-1``, "no concept of the vocabulary".

    An id without a vocabulary is one of MeSH: ``D015738`` is ``MESH:D015738``. ``|`` joins the concepts of a composite
    mention ("breast and ovarian cancer"), ``+`` concepts that one mention joins.

    Args:
        ids: as written in the PubTator file.
        owners: other ids of concepts -> the preferred ids of those that have them.
    """
    parts = [part.strip() for part in _SEVERAL.split(ids)]
    full = [part if ":" in part else f"MESH:{part}" for part in parts if part not in _NO_CONCEPT]
    return {concept for part in full for concept in owners.get(part, [part])}


def evaluate_linking(path: str | Path, linker: Linker, track: Callable[[Sequence], Iterable] = iter) -> dict[str, dict]:
    """Scores of a PubTator file by entity type, see :func:`score_links`; ``track`` sees documents.

    Raises:
        InputError: the file is not a PubTator file or has no mentions.
    """
    catalogue = linker.model.kogner.concepts
    held = set(catalogue.ids)
    rows: dict[str, list[tuple[set[str], list[Candidate]]]] = {}
    for document in track(load_pubtator(path)):
        abbreviations = find_abbreviations(document.text)
        for mention in document.mentions:
            kind = ENTITY_TYPES.get(mention.type, mention.type)
            gold = gold_concepts(mention.id or "", catalogue.owners)
            rows.setdefault(kind, []).append((gold, linker.candidates(mention.text, kind, abbreviations)))
    if not rows:
        raise InputError("no mentions in it", file=path, fix="name an annotated PubTator file")
    return {kind: score_links(found, held, catalogue.owners) for kind, found in rows.items()}


def score_links(
    rows: Sequence[tuple[set[str], Sequence[Candidate]]], held: Collection[str], owners: Mapping[str, Sequence[str]]
) -> dict[str, float | int]:
    """Score ranked candidates against gold concepts, over mentions.

    A candidate is right if it, or an equivalent id of it, is among the gold concepts: of a composite mention any one
    counts. Mentions of no concept (``-1``) are left out of accuracies, recalls and ceiling; a link of one is wrong in
    ``precision``.

    Args:
        rows: gold concepts and candidates, best first, of each mention.
        held: ids that the graph holds.
        owners: other ids of concepts -> the preferred ids of those that have them.

    Returns:
        Counts ``mentions``, ``without_concept``, ``several_concepts``, ``linked``; ``accuracy@1`` and ``accuracy@5``
        without threshold; ``candidate_recall``: a right one among all candidates; ``ceiling``: a gold concept is in
        the graph; ``precision``, ``recall`` and ``f1`` of the links at the NIL threshold.
    """
    count: Counter[str] = Counter(mentions=len(rows))
    for gold, candidates in rows:
        right = [not gold.isdisjoint(owners.get(each.id, [each.id])) for each in candidates]
        count["without_concept"] += not gold
        count["several_concepts"] += len(gold) > 1
        count["ceiling"] += not gold.isdisjoint(held)
        count["accuracy@1"] += any(right[:1])
        count["accuracy@5"] += any(right[:5])
        count["candidate_recall"] += any(right)
        count["linked"] += is_link(candidates)
        count["correct"] += is_link(candidates) and right[0]
    linkable = max(1, count["mentions"] - count["without_concept"])
    shares = ("accuracy@1", "accuracy@5", "candidate_recall", "ceiling")
    counts = {name: count[name] for name in ("mentions", "without_concept", "several_concepts", "linked")}
    return {
        **counts,
        **{name: count[name] / linkable for name in shares},
        "precision": count["correct"] / max(1, count["linked"]),
        "recall": count["correct"] / linkable,
        "f1": 2 * count["correct"] / max(1, count["linked"] + linkable),
    }

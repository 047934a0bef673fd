"""How often gold mentions are linked to their gold concept, in the context of their documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..corpora.annotated import load_documents
from ..corpora.document import Document
from ..corpora.mention import Mention
from ..files.errors import InputError
from ..inference.hgvs import is_normal
from ..inference.linker import Linker
from ..inference.variants import link_variants
from .gold import gold_ids, predicted_concepts, type_names

RANKS = 5
WRONG = ("document", "start", "mention", "type", "gold", "id", "name", "score", "is_linked", "rank")
PRINTED = ("mentions", "accuracy@1", "accuracy@5", "reach", "equal_sets", "no_link", "precision")


@dataclass
class Judged:
    """A gold mention with a concept, and what became of it.

    Args:
        document: its id.
        mention: with the concepts that it was linked to.
        gold: ids of its gold concepts.
        right: whether each of the best :data:`RANKS` concepts is a gold one; of several gold concepts any one counts.
        is_equal: the concepts are those of gold, all of them and no other.
        is_linked: the first is close enough to be given.
        in_reach: the graph has a gold concept.
        is_seen: a gold concept occurs in the training files.
        is_composite: gold has several concepts.
    """

    document: str
    mention: Mention
    gold: list[str]
    right: list[bool]
    is_equal: bool
    is_linked: bool
    in_reach: bool
    is_seen: bool
    is_composite: bool


def evaluate_linking(
    path: str | Path,
    linker: Linker,
    mapped: Mapping[str, str] | None = None,
    seen: frozenset[str] = frozenset(),
    track: Callable[[Sequence[Document]], Iterable[Document]] = iter,
) -> dict[str, dict[str, Any]]:
    """Link the gold mentions of a file and score them: :func:`judge_links`, then :func:`scores_of`."""
    return scores_of(judge_links(path, linker, mapped, seen, track), bool(seen))


def scores_of(judged: Mapping[str, Sequence[Judged | None]], with_seen: bool = False) -> dict[str, dict[str, Any]]:
    """Scores by entity type.

    Args:
        judged: what :func:`judge_links` gives.
        with_seen: score seen and unseen concepts apart too.

    Returns:
        By entity type, counts ``mentions`` (of all, with a concept) and ``without_concept``, and under ``parts`` the
        scores of :func:`link_scores` of ``all`` of them and of those ``composite``, ``seen`` and ``unseen``.
    """
    return {kind: _by_part([row for row in rows if row], len(rows), with_seen) for kind, rows in judged.items()}


def wrong_links(judged: Mapping[str, Sequence[Judged | None]]) -> Iterator[dict[str, Any]]:
    """A row of :data:`WRONG` for each mention whose best concept is not a gold one; ``rank`` is that of a right one."""
    for row in (row for rows in judged.values() for row in rows if row and not any(row.right[:1])):
        mention, best = row.mention, next(iter(row.mention.alternatives), None)
        first = mention if row.is_linked else best
        values = (getattr(first, name, None) for name in ("id", "name"))
        score = mention.link_score if row.is_linked else best and best.score
        rank = row.right.index(True) + 1 if any(row.right) else None
        place = (row.document, mention.start, mention.text, mention.type, "|".join(row.gold))
        yield dict(zip(WRONG, (*place, *values, score, row.is_linked, rank), strict=True))


def judge_links(
    path: str | Path,
    linker: Linker,
    mapped: Mapping[str, str] | None = None,
    seen: frozenset[str] = frozenset(),
    track: Callable[[Sequence[Document]], Iterable[Document]] = iter,
) -> dict[str, list[Judged | None]]:
    """Link the gold mentions of a PubTator or BioC file in their documents and compare.

    Args:
        path: of the file.
        linker: of the model.
        mapped: types of the corpus -> types of the model; see :func:`type_names`.
        seen: concepts that occur in training, see :func:`concepts_in`.
        track: sees the documents, to show progress.

    Returns:
        Mentions by entity type; None for those without a gold concept: an id from a vocabulary that the corpus did not
        use may be right.

    Raises:
        InputError: the file is wrong or has no mention with a concept.
    """
    catalogue, known = linker.tagger.tables.catalogue, linker.tagger.config.entity_types
    held = set(catalogue.ids) | catalogue.owners.keys()
    documents = load_documents(path)
    names = _names(documents, known, mapped or {})
    rows: dict[str, list[Judged | None]] = {}
    for document in track(documents):
        mentions = [Mention(m.start, m.end, m.text, names[m.type]) for m in document.mentions]
        _link(linker, linked := replace(document, mentions=mentions))
        for marked, mention in zip(document.mentions, linked.mentions, strict=True):
            gold = gold_ids(marked.id or "", mention.type)
            is_seen = not seen.isdisjoint(_preferred(gold, catalogue.owners))
            in_reach = not held.isdisjoint(gold) or any(map(is_normal, gold))
            judged = _judge(document.id, mention, gold, in_reach, is_seen) if gold else None
            rows.setdefault(mention.type, []).append(judged)
    if not any(any(found) for found in rows.values()):
        raise InputError("no mentions with a concept in it", file=path, fix="name a file that gives concept ids")
    return rows


def concepts_in(paths: Iterable[str | Path], linker: Linker, mapped: Mapping[str, str] | None = None) -> frozenset[str]:
    """Gold concepts of training files, under the graph's preferred ids."""
    owners, known = linker.tagger.tables.catalogue.owners, linker.tagger.config.entity_types
    found: set[str] = set()
    for path in paths:
        documents = load_documents(path)
        names = _names(documents, known, mapped or {})
        for mention in (mention for document in documents for mention in document.mentions):
            found |= _preferred(gold_ids(mention.id or "", names[mention.type]), owners)
    return frozenset(found)


def link_scores(rows: Sequence[Judged]) -> dict[str, float | int]:
    """Scores of mentions that have a gold concept.

    Returns:
        ``mentions``; ``accuracy@1`` and ``accuracy@5`` without threshold, wrong where gold is out of reach; ``reach``,
        the share whose gold concept the graph has; ``equal_sets``, the share with all concepts of gold and no other;
        ``no_link``, the share without a link at the default threshold; and ``precision`` of those with one.
    """
    linked = [row.right[0] for row in rows if row.is_linked]
    return {
        "mentions": len(rows),
        "accuracy@1": _share(any(row.right[:1]) for row in rows),
        f"accuracy@{RANKS}": _share(any(row.right) for row in rows),
        "reach": _share(row.in_reach for row in rows),
        "equal_sets": _share(row.is_equal for row in rows),
        "no_link": _share(not row.is_linked for row in rows),
        "precision": _share(linked),
    }


def _link(linker: Linker, document: Document) -> None:
    """Set the concepts of mentions that have places and types."""
    link_variants(document.mentions, document.text)
    linker.link([document], alternatives=RANKS)


def _judge(document: str, mention: Mention, gold: list[str], in_reach: bool, is_seen: bool) -> Judged:
    linked = predicted_concepts(mention)
    others = [{each.id, *each.ids} for each in mention.alternatives]
    concepts = linked or others[:1]
    ranked = [set().union(*concepts), *(others if linked else others[1:])] if concepts else []
    return Judged(
        document,
        mention,
        gold,
        right=[not concept.isdisjoint(gold) for concept in ranked[:RANKS]],
        is_equal=all(not concept.isdisjoint(gold) for concept in concepts) and set().union(*concepts).issuperset(gold),
        is_linked=bool(linked),
        in_reach=in_reach,
        is_seen=is_seen,
        is_composite=len(gold) > 1,
    )


def _by_part(rows: list[Judged], of_all: int, with_seen: bool) -> dict[str, Any]:
    parts = {"all": rows, "composite": [row for row in rows if row.is_composite]}
    if with_seen:
        parts["seen"] = [row for row in rows if row.is_seen]
        parts["unseen"] = [row for row in rows if not row.is_seen]
    scores = {part: link_scores(found) for part, found in parts.items() if found}
    return {"mentions": of_all, "without_concept": of_all - len(rows), "parts": scores}


def _names(documents: Sequence[Document], known: Sequence[str], mapped: Mapping[str, str]) -> dict[str, str]:
    """Entity types of documents -> the model's, or as they are: a linker takes any."""
    found = {mention.type for document in documents for mention in document.mentions}
    return dict(zip(found, found, strict=True)) | type_names(found, known, mapped)


def _preferred(ids: Iterable[str], owners: Mapping[str, Sequence[str]]) -> set[str]:
    return {concept for each in ids for concept in owners.get(each, [each])}


def _share(flags: Iterable[bool]) -> float:
    values = list(flags)
    return sum(values) / max(1, len(values))

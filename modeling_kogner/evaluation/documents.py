"""Strict scores of annotated documents: what a user of the annotator gets against what the corpus marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..corpora.annotated import load_documents
from ..corpora.document import Document
from ..corpora.mention import Mention
from ..files.errors import InputError
from ..inference.annotator import Annotator
from .error_kinds import error_kinds
from .strict_ner_metric import scores_of_counts


def score_documents(
    annotator: Annotator,
    path: str | Path,
    types: Collection[str] | None = None,
    mapped: Mapping[str, str] | None = None,
    track: Callable[[Sequence[Document]], Iterable[Document]] = iter,
) -> dict[str, Any]:
    """Annotate the documents of a PubTator or BioC file and compare: offsets in characters and type must agree.

    Types of the corpus that the model has under no name are left out, and so are the model's that the corpus does not
    annotate.

    Args:
        annotator: as users get it from ``load``.
        path: of the file.
        types: score only these of the model's types, in any case.
        mapped: types of the corpus -> types of the model, in any case; equal names need no entry, and types that this
            file lacks are passed over.
        track: sees the documents, to show progress.

    Raises:
        InputError: the file is wrong, ``mapped`` names a type that the model has not, or no type is left to score.
    """
    documents = load_documents(path)
    found = {mention.type for document in documents for mention in document.mentions}
    names = _names(annotator.model.config.entity_types, found, mapped or {})
    asked = {kind.casefold() for kind in types or names.values()}
    names = {source: kind for source, kind in names.items() if kind.casefold() in asked}
    if not names:
        known = ", ".join(annotator.model.config.entity_types)
        raise InputError(
            f"marks {', '.join(sorted(found)) or 'nothing'}; the model knows {known}: no type to score",
            file=path,
            fix="name a type of the model for one of the file with --map SNP=Variant",
        )
    scored = sorted(set(names.values()))
    gold = [_renamed(document.mentions, names) for document in documents]
    same = {kind: kind for kind in scored}
    guess = [_renamed(document.mentions, same) for document in annotator.annotate(track(documents))]
    return {
        "documents": len(documents),
        "types": scored,
        "not_scored": sorted(found - set(names)),
        "strict": agreement(gold, guess, scored, lambda mention: (mention.start, mention.end)),
        "errors": error_kinds(gold, guess),
    }


def agreement(
    gold: Sequence[Iterable[Mention]],
    guess: Sequence[Iterable[Mention]],
    types: Collection[str],
    key: Callable[[Mention], Hashable],
) -> dict[str, Any]:
    """Precision, recall and F1 over all types and by type, of sets of ``key`` and type in each document."""
    counts = {name: Counter[str]() for name in ("gold", "predicted", "correct")}
    for marked, annotated in zip(gold, guess, strict=True):
        wanted, got = ({(m.type, key(m)) for m in mentions} for mentions in (marked, annotated))
        for name, items in (("gold", wanted), ("predicted", got), ("correct", wanted & got)):
            counts[name].update(kind for kind, _ in items)
    totals = [sum(counter[kind] for kind in types) for counter in counts.values()]
    by_type = {kind: scores_of_counts(*(counter[kind] for counter in counts.values())) for kind in types}
    return {**scores_of_counts(*totals), "types": by_type}


def _names(known: Sequence[str], found: set[str], mapped: Mapping[str, str]) -> dict[str, str]:
    """Types of the corpus -> types of the model, for those that have one."""
    own, theirs = ({name.casefold(): name for name in names} for names in (known, found))
    names = {each: own[each.casefold()] for each in found if each.casefold() in own}
    for source, kind in mapped.items():
        if kind.casefold() not in own:
            raise InputError(f"the model has no type {kind}", field="--map", fix=f"it knows {', '.join(known)}")
        if source.casefold() in theirs:
            names[theirs[source.casefold()]] = own[kind.casefold()]
    return names


def _renamed(mentions: Iterable[Mention], names: Mapping[str, str]) -> list[Mention]:
    return [
        Mention(each.start, each.end, each.text, names[each.type], id=each.id)
        for each in mentions
        if each.type in names
    ]

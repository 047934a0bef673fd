"""Strict scores of annotated documents: what a user of the annotator gets against what the corpus marks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..corpora.annotated import load_documents
from ..corpora.document import Document
from ..corpora.mention import Mention
from ..files.errors import InputError
from ..inference.annotator import Annotator
from .document_ids import score_ids
from .error_kinds import error_kinds
from .gold import type_names
from .strict_scores import agreement


def score_documents(
    annotator: Annotator,
    path: str | Path,
    types: Collection[str] | None = None,
    mapped: Mapping[str, str] | None = None,
    track: Callable[[Sequence[Document]], Iterable[Document]] = iter,
    with_ids: bool = False,
    seen: Mapping[str, Collection[str]] | None = None,
) -> dict[str, Any]:
    """Annotate the documents of a PubTator or BioC file and compare: offsets in characters and type must agree.

    Types of the corpus that the model has under no name are left out, and so are the model's that the corpus does not
    annotate.

    Args:
        annotator: as users get it from ``load``.
        path: of the file.
        types: score only these of the model's types, in any case.
        mapped: types of the corpus -> types of the model, in any case, beside those of :func:`type_names`; types that
            this file lacks are passed over.
        track: sees the documents, to show progress.
        with_ids: compare concepts too, see :func:`score_ids`.
        seen: ids of documents to leave out, by the name of the file that has them; of each file, the scores say how
            many there were.

    Raises:
        InputError: the file is wrong, ``mapped`` names a type that the model has not, or no type is left to score.
    """
    documents = load_documents(path)
    found = {mention.type for document in documents for mention in document.mentions}
    names = type_names(found, annotator.config.entity_types, mapped or {})
    asked = {kind.casefold() for kind in types or names.values()}
    names = {source: kind for source, kind in names.items() if kind.casefold() in asked}
    if not names:
        known = ", ".join(annotator.config.entity_types)
        raise InputError(
            f"marks {', '.join(sorted(found)) or 'nothing'}; the model knows {known}: no type to score",
            file=path,
            fix="name a type of the model for one of the file with --map SNP=Variant",
        )
    scored = sorted(set(names.values()))
    left_out = {name: sum(document.id in ids for document in documents) for name, ids in (seen or {}).items()}
    documents = [document for document in documents if not any(document.id in ids for ids in (seen or {}).values())]
    gold = [_renamed(document.mentions, names) for document in documents]
    same = {kind: kind for kind in scored}
    guess = [_renamed(document.mentions, same) for document in annotator.annotate(track(documents))]
    scores = {
        "documents": len(documents),
        "types": scored,
        "not_scored": sorted(found - set(names)),
        "left_out": {name: count for name, count in left_out.items() if count},
        "strict": agreement(gold, guess, scored, lambda mention: (mention.start, mention.end)),
        "errors": error_kinds(gold, guess),
    }
    if with_ids and documents:
        scores["ids"] = score_ids(gold, guess, scored, annotator.tagger.tables.catalogue.owners)
    return scores


def documents_in(paths: Iterable[str | Path]) -> dict[str, set[str]]:
    """Ids of the documents of PubTator and BioC files, by the files' names.

    Raises:
        InputError: a file is wrong.
    """
    return {Path(path).stem: {document.id for document in load_documents(path)} for path in paths}


def _renamed(mentions: Iterable[Mention], names: Mapping[str, str]) -> list[Mention]:
    return [replace(each, type=names[each.type]) for each in mentions if each.type in names]

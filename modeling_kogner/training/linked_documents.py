"""Annotated documents with the concepts of their mentions: what linking is trained on and chosen by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from transformers import PreTrainedTokenizerBase

from ..concept_catalogue import ConceptCatalogue
from ..corpora.annotated import load_documents
from ..corpora.document import Document
from ..corpora.mention import Mention
from ..corpora.vocabularies import LINKED_TYPES
from ..evaluation.gold import gold_ids, type_names
from ..files.errors import InputError
from ..graph.link_rows import hashed
from ..inference.abbreviations import find_abbreviations

_MOST_OWNERS = 2  # concepts of one gold id whose name a mention is; beyond that the id is too coarse

_SHORT_FORM, _USES_OF_SHORT_FORM = 5, 3  # characters at most, documents at least


@dataclass
class LinkedDocument:
    """A document and its mentions that have an id.

    Args:
        id: of the document.
        text: with the offsets of the mentions.
        title_end: where its first passage ends.
        mentions: of :data:`LINKED_TYPES`, under the model's names.
        ids: of each mention, at least one.
        concepts: of each mention, by number; none where the graph lacks its ids.
        long_forms: short form -> long form.
    """

    id: str
    text: str
    title_end: int
    mentions: list[Mention]
    ids: list[list[str]]
    concepts: list[list[int]]
    long_forms: dict[str, str]


def linked_documents(
    files: Sequence[str | Path],
    catalogue: ConceptCatalogue,
    types: Collection[str],
    exclude: Sequence[str | Path] = (),
) -> list[LinkedDocument]:
    """Read PubTator and BioC files with ids of any vocabulary.

    Args:
        files: to read.
        catalogue: of the model.
        types: of the model.
        exclude: files whose documents are left out by their id, wherever they occur.

    Raises:
        InputError: a file cannot be read, or no mention has an id of the graph.
    """
    left_out = {document.id for file in exclude for document in load_documents(file)}
    places = {each: place for place, each in enumerate(catalogue.ids)}
    owners = {each: [places[one] for one in found if one in places] for each, found in catalogue.owners.items()}
    owners |= {each: [place] for each, place in places.items()}
    known = [kind for kind in types if kind in LINKED_TYPES]
    read = [document for file in files for document in load_documents(file) if document.id not in left_out]
    found = [linked for document in read if (linked := _linked(document, owners, known)).mentions]
    if not any(concepts for document in found for concepts in document.concepts):
        fix = "give files with ids of the graph's vocabularies and types of the model, not all of them excluded"
        raise InputError("no mention has a concept of the model", file=", ".join(map(str, files)), fix=fix)
    return found


def _linked(document: Document, owners: dict[str, list[int]], known: list[str]) -> LinkedDocument:
    kinds = type_names({mention.type for mention in document.mentions}, known, {})
    pairs = []
    for mention in document.mentions:
        if (kind := kinds.get(mention.type)) and (ids := gold_ids(mention.id or "", kind)):
            pairs.append((replace(mention, type=kind), ids))
    concepts = [list(dict.fromkeys(one for each in ids for one in owners.get(each, ()))) for _, ids in pairs]
    title, text = document.passages[0], document.text
    return LinkedDocument(
        id=document.id,
        text=text,
        title_end=title.offset + len(title.text),
        mentions=[mention for mention, _ in pairs],
        ids=[ids for _, ids in pairs],
        concepts=concepts,
        long_forms=find_abbreviations(text),
    )


def document_names(
    documents: Iterable[LinkedDocument], tokenizer: PreTrainedTokenizerBase, tokens: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """`document`, `hash`, `concept`, `short`: what each document calls its concepts, each name once.

    Short forms that a document defines are left out: elsewhere they may stand for something else.

    Args:
        documents: to read.
        tokenizer: of the model.
        tokens: how it spells its tokens; see :func:`hash_surfaces`.
    """
    rows = [
        (document.id, mention.text, concept, _is_short_form(mention))
        for document, mention, concept in _single(documents)
        if mention.text not in document.long_forms
    ]
    table = hashed(pd.DataFrame(rows, columns=["document", "surface", "concept", "short"]), tokenizer, tokens)
    return table.drop(columns="surface").drop_duplicates(["document", "hash", "concept"], ignore_index=True)


def training_names(
    documents: Iterable[LinkedDocument], tokenizer: PreTrainedTokenizerBase, tokens: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """:func:`document_names` that count in other documents: short forms only if several documents use them so."""
    table = document_names(documents, tokenizer, tokens)
    uses = table.groupby(["hash", "concept"])["document"].transform("size")
    return table[~table["short"].astype(bool) | (uses >= _USES_OF_SHORT_FORM)].reset_index(drop=True)


def _is_short_form(mention: Mention) -> bool:
    is_short = len(mention.text) <= _SHORT_FORM and mention.text.isupper()
    return is_short and mention.type in ("Disease", "Chemical")


def named_mentions(documents: Iterable[LinkedDocument]) -> list[tuple[str, int]]:
    """Text and concept of each mention of one concept; the long form where the document defines one."""
    found = [
        (document.long_forms.get(mention.text, mention.text), one) for document, mention, one in _single(documents)
    ]
    return list(dict.fromkeys(found))


def _single(documents: Iterable[LinkedDocument]) -> Iterator[tuple[LinkedDocument, Mention, int]]:
    """Mentions with one id, and the concepts that have it."""
    for document in documents:
        for mention, ids, concepts in zip(document.mentions, document.ids, document.concepts, strict=True):
            if len(ids) == 1:
                for concept in concepts[:_MOST_OWNERS]:
                    yield document, mention, concept

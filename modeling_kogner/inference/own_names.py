"""Own names and concepts for a trained model, without training it again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from transformers import PreTrainedTokenizerBase

from ..concept_catalogue import ConceptCatalogue
from ..corpora.text_tokenizer import TextTokenizer, check_vocabulary
from ..files.errors import InputError
from ..files.tables import RowChecks, among, with_origin
from ..graph.index_tables import sorted_rows
from ..graph.surface_forms import author_forms
from ..graph.surface_hashes import hash_surfaces
from ..modeling_kogner import KognerForTokenClassification
from ..node_table import NodeTable
from ..surface_index import SurfaceIndex
from .own_vectors import add_vectors, move_rows


@dataclass
class AddedNames:
    """What was added.

    Args:
        concepts: that the model did not know.
        forms: written forms that are found in texts now.
        unspelled: written forms that are not: too long, or with characters that the tokenizer does not know.
    """

    concepts: int
    forms: int
    unspelled: int


def add_concepts(
    model: KognerForTokenClassification,
    tokenizer: PreTrainedTokenizerBase,
    table: pd.DataFrame,
    checks: RowChecks | None = None,
) -> AddedNames:
    """Let a loaded model find and link names of your own; :meth:`save_pretrained` saves them with it.

    The first name of an id is its preferred one. An id that the model knows gets further names. Each name is also found
    in the forms in which authors write it (:func:`author_forms`); no name is left out for being short or an English
    word. Of concepts with the same written form yours come first. The vector of a new concept is that of the known
    concept with one of its names and its type, else that of the concept nearest to the mean of the type.

    Args:
        model: changed in place, all or nothing.
        tokenizer: saved with it.
        table: ``id``, ``name``, ``type`` (a semantic type of the model); may have ``file`` and ``row`` for messages.
        checks: what to do with a row that breaks a rule: raise, by default.

    Raises:
        InputError: the model has no knowledge tables, the tokenizer is another one than its own, or a row is bad; the
            message names row and field.
    """
    config, body = model.config, model.kogner
    if not config.num_surfaces:
        raise InputError("the model has no knowledge tables to add names to", fix="train one with --knowledge")
    plain = TextTokenizer.of(tokenizer)
    check_vocabulary(config.tokenizer_fingerprint, plain)
    table = _checked(table, model, checks or RowChecks(drop=False))
    catalogue = body.concepts
    fresh = table[~among(table["id"], catalogue.ids)].drop_duplicates("id")
    new_types = fresh["type"].map(config.semantic_types.index).to_numpy(np.uint8)

    concept_of = {each: i for i, each in enumerate([*catalogue.ids, *fresh["id"]])}
    forms, owners = _forms(table, concept_of)
    tokens = {name: getattr(body.index, name).cpu().numpy() for name in ("token_hash", "token_length", "token_flags")}
    hashes, whole = hash_surfaces(forms, plain, tokens)
    hashes, owners = hashes[whole], owners[whole]

    types = np.concatenate([body.index.concept_type.cpu().numpy(), new_types])
    donors = _donors(model, hashes, owners, types)
    before = body.index.surface_hash
    _insert(body.index, hashes, owners, config.max_candidates)
    body.index.concept_type = torch.from_numpy(types).to(model.device)
    body.nodes.codes = torch.cat([body.nodes.codes, body.nodes.codes[donors]])
    if len(fresh):
        _append(model, ConceptCatalogue(fresh["id"].tolist(), fresh["name"].tolist()))
    config.num_concepts, config.num_surfaces = len(types), len(body.index.surface_hash)
    config.own_concepts += len(fresh)
    if body.linking is not None:
        organism = body.linking.organism
        body.linking.organism = torch.cat([organism, organism.new_zeros(len(fresh))])
    if body.names is not None:
        move_rows(body.names, before, body.index.surface_hash)
        kept = [form for form, fits in zip(forms, whole, strict=True) if fits]
        add_vectors(model, plain, kept, hashes)
    return AddedNames(len(fresh), int(whole.sum()), int((~whole).sum()))


def add_equivalents(model: KognerForTokenClassification, table: pd.DataFrame) -> int:
    """Tell a loaded model the ids that other vocabularies give to its concepts; returns how many it took.

    Rows that the model has, rows whose ``preferred`` is not a concept of it, and ids that are concepts themselves are
    skipped.

    Args:
        model: changed in place.
        table: ``id``, ``preferred``.
    """
    known = set(model.kogner.concepts.ids)
    table = table[among(table["preferred"], known) & ~among(table["id"], known)].drop_duplicates(["id", "preferred"])
    owners = model.kogner.concepts.owners
    held = [one in owners.get(other, ()) for other, one in zip(table["id"], table["preferred"], strict=True)]
    table = table[~np.array(held, dtype=bool)]
    if len(table):
        _append(model, ConceptCatalogue(further=table.groupby("preferred")["id"].agg(list).to_dict()))
    return len(table)


def _append(model: KognerForTokenClassification, part: ConceptCatalogue) -> None:
    """Add to the packed catalogue; the next reader unpacks it again."""
    body = model.kogner
    packed = torch.from_numpy(np.frombuffer(part.to_bytes(), dtype=np.uint8).copy())
    body.catalogue = torch.cat([body.catalogue, packed.to(body.catalogue.device)])
    body._concepts, model.config.catalog_bytes = None, body.catalogue.numel()


def _checked(table: pd.DataFrame, model: KognerForTokenClassification, checks: RowChecks) -> pd.DataFrame:
    """Rows with stripped fields that agree with each other and the model; other ids become the model's own."""
    if missing := [column for column in ("id", "name", "type") if column not in table.columns]:
        raise InputError("is missing", field=missing[0], fix="the names need the fields id, name and type")
    if "row" not in table.columns:
        table = with_origin(table, "names")
    for column in ("id", "name", "type"):
        table = table.assign(**{column: table[column].fillna("").astype(str).str.strip()})
    index, catalogue = model.kogner.index, model.kogner.concepts
    kinds = model.config.semantic_types
    table = checks.full_match(table, "id", r"[^\s:]+:\S+", "ids look like PREFIX:NUMBER, for example LAB:17")
    table = checks.keep(table, "name", table["name"] != "", "is empty", "give the concept a name")
    known = table["type"].isin(kinds)
    table = checks.keep(table, "type", known, "is not a known type", f"use one of {', '.join(kinds)}")
    owners = {each: found for each in table["id"] if (found := catalogue.owners.get(each))}
    one = ~table["id"].isin([each for each, found in owners.items() if len(found) > 1])
    table = checks.keep(table, "id", one, "is an id of several concepts", "give the id of the one that is meant")
    table = table.assign(id=[owners.get(each, [each])[0] for each in table["id"]])
    first = table.drop_duplicates("id").set_index("id")["type"]
    agrees = table["type"] == table["id"].map(first)
    table = checks.keep(table, "type", agrees, "contradicts an earlier row of its id", "give an id one type")
    type_of = {each: kinds[kind] for each, kind in zip(catalogue.ids, index.concept_type.tolist(), strict=True)}
    held = table["id"].map(type_of)
    agrees = held.isna() | (held == table["type"])
    return checks.keep(
        table, "type", agrees, "is not the model's type of this id", "use its type, or an id of your own"
    )


def _forms(table: pd.DataFrame, concept_of: dict[str, int]) -> tuple[list[str], np.ndarray]:
    """Written forms and their concepts; the names themselves before the forms derived from them."""
    named = [(name, concept_of[each]) for each, name in zip(table["id"], table["name"], strict=True)]
    derived = [
        (form, concept)
        for (name, concept), kind in zip(named, table["type"], strict=True)
        for form in author_forms(name, kind)
    ]
    pairs = list(dict.fromkeys(named + derived))
    return [form for form, _ in pairs], np.array([concept for _, concept in pairs], dtype=np.int32)


def _donors(
    model: KognerForTokenClassification, hashes: np.ndarray, owners: np.ndarray, types: np.ndarray
) -> torch.Tensor:
    """For each new concept the known one that gives its vector: ``(new,)`` long."""
    index, count = model.kogner.index, model.config.num_concepts
    table, concepts = index.surface_hash.cpu().numpy(), index.surface_concept.cpu().numpy()
    donor = np.full(len(types), -1)
    first = np.searchsorted(table, hashes)
    for step in range(model.config.max_candidates):
        row = np.minimum(first + step, len(table) - 1)
        found = (table[row] == hashes) & (types[concepts[row]] == types[owners]) & (donor[owners] < 0)
        donor[owners[found][::-1]] = concepts[row[found]][::-1]  # of several, the last assigned stays: the first name's
    donor = donor[count:]
    for kind in np.unique(types[count:]):
        donor[(donor < 0) & (types[count:] == kind)] = _typical(
            model.kogner.nodes, np.flatnonzero(types[:count] == kind)
        )
    return torch.from_numpy(donor).to(index.surface_hash.device)


@torch.no_grad()
def _typical(nodes: NodeTable, members: np.ndarray) -> int:
    """The concept nearest to the mean of some; of all concepts where there are none."""
    rows = torch.from_numpy(members) if len(members) else torch.arange(len(nodes.codes))
    if not nodes.codes.shape[1]:
        return int(rows[0])
    vectors = nodes(rows.to(nodes.codes.device)).float()  # (members, d_k)
    return int(rows[int((vectors - vectors.mean(0)).square().sum(-1).argmin())])


def _insert(index: SurfaceIndex, hashes: np.ndarray, owners: np.ndarray, max_candidates: int) -> None:
    """Put rows before those of equal hash."""
    device = index.surface_hash.device
    pairs = pd.DataFrame(
        {
            "hash": np.concatenate([hashes, index.surface_hash.cpu().numpy()]),
            "concept": np.concatenate([owners, index.surface_concept.cpu().numpy()]),
        }
    ).drop_duplicates()
    rows, concepts = sorted_rows(pairs["hash"].to_numpy(), pairs["concept"].to_numpy(), max_candidates)
    index.surface_hash = torch.from_numpy(rows).to(device)
    index.surface_concept = torch.from_numpy(concepts).to(device)

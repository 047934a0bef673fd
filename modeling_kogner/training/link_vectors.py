"""Teach a trained tagger to link: name vectors and the tables that linking reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from ..distillation.name_pairs import make_pairs
from ..distillation.name_quantiser import quantise_names
from ..distillation.name_training import NameTrainer
from ..distillation.settings import NameSettings
from ..files.errors import InputError
from ..graph.knowledge_folder import Knowledge
from ..graph.link_names import NO_GROUP, groups_of, link_names
from ..graph.link_relations import broader_concepts, gene_organisms, orthologs
from ..graph.link_rows import hashed, link_rows, rows_of
from ..graph.surface_forms import surface_keys
from ..knowledge_encoder import KognerModel
from ..link_feature_names import LINK_FEATURES
from ..link_tables import LinkChoice, LinkTables
from ..modeling_kogner import KognerForTokenClassification
from ..name_vectors import NameTable
from .linked_documents import LinkedDocument, named_mentions, training_names

_LONGEST = 60  # characters of a name that the graph leaves out; the tail of a longer one is cut off anyway


def add_name_vectors(
    model: KognerForTokenClassification,
    tokenizer: PreTrainedTokenizerBase,
    knowledge: Knowledge,
    documents: Sequence[LinkedDocument],
    settings: NameSettings,
    say: Callable[[dict[str, Any]], None] = lambda line: None,
) -> dict[str, int]:
    """Train the adapter, embed the names, fill the tables; the tagger and its written forms stay as they are.

    The choice among candidates is a new one, without training: see :func:`fit_choice`.

    Args:
        model: changed in place, on the device where it is.
        tokenizer: of the model.
        knowledge: whose tables the model has.
        documents: for training; their names of concepts are kept too.
        settings: size and schedule.
        say: gets a dictionary now and then.

    Returns:
        Counts of names, vectors and rows.

    Raises:
        InputError: the model has the tables of another graph.
    """
    body, names = model.kogner, _names(model, knowledge)
    pairs = make_pairs(knowledge, names, named_mentions(documents), tokenizer).to(model.device)
    trainer = NameTrainer(body.encoder, pairs, settings, say)
    body.name_adapter = trainer.train().requires_grad_(False)
    rows = _add_tables(model, tokenizer, knowledge, names, documents)
    chosen = torch.from_numpy(names["embedded"].to_numpy() & (rows >= 0)).to(model.device)
    _add_vectors(body, trainer.embed_all(pairs.tokens[chosen]), rows[chosen.cpu()], settings)
    config = model.config
    config.name_scale, config.name_shift = 1.0, 0.0
    body.link_choice = LinkChoice().to(model.device)
    config.link_features = len(LINK_FEATURES)
    return {"names": len(names), "vectors": config.num_name_vectors, "rows": config.num_link_names}


def train_vectors_further(
    model: KognerForTokenClassification,
    tokenizer: PreTrainedTokenizerBase,
    knowledge: Knowledge,
    documents: Sequence[LinkedDocument],
    settings: NameSettings,
    more: pd.DataFrame,
    say: Callable[[dict[str, Any]], None] = lambda line: None,
) -> dict[str, int]:
    """Go on training the adapter of a model that links; its tables and its choice stay as they are.

    A choice that is fitted on documents whose mentions the vectors know by heart relies on them too much: train them
    for long after it is fitted. Longer training spreads cosines. So that the choice reads them as before, they are
    scaled and moved (``name_scale``, ``name_shift`` of the configuration) until those of names with their neighbours
    have the mean and the standard deviation that they had.

    Args:
        model: changed in place, on the device where it is.
        tokenizer: of the model.
        knowledge: whose tables the model has.
        documents: for training.
        settings: schedule; the model's own width and rank count.
        more: `id`, `name`; further names of concepts, for training alone.
        say: gets a dictionary now and then.

    Returns:
        Counts of names, vectors and rows.

    Raises:
        InputError: the model has the tables of another graph.
    """
    body, config, names = model.kogner, model.config, _names(model, knowledge)
    settings = replace(settings, rank=config.adapter_rank, width=config.name_dim, bytes=config.name_bytes)
    more = more[more["name"].str.len().between(2, _LONGEST)]
    owners = dict(zip(knowledge.equivalents["id"], knowledge.equivalents["preferred"], strict=True))
    ids = more["id"].map(lambda each: owners.get(each, each))
    concept = pd.Index(knowledge.concepts["id"]).get_indexer(ids)
    more = pd.DataFrame({"surface": more["name"].to_numpy(), "concept": concept})[concept >= 0]
    more["group"], more["embedded"] = groups_of(knowledge.concepts["type"])[more["concept"]], False
    every = pd.concat([names, more[more["group"] != NO_GROUP]], ignore_index=True)
    every["key"] = pd.factorize(surface_keys(every["surface"]))[0]
    every = every.drop_duplicates(["key", "concept"], ignore_index=True)
    pairs = make_pairs(knowledge, every, named_mentions(documents), tokenizer).to(model.device)
    trainer = NameTrainer(body.encoder, pairs, settings, say, body.name_adapter.requires_grad_(True))
    rows = _rows(body, hashed(every, tokenizer, index_tokens(body)), len(every))
    chosen = torch.from_numpy(every["embedded"].to_numpy() & (rows >= 0)).to(model.device)
    before = _neighbours(trainer.embed_all(pairs.tokens[chosen]))
    body.name_adapter = trainer.train().requires_grad_(False)
    vectors = trainer.embed_all(pairs.tokens[chosen])
    after = _neighbours(vectors)
    scale = (before.std() / after.std().clamp(min=1e-6)).item()
    config.name_shift += config.name_scale * (before.mean() - scale * after.mean()).item()
    config.name_scale *= scale
    _add_vectors(body, vectors, rows[chosen.cpu()], settings)
    return {"names": len(every), "vectors": config.num_name_vectors, "rows": config.num_link_names}


def _neighbours(vectors: Tensor, names: int = 2_000, nearest: int = 18) -> Tensor:
    """Cosines of some names, always the same, with those nearest to each: ``(n, k)``."""
    some = torch.randperm(len(vectors), generator=torch.Generator().manual_seed(0))[:names].to(vectors.device)
    parts = [vectors[part] @ vectors.T for part in some.split(256)]
    return torch.cat([part.topk(min(nearest + 1, len(vectors))).values[:, 1:] for part in parts]).float()


def _names(model: KognerForTokenClassification, knowledge: Knowledge) -> pd.DataFrame:
    if list(model.kogner.concepts.ids) != knowledge.concepts["id"].tolist():
        raise InputError("the model's concepts are not those of the folder", fix="give the folder it was trained with")
    return link_names(knowledge.concepts, knowledge.edges, knowledge.surfaces, knowledge.further)


def _add_vectors(body: KognerModel, vectors: Tensor, rows: np.ndarray, settings: NameSettings) -> None:
    """Fill the table of vectors ``(V, d_n)`` of the names in the rows ``(V,)``."""
    quantised = quantise_names(vectors, torch.from_numpy(rows).to(body.device), settings.cells, settings.bytes)
    config = body.config
    config.adapter_rank, config.name_dim = settings.rank, settings.width
    config.name_bytes, config.name_cells = settings.bytes, len(quantised["centres"])
    config.num_name_vectors = len(quantised["row"])
    table = NameTable(config)
    table.load_state_dict(quantised)
    body.names = table.to(body.device)
    body.encoder.requires_grad_(True)
    body.eval()


def index_tokens(body: KognerModel) -> dict[str, np.ndarray]:
    """How the model's tokenizer spells its tokens, for :func:`hash_surfaces`."""
    return {name: getattr(body.index, name).cpu().numpy() for name in ("token_hash", "token_length", "token_flags")}


def _add_tables(
    model: KognerForTokenClassification,
    tokenizer: PreTrainedTokenizerBase,
    knowledge: Knowledge,
    names: pd.DataFrame,
    documents: Sequence[LinkedDocument],
) -> np.ndarray:
    """Fill the link tables; row of each name in the index or behind it, -1 where it is not spelled."""
    body, config = model.kogner, model.config
    tokens = index_tokens(body)
    spelled = hashed(names, tokenizer, tokens)
    index = pd.DataFrame({name: getattr(body.index, f"surface_{name}").cpu().numpy() for name in ("hash", "concept")})
    table = link_rows(spelled, training_names(documents, tokenizer, tokens), index)
    config.organisms, of_gene = gene_organisms(knowledge)
    tensors = {f"name_{name}": torch.tensor(table[name].to_numpy()) for name in table}
    tensors["organism"] = torch.from_numpy(of_gene)
    tensors["ortholog"] = torch.from_numpy(orthologs(knowledge))
    tensors["broader"] = torch.from_numpy(broader_concepts(knowledge))
    config.num_link_names = len(table)
    config.num_orthologs, config.num_broader = len(tensors["ortholog"]), len(tensors["broader"])
    body.linking = LinkTables(config)
    body.linking.load_state_dict(tensors)
    body.linking.to(model.device)
    return _rows(body, spelled, len(names))


def _rows(body: KognerModel, spelled: pd.DataFrame, names: int) -> np.ndarray:
    """Row of each name in the index or behind it, -1 where it is not spelled: ``(names,)``."""
    rows = np.full(names, -1)
    hashes = (table.cpu().numpy() for table in (body.index.surface_hash, body.linking.name_hash))
    rows[spelled.index] = rows_of(spelled["hash"].to_numpy(), *hashes)
    return rows

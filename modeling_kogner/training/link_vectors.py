"""Teach a trained tagger to link: name vectors and the tables that linking reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from transformers import PreTrainedTokenizerBase

from ..distillation.name_pairs import make_pairs
from ..distillation.name_quantiser import quantise_names
from ..distillation.name_training import NameTrainer
from ..distillation.settings import NameSettings
from ..files.errors import InputError
from ..graph.knowledge_folder import Knowledge
from ..graph.link_names import link_names
from ..graph.link_relations import broader_concepts, gene_organisms, orthologs
from ..graph.link_rows import hashed, link_rows, rows_of
from ..knowledge_encoder import KognerModel
from ..link_feature_names import LINK_FEATURES
from ..link_tables import LinkChoice, LinkTables
from ..modeling_kogner import KognerForTokenClassification
from ..name_vectors import NameTable
from .linked_documents import LinkedDocument, named_mentions, training_names


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
    body = model.kogner
    if list(body.concepts.ids) != knowledge.concepts["id"].tolist():
        raise InputError("the model's concepts are not those of the folder", fix="give the folder it was trained with")
    names = link_names(knowledge.concepts, knowledge.edges, knowledge.surfaces, knowledge.further)
    pairs = make_pairs(knowledge, names, named_mentions(documents), tokenizer).to(model.device)
    trainer = NameTrainer(body.encoder, pairs, settings, say)
    adapter = trainer.train().requires_grad_(False)
    rows = _add_tables(model, tokenizer, knowledge, names, documents)
    embedded = torch.from_numpy(names["embedded"].to_numpy() & (rows >= 0)).to(model.device)
    vectors = trainer.embed_all(pairs.tokens[embedded])
    quantised = quantise_names(
        vectors, torch.from_numpy(rows).to(model.device)[embedded], settings.cells, settings.bytes
    )
    _add_vectors(body, quantised, settings)
    body.name_adapter, body.link_choice = adapter, LinkChoice().to(model.device)
    model.config.link_features = len(LINK_FEATURES)
    body.encoder.requires_grad_(True)
    model.eval()
    return {"names": len(names), "vectors": len(quantised["row"]), "rows": model.config.num_link_names}


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
    rows = np.full(len(names), -1)
    rows[spelled.index] = rows_of(spelled["hash"].to_numpy(), index["hash"].to_numpy(), table["hash"].to_numpy())
    return rows


def _add_vectors(body: KognerModel, quantised: dict[str, torch.Tensor], settings: NameSettings) -> None:
    config = body.config
    config.adapter_rank, config.name_dim = settings.rank, settings.width
    config.name_bytes, config.name_cells = settings.bytes, len(quantised["centres"])
    config.num_name_vectors = len(quantised["row"])
    names = NameTable(config)
    names.load_state_dict(quantised)
    body.names = names.to(body.device)

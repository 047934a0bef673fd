"""Knowledge + tokenizer -> the buffers of the shipped model."""

import hashlib
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from transformers import PreTrainedTokenizerBase

from ..concept_catalogue import ConceptCatalogue
from ..configuration_kogner import KognerConfig
from ..corpora.text_tokenizer import TextTokenizer
from ..files.tensor_file import kept_tensors
from ..surface_keys import MAX_MENTION_TOKENS, powers
from .knowledge_folder import Knowledge
from .surface_hashes import hash_surfaces
from .token_keys import token_table, tokenizer_fingerprint

logger = logging.getLogger(__name__)
MAX_CANDIDATES = KognerConfig.max_candidates
TABLE_FORMAT = 1  # to be raised when older tables can no longer be read


def load_tables(folder: str | Path, tokenizer: PreTrainedTokenizerBase) -> tuple[dict, dict[str, torch.Tensor]]:
    """Tables of a knowledge folder for a tokenizer; built once (minutes), then read from a file in that folder.

    Returns:
        Fields of :class:`KognerConfig`, and the state of the buffers by their name in the tagger.

    Raises:
        InputError: the folder is not a knowledge folder.
    """
    digest = hashlib.sha256(str(TABLE_FORMAT).encode())
    for name in ("concepts.parquet", "surfaces.parquet", "distilled.safetensors"):
        if (file := Path(folder, name)).exists():
            digest.update(file.read_bytes())
    path = Path(folder) / f"index-{tokenizer_fingerprint(tokenizer)}.safetensors"
    tables, fields = kept_tensors(
        path, digest.hexdigest(), lambda: build_tables(Knowledge.load(folder), tokenizer)[::-1]
    )
    return fields, tables


def build_tables(knowledge: Knowledge, tokenizer: PreTrainedTokenizerBase) -> tuple[dict, dict[str, torch.Tensor]]:
    """Hash every surface form in the tokenizer's own ids. See :func:`load_tables` for what it returns."""
    tokens = token_table(tokenizer)
    hashes, whole = hash_surfaces(
        knowledge.surfaces["surface"].tolist(),
        TextTokenizer.of(tokenizer),
        {name: tensor.numpy() for name, tensor in tokens.items()},
    )
    if not whole.all():
        logger.info("%d of %d surfaces are too long or not spelled by the tokenizer", (~whole).sum(), len(whole))
    owners = knowledge.surfaces["concept"].to_numpy(dtype=np.int32)
    hashes, concepts = sorted_rows(hashes[whole], owners[whole], MAX_CANDIDATES)
    type_of = {name: i for i, name in enumerate(knowledge.semantic_types)}
    count = len(knowledge.concepts)
    codes, codebooks = knowledge.codes, knowledge.codebooks
    catalogue = torch.from_numpy(np.frombuffer(_catalogue(knowledge).to_bytes(), dtype=np.uint8).copy())
    tables = {f"kogner.index.{name}": tensor for name, tensor in tokens.items()}
    tables |= {
        "kogner.index.power": torch.from_numpy(powers()),
        "kogner.index.surface_hash": torch.from_numpy(hashes),
        "kogner.index.surface_concept": torch.from_numpy(concepts),
        "kogner.index.concept_type": torch.tensor(
            knowledge.concepts["type"].map(type_of).to_numpy(), dtype=torch.uint8
        ),
        "kogner.catalogue": catalogue,
    }
    if codes is not None:
        tables |= {"kogner.nodes.codes": codes, "kogner.nodes.codebooks": codebooks}
        tables |= {
            f"kogner.graph.student.{name}": tensor
            for name, tensor in (knowledge.student or {}).items()
            if not name.startswith("lin_skip.")  # torch_geometric keeps it with root_weight=False, unused
        }
    fields = {
        "semantic_types": list(knowledge.semantic_types),
        "num_token_keys": len(tokens["token_hash"]),
        "num_surfaces": len(hashes),
        "num_concepts": count,
        "catalog_bytes": catalogue.numel(),
        "num_codebooks": 0 if codes is None else codes.shape[1],
        "max_mention_tokens": MAX_MENTION_TOKENS,
        "max_candidates": MAX_CANDIDATES,
        "tokenizer_fingerprint": tokenizer_fingerprint(tokenizer),
    }
    if codes is not None:
        fields |= {"concept_dim": codebooks.shape[2], "codebook_size": codebooks.shape[1]}
    return fields, tables


def _catalogue(knowledge: Knowledge) -> ConceptCatalogue:
    """Ids, names and further ids, these in the order of the concepts."""
    concepts = knowledge.concepts
    place = pd.Index(concepts["id"]).get_indexer(knowledge.equivalents["preferred"])
    further = knowledge.equivalents.assign(place=place)[place >= 0].sort_values(["place", "id"])
    by_concept = {concept: list(rows) for concept, rows in further.groupby("preferred", sort=False)["id"]}
    return ConceptCatalogue(list(concepts["id"]), list(concepts["name"]), by_concept)


def sorted_rows(hashes: np.ndarray, concepts: np.ndarray, max_candidates: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows as the index holds them: by hash, the first candidates of each; those given first come first."""
    order = np.argsort(hashes, kind="stable")
    hashes, concepts = hashes[order], concepts[order]
    new = np.ones(len(hashes), dtype=bool)
    new[1:] = hashes[1:] != hashes[:-1]
    rank = np.arange(len(hashes)) - np.maximum.accumulate(np.where(new, np.arange(len(hashes)), 0))
    return hashes[rank < max_candidates], concepts[rank < max_candidates]

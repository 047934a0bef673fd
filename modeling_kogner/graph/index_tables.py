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
from ..files.tensor_file import kept_tensors
from ..surface_index import (
    BASE,
    ENDS_IN_S,
    INVERSE,
    MAX_TOKEN_CHARACTERS,
    SHORT_KEY,
    UNMATCHABLE,
    byte_value,
    to_signed,
)
from .knowledge_folder import Knowledge
from .token_keys import token_table, tokenizer_fingerprint

logger = logging.getLogger(__name__)
MAX_MENTION_TOKENS, MAX_CANDIDATES = KognerConfig.max_mention_tokens, KognerConfig.max_candidates
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
    hashes, whole = hash_surfaces(knowledge.surfaces["surface"].tolist(), tokenizer, tokens)
    if not whole.all():
        logger.info("%d of %d surfaces are too long or not spelled by the tokenizer", (~whole).sum(), len(whole))
    owners = knowledge.surfaces["concept"].to_numpy(dtype=np.int32)
    hashes, concepts = sorted_rows(hashes[whole], owners[whole], MAX_CANDIDATES)
    type_of = {name: i for i, name in enumerate(knowledge.semantic_types)}
    count = len(knowledge.concepts)
    codes, codebooks = knowledge.codes, knowledge.codebooks
    catalogue = _catalogue(knowledge).to_bytes()
    tables = {f"kogner.index.{name}": tensor for name, tensor in tokens.items()}
    tables |= {
        "kogner.index.power": _powers(),
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


def hash_surfaces(surfaces: list[str], tokenizer: PreTrainedTokenizerBase, tokens) -> tuple[np.ndarray, np.ndarray]:
    """Hash of each surface (int64), and False for those too long or not spelled by the tokenizer.

    Args:
        surfaces: written forms.
        tokenizer: of the model.
        tokens: how it spells its tokens, from :func:`token_table` or from the model's own buffers.
    """
    hashes = np.empty(len(surfaces), dtype=np.int64)
    whole = np.empty(len(surfaces), dtype=bool)
    for first in range(0, len(surfaces), 50_000):
        part = slice(first, first + 50_000)
        encoded = tokenizer(surfaces[part], add_special_tokens=False, return_attention_mask=False)["input_ids"]
        hashes[part], whole[part] = _hash_rows(encoded, tokens)
    return hashes, whole


def sorted_rows(hashes: np.ndarray, concepts: np.ndarray, max_candidates: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows as the index holds them: by hash, the first candidates of each; those given first come first."""
    order = np.argsort(hashes, kind="stable")
    hashes, concepts = hashes[order], concepts[order]
    new = np.ones(len(hashes), dtype=bool)
    new[1:] = hashes[1:] != hashes[:-1]
    rank = np.arange(len(hashes)) - np.maximum.accumulate(np.where(new, np.arange(len(hashes)), 0))
    return hashes[rank < max_candidates], concepts[rank < max_candidates]


def _hash_rows(encoded: list[list[int]], tokens) -> tuple[np.ndarray, np.ndarray]:
    """Hash lists of token ids as :class:`SurfaceIndex` does; False for those it could never find."""
    size = np.array([len(ids) for ids in encoded])
    ids = np.zeros((len(encoded), MAX_MENTION_TOKENS), dtype=np.int64)
    for row, pieces in enumerate(encoded):
        ids[row, : min(len(pieces), MAX_MENTION_TOKENS)] = pieces[:MAX_MENTION_TOKENS]
    used = np.arange(MAX_MENTION_TOKENS) < size[:, None]
    flags = np.where(used, tokens["token_flags"].numpy()[ids], 0)
    length = np.where(used, tokens["token_length"].numpy()[ids], 0).astype(np.int64)
    term = np.where(used, tokens["token_hash"].numpy()[ids], 0)
    power = _powers()[0].numpy()
    value = np.zeros(len(encoded), dtype=np.int64)
    with np.errstate(over="ignore"):
        for step in range(MAX_MENTION_TOKENS):
            value = value * power[length[:, step]] + term[:, step]
        # A trailing token without letters (a hyphen) has no key; the last spelled one decides on the plural.
        last = np.where(length > 0, np.arange(MAX_MENTION_TOKENS), -1).max(1)
        plural = (np.take_along_axis(flags, last.clip(0)[:, None], 1)[:, 0] & ENDS_IN_S) != 0
        plural &= length.sum(1) >= SHORT_KEY
        singular = (value - np.int64(to_signed(byte_value(ord("s"))))) * np.int64(to_signed(INVERSE))
    whole = (size > 0) & (size <= MAX_MENTION_TOKENS) & ((flags & UNMATCHABLE) == 0).all(1) & (last >= 0)
    return np.where(plural, singular, value), whole


def _powers() -> torch.Tensor:
    """``P^n`` and ``P^-n`` for ``n`` up to the longest token: ``(2, 256)`` long."""
    exponents = range(MAX_TOKEN_CHARACTERS + 1)
    return torch.tensor([[to_signed(pow(base, n, 2**64)) for n in exponents] for base in (BASE, INVERSE)])

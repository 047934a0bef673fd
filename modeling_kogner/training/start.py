"""What `train.py` starts from: corpora made ready and a model, checked before any training time is spent."""

from __future__ import annotations

import logging
from typing import Any

import torch
from datasets import Dataset, concatenate_datasets
from safetensors import SafetensorError
from torch import nn
from transformers import AutoModel, PreTrainedModel

from ..configuration_kogner import KognerConfig
from ..corpora.corpus import Corpus, load_corpus, train_subset
from ..corpora.overlap import drop_overlap
from ..evaluation.encoded_split import EncodedSplit
from ..files.errors import InputError, UsageError, first_line, located
from ..graph.index_tables import load_tables
from ..graph.token_keys import token_table, tokenizer_fingerprint
from ..inference.load_model import load_model
from ..modeling_kogner import KognerForTokenClassification
from .arguments import DataArguments, ModelArguments, StartArguments

logger = logging.getLogger(__name__)


def load_corpora(data: DataArguments) -> tuple[list[Corpus], dict[str, Any]]:
    """Read the corpora and drop training sentences that are test sentences of any of them.

    Returns:
        The corpora, and ``kept`` training sentences, a ``report`` of those read and dropped, and ``tests``, by name.

    Raises:
        InputError: a corpus is malformed, or has no train split.
    """
    corpora = list(map(load_corpus, data.dataset))
    if data.types is not None:
        corpora = [corpus.only(data.types) for corpus in corpora]
    if len(names := [corpus.name for corpus in corpora]) != len(set(names)):
        raise InputError(f"two corpora share a name: {', '.join(names)}", field="--dataset", fix="rename one folder")
    used = {corpus.name: corpus for corpus in corpora}
    for source in data.exclude_tests_of:
        other = load_corpus(source)
        used[source if other.name in used else other.name] = other
    tests = {name: corpus.splits["test"] for name, corpus in used.items() if "test" in corpus.splits}
    kept, report = drop_overlap({corpus.name: corpus.split("train") for corpus in corpora}, tests)
    return corpora, {"kept": kept, "report": report, "tests": tests}


def choose_sentences(kept: dict[str, Dataset], data: DataArguments, seed: int) -> dict[str, Dataset]:
    """The training sentences of each corpus that a low-resource run may see.

    Raises:
        InputError: a corpus has too few sentences with a mention, or no sentence is left.
    """
    if not any(len(rows) for rows in kept.values()):
        problem = "no training sentence is left, all are in a test split"
        raise InputError(problem, file=", ".join(kept), fix="correct the splits")
    chosen = {}
    for name, rows in kept.items():
        with located(f"corpus {name}"):
            chosen[name] = train_subset(rows, data.train_fraction, seed, data.train_sentences)
    return chosen


def start_model(model: ModelArguments, types: list[str], tokenizer, corpora: list[str]) -> KognerForTokenClassification:
    """A fresh model from an encoder and a knowledge folder, or a checkpoint to train further, without new types yet.

    Args:
        model: what to start from.
        types: entity types to learn.
        tokenizer: of the encoder or the checkpoint.
        corpora: names, for a model that distinguishes their conventions.

    Raises:
        InputError: the arguments contradict each other, the checkpoint writes a type in another case, or a folder
            cannot be read.
    """
    if not model.checkpoint:
        return fresh_model(model, types, tokenizer, conventions=corpora if model.conventions else None)
    if model.knowledge != "none":
        problem = f"{model.checkpoint} includes its own knowledge"
        raise UsageError(problem, field="--knowledge", fix="give it with --encoder only")
    started, _ = load_model(model.checkpoint, fields=_training_fields(model, tokenizer))
    known = {kind.casefold(): kind for kind in started.config.entity_types}
    for kind in types:
        if (other := known.get(kind.casefold(), kind)) != kind:
            fix = f"write {other} in the corpus, or choose another name"
            raise InputError(f"has the type {other}, the corpus {kind}", file=model.checkpoint, fix=fix)
    rows = (started.config.decision_shifts or {}).items()  # of types that are trained they no longer hold
    kept = {name: {kind: shift for kind, shift in row.items() if kind not in types} for name, row in rows}
    started.config.decision_shifts = {name: row for name, row in kept.items() if row} or None
    return started


def fresh_model(
    start: StartArguments, types: list[str], tokenizer, conventions: list[str] | None = None, **more: Any
) -> KognerForTokenClassification:
    """A model from an encoder, or from that of a KoGNER model, and a knowledge folder.

    Args:
        start: encoder and knowledge.
        types: entity types to learn.
        tokenizer: of the encoder.
        conventions: corpora whose conventions the model distinguishes.
        more: further fields of the configuration.

    Raises:
        InputError: the arguments contradict each other, or a folder cannot be read.
    """
    fields = _training_fields(start, tokenizer) | more
    fields |= {"fusion_layers": start.fusion_layers, "evidence": "none"}
    fields |= {"conventions": conventions, "constrained_decoding": True, "whole_words": True}
    fields["tokenizer_fingerprint"] = tokenizer_fingerprint(tokenizer)
    spelled = token_table(tokenizer)  # without knowledge, for whole words alone
    fields["num_token_keys"] = len(spelled["token_hash"])
    tables = {f"kogner.index.{name}": table for name, table in spelled.items()}
    if start.knowledge != "none":
        table_fields, tables = load_tables(start.knowledge, tokenizer)
        if table_fields["num_codebooks"] == 0 and start.evidence != "types":
            problem = f"holds no distilled vectors, so --evidence {start.evidence} has nothing to read"
            fix = "run `kogner graph distill` on it, or pass --evidence types"
            raise InputError(problem, file=start.knowledge, fix=fix)
        fields |= {**table_fields, "evidence": start.evidence}
    try:
        given = KognerConfig.get_config_dict(start.encoder)[0].get("model_type") == KognerConfig.model_type
        source = load_model(start.encoder)[0] if given else None
        encoder = read_encoder(start.encoder) if source is None else source.kogner.encoder
        model = KognerForTokenClassification.from_encoder(encoder, types, tables, **fields)
    except (SafetensorError, OSError) as error:
        problem = f"no encoder could be read ({first_line(error)})"
        raise InputError(problem, file=start.encoder, fix="check path or id") from error
    if start.start_from == "all":
        if source is None:
            problem = "is a plain encoder; --start-from all needs a KoGNER model"
            raise InputError(problem, file=start.encoder, fix="pretrain one with kogner pretrain")
        shared = take_over_layers(source, model)
        logger.info("%s: layers taken over, with the entity types %s", start.encoder, ", ".join(shared) or "of none")
    return model


def read_encoder(source: str) -> PreTrainedModel:
    """An encoder by its folder or Hub id; heads that were trained with it are left out.

    Raises:
        InputError: weights of the encoder itself are missing, which would start at random.
    """
    encoder, found = AutoModel.from_pretrained(source, dtype=torch.float32, output_loading_info=True)
    if missing := sorted(key for key in found["missing_keys"] if "pooler" not in key):  # nothing reads the pooler
        problem = f"{len(missing)} weights of the encoder are missing, first {missing[0]}"
        raise InputError(problem, file=source, fix="give a folder with all weights of one encoder")
    return encoder


@torch.no_grad()
def take_over_layers(source: KognerForTokenClassification, target: KognerForTokenClassification) -> list[str]:
    """Copy fusion layers, knowledge path, and the rows of entity types and conventions that have equal names.

    The knowledge path stays fresh if the target has no knowledge. The student's layer is the source's only if the
    source read vectors; otherwise it is the one distilled into the target's knowledge.

    Returns:
        The entity types that both models know.

    Raises:
        InputError: the layers have other shapes, or the semantic types are others.
    """
    name = source.config.name_or_path
    prefixes = ["kogner.fusion."]
    if target.config.has_knowledge:
        if source.config.semantic_types != target.config.semantic_types:
            problem = "made for other semantic types than --knowledge"
            raise InputError(problem, file=name, fix="pass --start-from encoder")
        prefixes += ["kogner.input_evidence.", "kogner.graph.", "span_projection."]
    read_vectors = source.config.evidence in ("concepts", "graph")
    given, taken = source.state_dict(), target.state_dict()
    for key in sorted(given.keys() | taken.keys()):
        if not key.startswith(tuple(prefixes)) or (key.startswith("kogner.graph.student.") and not read_vectors):
            continue
        shapes = [tuple(state[key].shape) if key in state else None for state in (given, taken)]
        if shapes[0] != shapes[1]:
            problem = f"{key} is {shapes[0]} there and {shapes[1]} here"
            fix = "give the --fusion-layers and --knowledge it was pretrained with, or --start-from encoder"
            raise InputError(problem, file=name, fix=fix)
        taken[key].copy_(given[key])
    _take_over_conventions(source, target)
    return _take_over_types(source, target)


def _take_over_conventions(source, target) -> None:
    shared = [name for name in target.config.conventions or [] if name in (source.config.conventions or [])]
    for table in ("conventions", "input_conventions"):
        given, taken = (getattr(model.kogner, table) for model in (source, target))
        if given is not None and taken is not None:
            for name in shared:
                taken.weight[target.config.convention_id(name)] = given.weight[source.config.convention_id(name)]


def _take_over_types(source, target) -> list[str]:
    shared = [kind for kind in target.config.entity_types if kind in source.config.entity_types]
    layers = [(source.classifier, target.classifier)]
    if source.config.has_knowledge and target.config.has_knowledge:  # of the same semantic types
        layers.append((source.evidence_odds, target.evidence_odds))
    for kind in shared:
        old, new = (2 * model.config.entity_types.index(kind) for model in (source, target))
        for given, taken in layers:
            for name, rows in given.named_parameters():
                getattr(taken, name)[new : new + 2] = rows[old : old + 2]
    return shared


@torch.no_grad()
def mix_weights(model: nn.Module, before: list[torch.Tensor], share: float) -> None:
    """Move the weights back by a share of the way to those before training.

    Source: Wortsman et al. 2022 (arXiv:2109.01903).
    """
    for weight, old in zip(model.parameters(), before, strict=bool(before)):
        weight.lerp_(old.to(weight.device), share)


def limit_windows(tokenizer, model: KognerForTokenClassification) -> None:
    """Note in the tokenizer how many tokens the encoder reads, if that is fewer than it says."""
    encoder = model.kogner.encoder
    positions = getattr(encoder.config, "max_position_embeddings", None) or tokenizer.model_max_length
    for name, module in encoder.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            # RoBERTa counts from the row after that of padding.
            positions = module.num_embeddings - (0 if module.padding_idx is None else module.padding_idx + 1)
    tokenizer.model_max_length = min(tokenizer.model_max_length, positions)


def _training_fields(start: StartArguments, tokenizer) -> dict[str, Any]:
    if start.mention_masking and tokenizer.mask_token_id is None:
        problem = "the tokenizer has no mask token"
        raise InputError(problem, file=tokenizer.name_or_path, fix="leave out --mention-masking")
    shares = ("sentence_dropout", "concept_dropout", "mention_masking")
    fields = {name: getattr(start, name) for name in (*shares, "distillation_weight")}
    return fields | {"mask_token_id": tokenizer.mask_token_id}


def encode_corpora(
    corpora: list[Corpus], chosen: dict[str, Dataset], data: DataArguments, tokenizer, config: KognerConfig
) -> tuple[Dataset, list[EncodedSplit]]:
    """Windows of all training sentences in use, and the validation splits."""
    common = {"tokenizer": tokenizer, "label2id": config.label2id, "max_length": data.max_length, "stride": data.stride}
    train, validation = [], []
    for corpus in corpora:
        name = corpus.name if corpus.name in (config.conventions or []) else None
        settings = common | {"convention": config.convention_id(name) if config.conventions else None}
        train.append(EncodedSplit.from_split(corpus.name, chosen[corpus.name], corpus.entity_types, **settings).windows)
        if "validation" in corpus.splits:
            split = corpus.splits["validation"]
            settings |= {"context": config.context_tokens}
            validation.append(EncodedSplit.from_split(corpus.name, split, corpus.entity_types, **settings))
    return concatenate_datasets(train), validation

"""What `kogner eval` writes: scores of corpora, and which weights they are of."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from safetensors import safe_open

from .. import __version__
from ..configuration_kogner import KognerConfig
from ..corpora.corpus import load_corpus
from ..files.errors import InputError
from .encoded_split import EncodedSplit, predict_logits

# Modules and buffers of the body that linking reads and tagging does not.
LINKING = ("name_adapter.", "names.", "linking.", "link_choice.", "catalogue")


def score_corpus(
    model,
    tokenizer,
    source: str,
    split: str = "test",
    types: Sequence[str] | None = None,
    convention: str = "none",
    max_length: int = 256,
    stride: int = 32,
    batch_size: int = 64,
    counting: Callable[[Sequence, str], Iterable] = lambda items, doing: items,
) -> tuple[str, dict[str, Any]]:
    """Scores of one corpus, once for its own types alone and once with all types of the model competing.

    Args:
        model: what is scored.
        tokenizer: the model's.
        source: folder, file or Hub id of the corpus.
        split: which is scored.
        types: score only these of the corpus's types, in any case.
        convention: ``none``, ``own`` (the corpus's) or the name of a corpus.
        max_length: tokens per window.
        stride: pieces that neighbouring windows share.
        batch_size: sentences a step.
        counting: shows the progress of something.

    Returns:
        The corpus's name and its scores.

    Raises:
        InputError: the corpus is malformed, or the model knows none of the types.
    """
    windowing = (max_length, stride, batch_size)
    encoded, logits = read_corpus(model, tokenizer, source, split, types, convention, windowing, counting)
    labels = model.config.id2label
    return encoded.name, {
        "split": split,
        "sentences": len(encoded.references),
        "types": encoded.types,
        "strict": encoded.score(logits, labels),
        "strict_every_type": encoded.score(logits, labels, every_type=True),
    }


def read_corpus(
    model,
    tokenizer,
    source: str,
    split: str,
    types: Sequence[str] | None,
    convention: str,
    windowing: tuple[int, int, int],
    counting: Callable[[Sequence, str], Iterable],
) -> tuple[EncodedSplit, list[np.ndarray]]:
    """The sentences of one corpus with the model's logits; arguments and errors are those of :func:`score_corpus`.

    ``windowing`` is ``max_length``, ``stride`` and ``batch_size``.
    """
    corpus, config = load_corpus(source), model.config
    asked = {kind.casefold() for kind in types or config.entity_types}
    scored = [kind for kind in corpus.entity_types if kind.casefold() in asked and kind in config.entity_types]
    if not scored:
        known, annotated = ", ".join(config.entity_types), ", ".join(corpus.entity_types)
        raise InputError(f"annotates {annotated}; the model knows {known}: no type of --types to score", file=source)
    rows = corpus.only(scored).split(split)
    followed = followed_convention(convention, corpus.name, config)
    *lengths, batch_size = windowing
    how = (*lengths, config.convention_id(followed) or None, config.context_tokens)
    encoded = EncodedSplit.from_split(corpus.name, rows, scored, tokenizer, config.label2id, *how)
    return encoded, predict_logits(model, encoded.windows, tokenizer, batch_size, partial(counting, doing=corpus.name))


def followed_convention(asked: str, own: str, config: KognerConfig) -> str | None:
    """The convention that ``none``, ``own`` (of the corpus of that name) or a corpus's name in any case stands for."""
    names = {name.casefold(): name for name in config.conventions or ()} | {"none": None, "own": own}
    return names.get(asked.casefold(), asked)


def header_of(source: str, model, links: bool = False) -> dict[str, Any]:
    """Which model was scored, and with which versions of the libraries; ``links`` if its links were scored too."""
    commit = getattr(model.config, "_commit_hash", None)
    versions = {"kogner": __version__, "torch": torch.__version__, "transformers": transformers.__version__}
    return {
        "model": source,
        "revision": commit or digest(source, links),
        "evidence": model.config.evidence,
        "versions": {**versions, "python": platform.python_version()},
    }


def digest(model: str | Path, links: bool = False) -> str:
    """SHA-256 of a folder's tensors, each with its name, in the order of their names, however files hold them.

    Args:
        model: the folder.
        links: read those of linking too; without them, scores of tags stay valid when linking changes.
    """
    files = {}
    for path in Path(model).glob("model*.safetensors"):
        with safe_open(path, "pt") as file:
            files |= dict.fromkeys(file.keys(), path)
    found = hashlib.sha256()
    for name in sorted(files):
        if links or not name.removeprefix("kogner.").startswith(LINKING):
            with safe_open(files[name], "pt") as file:
                content = file.get_tensor(name).flatten().view(torch.uint8)
            found.update(name.encode())
            found.update(content.numpy())
    return f"sha256:{found.hexdigest()}"

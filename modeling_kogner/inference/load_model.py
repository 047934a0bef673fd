"""A checkpoint folder or Hub id -> model and tokenizer, or one error that says what is wrong with it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import HFValidationError
from safetensors import SafetensorError, safe_open
from tokenizers import pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from ..configuration_kogner import EVIDENCE_LEVELS, KognerConfig
from ..graph.token_keys import tokenizer_fingerprint
from ..modeling_kogner import KognerForTokenClassification

ONNX_FILE = "model.onnx"
_HUB_ID = re.compile(r"[\w][\w.-]*/[\w][\w.-]*")
_COPY_AGAIN = "download or copy the model again"


def load_model(
    source: str | Path,
    evidence: str | None = None,
    dtype: torch.dtype = torch.float32,
    fields: dict[str, Any] | None = None,
) -> tuple[KognerForTokenClassification, PreTrainedTokenizerBase]:
    """Load a KoGNER model for inference, with the tokenizer that its surface index was built for.

    Args:
        source: folder, or Hub id ``OWNER/NAME``.
        evidence: level of evidence to read instead of the one trained with; ``none`` switches knowledge off.
        dtype: of the weights; checkpoints are stored in half precision, which CPUs are slow at.
        fields: of :class:`KognerConfig` to set anew, such as the dropout of further training.

    Raises:
        ValueError: there is no such model, it is no KoGNER model, its weights are damaged or incomplete, or its
            tokenizer is another one.
    """
    source = str(source)
    if evidence not in (None, *EVIDENCE_LEVELS):
        raise ValueError(f"evidence is {evidence!r}; choose one of {', '.join(EVIDENCE_LEVELS)}")
    if Path(source).is_dir():
        _check_folder(Path(source))
    elif not _HUB_ID.fullmatch(source):
        raise ValueError(f"{source}: no such folder, and no Hub id of the form OWNER/NAME; check the path")
    given = (fields or {}) | ({} if evidence is None else {"evidence": evidence})
    try:
        check_kind(source, KognerConfig.get_config_dict(source)[0])
        model, found = KognerForTokenClassification.from_pretrained(
            source, dtype=dtype, output_loading_info=True, **given
        )
        tokenizer = load_tokenizer(source)
    except (HFValidationError, OSError) as error:
        raise ValueError(f"{source}: no model could be read there ({_first_line(error)}); check path or id") from error
    except (SafetensorError, RuntimeError) as error:
        raise ValueError(f"{source}: weights are damaged ({_first_line(error)}); {_COPY_AGAIN}") from error
    if missing := sorted(found["missing_keys"]):
        raise ValueError(
            f"{source}: tensors missing from the weights: {len(missing)}, first {missing[0]}; {_COPY_AGAIN}, "
            "or train it anew with this version"
        )
    check_tokenizer_matches(model, tokenizer)
    return model.eval(), tokenizer


def load_tokenizer(source: str) -> PreTrainedTokenizerBase:
    """A fast tokenizer that reads listed words as it reads running text.

    Raises:
        ValueError: there is none.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{source}: no tokenizer could be read there ({_first_line(error)}); check path or id"
        ) from error
    if tokenizer("a", add_special_tokens=False).input_ids != tokenizer(" a", add_special_tokens=False).input_ids:
        tokenizer = AutoTokenizer.from_pretrained(source, add_prefix_space=True)
        if tokenizer.is_fast:  # ModernBERT's class, for one, ignores the argument
            parts = tokenizer.backend_tokenizer.pre_tokenizer
            for part in parts if isinstance(parts, pre_tokenizers.Sequence) else [parts]:
                if isinstance(part, pre_tokenizers.ByteLevel):
                    part.add_prefix_space = True
    tokenizer.padding_side = "right"
    return tokenizer


def check_tokenizer_matches(model, tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse a tokenizer whose ids mean other pieces than those of the model and of its surface index.

    Raises:
        ValueError: the vocabularies differ.
    """
    built_for = model.config.tokenizer_fingerprint
    if built_for is not None and built_for != tokenizer_fingerprint(tokenizer):
        raise ValueError(
            f"the tokenizer of {tokenizer.name_or_path} has another vocabulary than the one this model was "
            "made for; use the tokenizer saved with the model, or train it anew from its encoder"
        )


def _check_folder(folder: Path) -> None:
    """Read what can be checked before the weights are loaded: the configuration and every shard's own header."""
    config = folder / "config.json"
    if not config.is_file():
        raise ValueError(f"{folder}: no config.json in it, so it is no model folder; give one that train.py wrote")
    check_kind(str(folder), _read_json(config))
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer_config.json")):
        raise ValueError(f"{folder}: the tokenizer's files are missing; {_COPY_AGAIN}")
    index = folder / "model.safetensors.index.json"
    names = ["model.safetensors"]
    if index.is_file():
        weight_map = _read_json(index).get("weight_map")
        if not isinstance(weight_map, dict):
            raise ValueError(f"{index}: field weight_map is missing; {_COPY_AGAIN}")
        names = sorted(set(map(str, weight_map.values())))
        if outside := [name for name in names if name != Path(name).name]:
            raise ValueError(f"{index}: field weight_map: {outside[0]!r} is no file of this folder; {_COPY_AGAIN}")
    for name in names:
        if not (folder / name).is_file():
            if (folder / ONNX_FILE).is_file():
                raise ValueError(f"{folder}: an exported model, which kogner annotate alone reads; give its source")
            raise ValueError(f"{folder / name}: the file is missing; {_COPY_AGAIN}")
        try:
            with safe_open(folder / name, "pt"):
                pass
        except (SafetensorError, OSError) as error:
            raise ValueError(
                f"{folder / name}: damaged or half downloaded ({_first_line(error)}); {_COPY_AGAIN}"
            ) from error


def check_kind(source: str, config: dict) -> None:
    """Refuse a configuration of another kind of model.

    Raises:
        ValueError: it is not KoGNER's.
    """
    if (kind := config.get("model_type")) != KognerConfig.model_type:
        raise ValueError(
            f"{source}: config.json, field model_type: {kind!r} is no KoGNER model; "
            f"train one from it with train.py --encoder {source}"
        )


def _read_json(path: Path) -> dict:
    try:
        content = json.loads(path.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not JSON ({error}); {_COPY_AGAIN}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: no JSON object; {_COPY_AGAIN}")
    return content


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

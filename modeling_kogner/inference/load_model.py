"""From a folder or Hub id to a model in torch, or to one error that says what is wrong."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import HFValidationError
from safetensors import SafetensorError
from transformers import PreTrainedTokenizerBase

from ..configuration_kogner import EVIDENCE_LEVELS, KognerConfig
from ..corpora.text_tokenizer import TextTokenizer, check_vocabulary
from ..files.errors import InputError, UsageError, first_line
from ..modeling_kogner import KognerForTokenClassification
from .find_model import find_model
from .model_folder import COPY_AGAIN, check_folder, check_kind
from .precision import set_precision
from .tokenizers import load_tokenizer

_HUB_ID = re.compile(r"[\w][\w.-]*/[\w][\w.-]*")


def load_for_inference(
    source: str, knowledge: str | Path | None, device: str | None, precision: str | None, compiled: bool
) -> tuple[KognerForTokenClassification, PreTrainedTokenizerBase]:
    """Model and tokenizer as :func:`load` is asked for them."""
    tagger, tokenizer = load_model(source, "none" if knowledge == "none" else None)
    if knowledge not in (None, "none"):
        _read_graph(tagger, tokenizer, knowledge)
    tagger.to(device=device_of(device))  # type: ignore[call-arg]
    set_precision(tagger, precision)
    if compiled:
        tagger.compile(dynamic=True)
    return tagger, tokenizer


def load_model(
    source: str | Path,
    evidence: str | None = None,
    dtype: torch.dtype = torch.float32,
    fields: dict[str, Any] | None = None,
) -> tuple[KognerForTokenClassification, PreTrainedTokenizerBase]:
    """Load model and tokenizer, checked, as training and evaluation need them.

    Args:
        source: folder, Hub id ``OWNER/NAME``, or name of an installed model package.
        evidence: level of evidence to read instead of the one trained with; ``none`` switches knowledge off.
        dtype: of the weights; checkpoints are stored in half precision, which CPUs are slow at.
        fields: of :class:`KognerConfig` to set, such as the dropout of further training.

    Raises:
        InputError: there is no such model, it is not a KoGNER model, its weights are damaged or incomplete, or its
            tokenizer is another one.
    """
    source = find_model(source)
    if evidence not in (None, *EVIDENCE_LEVELS):
        raise InputError(f"evidence is {evidence!r}", fix=f"choose one of {', '.join(EVIDENCE_LEVELS)}")
    if Path(source).is_dir():
        check_folder(Path(source))
    elif not _HUB_ID.fullmatch(source):
        raise InputError("no such folder, and no Hub id of the form OWNER/NAME", file=source, fix="check the path")
    given = (fields or {}) | ({} if evidence is None else {"evidence": evidence})
    try:
        check_kind(source, KognerConfig.get_config_dict(source)[0])
        model, found = KognerForTokenClassification.from_pretrained(
            source, dtype=dtype, output_loading_info=True, **given
        )
        tokenizer = load_tokenizer(source)
    except (HFValidationError, OSError) as error:
        raise InputError(
            f"no model could be read ({first_line(error)})", file=source, fix="check path or id"
        ) from error
    except (SafetensorError, RuntimeError) as error:
        raise InputError(f"weights are damaged ({first_line(error)})", file=source, fix=COPY_AGAIN) from error
    if missing := sorted(found["missing_keys"]):
        raise InputError(
            f"tensors missing from the weights: {len(missing)}, first {missing[0]}",
            file=source,
            fix=f"{COPY_AGAIN}, or train it again with this version",
        )
    check_vocabulary(model.config.tokenizer_fingerprint, TextTokenizer.of(tokenizer))
    return model.eval(), tokenizer


def _read_graph(model: KognerForTokenClassification, tokenizer: PreTrainedTokenizerBase, folder: str | Path) -> None:
    """Replace the model's own tables by those of a knowledge folder."""
    from ..graph.index_tables import load_tables  # needs pandas, which takes a while to load

    fields, tables = load_tables(folder, tokenizer)
    if fields["semantic_types"] != model.config.semantic_types:
        raise InputError(
            f"semantic types {', '.join(fields['semantic_types'])} are not the model's",
            file=folder,
            fix=f"the model knows {', '.join(model.config.semantic_types) or 'none: it was trained without knowledge'}",
        )
    index, body = model.kogner.index, model.kogner
    for name in ("surface_hash", "surface_concept", "concept_type"):
        setattr(index, name, tables[f"kogner.index.{name}"])
    body.catalogue, body._concepts = tables["kogner.catalogue"], None
    for name in ("num_surfaces", "num_concepts", "catalog_bytes"):
        setattr(model.config, name, fields[name])
    if model.config.evidence != "none":
        model.config.evidence = "types"  # its vectors are of other concepts


def device_of(name: str | None) -> torch.device:
    """The device of that name; a GPU if there is one and none is named.

    Raises:
        UsageError: it is not available here.
    """
    if name is None:  # of the processes on a machine, each takes a GPU of its own
        count = torch.cuda.device_count()
        name = f"cuda:{int(os.environ.get('LOCAL_RANK', 0)) % count}" if count else "cpu"
    try:
        return torch.empty(0, device=torch.device(name)).device
    except (RuntimeError, AssertionError) as error:  # a build without CUDA asserts
        raise UsageError(f"device {name} is not available here ({first_line(error)})", fix="try cpu") from None

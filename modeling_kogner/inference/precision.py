"""The number format in which PyTorch reads texts: bfloat16 where the processor calculates in it, else float32."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import torch

from ..files.errors import UsageError
from ..modeling_kogner import KognerForTokenClassification

logger = logging.getLogger(__name__)
PRECISIONS = ("fp32", "bf16", "int8")
# Decisions stay in float32: bfloat16 would round their scores to three digits.
_HEADS = ("classifier.", "evidence_odds.", "kogner.link_choice.")


def has_bf16() -> bool:
    """Whether the processor multiplies matrices of bfloat16 itself; emulated, they take longer than float32."""
    able = _capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def _capabilities() -> Mapping[str, Any]:
    """What the processor can do, by PyTorch's names."""
    return torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}


def set_precision(model: KognerForTokenClassification, precision: str | None) -> None:
    """Bring the layers of a model to a precision; the graph's tables and the tagging head stay as they are.

    Args:
        model: in float32, on its device.
        precision: one of PRECISIONS; by default bf16 on a CPU that calculates in it, else fp32. What it costs in F1 is
            in `benchmarks/NOTES.md`. A CPU without bfloat16 reads in fp32, and a warning says so.

    Raises:
        UsageError: PyTorch does not read the model in it.
    """
    on_cpu = model.device.type == "cpu"
    if precision not in (None, *PRECISIONS):
        raise UsageError(f"precision is {precision!r}", fix=f"choose one of {', '.join(PRECISIONS)}")
    if precision == "int8":
        raise UsageError(
            "PyTorch reads this model in fp32 or bf16",
            fix="for int8 write it with kogner export MODEL --output FOLDER --int8 and give FOLDER as the model",
        )
    if precision is None:
        precision = "bf16" if on_cpu and has_bf16() else "fp32"
    elif precision == "bf16" and on_cpu and not has_bf16():
        logger.warning("this processor does not calculate in bf16, which would be slower than fp32; reading in fp32")
        precision = "fp32"
    if precision == "fp32":
        return
    for name, parameter in model.named_parameters():
        if not name.startswith(_HEADS):
            parameter.data = parameter.data.to(torch.bfloat16)
    if on_cpu and not _capabilities().get("amx_bf16"):
        # There torch's fused attention takes longer than products of matrices do, for windows of a few hundred tokens.
        model.kogner.encoder.set_attn_implementation("eager")

"""`kogner export`: a model as one ONNX file with its tokenizer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..files.option import option
from .progress import loading_model, quiet, waiting


@dataclass
class ExportOptions:
    """Options."""

    output: Path = option("Folder of model.onnx, config.json and the tokenizer.")
    model: str | None = option(
        "Folder, Hub id or package of a KoGNER model; the installed one if left out.", None, positional=True
    )
    int8: bool = option("Linear layers in 8 bits: smaller and faster on CPUs.", False)


def export(options: ExportOptions) -> None:
    """Write a model for onnxruntime: from token ids to logits, with the lookup in the graph inside.

    kogner export my-model --output my-model-onnx --int8
    """
    from ..publishing.onnx_export import export_onnx

    quiet()
    loaded = loading_model(options.model)
    with waiting("tracing the model"):
        path = export_onnx(*loaded, options.output, options.int8)
    print(f"{path.stat().st_size / 1e6:.1f} MB -> {path}")

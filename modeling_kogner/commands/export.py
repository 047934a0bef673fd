"""`kogner export`: a model as a folder that annotates without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..files.option import option
from .progress import loading_model, quiet, waiting


@dataclass
class ExportOptions:
    """Options."""

    output: Path = option("Folder of the graphs, the tables and the tokenizer.")
    model: str | None = option(
        "Folder, Hub id or package of a KoGNER model; the installed one if left out.", None, positional=True
    )
    int8: bool = option("Linear layers in 8 bits: smaller and faster on CPUs.", False)


def export(options: ExportOptions) -> None:
    """Write a folder that annotates without torch and transformers, by onnxruntime or OpenVINO.

    kogner export my-model --output my-model-onnx --int8
    """
    from ..publishing.onnx_export import export_onnx

    quiet()
    loaded = loading_model(options.model)
    with waiting("tracing the model"):
        export_onnx(*loaded, options.output, options.int8)
    size = sum(path.stat().st_size for path in options.output.iterdir())
    print(f"{size / 1e6:,.0f} MB -> {options.output}")

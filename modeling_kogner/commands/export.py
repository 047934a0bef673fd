"""`kogner export`: a model as one ONNX file with its tokenizer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .progress import loading, quiet, waiting


def export(
    model: Annotated[str, typer.Argument(help="Folder or Hub id of a KoGNER model.")],
    output: Annotated[Path, typer.Option(help="Folder of model.onnx, config.json and the tokenizer.")],
    int8: Annotated[bool, typer.Option("--int8", help="Linear layers in 8 bits: smaller and faster on CPUs.")] = False,
) -> None:
    """Write a model for onnxruntime: token ids in, logits out, the linker inside.

    Example: kogner export my-model --output my-model-onnx --int8
    """
    quiet()
    try:
        from ..publishing.onnx_export import export_onnx

        loaded = loading(model)
        with waiting(f"tracing {model}"):
            path = export_onnx(*loaded, output, int8)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("modeling_kogner"):
            raise
        print(f"kogner export: needs the package {error.name}: pip install 'kogner[onnx]'", file=sys.stderr)
        raise typer.Exit(2) from None
    except (ValueError, OSError) as error:
        print(f"kogner export: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"{path.stat().st_size / 1e6:.1f} MB -> {path}")

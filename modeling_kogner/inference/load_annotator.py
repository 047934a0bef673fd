"""A model, or what `kogner export` made of one -> what annotates texts."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from .annotator import Annotator
from .shards import this_device
from .load_model import ONNX_FILE, load_model, load_tokenizer


def load_annotator(
    source: str | Path,
    evidence: str | None = None,
    device: str | None = None,
    vocabulary: str | None = None,
    convention: str | None = None,
    compiled: bool = False,
) -> Annotator:
    """Load for annotation; a folder that holds an exported model is read by onnxruntime.

    Args:
        source: folder, or Hub id of a model.
        evidence: see :func:`load_model`; an exported model has its own.
        device: such as ``cpu`` or ``cuda:1``; by default a GPU if there is one. An exported model runs on the CPU, on
            as many cores as torch would use.
        vocabulary: link to ids of this vocabulary only, such as ``MESH``.
        convention: corpus whose way to annotate is followed; an exported model follows none.
        compiled: let torch fuse the kernels, which takes up to a minute at first; for long runs on a GPU.

    Raises:
        ValueError: the model cannot be read, or not in this way.
    """
    if not (Path(source) / ONNX_FILE).is_file():
        model, tokenizer = load_model(source, evidence)
        model.to(_device(device))
        if compiled:
            model.compile(dynamic=True)
        return Annotator(model, tokenizer, vocabulary=vocabulary, convention=convention)
    if evidence is not None:
        raise ValueError(f"{source}: an exported model cannot switch its knowledge; give the model it was made from")
    if convention is not None or compiled:
        raise ValueError(
            f"{source}: an exported model follows no convention and is compiled already; give what it was made from"
        )
    if device not in (None, "cpu"):
        raise ValueError(f"device {device}: an exported model runs on the CPU; give the model it was made from")
    try:
        from .onnx_tagger import OnnxTagger
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("modeling_kogner"):
            raise
        raise ValueError(
            f"{source}: to read an exported model needs the package {error.name}: pip install 'kogner[onnx]'"
        ) from None
    tagger = OnnxTagger(source, threads=torch.get_num_threads())
    return Annotator(tagger, load_tokenizer(str(source)), vocabulary=vocabulary)


def model_version(source: str | Path) -> list[list]:
    """What tells two versions of a model's files apart without reading them; nothing for a Hub id."""
    weights = [path for path in Path(source).glob("*") if path.suffix in (".safetensors", ".onnx")]
    return [file_version(path) for path in sorted(weights)]


def file_version(path: Path) -> list:
    """Name, size and time of a file."""
    state = os.stat(path)
    return [path.name, state.st_size, state.st_mtime_ns]


def _device(name: str | None) -> torch.device:
    try:
        device = torch.device(this_device() if name is None else name)
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError) as error:  # a build without CUDA asserts
        raise ValueError(f"device {name}: not to be had here ({str(error).splitlines()[0]}); try cpu") from None

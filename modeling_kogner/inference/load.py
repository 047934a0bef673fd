"""From a folder or Hub id to an annotator."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..corpora.text_tokenizer import TextTokenizer
from ..files.errors import UsageError
from .annotator import Annotator
from .exported_tagger import ExportedTagger
from .find_model import find_model
from .model_folder import is_exported


def load(
    model: str | Path | None = None,
    *,
    knowledge: str | Path | None = None,
    convention: str | None = None,
    device: str | None = None,
    types: Sequence[str] | None = None,
    vocabulary: str | None = None,
    link_threshold: float | None = None,
    compiled: bool = False,
    backend: str | None = None,
    precision: str | None = None,
) -> Annotator:
    """Load a model for annotation.

    Args:
        model: folder, Hub id ``OWNER/NAME``, name of an installed model package, or folder of ``kogner export``; by
            default the installed model package, else the model in `hub_card/` of a checkout.
        knowledge: ``none`` to annotate without the knowledge graph; a knowledge folder to read it instead of the
            model's own graph, by the semantic types of its names alone; by default the model's own.
        convention: corpus whose annotation convention is followed, in any case; by default none.
        device: such as ``cpu`` or ``cuda:1``; by default a GPU if there is one. An exported model runs on the CPU.
        types: entity types to find, in any case; by default all.
        vocabulary: link to ids of this vocabulary only, such as ``MESH``, in any case.
        link_threshold: probability from which a concept is a mention's; by default the model's own.
        compiled: let torch fuse the kernels, which takes up to a minute at first; for long runs on a GPU.
        backend: ``torch``, or ``onnx`` or ``openvino`` for an exported model; by default the fastest that is installed.
        precision: ``fp32``, ``bf16`` or, of a model exported in it, ``int8``; by default bf16 on a CPU that calculates
            in it, else fp32.

    Raises:
        InputError: the model cannot be read, or not in this way.
        UsageError: options that do not go together, or a backend or precision that is not available.
    """
    source = find_model(model)
    given: Any = {"vocabulary": vocabulary, "types": types, "link_threshold": link_threshold}
    if is_exported(source):
        if knowledge is not None or convention is not None or compiled or device not in (None, "cpu"):
            raise UsageError(
                "an exported model includes its knowledge, follows no convention, is compiled already and runs on "
                "the CPU",
                file=source,
                fix="give the model it was made from",
            )
        tokenizer = TextTokenizer.load(source)
        return Annotator(ExportedTagger(source, backend, precision), tokenizer, **given)
    if backend not in (None, "torch"):
        raise UsageError(
            f"backend {backend} reads an exported model",
            file=source,
            fix=f"write one with kogner export {source} --output FOLDER and give FOLDER as the model",
        )
    from .load_model import load_for_inference  # torch, which exported models do without

    loaded = load_for_inference(source, knowledge, device, precision, compiled)
    return Annotator(*loaded, convention=convention, **given)


def model_version(source: str | Path) -> list[list]:
    """What distinguishes two versions of a model's files without reading them; empty for a Hub id."""
    weights = [path for path in Path(find_model(source)).glob("*") if path.suffix in (".safetensors", ".onnx")]
    return [file_version(path) for path in sorted(weights)]


def file_version(path: Path) -> list:
    """Name, size and time of a file."""
    state = os.stat(path)
    return [path.name, state.st_size, state.st_mtime_ns]

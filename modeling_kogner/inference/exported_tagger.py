"""An exported tagger, called like the model it was made from, whatever runs it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from transformers.modeling_outputs import TokenClassifierOutput

from ..concept_catalogue import ConceptCatalogue
from ..configuration_kogner import KognerConfig
from ..files.errors import InputError, UsageError, first_line
from ..surface_index import SurfaceIndex
from .model_folder import ONNX_FILE

LINKER_FILE = "linker.safetensors"
INPUTS = ("input_ids", "attention_mask", "ngram_concepts")  # the last one only of a model that reads its graph
EXPORT_VERSION = "2"  # 1 looked up names within the graph of operators
RUNTIMES = {"onnx": "onnxruntime", "openvino": "openvino"}  # backend: the package that it needs
_EXPORT_AGAIN = "export the model again: kogner export MODEL --output FOLDER"
Run = Callable[[dict[str, np.ndarray]], np.ndarray]


class LinkerTables:
    """What linking needs of a model: the index of written forms, and ids and names of concepts.

    Args:
        config: of the exported model.
        path: file that ``kogner export`` wrote.

    Raises:
        InputError: there are no such tables, or those of another model or version.
    """

    def __init__(self, config: KognerConfig, path: Path):
        try:
            with safe_open(path, "pt") as file:
                self.about: dict[str, str] = file.metadata() or {}
                tables = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            catalogue = tables.pop("catalogue")
            self.index = SurfaceIndex(config)
            self.index.load_state_dict(tables)
        except (OSError, SafetensorError, KeyError, RuntimeError) as error:
            raise InputError(f"cannot be read ({first_line(error)})", file=path, fix=_EXPORT_AGAIN) from error
        if (version := self.about.get("version", "1")) != EXPORT_VERSION:
            problem = f"an export of version {version}, where this program reads version {EXPORT_VERSION}"
            raise InputError(problem, file=path.parent, fix=_EXPORT_AGAIN)
        self.concepts = ConceptCatalogue.from_bytes(catalogue)


class ExportedTagger:
    """Logits of an exported model on the CPU; an :class:`Annotator` takes it instead of a model.

    Args:
        folder: what ``kogner export`` wrote.
        backend: ``onnx`` or ``openvino``; by default the latter where it is installed, unless the export is in int8.
        precision: as it was exported, or bf16, which OpenVINO alone has; by default what is fastest here.
        threads: all cores by default.

    Raises:
        InputError: there is no exported model, or it is damaged, or of another version.
        UsageError: the backend is not installed, or does not read this export in the precision.
    """

    device = torch.device("cpu")

    def __init__(
        self,
        folder: str | Path,
        backend: str | None = None,
        precision: str | None = None,
        threads: int | None = None,
    ):
        path = Path(folder) / ONNX_FILE
        if not path.is_file():
            raise InputError("no such file", file=path, fix=f"write it with kogner export MODEL --output {folder}")
        try:
            self.config = KognerConfig.from_pretrained(folder)
        except OSError:
            raise InputError("config.json is missing", file=folder, fix=_EXPORT_AGAIN) from None
        self.kogner = LinkerTables(self.config, Path(folder) / LINKER_FILE)
        exported = self.kogner.about.get("precision", "fp32")
        self.backend = backend or ("openvino" if exported == "fp32" and _is_installed("openvino") else "onnx")
        self.precision = _precision(self.backend, exported, precision, folder)
        try:
            runtime = import_module(RUNTIMES[self.backend])
        except ModuleNotFoundError:
            package = RUNTIMES[self.backend]
            raise UsageError(
                f"backend {self.backend} needs the package {package}",
                file=folder,
                fix=f"pip install 'kogner[{self.backend}]'",
            ) from None
        start = _openvino if self.backend == "openvino" else _onnxruntime
        try:
            self._run = start(runtime, path, threads or 0, self.precision)
        except Exception as error:  # the runtimes' own errors share no base
            problem = f"damaged, or of another version ({first_line(error)})"
            raise InputError(problem, file=path, fix=_EXPORT_AGAIN) from error

    def eval(self) -> ExportedTagger:
        """Itself: there is no other mode."""
        return self

    def __call__(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, ngram_concepts: torch.Tensor | None = None
    ) -> TokenClassifierOutput:
        """Tag a batch; ``(B, T)`` long, and what the index's ``lookup`` gives for it."""
        if ngram_concepts is None and self.config.has_knowledge:
            ngram_concepts = self.kogner.index.lookup(input_ids, attention_mask)
        given = {"input_ids": input_ids, "attention_mask": attention_mask}
        if ngram_concepts is not None and self.config.has_knowledge:
            given["ngram_concepts"] = ngram_concepts
        logits = self._run({name: tensor.numpy() for name, tensor in given.items()})
        return TokenClassifierOutput(logits=torch.from_numpy(logits))


def _is_installed(package: str) -> bool:
    try:
        import_module(package)
    except ModuleNotFoundError:
        return False
    return True


def _precision(backend: str, exported: str, wanted: str | None, folder: str | Path) -> str | None:
    """The precision to run in; None for whatever the backend finds fastest."""
    if backend not in RUNTIMES:
        raise UsageError(
            f"backend {backend} does not read an exported model",
            file=folder,
            fix=f"choose {' or '.join(RUNTIMES)}, or give the model it was made from",
        )
    if wanted in (None, exported):
        return exported if exported == "int8" or backend == "onnx" or wanted else None
    if wanted == "bf16" and exported == "fp32" and backend == "openvino":
        return wanted
    fix = f"kogner export MODEL --output FOLDER{' --int8' if wanted == 'int8' else ''}"
    if wanted == "bf16":
        fix = "kogner annotate --backend openvino with an export in fp32, or give the model it was made from"
    raise UsageError(f"an export in {exported}, which {backend} does not run in {wanted}", file=folder, fix=fix)


def _onnxruntime(runtime: Any, path: Path, threads: int, precision: str | None) -> Run:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(given: dict[str, np.ndarray]) -> np.ndarray:
        (logits,) = session.run(None, given)
        return logits

    return run


def _openvino(runtime: Any, path: Path, threads: int, precision: str | None) -> Run:
    settings: dict[str, Any] = {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": threads}
    hint = {"fp32": "f32", "int8": "f32", "bf16": "bf16"}.get(precision or "")
    compiled = runtime.Core().compile_model(
        path, "CPU", settings | ({"INFERENCE_PRECISION_HINT": hint} if hint else {})
    )
    own = threading.local()  # a request runs one batch at a time

    def run(given: dict[str, np.ndarray]) -> np.ndarray:
        if not hasattr(own, "request"):
            own.request = compiled.create_infer_request()
        return own.request.infer(given)["logits"].copy()

    return run

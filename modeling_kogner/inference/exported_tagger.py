"""An exported tagger, whatever runs it; without torch and transformers."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..files.errors import InputError, UsageError, first_line
from .exported_tables import EXPORT_AGAIN, TABLES_FILE, read_tables
from .matching import lookup
from .model_folder import NAMES_FILE, ONNX_FILE

INPUTS = ("input_ids", "attention_mask", "ngram_concepts")  # the last one only of a model that reads its graph
RUNTIMES = {"onnx": "onnxruntime", "openvino": "openvino"}  # backend: the package that it needs
Run = Callable[[dict[str, np.ndarray]], np.ndarray]


class ExportedTagger:
    """Log-odds, tables and name vectors of an exported model, on the CPU; an :class:`Annotator` takes it as a model.

    Args:
        folder: what ``kogner export`` wrote.
        backend: ``onnx`` or ``openvino``; by default the latter where it is installed, unless the export is in int8.
        precision: as it was exported, or bf16, which OpenVINO alone has; by default what is fastest here.
        threads: ``OMP_NUM_THREADS`` or all cores by default; a process that was forked has one.

    Raises:
        InputError: there is no exported model, or it is damaged, or of another version.
        UsageError: the backend is not installed, or does not read this export in the precision.
    """

    on_cpu, can_be_forked = True, False

    def __init__(
        self,
        folder: str | Path,
        backend: str | None = None,
        precision: str | None = None,
        threads: int | None = None,
    ):
        self.folder = Path(folder)
        if not (self.folder / ONNX_FILE).is_file():
            fix = f"write it with kogner export MODEL --output {folder}"
            raise InputError("no such file", file=self.folder / ONNX_FILE, fix=fix)
        self.tables, self.config, exported = read_tables(self.folder / TABLES_FILE)
        self.backend = backend or ("openvino" if exported == "fp32" and _is_installed("openvino") else "onnx")
        self.precision = _precision(self.backend, exported, precision, folder)
        if not _is_installed(RUNTIMES[self.backend]):
            raise UsageError(
                f"backend {self.backend} needs the package {RUNTIMES[self.backend]}",
                file=folder,
                fix=f"pip install 'kogner[{self.backend}]'",
            )
        self._threads = threads or int(os.environ.get("OMP_NUM_THREADS") or 0)
        self._home, self._at_once, self._lock = os.getpid(), 1, threading.Lock()
        self._started: dict[tuple[int, str], Run] = {}

    def odds(self, input_ids: np.ndarray, attention_mask: np.ndarray, convention: int = 0) -> np.ndarray:
        """Log-odds of begin and inside of each type against outside: ``(B, T, L - 1)`` float32.

        Args:
            input_ids: ``(B, T)`` int64.
            attention_mask: ``(B, T)`` int64.
            convention: none can be followed.
        """
        given = {"input_ids": input_ids, "attention_mask": attention_mask}
        if self.config.has_knowledge:
            sizes = (self.config.max_mention_tokens, self.config.max_candidates)
            given["ngram_concepts"] = lookup(input_ids, attention_mask, self.tables.index, *sizes)
        logits = self._runtime(ONNX_FILE)(given)  # (B, T, L)
        return logits[..., 1:] - logits[..., :1]

    def embed(self, input_ids: np.ndarray, attention_mask: np.ndarray) -> np.ndarray:
        """Vectors of names: ``(B, T)`` int64 each to ``(B, d_n)`` float32 of length 1."""
        return self._runtime(NAMES_FILE)({"input_ids": input_ids, "attention_mask": attention_mask})

    def share(self, threads: int) -> None:
        """From now on let so many threads read and embed at a time, on a core each."""
        self._at_once = threads
        self._started.clear()

    def _runtime(self, name: str) -> Run:
        """What runs a graph in this process: its threads do not survive a fork."""
        key = (os.getpid(), name)
        with self._lock:
            if key not in self._started:
                threads = self._threads if key[0] == self._home else 1
                start = _openvino if self.backend == "openvino" else _onnxruntime
                try:
                    self._started[key] = start(self.folder / name, threads, self._at_once, self.precision)
                except Exception as error:  # the runtimes' own errors share no base
                    problem = f"damaged, or of another version ({first_line(error)})"
                    raise InputError(problem, file=self.folder / name, fix=EXPORT_AGAIN) from error
            return self._started[key]


def _is_installed(package: str) -> bool:
    return find_spec(package) is not None


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


def _onnxruntime(path: Path, threads: int, at_once: int, precision: str | None) -> Run:
    runtime = import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads if at_once == 1 else 1
    # The fused operator takes three times as long as an addition and a normalisation do.
    slow = ["SkipLayerNormFusion"]
    session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"], disabled_optimizers=slow)

    def run(given: dict[str, np.ndarray]) -> np.ndarray:
        (found,) = session.run(None, given)
        return found

    return run


def _openvino(path: Path, threads: int, at_once: int, precision: str | None) -> Run:
    runtime = import_module("openvino")
    settings: dict[str, Any] = {"NUM_STREAMS": at_once, "INFERENCE_NUM_THREADS": threads if at_once == 1 else at_once}
    hint = {"fp32": "f32", "int8": "f32", "bf16": "bf16"}.get(precision or "")
    compiled = runtime.Core().compile_model(
        path, "CPU", settings | ({"INFERENCE_PRECISION_HINT": hint} if hint else {})
    )
    own = threading.local()  # a request runs one batch at a time

    def run(given: dict[str, np.ndarray]) -> np.ndarray:
        if not hasattr(own, "request"):
            own.request = compiled.create_infer_request()
        return own.request.infer(given)[0].copy()

    return run

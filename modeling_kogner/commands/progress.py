"""What a command shows on a terminal while it works; nothing where standard error is a file or a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TypeVar

from huggingface_hub.utils import enable_progress_bars
from rich.console import Console
from rich.progress import track
from transformers import PreTrainedTokenizerBase
from transformers.utils import logging

from ..inference.load import load_model
from ..modeling_kogner import KognerForTokenClassification

Item = TypeVar("Item")


def quiet() -> None:
    """Leave out what transformers says of a checkpoint: `load_model` tells what is wrong with it, once."""
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    if sys.stderr.isatty():
        enable_progress_bars()  # of downloads and uploads, which the first line switched off too


def waiting(doing: str) -> AbstractContextManager:
    """A sign of life beside what is being done."""
    return Console(stderr=True).status(doing) if sys.stderr.isatty() else nullcontext()


def counting(items: Sequence[Item], doing: str) -> Iterable[Item]:
    """The items, with a bar of how many are done and the time left."""
    return track(items, doing, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def reading(model: str) -> AbstractContextManager:
    """A sign of life while a folder is read; a download from the Hub has bars of its own."""
    return waiting(f"reading {model}") if Path(model).is_dir() else nullcontext()


def loading(model: str, evidence: str | None = None) -> tuple[KognerForTokenClassification, PreTrainedTokenizerBase]:
    """`load_model` with a sign of life."""
    with reading(model):
        return load_model(model, evidence)

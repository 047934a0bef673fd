"""What a command shows on a terminal while it works; nothing where standard error is a file or a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from ..inference.annotator import Annotator
    from ..inference.resumable_file import Done
    from ..modeling_kogner import KognerForTokenClassification


def quiet(exported: bool = False) -> None:
    """Leave out what libraries say of a checkpoint: what is wrong with it is told once, as an error.

    Bars of downloads and of reading corpora stay, on a terminal.

    Args:
        exported: the model is read without these libraries, which take a while to load.
    """
    if exported:
        return
    import warnings

    from huggingface_hub.utils import enable_progress_bars
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    warnings.filterwarnings("ignore", "Initializing zero-element tensors")  # a model without vectors has such layers
    warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated")  # torch, of how accelerate calls it
    if sys.stderr.isatty():
        enable_progress_bars()  # of downloads and uploads, which the first line switched off too


def waiting(doing: str) -> AbstractContextManager:
    """A spinner with what is being done."""
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(doing)


def reading(model: str | Path | None) -> AbstractContextManager:
    """A spinner while a folder is read; a download from the Hub shows its own progress bars."""
    from ..inference.find_model import find_model

    if Path(find_model(model)).is_dir():
        return waiting(f"reading {model or 'the model'}")
    return nullcontext()


def loading(model: str | None) -> Annotator:
    """`load` with a spinner."""
    with reading(model):
        from ..inference.load import load

        return load(model)


def loading_model(
    model: str | None, evidence: str | None = None, knowledge: str | None = None
) -> tuple[KognerForTokenClassification, PreTrainedTokenizerBase]:
    """`load_model` with a spinner, or the model with another graph if a knowledge folder is given."""
    with reading(model):
        from ..inference.find_model import find_model
        from ..inference.load import load
        from ..inference.load_model import load_model

        if knowledge in (None, "none"):
            return load_model(find_model(model), knowledge or evidence)
        annotator = load(model, knowledge=knowledge, device="cpu")
        return annotator.model, annotator.tokenizer


@contextmanager
def document_progress(total: int, before: int, visible: bool) -> Iterator[Callable[[Done, int | None], None]]:
    """Yield what to call after each step, with the counts and the position in the input (None at its end).

    Args:
        total: bytes of the input; 0 if nobody knows.
        before: documents that earlier runs read, which do not count for the rate.
        visible: whether to draw at all; also needs a terminal.
    """
    if not (visible and sys.stderr.isatty()):
        yield lambda counts, position: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = [TextColumn("{task.fields[counts]}"), BarColumn(), TaskProgressColumn()]
    columns += [TextColumn("{task.fields[rate]}"), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn()]
    began = time.monotonic()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=total or None, counts="starting", rate="")

        def advance(counts: Done, position: int | None) -> None:
            rate = (counts.documents - before) / (time.monotonic() - began)
            done = {} if not total else {"completed": total if position is None else position}
            progress.update(task, counts=f"{counts.documents:,} documents", rate=f"{rate:,.1f}/s", **done)

        yield advance

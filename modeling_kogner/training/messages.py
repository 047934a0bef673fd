"""What training says: one progress line on a terminal, none in a pipe, and messages that a user can act on."""

from __future__ import annotations

import logging
import sys
from typing import Any

from datasets import disable_progress_bars
from transformers import Trainer
from transformers.trainer_callback import PrinterCallback, ProgressCallback


def _is_told(logs: dict[str, Any] | None) -> bool:
    """Whether other lines say it: scores, and that the run has ended."""
    return "eval_f1" in (logs or {}) or "train_runtime" in (logs or {})


class OneLine(ProgressCallback):
    """The Trainer's bar with the time left, without a second one for each evaluation."""

    def on_prediction_step(self, *_: Any, **__: Any) -> None:
        """Nothing."""

    def on_log(self, args, state, control, logs=None, **more: Any) -> None:
        """What :class:`ScoreLines` does not say."""
        if not _is_told(logs):
            super().on_log(args, state, control, logs=logs, **more)


class Lines(PrinterCallback):
    """The Trainer's log in a pipe, without what :class:`ScoreLines` says."""

    def on_log(self, args, state, control, logs=None, **more: Any) -> None:
        """Print it."""
        if not _is_told(logs):
            super().on_log(args, state, control, logs=logs, **more)


def one_progress_line(trainer: Trainer) -> None:
    """Replace the Trainer's bars, or its lines where it draws none."""
    theirs, ours = (PrinterCallback, Lines) if trainer.args.disable_tqdm else (ProgressCallback, OneLine)
    trainer.remove_callback(theirs)
    trainer.add_callback(ours)


def start_logging(first_process: bool) -> None:
    """Lines of what is done, of one process alone; bars of reading corpora on a terminal only."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("modeling_kogner").setLevel(logging.INFO if first_process else logging.WARNING)
    if not sys.stderr.isatty():
        disable_progress_bars()

"""What training says: one progress line on a terminal, none in a pipe, and messages that a user can act on."""

from __future__ import annotations

import logging
import sys
from typing import Any

from datasets import disable_progress_bars
from transformers import Trainer
from transformers.trainer_callback import ProgressCallback


class OneLine(ProgressCallback):
    """The Trainer's bar with the time left, without a second one for each evaluation."""

    def on_prediction_step(self, *_: Any, **__: Any) -> None:
        """Nothing."""


def one_progress_line(trainer: Trainer) -> None:
    """Replace the Trainer's bars, where it draws any."""
    if not trainer.args.disable_tqdm:
        trainer.remove_callback(ProgressCallback)
        trainer.add_callback(OneLine)


def start_logging(first_process: bool) -> None:
    """Lines of what is done, of one process alone; bars of reading corpora on a terminal only."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("modeling_kogner").setLevel(logging.INFO if first_process else logging.WARNING)
    if not sys.stderr.isatty():
        disable_progress_bars()

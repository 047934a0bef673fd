"""A line for each evaluation of a run: how far it is, the time left, and the scores."""

from __future__ import annotations

import logging
import time

from transformers import TrainerCallback

logger = logging.getLogger(__name__)


class ScoreLines(TrainerCallback):
    """Log the validation scores by type as they come, with the time that the rest of the run takes."""

    def on_train_begin(self, args, state, control, **_) -> None:
        """Start the clock; a run that resumes does not count what earlier ones did."""
        self._began, self._before = time.monotonic(), state.global_step

    def on_evaluate(self, args, state, control, metrics=None, **_) -> None:
        """Say what was scored."""
        if not state.is_world_process_zero or not metrics or "eval_f1" not in metrics:
            return
        done = max(state.global_step - self._before, 1)
        left = (time.monotonic() - self._began) / done * (state.max_steps - state.global_step)
        names = [name for name in metrics if name.endswith("_f1") and name != "eval_f1"]
        scores = ", ".join(f"{_shown(name)} {100 * metrics[name]:.1f}" for name in names)
        logger.info(
            "step %d of %d, %s left: validation F1 %.1f%s",
            *(state.global_step, state.max_steps, _duration(left), 100 * metrics["eval_f1"]),
            f" ({scores})" if scores else "",
        )


def _shown(name: str) -> str:
    return name.removeprefix("eval_").removesuffix("_f1").replace("_", " ")


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"

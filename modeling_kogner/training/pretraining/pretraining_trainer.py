"""The Trainer with the parts of the loss in its log."""

from __future__ import annotations

from torch import nn

from ..kogner_trainer import KognerTrainer
from .pretraining_model import PARTS


class PretrainingTrainer(KognerTrainer):
    """Log each part of the loss, averaged on the device over the steps since the last line (first process)."""

    _sum, _steps = 0.0, 0

    def compute_loss(self, model: nn.Module, inputs, return_outputs=False, num_items_in_batch=None):
        """Loss of a batch."""
        outputs = model(**inputs)
        self._sum = self._sum + outputs["parts"]
        self._steps += 1
        return (outputs["loss"], outputs) if return_outputs else outputs["loss"]

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the parts to a line of the log."""
        if "loss" in logs and self._steps:
            parts = (self._sum / self._steps).tolist()
            logs |= {name: round(value, 4) for name, value in zip(PARTS, parts, strict=True)}
            self._sum, self._steps = 0.0, 0
        super().log(logs, start_time)

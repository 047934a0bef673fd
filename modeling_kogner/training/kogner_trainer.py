"""The Hugging Face Trainer with two learning rates, which publishes what `kogner push` would."""

from __future__ import annotations

import torch

from ..publishing.hub import HUB_ERRORS, publish, refusal
from .surviving_trainer import SurvivingTrainer


class KognerTrainer(SurvivingTrainer):
    """Train pretrained weights (the encoder) at ``learning_rate`` and fresh ones at ``head_learning_rate``."""

    def create_optimizer(self, model=None) -> torch.optim.Optimizer:
        """Group the parameters by age and by weight decay."""
        model = self.model if model is None else model
        if self.optimizer is not None:
            return self.optimizer
        decayed = set(self.get_decay_parameter_names(model))
        groups: dict[tuple[bool, bool], list] = {}
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                groups.setdefault((".encoder." in name, name in decayed), []).append(parameter)
        optimizer, settings = self.get_optimizer_cls_and_kwargs(self.args, model)
        self.optimizer = optimizer(
            [
                {
                    "params": parameters,
                    "lr": self.args.learning_rate if pretrained else self.args.head_learning_rate,
                    "weight_decay": self.args.weight_decay if decay else 0.0,
                }
                for (pretrained, decay), parameters in groups.items()
            ],
            **settings,
        )
        return self.optimizer

    def init_hf_repo(self, *args, **kwargs) -> None:
        """Make the repository; refused before training starts, and without the token in the message."""
        try:
            super().init_hf_repo(*args, **kwargs)  # `private` is not known to every release
        except HUB_ERRORS as error:
            raise refusal(self.args.hub_model_id or self.args.output_dir, error) from None

    def push_to_hub(self, commit_message: str | None = None, revision: str | None = None, **_) -> str | None:
        """Save the model and upload it as :func:`publish` does: no checkpoints, no arguments, no paths."""
        self.save_model(_internal_call=True)
        if not self.is_world_process_zero():
            return None
        message = commit_message or "End of training"
        return publish(self.args.output_dir, self.hub_model_id, needs_card=False, revision=revision, message=message)

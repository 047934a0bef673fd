"""The Hugging Face Trainer with two learning rates."""

from __future__ import annotations

import torch
from transformers import Trainer


class KognerTrainer(Trainer):
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

"""The Hugging Face Trainer with two learning rates, complete checkpoints, and advice where a run cannot continue."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch.utils.data import DataLoader
from transformers import Trainer

from ..files.errors import InputError, first_line, is_out_of_memory
from ..knowledge_encoder import KognerModel
from ..publishing.hub import HUB_ERRORS, publish, refusal
from ..table_checksums import checksum
from .adversary import EmbeddingAdversary
from .checkpoints import STATE, newest_whole, remove_weights
from .joint_windows import JointWindows, WindowLoader


class HostValue:
    """A number on its way from a device: reading it waits for that number alone, not for what was started later."""

    def __init__(self, tensor: torch.Tensor):
        self._tensor = tensor.detach().to("cpu", non_blocking=True)
        self._arrived = torch.cuda.Event() if tensor.is_cuda else None
        if self._arrived is not None:
            self._arrived.record()

    def value(self) -> float:
        """The number."""
        if self._arrived is not None:
            self._arrived.synchronize()
        return self._tensor.item()


class KognerTrainer(Trainer):
    """Train pretrained weights (the encoder) at ``learning_rate`` and fresh ones at ``head_learning_rate``.

    Where a run cannot continue (loss not finite, memory or disk full) it ends in an :class:`InputError` that says what
    to do. Weights that are not finite are never saved, and an incomplete checkpoint is never taken for one.
    What is published is what ``kogner push`` would publish.

    Args:
        train_collator: of the training data, if it is another than ``data_collator``, that of evaluation.
        adversarial_norm: how far each step is taken once more against the model, see :class:`EmbeddingAdversary`;
            0: it is not.
        known: what the model knew before, if it is trained further.
        unlabelled: text without labels that each step learns from once more, see :class:`Ensemble` and
            :class:`Rehearsal`.
    """

    _loss: HostValue | None = None

    def __init__(
        self, *args, train_collator=None, adversarial_norm: float = 0.0, known=None, unlabelled=None, **kwargs
    ):
        super().__init__(*args, **kwargs)
        self.known, self.unlabelled = known, unlabelled
        self.train_collator = train_collator or self.data_collator
        self.adversary = EmbeddingAdversary(self._body(), adversarial_norm) if adversarial_norm else None

    def get_train_dataloader(self) -> DataLoader:
        """Batches of the training data: windows as they are drawn, anything else by the collator of training."""
        if isinstance(self.train_dataset, JointWindows):
            return WindowLoader(self.train_dataset, self.args)
        of_evaluation, self.data_collator = self.data_collator, self.train_collator
        try:
            return super().get_train_dataloader()
        finally:
            self.data_collator = of_evaluation

    def create_optimizer(self, model=None) -> torch.optim.Optimizer:
        """Group the parameters by age and by weight decay."""
        model = self.model if model is None else model
        if self.optimizer is not None:
            return self.optimizer
        decayed = set(self.get_decay_parameter_names(model))
        groups: dict[tuple[bool, bool], list] = {}
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                groups.setdefault((self._is_pretrained(name), name in decayed), []).append(parameter)
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

    def _is_pretrained(self, name: str) -> bool:
        """Whether a parameter is learned at the lower rate: of one that is trained further, all but the last."""
        if self.known is None:
            return ".encoder." in name
        return not name.startswith(("classifier.", "evidence_odds."))

    def train(self, *args, **kwargs):
        """Train as every Trainer."""
        try:
            return super().train(*args, **kwargs)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            phase = "train" if self.model.training else "eval"
            size = getattr(self.args, f"per_device_{phase}_batch_size")
            smaller = f"--per-device-{phase}-batch-size (now {size}; --gradient-accumulation-steps makes up for it)"
            if phase == "train" and isinstance(self.train_dataset, JointWindows):
                smaller = "--batch-tokens (--gradient-accumulation-steps makes up for it)"
            fix = f"give a smaller {smaller} or --gradient-checkpointing true; {self._kept()}"
            problem = f"out of memory after step {self.state.global_step} ({first_line(error)})"
            raise InputError(problem, fix=fix) from error

    def compute_loss(self, model, inputs, return_outputs: bool = False, **kwargs):
        """The model's loss, and in training that of what it knew before; or that of text without labels."""
        if self.unlabelled is not None and "labels" not in inputs:
            return self.unlabelled.loss(model, inputs)
        if self.known is None or not model.training:
            return super().compute_loss(model, inputs, return_outputs, **kwargs)
        loss, output = super().compute_loss(model, inputs, True, **kwargs)
        loss = loss + self.known.loss(output.logits, inputs)
        return (loss, output) if return_outputs else loss

    def training_step(self, model, inputs, *args, **kwargs) -> torch.Tensor:
        """One step; stops at a loss that is not finite, one step later, so that no device is waited for."""
        if self.unlabelled is not None:
            with self.accelerator.no_sync(model):
                super().training_step(model, self.unlabelled.draw(), *args, **kwargs)
        if self.adversary is None:
            loss = super().training_step(model, inputs, *args, **kwargs)
        else:
            inputs = self._prepare_inputs(inputs)
            # Of the two passes' gradients, which add up, processes share the sum.
            with self.adversary.watch(), self.accelerator.no_sync(model):
                loss = super().training_step(model, inputs, *args, **kwargs)
            with self.adversary.attack():
                super().training_step(model, inputs, *args, **kwargs)
        before, self._loss = self._loss, HostValue(loss)
        if before is not None and not math.isfinite(before.value()):
            raise self._diverged(f"the loss is {before.value()}")
        return loss

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Save the model; what a kill leaves of it does not load."""
        folder = Path(output_dir or self.args.output_dir)
        if not all(parameter.isfinite().all() for parameter in self.model.parameters()):
            raise self._diverged("the weights are not finite")
        with self._writing(folder):
            if self.args.should_save:
                remove_weights(folder)
            super().save_model(output_dir, _internal_call)

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

    def _save_checkpoint(self, model, trial) -> None:
        folder = Path(self.args.output_dir, f"checkpoint-{self.state.global_step}")
        with self._writing(folder):
            if self.args.should_save:  # one of an earlier run; from here to the end of the save it is not whole
                (folder / STATE).unlink(missing_ok=True)
            super()._save_checkpoint(model, trial)

    def _save_rng_state(self, output_dir: str) -> None:
        super()._save_rng_state(output_dir)
        self.accelerator.wait_for_everyone()  # what makes it whole is written next, by one process

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model=None) -> None:
        before = self._checksums()
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        if before != self._checksums():
            problem = "its knowledge tables are damaged, or from another --knowledge than this run's"
            fix = "give the same one, or delete the checkpoint and resume from an earlier one"
            raise InputError(problem, file=resume_from_checkpoint, fix=fix)

    def _checksums(self) -> dict[str, str]:
        return {name: checksum(table) for name, table in self._body().tables.items()}

    def _body(self) -> KognerModel:
        return next(module for module in self.model.modules() if isinstance(module, KognerModel))

    @contextmanager
    def _writing(self, folder: Path) -> Iterator[None]:
        try:
            yield
        except (OSError, SafetensorError, RuntimeError) as error:  # the last one: torch.save
            fix = f"make room or repair the folder; {self._kept()}"
            raise InputError(f"could not be written ({error})", file=folder, fix=fix) from error

    def _diverged(self, what: str) -> InputError:
        args, newest = self.args, newest_whole(self.args.output_dir)
        start = "start again"
        if newest and Path(newest, "config.json").is_file():  # resumed, it would take the same steps again
            start += f", or from the weights of {newest} with --checkpoint"
        precision = " without --fp16 or --bf16," if args.fp16 or args.bf16 else ""
        problem = f"{what} after step {self.state.global_step}, so the run stops and does not save it"
        rates = f"--learning-rate (now {args.learning_rate}) and --head-learning-rate (now {args.head_learning_rate})"
        return InputError(problem, fix=f"{start},{precision} with a lower {rates}")

    def _kept(self) -> str:
        """What is left of the run."""
        newest = newest_whole(self.args.output_dir)
        if newest is None:
            return "no checkpoint was kept"
        return f"{newest} is complete, --resume-from-checkpoint last resumes from it"

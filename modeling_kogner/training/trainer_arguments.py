"""The Trainer's arguments with our defaults, and how they are read from a command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn, TypeVar

from transformers import HfArgumentParser, TrainingArguments

from ..files.errors import UsageError
from .arguments import PretrainingDefaults, TrainerDefaults

Arguments = TypeVar("Arguments", bound="KognerTrainingArguments")


@dataclass
class KognerTrainingArguments(TrainerDefaults, TrainingArguments):
    """The Trainer's arguments with defaults for this task."""

    def __post_init__(self):
        if self.eval_strategy == "no":
            self.load_best_model_at_end = False
        if self.hub_strategy != "end":
            problem = f"{self.hub_strategy} would publish optimizer states"
            raise UsageError(problem, field="--hub-strategy", fix="leave it out: the finished model is published once")
        if self.hub_token is not None:  # it would stand in the list of processes and in every checkpoint
            self.hub_token = None
            fix = "log in with `hf auth login`, or set HF_TOKEN"
            raise UsageError("a token on the command line is not accepted", field="--hub-token", fix=fix)
        super().__post_init__()


@dataclass
class PretrainingArguments(PretrainingDefaults, KognerTrainingArguments):
    """The Trainer's arguments with defaults for pretraining."""


class _Parser(HfArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def read_trainer_arguments(kind: type[Arguments], words: list[str]) -> tuple[Arguments, list[str], list[str]]:
    """The arguments, the words that are none of them, and the names of all options.

    Raises:
        UsageError: an option has no permitted value.
    """
    parser = _Parser(kind, allow_abbrev=False, add_help=False)
    arguments, unknown = parser.parse_args_into_dataclasses(
        words, return_remaining_strings=True, look_for_args_file=False
    )
    return arguments, unknown, list(parser._option_string_actions)

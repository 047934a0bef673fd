"""Runs of training and pretraining, from the Trainer's options to the saved model and its report."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NoReturn, TypeVar

from datasets import concatenate_datasets
from transformers import (
    DataCollatorForTokenClassification,
    EarlyStoppingCallback,
    HfArgumentParser,
    TrainingArguments,
    set_seed,
)

from ..corpora.corpus import load_corpus
from ..evaluation.encoded_split import validation_metrics
from ..files.errors import InputError, UsageError
from ..files.whole import write_whole
from ..graph.index_tables import load_tables
from ..inference.find_model import DEFAULT, find_model
from ..inference.tokenizers import load_tokenizer
from ..modeling_kogner import KognerForTokenClassification
from .arguments import (
    DataArguments,
    ModelArguments,
    PretrainingDefaults,
    PretrainingStartArguments,
    RecipeArguments,
    SelfTrainingArguments,
    TextArguments,
    TrainerDefaults,
)
from .checkpoints import LOG, has_ended, remove_checkpoints, remove_weights, resume_point
from .collator import ConventionCollator
from .first_card import write_first_card
from .further import suit_further_training
from .learning_curve import write_curve
from .messages import one_progress_line, start_logging
from .packed_windows import collate, prepare_windows, split_windows, write_windows
from .prepared import prepare_corpora, prepare_recipe
from .pretraining import PretrainingModel, PretrainingTrainer, dictionary_agreement
from .score_lines import ScoreLines
from .start import fresh_model, mix_weights
from .trainer import KognerTrainer

logger = logging.getLogger(__name__)
HELD_OUT = 0.01  # of the windows of pretraining
KEEPS = {"save_strategy", "save_steps", "save_total_limit"}  # who gives one of these wants the checkpoints
Arguments = TypeVar("Arguments", bound="KognerTrainingArguments")


@dataclass
class KognerTrainingArguments(TrainerDefaults, TrainingArguments):
    """The Trainer's arguments with defaults for this task; :attr:`given` names those of the command line."""

    given: ClassVar[frozenset[str]] = frozenset()

    def __post_init__(self):
        if self.disable_tqdm is None:
            self.disable_tqdm = not sys.stderr.isatty()
        if self.log_level_replica == "warning":  # the default: other processes would say what the first leaves out
            self.log_level_replica = "passive"
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
        self.dataloader_pin_memory &= self.device.type == "cuda"  # elsewhere each data loader warns


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
    arguments.given = frozenset(
        word.partition("=")[0].removeprefix("--").replace("-", "_") for word in words if word.startswith("--")
    )
    return arguments, unknown, list(parser._option_string_actions)


def train(
    model_args: ModelArguments,
    data_args: DataArguments,
    recipe_args: RecipeArguments,
    text_args: SelfTrainingArguments,
    training_args: KognerTrainingArguments,
) -> None:
    """Read the corpora, train, save. A run that has ended is not resumed.

    Raises:
        UsageError: options do not go together.
        InputError: a corpus or a model is wrong.
    """
    start_logging(training_args.process_index == 0)
    output = Path(training_args.output_dir)
    if training_args.resume_from_checkpoint == "last" and has_ended(output):
        logger.info("%s: the run has ended; to train again, leave out --resume-from-checkpoint", output)
        _remove_checkpoints(training_args)  # a kill may have left parts of them
        return
    start = model_args.checkpoint or DEFAULT
    if model_args.encoder is None:
        model_args.checkpoint = find_model(model_args.checkpoint)
    else:
        model_args.encoder = find_model(model_args.encoder)
    resume = resume_point(training_args.resume_from_checkpoint, training_args.output_dir)
    set_seed(training_args.seed)
    if recipe_args.recipe:
        ready = prepare_recipe(model_args, data_args, recipe_args, training_args)
    else:
        ready = prepare_corpora(model_args, data_args, text_args, training_args)
    if training_args.eval_strategy != "no" and not ready.validation:
        raise InputError("no corpus has a validation split to choose by", fix="add one, or pass --eval-strategy no")

    if model_args.checkpoint:
        suit_further_training(training_args, len(ready.train))
    model, patience = ready.model, data_args.early_stopping_patience
    padding = {"tokenizer": ready.tokenizer, "pad_to_multiple_of": 8}
    trainer = KognerTrainer(
        model=model,
        args=training_args,
        train_dataset=ready.train,
        eval_dataset=concatenate_datasets([split.windows for split in ready.validation]) if ready.validation else None,
        data_collator=DataCollatorForTokenClassification(**padding),
        train_collator=ConventionCollator(**padding, convention_dropout=model.config.convention_dropout),
        adversarial_norm=model_args.adversarial_norm,
        known=ready.known,
        unlabelled=ready.unlabelled,
        processing_class=ready.tokenizer,
        compute_metrics=validation_metrics(ready.validation, model.config.id2label),
        callbacks=[ScoreLines(), *([EarlyStoppingCallback(patience)] if patience else [])],
    )
    before = [weight.detach().clone() for weight in model.parameters()] if model_args.kept_share else []
    one_progress_line(trainer)
    if resume is None and trainer.is_world_process_zero():
        (output / LOG).unlink(missing_ok=True)  # an older run's would say that this one has ended
    trainer.train(resume_from_checkpoint=resume)
    mix_weights(model, before, model_args.kept_share)
    trainer.save_model()
    if trainer.is_world_process_zero():
        report = ready.report | {"log": trainer.state.log_history}
        _write_reports(report, model, start if model_args.checkpoint else None, training_args)
    trainer.accelerator.wait_for_everyone()  # all have read the best weights
    _remove_checkpoints(training_args)


def _remove_checkpoints(args: KognerTrainingArguments) -> None:
    """At the end of a run, unless an option asks for them."""
    if args.should_save and not args.given & KEEPS:
        remove_checkpoints(args.output_dir)


def _write_reports(
    report: dict[str, Any], model: KognerForTokenClassification, start: str | None, args: KognerTrainingArguments
) -> None:
    """Log, learning curve, and for a model trained further from ``start`` a card; says where the model is."""
    output = Path(args.output_dir)
    write_whole(output / LOG, json.dumps(report, indent=1))
    write_curve(report["log"], output)
    if start:
        write_first_card(output, start, model.config, report, args)
    (output / "training_args.bin").unlink(missing_ok=True)  # a pickle that nothing reads
    best = max((row for row in report["log"] if "eval_f1" in row), key=lambda row: row["eval_f1"], default=None)
    chosen = f", of step {best['step']}" if best and args.load_best_model_at_end else ""
    logger.info("-> %s%s", output, chosen)


def pretrain(start: PretrainingStartArguments, text: TextArguments, training_args: PretrainingArguments) -> None:
    """Pack the text, train, save.

    Raises:
        UsageError: options do not go together.
        InputError: the text, the encoder or the knowledge are wrong.
    """
    start_logging(training_args.process_index == 0)
    if start.encoder is None or (start.knowledge == "none" and text.windows is None):
        raise UsageError("give --encoder, and the --knowledge that labels the text")
    start.encoder = find_model(start.encoder)
    resume = resume_point(training_args.resume_from_checkpoint, training_args.output_dir)
    set_seed(training_args.seed)

    tokenizer = load_tokenizer(start.encoder)
    if tokenizer.mask_token_id is None:
        raise InputError(
            "the tokenizer has no mask token", file=start.encoder, fix="use an encoder trained with masking"
        )
    with training_args.main_process_first(desc="packing the text"):
        tests = {corpus.name: corpus.split("test") for corpus in map(load_corpus, text.exclude_tests_of)}
        windows, report = prepare_windows(text, tokenizer, tests)
    logger.info("%d windows: %s", len(windows), report)
    if text.windows:
        if training_args.process_index == 0:
            write_windows(Path(text.windows), windows, report, tokenizer)
        return
    with training_args.main_process_first(desc="indexing the graph"):
        types = load_tables(start.knowledge, tokenizer)[0]["semantic_types"]
    tagger = fresh_model(start, types, tokenizer)
    train, held_out = split_windows(windows, HELD_OUT)

    trainer = PretrainingTrainer(
        model=PretrainingModel(tagger, tokenizer.mask_token_id),
        args=training_args,
        train_dataset=train,
        data_collator=collate,
    )
    one_progress_line(trainer)
    trainer.train(resume_from_checkpoint=resume)
    if trainer.is_world_process_zero():
        output = Path(training_args.output_dir)
        remove_weights(output)
        tagger.save_pretrained(output)
        tokenizer.save_pretrained(output)
        batch = training_args.train_batch_size * training_args.gradient_accumulation_steps * training_args.world_size
        report = {
            "text": report,
            "windows": {"train": len(train), "held_out": len(held_out)},
            "tokens_seen": trainer.state.global_step * batch * windows.shape[1],
            "dictionary_agreement": dictionary_agreement(tagger, held_out, training_args.per_device_eval_batch_size),
            "log": trainer.state.log_history,
        }
        write_whole(output / "pretraining.json", json.dumps(report, indent=1))

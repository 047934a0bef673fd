"""What a run of training needs, made ready from corpora or from a recipe, before any training time is spent."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import PreTrainedTokenizerBase, TrainingArguments

from ..corpora.corpus import Corpus
from ..evaluation.encoded_split import EncodedSplit
from ..inference.tokenizers import load_tokenizer
from ..modeling_kogner import KognerForTokenClassification
from .arguments import DataArguments, ModelArguments, RecipeArguments, SelfTrainingArguments
from .ensemble import Ensemble, read_ensemble
from .further import KnownTypes, add_types
from .joint_windows import JointWindows
from .recipe import read_recipe
from .recipe_corpora import load_recipe_corpora, validation_splits
from .rehearsal import Rehearsal
from .self_training import label_text, mix
from .start import choose_sentences, encode_corpora, fresh_model, limit_windows, load_corpora, start_model

HELD_OUT, FEWEST_HELD_OUT = 0.2, 10  # share of the training sentences without a validation split, and sentences needed
logger = logging.getLogger(__name__)


@dataclass
class Prepared:
    """A model, what it learns from, and what it is scored on.

    Args:
        model: not trained yet.
        tokenizer: of it.
        train: windows of sentences, or of a recipe's corpora.
        validation: splits to score.
        report: for the run's report.
        known: what a checkpoint that is trained further knew before; None for a fresh model.
        unlabelled: text without labels that each step learns from too.
    """

    model: KognerForTokenClassification
    tokenizer: PreTrainedTokenizerBase
    train: Dataset | JointWindows
    validation: list[EncodedSplit]
    report: dict[str, Any]
    known: KnownTypes | None = None
    unlabelled: Ensemble | Rehearsal | None = None


def prepare_corpora(
    model_args: ModelArguments, data: DataArguments, text_args: SelfTrainingArguments, args: TrainingArguments
) -> Prepared:
    """Corpora that each supervise what they annotate, and text that a teacher labels.

    Raises:
        InputError: a corpus or a model is wrong.
    """
    corpora, overlap = load_corpora(data)
    _log(overlap["report"])
    chosen = choose_sentences(overlap["kept"], data, args.seed)
    if args.eval_strategy != "no":
        chosen = hold_out(corpora, chosen, args.seed)
    tokenizer = load_tokenizer(model_args.checkpoint or model_args.encoder)
    types = sorted({kind for corpus in corpora for kind in corpus.entity_types})
    if data.types:  # in the order and number given
        known = {kind.casefold(): kind for kind in types}
        types = [known.get(kind.casefold(), kind) for kind in data.types]
    model = start_model(model_args, types, tokenizer, [corpus.name for corpus in corpora])
    known = rehearsal = None
    if model_args.checkpoint:
        known = KnownTypes(model, model_args.known_weight) if model_args.known_weight else None
        if known and model_args.rehearsal_weight:
            seed = args.seed + args.process_index
            rehearsal = Rehearsal(model, tokenizer, known, model_args.rehearsal_weight, seed) or None
        if new := add_types(model, types):
            logger.info("new entity types: %s", ", ".join(new))
    limit_windows(tokenizer, model)
    train, validation = encode_corpora(corpora, chosen, data, tokenizer, model.config)
    text_report = None
    if text_args.teacher:
        with args.main_process_first(desc="packing the text"):
            text, text_report = label_text(text_args, overlap["tests"], tokenizer, model.config, args.device)
        train = mix(train, text, text_args.text_share)
    report = {"train_windows": len(train), "overlap": overlap["report"], "text": text_report}
    return Prepared(model, tokenizer, train, validation, report, known, rehearsal)


def hold_out(corpora: list[Corpus], chosen: dict[str, Dataset], seed: int) -> dict[str, Dataset]:
    """Without any validation split, hold a fifth of the training sentences of each corpus out as one.

    Args:
        corpora: they get the split.
        chosen: training sentences by corpus.
        seed: of the draw.

    Returns:
        The sentences that are left to train on.
    """
    if any("validation" in corpus.splits for corpus in corpora) or min(map(len, chosen.values())) < FEWEST_HELD_OUT:
        return chosen
    kept = {}
    for corpus in corpora:
        parts = chosen[corpus.name].train_test_split(HELD_OUT, seed=seed)
        kept[corpus.name], corpus.splits["validation"] = parts["train"], parts["test"]
        logger.info(
            "%s: no validation split, so %d of %d training sentences are held out to choose the best weights by",
            *(corpus.name, len(parts["test"]), len(chosen[corpus.name])),
        )
    return kept


def prepare_recipe(
    model_args: ModelArguments, data: DataArguments, given: RecipeArguments, args: TrainingArguments
) -> Prepared:
    """The corpora of a recipe, read as documents.

    Raises:
        InputError: the recipe, a corpus or the encoder is wrong.
    """
    whole = read_recipe(given.recipe)
    recipe = whole.without(given.exclude_corpora)
    tokenizer = load_tokenizer(model_args.encoder)
    loaded = load_recipe_corpora(whole, Path(given.data), given.exclude_corpora, given.exclude_validation)
    _log(loaded.report)
    fields = {name: getattr(recipe, name) for name in ("guideline", "context_tokens", "input_conventions")}
    model = fresh_model(model_args, recipe.types, tokenizer, conventions=list(recipe.corpora), **fields)
    limit_windows(tokenizer, model)
    train = JointWindows(recipe, loaded.train, tokenizer, model.config, given.batch_tokens, data.max_length)
    validation = []
    if args.eval_strategy != "no":
        windowing = {"max_length": data.max_length, "stride": data.stride, "context": recipe.context_tokens}
        validation = validation_splits(loaded, recipe, tokenizer, model.config, **windowing)
    unlabelled = read_ensemble(given, model, tokenizer, loaded.tests, train.rules, args) if given.teachers else None
    report = {"train_windows": sum(map(len, train.sampler(args).draw(0))), "overlap": loaded.report}
    report |= {"excluded": given.exclude_corpora, "tokens": train.tokens}
    return Prepared(model, tokenizer, train, validation, report, unlabelled=unlabelled)


def _log(report: dict[str, dict[str, Any]]) -> None:
    for name, counts in report.items():
        logger.info("%s: %d training sentences, %d dropped as test sentences", name, *list(counts.values())[:2])

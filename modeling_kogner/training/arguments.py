"""Options of training and pretraining, one field for each option; without transformers, so that help takes no time."""

from __future__ import annotations

from dataclasses import dataclass

from ..files.errors import UsageError
from ..files.option import option

EVIDENCE = ("none", "types", "concepts", "graph")


def _out_of_range(option: str, value: object, wanted: str) -> UsageError:
    return UsageError(f"{value} is out of range", field=option, fix=f"give {wanted}")


@dataclass
class StartArguments:
    """A fresh model from an encoder and knowledge."""

    encoder: str | None = option(
        "Folder or Hub id of a text encoder, or of a KoGNER model, whose encoder is taken.", None
    )
    start_from: str = option(
        "What to take from an --encoder that is a KoGNER model: its encoder, or all, that is also "
        "its later layers and the entity types that it knows.",
        "encoder",
        choices=["encoder", "all"],
    )
    knowledge: str = option("Knowledge folder of `kogner graph distill`, or none: the baseline.", "none")
    evidence: str = option("What the tagger reads of the knowledge.", "graph", choices=EVIDENCE)
    fusion_layers: int = option("Transformer layers after the fusion.", 1)
    sentence_dropout: float = option("Share of sentences trained without evidence.", 0.0)
    concept_dropout: float = option("Share of mentions trained without a vector.", 0.3)
    mention_masking: float = option("Share of matched mentions whose letters are hidden in training.", 0.0)
    distillation_weight: float = option("Factor of L_dist in the joint loss.", 0.1)


@dataclass
class ModelArguments(StartArguments):
    """What is trained: a fresh model, or a KoGNER checkpoint that is trained further."""

    conventions: bool = option(
        "Name the corpus of half of the training sentences, so that its convention can be asked for.", False
    )

    kept_share: float = option(
        "Share of the weights before training to mix into those after it, against forgetting what the "
        "start knew; for --start-from all and --checkpoint.",
        0.0,
    )
    checkpoint: str | None = option(
        "KoGNER model to train further, instead of encoder and knowledge; the installed or bundled one if neither is "
        "given. Types that it lacks are added.",
        None,
    )
    known_weight: float = option(
        "How much a model that is trained further is held to what it said of the types that a corpus does not "
        "annotate; 0: not at all.",
        4.0,
        least=0,
    )
    rehearsal_weight: float = option(
        "How much it is held to that, in proportion, on sentences that it reads beside them, filled with names of its "
        "graph; 0: it reads none.",
        0.5,
        least=0,
    )
    adversarial_norm: float = option(
        "Learn from each batch a second time, with the embeddings of each window moved this far against the model; "
        "1 is a good value, 0: once.",
        0.0,
        least=0,
    )

    def __post_init__(self):
        if self.encoder and self.checkpoint:
            raise UsageError("give either --encoder, to start a new model, or --checkpoint, to train one further")
        if not 0 <= self.kept_share < 1:
            raise _out_of_range("--kept-share", self.kept_share, "a share of at least 0 and below 1")
        if self.kept_share and not self.checkpoint and self.start_from != "all":
            fix = "give it with --start-from all or --checkpoint"
            raise UsageError("would mix fresh layers in", field="--kept-share", fix=fix)


@dataclass
class DataArguments:
    """What it is trained on."""

    dataset: list[str] = option("Corpora: folders, files or Hub ids. Each supervises only the types it annotates.", [])
    types: list[str] | None = option(
        "Entity types to learn; by default all that the corpora annotate.", None, commas=True
    )
    exclude_tests_of: list[str] = option("Further corpora whose test sentences must not be trained on.", [])
    train_fraction: float = option("Share of the training sentences to use.", 1.0)
    train_sentences: int | None = option(
        "Use only this many training sentences, all with a mention of the types.", None
    )
    max_length: int = option("Tokens per window; longer sentences get several.", 256)
    stride: int = option("Tokens that neighbouring windows share.", 32)
    early_stopping_patience: int = option(
        "Evaluations without a better validation F1 before training stops; 0: never.", 0
    )

    def __post_init__(self):
        if not 0 < self.train_fraction <= 1:
            raise _out_of_range("--train-fraction", self.train_fraction, "a share above 0 and at most 1")
        if self.train_sentences is not None and self.train_fraction < 1:
            raise UsageError("--train-sentences and --train-fraction exclude each other", fix="give one of them")
        if self.train_sentences is not None and self.train_sentences < 1:
            raise _out_of_range("--train-sentences", self.train_sentences, "a count of at least 1")


@dataclass
class RecipeArguments:
    """A joint model of many corpora, from a recipe instead of --dataset."""

    recipe: str | None = option(
        "Recipe, such as benchmarks/joint.json: corpora, what their types become, whose guideline is the default one.",
        None,
    )
    data: str | None = option("Folder that the recipe's corpora are in.", None)
    exclude_corpora: list[str] = option("Corpora of the recipe to leave out; their test sentences stay excluded.", [])
    exclude_validation: bool = option("Keep off validation splits as off test splits, to choose among recipes.", False)
    batch_tokens: int = option("Padded tokens per step and device, of windows alike in length.", 8192, least=1)
    teachers: list[str] = option(
        "Models of the same recipe, whose mean probabilities on --teacher-text are learned.", []
    )
    teacher_text: list[str] = option("Running text or packed windows, as for pretrain; test sentences are dropped.", [])
    teacher_length: int = option("Ids per window of it.", 256)
    teacher_tokens: int = option("Tokens of it per step and device.", 24576, least=1)

    def __post_init__(self):
        if bool(self.teachers) != bool(self.teacher_text):
            raise UsageError("--teachers and --teacher-text go together: the teachers read the text", fix="give both")
        if (self.recipe is None) != (self.data is None):
            raise UsageError("--recipe and --data go together: the recipe names files of that folder", fix="give both")
        if self.recipe is None and (self.exclude_corpora or self.exclude_validation):
            raise UsageError("--exclude-corpora and --exclude-validation need a --recipe", fix="leave them out")

    def check_others(self, model: ModelArguments, data: DataArguments, text: SelfTrainingArguments) -> None:
        """Refuse options of runs without a recipe.

        Raises:
            UsageError: both a recipe and corpora are named, or neither, or an option that a recipe decides.
        """
        if (self.recipe is None) == (not data.dataset):
            example = None if self.recipe else "for example --dataset my-corpus --output my-model"
            raise UsageError("give either --dataset or --recipe", fix=example)
        others = {
            "--types": data.types,
            "--exclude-tests-of": data.exclude_tests_of,
            "--train-fraction": data.train_fraction < 1,
            "--train-sentences": data.train_sentences,
            "--conventions": model.conventions,
            "--checkpoint": model.checkpoint,
            "--teacher": text.teacher,
        }
        if self.recipe and (given := [name for name, value in others.items() if value]):
            problem = f"{', '.join(given)} cannot be given with --recipe"
            raise UsageError(problem, fix="leave it out; the recipe names types, corpora and test sets")


@dataclass
class SelfTrainingArguments:
    """Running text that trained models label, to learn from in addition to the corpora."""

    teacher: list[str] = option("Trained KoGNER models; the mean of their probabilities labels --text.", [])
    text: list[str] | None = option("Text or packed windows, as for pretrain; test sentences are dropped.", None)
    text_column: list[str] = option("Columns of text, in order.", ["text"])
    text_length: int = option("Ids per window of text.", 64)
    text_windows: int = option("Windows of text to label at most, drawn at random.", 8000)
    text_share: float = option("Share of text among the windows of an epoch, at most.", 0.5)
    teacher_confidence: float = option("Least probability of a label that counts.", 0.9)

    def __post_init__(self):
        if bool(self.teacher) != bool(self.text):
            raise UsageError("--teacher and --text go together: the teachers label the text", fix="give both or none")
        if not 0 < self.text_share < 1:
            raise _out_of_range("--text-share", self.text_share, "a share between 0 and 1")
        if not 0 <= self.teacher_confidence < 1:
            raise _out_of_range("--teacher-confidence", self.teacher_confidence, "a share of at least 0 and below 1")
        if self.text_windows < 1:
            raise _out_of_range("--text-windows", self.text_windows, "a count of at least 1")


@dataclass
class TrainerDefaults:
    """The Trainer's options with defaults for this task; all others of transformers.TrainingArguments apply too."""

    output_dir: str = option("Folder of the trained model.", "kogner-model")
    learning_rate: float = option(
        "Peak rate of the encoder; of a model that is trained further 3e-05, of all but its last layers.", 1e-4
    )
    head_learning_rate: float = option(
        "Peak rate of all layers that start fresh; 0.01 of those of a model that is trained further.", 5e-4
    )
    per_device_train_batch_size: int = option(
        "Sentences per step and device; 8 of up to 400 sentences that train a model further.", 32
    )
    per_device_eval_batch_size: int = option("Sentences per step and device.", 64)
    num_train_epochs: float = option(
        "Passes over the training sentences; 3 to 20 where a model is trained further, the fewer the more they are.",
        15.0,
    )
    warmup_steps: float = option("Steps, or share of all steps if below 1.", 0.1)
    weight_decay: float = option("For all weights except biases and norms.", 0.01)
    eval_strategy: str = option("When to score the validation split.", "epoch")
    save_strategy: str = option("When to write a checkpoint.", "epoch")
    save_total_limit: int | None = option(
        "Checkpoints to keep. Once a run has ended well they stay only where this, --save-strategy or --save-steps is "
        "given.",
        2,
    )
    load_best_model_at_end: bool = option("Keep the best of the validation scores.", True)
    metric_for_best_model: str | None = option("Validation score to choose by.", "f1")
    resume_from_checkpoint: str | None = option(
        "Checkpoint to resume from; last: the newest complete one of the output.", None
    )
    hub_strategy: str = option("Only end: the finished model is published once.", "end")
    report_to: str = option("Trackers, such as tensorboard.", "none")
    # The filter looks at every loss, which would make the host wait for the device at every step.
    logging_nan_inf_filter: bool = option("Leave non-finite losses out of the log.", False)
    # Without knowledge, and in batches without a match, the layers of the knowledge path get no gradient.
    ddp_find_unused_parameters: bool | None = option("Allow parameters without a gradient.", True)
    # The tables never change; sending them before every step would cost more than the step.
    ddp_broadcast_buffers: bool | None = option("Send buffers before each step.", False)


@dataclass
class PretrainingStartArguments(StartArguments):
    """What is pretrained: an encoder with the knowledge that labels the text."""

    evidence: str = option("What the model reads of the knowledge.", "types", choices=EVIDENCE)
    sentence_dropout: float = option("Share of windows trained without evidence.", 0.5)
    distillation_weight: float = option("Factor of L_dist; 0 anyway if the knowledge holds no vectors.", 1.0)


@dataclass
class TextArguments:
    """Running text, and what is learned from it."""

    text: list[str] = option(
        "Text: parquet, jsonl or txt files, folders of them, or a Hub id. Parquet files with a column "
        "input_ids, which --windows wrote, are used as they are: a machine without the text can train from them."
    )
    text_column: list[str] = option("Columns of text or of lists of sentences, in order.", ["text"])
    exclude_tests_of: list[str] = option("Corpora whose test sentences are dropped from the text.", [])
    max_length: int = option("Ids per window.", 256)
    windows: str | None = option("Write the packed windows to this parquet file and stop there.", None)


@dataclass
class PretrainingDefaults(TrainerDefaults):
    """The Trainer's options with defaults for one H100; all others of transformers.TrainingArguments apply too."""

    output_dir: str = option("Folder of the pretrained model.", "kogner-pretrained")
    learning_rate: float = option("Peak rate of the encoder.", 5e-4)
    per_device_train_batch_size: int = option("Windows per step and device.", 256)
    num_train_epochs: float = option("Passes over the text.", 1.0)
    head_learning_rate: float = option("Peak rate of all layers that start fresh.", 5e-4)
    warmup_steps: float = option("Steps, or share of all steps if below 1.", 0.06)
    eval_strategy: str = option("Held-out windows are scored once, at the end.", "no")
    save_strategy: str = option("When to write a checkpoint.", "steps")
    save_total_limit: int | None = option("Checkpoints to keep.", 2)
    load_best_model_at_end: bool = option("Not used: the last weights are kept.", False)
    logging_steps: float = option("Steps between two lines of losses.", 50)
    dataloader_num_workers: int = option("Processes that stack windows.", 2)
    dataloader_drop_last: bool = option("Leave out an incomplete last batch.", True)

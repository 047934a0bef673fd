"""Options of training and pretraining, one field for each option; without transformers, so that help takes no time."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..files.errors import UsageError

EVIDENCE = ("none", "types", "concepts", "graph")


def _out_of_range(option: str, value: object, wanted: str) -> UsageError:
    return UsageError(f"{value} is out of range", field=option, fix=f"give {wanted}")


@dataclass
class StartArguments:
    """A fresh model from an encoder and knowledge."""

    encoder: str | None = field(
        default=None,
        metadata={"help": "Folder or Hub id of a text encoder, or of a KoGNER model, whose encoder is taken."},
    )
    start_from: str = field(
        default="encoder",
        metadata={
            "help": "What to take from an --encoder that is a KoGNER model: its encoder, or all, that is also "
            "its later layers and the entity types that it knows.",
            "choices": ["encoder", "all"],
        },
    )
    knowledge: str = field(
        default="none", metadata={"help": "Knowledge folder of `kogner graph distill`, or none: the baseline."}
    )
    evidence: str = field(
        default="graph", metadata={"help": "What the tagger reads of the knowledge.", "choices": EVIDENCE}
    )
    fusion_layers: int = field(default=1, metadata={"help": "Transformer layers after the fusion."})
    sentence_dropout: float = field(default=0.0, metadata={"help": "Share of sentences trained without evidence."})
    concept_dropout: float = field(default=0.3, metadata={"help": "Share of mentions trained without a vector."})
    mention_masking: float = field(
        default=0.0, metadata={"help": "Share of matched mentions whose letters are hidden in training."}
    )
    distillation_weight: float = field(default=0.1, metadata={"help": "Factor of L_dist in the joint loss."})


@dataclass
class ModelArguments(StartArguments):
    """What is trained: a fresh model, or a KoGNER checkpoint that is trained further."""

    conventions: bool = field(
        default=False,
        metadata={
            "help": "Name the corpus of half of the training sentences, so that its convention can be asked for."
        },
    )

    kept_share: float = field(
        default=0.0,
        metadata={
            "help": "Share of the weights before training to mix into those after it, against forgetting what the "
            "start knew; for --start-from all and --checkpoint."
        },
    )
    checkpoint: str | None = field(
        default=None, metadata={"help": "KoGNER model to train further, instead of encoder and knowledge."}
    )

    def __post_init__(self):
        if not 0 <= self.kept_share < 1:
            raise _out_of_range("--kept-share", self.kept_share, "a share of at least 0 and below 1")
        if self.kept_share and not self.checkpoint and self.start_from != "all":
            fix = "give it with --start-from all or --checkpoint"
            raise UsageError("would mix fresh layers in", field="--kept-share", fix=fix)


@dataclass
class DataArguments:
    """What it is trained on."""

    dataset: list[str] = field(
        metadata={"help": "Corpora: folders, files or Hub ids. Each supervises only the types it annotates."}
    )
    types: list[str] | None = field(
        default=None,
        metadata={"help": "Entity types to learn; by default all that the corpora annotate.", "commas": True},
    )
    exclude_tests_of: list[str] = field(
        default_factory=list, metadata={"help": "Further corpora whose test sentences must not be trained on."}
    )
    train_fraction: float = field(default=1.0, metadata={"help": "Share of the training sentences to use."})
    train_sentences: int | None = field(
        default=None, metadata={"help": "Use only this many training sentences, all with a mention of the types."}
    )
    max_length: int = field(default=256, metadata={"help": "Tokens per window; longer sentences get several."})
    stride: int = field(default=32, metadata={"help": "Tokens that neighbouring windows share."})
    early_stopping_patience: int = field(
        default=0, metadata={"help": "Evaluations without a better validation F1 before training stops; 0: never."}
    )

    def __post_init__(self):
        if not 0 < self.train_fraction <= 1:
            raise _out_of_range("--train-fraction", self.train_fraction, "a share above 0 and at most 1")
        if self.train_sentences is not None and self.train_fraction < 1:
            raise UsageError("--train-sentences and --train-fraction exclude each other", fix="give one of them")
        if self.train_sentences is not None and self.train_sentences < 1:
            raise _out_of_range("--train-sentences", self.train_sentences, "a count of at least 1")


@dataclass
class SelfTrainingArguments:
    """Running text that a trained model labels, to learn from in addition to the corpora."""

    teacher: str | None = field(default=None, metadata={"help": "Trained KoGNER model that labels --text."})
    text: list[str] | None = field(
        default=None,
        metadata={"help": "Text or packed windows, as for pretrain; test sentences are dropped."},
    )
    text_column: list[str] = field(default_factory=lambda: ["text"], metadata={"help": "Columns of text, in order."})
    text_length: int = field(default=64, metadata={"help": "Ids per window of text."})
    text_windows: int = field(default=8000, metadata={"help": "Windows of text to label at most, drawn at random."})
    text_share: float = field(default=0.5, metadata={"help": "Share of text among the windows of an epoch, at most."})
    teacher_confidence: float = field(default=0.9, metadata={"help": "Least probability of a label that counts."})

    def __post_init__(self):
        if (self.teacher is None) != (self.text is None):
            raise UsageError("--teacher and --text go together: the teacher labels the text", fix="give both or none")
        if not 0 < self.text_share < 1:
            raise _out_of_range("--text-share", self.text_share, "a share between 0 and 1")
        if not 0 <= self.teacher_confidence < 1:
            raise _out_of_range("--teacher-confidence", self.teacher_confidence, "a share of at least 0 and below 1")
        if self.text_windows < 1:
            raise _out_of_range("--text-windows", self.text_windows, "a count of at least 1")


@dataclass
class TrainerDefaults:
    """The Trainer's options with defaults for this task; all others of transformers.TrainingArguments apply too."""

    output_dir: str = field(default="kogner-model", metadata={"help": "Folder of the trained model."})
    learning_rate: float = field(default=1e-4, metadata={"help": "Peak rate of the encoder."})
    head_learning_rate: float = field(default=5e-4, metadata={"help": "Peak rate of all layers that start fresh."})
    per_device_train_batch_size: int = field(default=32, metadata={"help": "Sentences per step and device."})
    per_device_eval_batch_size: int = field(default=64, metadata={"help": "Sentences per step and device."})
    num_train_epochs: float = field(default=15.0, metadata={"help": "Passes over the training sentences."})
    warmup_steps: float = field(default=0.1, metadata={"help": "Steps, or share of all steps if below 1."})
    weight_decay: float = field(default=0.01, metadata={"help": "For all weights except biases and norms."})
    eval_strategy: str = field(default="epoch", metadata={"help": "When to score the validation split."})
    save_strategy: str = field(default="epoch", metadata={"help": "When to write a checkpoint."})
    save_total_limit: int | None = field(default=2, metadata={"help": "Checkpoints to keep."})
    load_best_model_at_end: bool = field(default=True, metadata={"help": "Keep the best of the validation scores."})
    metric_for_best_model: str | None = field(default="f1", metadata={"help": "Validation score to choose by."})
    resume_from_checkpoint: str | None = field(
        default=None,
        metadata={"help": "Checkpoint to resume from; last: the newest complete one of the output."},
    )
    hub_strategy: str = field(default="end", metadata={"help": "Only end: the finished model is published once."})
    report_to: str = field(default="none", metadata={"help": "Trackers, such as tensorboard."})
    # Without knowledge, and in batches without a match, the layers of the knowledge path get no gradient.
    ddp_find_unused_parameters: bool | None = field(
        default=True, metadata={"help": "Allow parameters without a gradient."}
    )
    # The tables never change; sending them before every step would cost more than the step.
    ddp_broadcast_buffers: bool | None = field(default=False, metadata={"help": "Send buffers before each step."})


@dataclass
class PretrainingStartArguments(StartArguments):
    """What is pretrained: an encoder with the knowledge that labels the text."""

    evidence: str = field(
        default="types", metadata={"help": "What the model reads of the knowledge.", "choices": EVIDENCE}
    )
    sentence_dropout: float = field(default=0.5, metadata={"help": "Share of windows trained without evidence."})
    distillation_weight: float = field(
        default=1.0, metadata={"help": "Factor of L_dist; 0 anyway if the knowledge holds no vectors."}
    )


@dataclass
class TextArguments:
    """Running text, and what is learned from it."""

    text: list[str] = field(
        metadata={
            "help": "Text: parquet, jsonl or txt files, folders of them, or a Hub id. Parquet files with a column "
            "input_ids, which --windows wrote, are used as they are: a machine without the text can train from them."
        }
    )
    text_column: list[str] = field(
        default_factory=lambda: ["text"], metadata={"help": "Columns of text or of lists of sentences, in order."}
    )
    exclude_tests_of: list[str] = field(
        default_factory=list, metadata={"help": "Corpora whose test sentences are dropped from the text."}
    )
    max_length: int = field(default=256, metadata={"help": "Ids per window."})
    windows: str | None = field(
        default=None, metadata={"help": "Write the packed windows to this parquet file and stop there."}
    )


@dataclass
class PretrainingDefaults(TrainerDefaults):
    """The Trainer's options with defaults for one H100; all others of transformers.TrainingArguments apply too."""

    output_dir: str = field(default="kogner-pretrained", metadata={"help": "Folder of the pretrained model."})
    learning_rate: float = field(default=5e-4, metadata={"help": "Peak rate of the encoder."})
    per_device_train_batch_size: int = field(default=256, metadata={"help": "Windows per step and device."})
    num_train_epochs: float = field(default=1.0, metadata={"help": "Passes over the text."})
    warmup_steps: float = field(default=0.06, metadata={"help": "Steps, or share of all steps if below 1."})
    eval_strategy: str = field(default="no", metadata={"help": "Held-out windows are scored once, at the end."})
    save_strategy: str = field(default="steps", metadata={"help": "When to write a checkpoint."})
    load_best_model_at_end: bool = field(default=False, metadata={"help": "Not used: the last weights are kept."})
    logging_steps: float = field(default=50, metadata={"help": "Steps between two lines of losses."})
    dataloader_num_workers: int = field(default=2, metadata={"help": "Processes that stack windows."})
    dataloader_drop_last: bool = field(default=True, metadata={"help": "Leave out an incomplete last batch."})
    # The filter looks at every loss, which would make the host wait for the device at every step.
    logging_nan_inf_filter: bool = field(default=False, metadata={"help": "Leave non-finite losses out of the log."})

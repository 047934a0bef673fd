"""Arguments of `pretrain.py`, one field an option."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..arguments import KognerTrainingArguments, StartArguments


@dataclass
class PretrainingStartArguments(StartArguments):
    """What is pretrained: an encoder with the knowledge that labels the text."""

    evidence: str = field(default="types", metadata={"help": "What the model reads of the knowledge."})
    sentence_dropout: float = field(default=0.5, metadata={"help": "Share of windows trained without evidence."})
    distillation_weight: float = field(
        default=1.0, metadata={"help": "Factor of L_dist; 0 anyway if the knowledge holds no vectors."}
    )


@dataclass
class TextArguments:
    """Running text and what is asked of it."""

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
    max_length: int = field(default=256, metadata={"help": "Ids a window."})
    windows: str | None = field(
        default=None, metadata={"help": "Write the packed windows to this parquet file and stop there."}
    )
    mask_share: float = field(default=0.2, metadata={"help": "Share of the tokens that are masked."})
    mention_preference: float = field(
        default=4.0, metadata={"help": "How many times as often a mention is masked as a token outside of mentions."}
    )
    mlm_weight: float = field(default=1.0, metadata={"help": "Factor of the masked-language-modelling loss."})

    def __post_init__(self):
        if not 0 < self.mask_share < 1 or not 0 < self.mention_preference * self.mask_share <= 1:
            raise ValueError(
                f"--mask_share {self.mask_share} with --mention_preference {self.mention_preference}: the share must "
                "lie between 0 and 1, and so must their product, the most that mentions are masked"
            )


@dataclass
class PretrainingArguments(KognerTrainingArguments):
    """The Trainer's arguments with defaults for one H100."""

    output_dir: str = field(default="kogner-pretrained", metadata={"help": "Folder of the pretrained model."})
    learning_rate: float = field(default=5e-4, metadata={"help": "Peak rate of the encoder."})
    per_device_train_batch_size: int = field(default=256, metadata={"help": "Windows a step and device."})
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

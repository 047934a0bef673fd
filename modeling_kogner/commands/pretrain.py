"""`kogner pretrain`: running text and knowledge in, an encoder that knows the graph out."""

from __future__ import annotations

from ..training.arguments import PretrainingDefaults, PretrainingStartArguments, TextArguments
from .main import script
from .progress import quiet


class PretrainingOptions(PretrainingDefaults):
    """The Trainer's options with defaults for this task; all others of transformers.TrainingArguments apply too."""

    @classmethod
    def read_rest(cls, words: list[str]) -> tuple[PretrainingDefaults, list[str], list[str]]:
        """See :func:`read_trainer_arguments`, which imports transformers."""
        from ..training.run import PretrainingArguments, read_trainer_arguments

        return read_trainer_arguments(PretrainingArguments, words)


def pretrain(start: PretrainingStartArguments, text: TextArguments, trainer: PretrainingOptions) -> None:
    r"""Teach an encoder the knowledge graph from running text, before any gold label is seen.

    kogner pretrain --text FOLDER --text-column text --encoder ENCODER --knowledge FOLDER \
        --exclude-tests-of CORPUS [CORPUS ...] --output-dir PRETRAINED --bf16

    The surface index labels the text with semantic types, mentions are masked as whole units, and the model learns
    types, hidden tokens and concept vectors. Start from the result with
    `kogner train --encoder PRETRAINED [--start-from all]`.
    All options of the Trainer apply, such as `--max-steps` and, after a kill, `--resume-from-checkpoint last`.
    With `--windows FILE.parquet` only the packed text is written; pass that file as `--text` where the text is missing.
    Several processes: `accelerate launch -m modeling_kogner.commands.pretrain`, or pretrain.py in a checkout.
    """
    from ..training.run import pretrain

    quiet()
    pretrain(start, text, trainer)


if __name__ == "__main__":
    script("pretrain")

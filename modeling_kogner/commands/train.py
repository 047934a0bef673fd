"""`kogner train`: corpora in, a trained model out."""

from __future__ import annotations

from ..training.arguments import (
    DataArguments,
    ModelArguments,
    RecipeArguments,
    SelfTrainingArguments,
    TrainerDefaults,
)
from .main import script
from .progress import quiet


class TrainerOptions(TrainerDefaults):
    """The Trainer's options with defaults for this task; all others of transformers.TrainingArguments apply too."""

    @classmethod
    def read_rest(cls, words: list[str]) -> tuple[TrainerDefaults, list[str], list[str]]:
        """See :func:`read_trainer_arguments`, which imports transformers."""
        from ..training.run import KognerTrainingArguments, read_trainer_arguments

        words = ["--output-dir" + word.removeprefix("--output") if _is_output(word) else word for word in words]
        return read_trainer_arguments(KognerTrainingArguments, words)


def _is_output(word: str) -> bool:
    """The name that the option has in the other commands."""
    return word.partition("=")[0] == "--output"


def train(
    model: ModelArguments,
    data: DataArguments,
    recipe: RecipeArguments,
    text: SelfTrainingArguments,
    trainer: TrainerOptions,
) -> None:
    """Train KoGNER on one or several corpora: the bundled model further, or a new one from an encoder.

    kogner train --dataset my.conll --output my-model

    Trains the installed or bundled model further; types that it lacks are added, and it is held to what it said of
    types that the corpora do not annotate. Fifty sentences take a few minutes on two cores.

    kogner train --dataset CORPUS [CORPUS ...] --encoder ENCODER --knowledge FOLDER --output-dir MODEL

    kogner train --recipe benchmarks/joint.json --data FOLDER --encoder ENCODER --knowledge FOLDER --output-dir MODEL

    One model of many corpora, which its recipe names.

    A baseline of the same architecture without the graph is `--knowledge none`. All options of the Trainer apply, for
    example `--bf16 --num-train-epochs 8 --seed 1`; after a kill `--resume-from-checkpoint last` resumes.
    One H100, NCBI-disease, 15 epochs in bf16: about a minute; strict test F1 about 85 with the bundled encoder.
    Several processes: `accelerate launch -m modeling_kogner.commands.train`, or train.py in a checkout.
    """
    from ..training.run import train

    quiet()
    train(model, data, recipe, text, trainer)


if __name__ == "__main__":
    script("train")

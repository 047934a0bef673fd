"""The files that a card is made from, read and checked before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from ..configuration_kogner import KognerConfig
from ..inference.load_model import load_model
from ..modeling_kogner import KognerForTokenClassification
from .score_files import JsonFile, Scored, check_scored, read_scored

Report = JsonFile | None


@dataclass
class CardInputs:
    """All that a card is made from; what is None has no section.

    Args:
        folder: the model's folder, where the card belongs.
        model: the model itself.
        tokenizer: its tokenizer.
        scored: files of `eval.py`.
        training: report of `train.py`.
        pretraining: report of `pretrain.py`.
        knowledge: manifest of the knowledge folder.
        speed: report of `benchmarks/speed.py`.
    """

    folder: Path
    model: KognerForTokenClassification
    tokenizer: PreTrainedTokenizerBase
    scored: Scored
    training: Report = None
    pretraining: Report = None
    knowledge: Report = None
    speed: Report = None

    @property
    def config(self) -> KognerConfig:
        """The model's configuration."""
        return self.model.config


def read_inputs(
    folder: Path, metrics: Sequence[Path], knowledge: Path | None = None, **reports: Path | None
) -> CardInputs:
    """Read the model and all files.

    Args:
        folder: the model's folder; its own ``training.json`` is read if no other is given.
        metrics: files of `eval.py`, see :class:`Scored`.
        knowledge: the knowledge folder that the model was trained with.
        reports: files for the fields of :class:`CardInputs` of the same name.

    Raises:
        InputError: a file is missing or malformed, or is about another model.
    """
    scored = read_scored(metrics)
    if reports.get("training") is None and (folder / "training.json").is_file():
        reports["training"] = folder / "training.json"
    files = {name: JsonFile.read(path) for name, path in reports.items() if path}
    if knowledge:
        files["knowledge"] = JsonFile.read(knowledge / "knowledge.json")
    inputs = CardInputs(folder, *load_model(folder), scored, **files)
    check_scored(scored, inputs.config)
    held = inputs.config.num_concepts
    if knowledge and (count := inputs.knowledge.field("rows", "concepts", kind=int)) != held:
        problem = f"{count:,} concepts, but the model holds {held:,}: another knowledge folder"
        raise inputs.knowledge.error(problem, fix="give the folder that the model was trained with")
    return inputs

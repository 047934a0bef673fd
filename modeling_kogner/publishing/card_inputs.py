"""The files that a card is made from, read and checked before anything is written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from ..configuration_kogner import KognerConfig
from ..files.errors import InputError
from ..inference.load import load_model
from ..modeling_kogner import KognerForTokenClassification

SCORES = ("precision", "recall", "f1")


@dataclass
class JsonFile:
    """A JSON object and the file that it was read from."""

    path: Path
    content: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> JsonFile:
        """Read a file.

        Raises:
            InputError: it is missing, not JSON, or not an object.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"cannot be read ({error.strerror})", fix="check the path", file=path) from error
        except ValueError as error:
            raise InputError(f"not JSON ({error})", fix="write the file again", file=path) from error
        if not isinstance(content, dict):
            raise InputError("not a JSON object", fix="write the file again", file=path)
        return cls(path, content)

    def field(self, *trail: str, kind: type | tuple[type, ...] = (str, int, float, list, dict)) -> Any:
        """Value under a trail of names.

        Raises:
            InputError: there is none, or it has another type.
        """
        found: Any = self.content
        for name in trail:
            found = found.get(name) if isinstance(found, dict) else None
        if not isinstance(found, kind) or isinstance(found, bool):
            raise self.error("missing" if found is None else f"{found!r} has the wrong type", *trail)
        return found

    def error(self, problem: str, *trail: str, fix: str = "write the file again") -> InputError:
        """An error about a field of this file."""
        return InputError(problem, fix=fix, file=self.path, field=" > ".join(trail) or None)


Report = JsonFile | None


@dataclass
class CardInputs:
    """All that a card is made from; what is None has no section.

    Args:
        folder: the model's folder, where the card belongs.
        model: the model itself.
        tokenizer: its tokenizer.
        metrics: scores with knowledge as trained, from `eval.py`.
        metrics_off: scores of the same weights with knowledge switched off.
        training: report of `train.py`.
        pretraining: report of `pretrain.py`.
        knowledge: manifest of the knowledge folder.
        speed: report of `benchmarks/speed.py`.
    """

    folder: Path
    model: KognerForTokenClassification
    tokenizer: PreTrainedTokenizerBase
    metrics: JsonFile
    metrics_off: Report = None
    training: Report = None
    pretraining: Report = None
    knowledge: Report = None
    speed: Report = None

    @property
    def config(self) -> KognerConfig:
        """The model's configuration."""
        return self.model.config


def read_inputs(folder: Path, metrics: list[Path], knowledge: Path | None = None, **reports: Path | None) -> CardInputs:
    """Read the model and all files.

    Args:
        folder: the model's folder; its own ``training.json`` is read if no other is given.
        metrics: one or two files of `eval.py`: with knowledge, and without.
        knowledge: the knowledge folder that the model was trained with.
        reports: files for the fields of :class:`CardInputs` of the same name.

    Raises:
        InputError: a file is missing or malformed, or is about another model.
    """
    on, off = _on_and_off([JsonFile.read(path) for path in metrics])
    if reports.get("training") is None and (folder / "training.json").is_file():
        reports["training"] = folder / "training.json"
    files = {name: JsonFile.read(path) for name, path in reports.items() if path}
    if knowledge:
        files["knowledge"] = JsonFile.read(knowledge / "knowledge.json")
    inputs = CardInputs(folder, *load_model(folder), on, off, **files)
    config = inputs.config
    for file in filter(None, (on, off)):
        _check_scores(file, config)
    if (evidence := on.field("evidence", kind=str)) != config.evidence:
        problem = f"{evidence!r}, but {folder}/config.json says {config.evidence!r}: scores of another model"
        raise on.error(problem, "evidence", fix="run eval.py on this model")
    if knowledge and (count := inputs.knowledge.field("rows", "concepts", kind=int)) != config.num_concepts:
        problem = f"{count:,} concepts, but the model holds {config.num_concepts:,}: another knowledge folder"
        raise inputs.knowledge.error(problem, fix="give the folder that the model was trained with")
    return inputs


def _on_and_off(files: list[JsonFile]) -> tuple[JsonFile, JsonFile | None]:
    """Tell the two files apart by what they say about themselves."""
    by_mode: dict[str, JsonFile] = {}
    for file in files:
        mode = file.field("knowledge", kind=str)
        mode = "off" if mode == "none" else mode
        if mode not in ("on", "off"):
            raise file.error(f"{mode!r} is neither on nor off", "knowledge", fix="run eval.py again")
        if mode in by_mode:
            raise InputError(f"{by_mode[mode].path} and {file.path} both have knowledge {mode}", fix="give one of each")
        by_mode[mode] = file
    if "on" not in by_mode:
        raise files[0].error("knowledge is off", "knowledge", fix="give scores with knowledge on too")
    on, off = by_mode["on"], by_mode.get("off")
    if off and off.field("model") != on.field("model"):
        problem = f"{off.field('model')!r}, but {on.path} says {on.field('model')!r}"
        raise off.error(problem, "model", fix="score the same model twice")
    return on, off


def _check_scores(file: JsonFile, config: KognerConfig) -> None:
    file.field("model", kind=str)
    file.field("versions", kind=dict)
    if not (datasets := file.field("datasets", kind=dict)):
        raise file.error("empty", "datasets", fix="score a corpus with eval.py")
    for corpus in datasets:
        file.field("datasets", corpus, "split", kind=str)
        types = file.field("datasets", corpus, "types", kind=list)
        if unknown := sorted({str(kind) for kind in types} - set(config.entity_types)):
            problem = f"{', '.join(unknown)}, which the model does not know"
            raise file.error(problem, "datasets", corpus, "types", fix="run eval.py on this model")
        for mode in ("strict", "strict_every_type"):
            for below in [(), *(("types", kind) for kind in types)]:
                trail = ("datasets", corpus, mode, *below)
                file.field(*trail, "gold", kind=int)
                for name in SCORES:
                    if not 0 <= (value := file.field(*trail, name, kind=(int, float))) <= 1:
                        raise file.error(f"{value} is not a fraction from 0 to 1", *trail, name)

"""The files that a card is made from, read and checked before anything is written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from ..configuration_kogner import KognerConfig
from ..inference.load_model import load_model
from ..modeling_kogner import KognerForTokenClassification

_SCORES = ("precision", "recall", "f1")


@dataclass
class JsonFile:
    """A JSON object and where it was read.

    Args:
        path: its file.
        content: the object.
    """

    path: Path
    content: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> JsonFile:
        """Read a file.

        Raises:
            ValueError: it is missing, no JSON, or no object.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ValueError(f"{path}: cannot be read ({error.strerror}); check the path") from error
        except ValueError as error:
            raise ValueError(f"{path}: not JSON ({error}); make the file anew") from error
        if not isinstance(content, dict):
            raise ValueError(f"{path}: no JSON object; make the file anew")
        return cls(path, content)

    def field(self, *trail: str, kind: type | tuple[type, ...] = (str, int, float, list, dict)) -> Any:
        """Value below a trail of names.

        Raises:
            ValueError: there is none, or it is of another kind.
        """
        found: Any = self.content
        for name in trail:
            found = found.get(name) if isinstance(found, dict) else None
        if not isinstance(found, kind) or isinstance(found, bool):
            what = "missing" if found is None else f"{found!r} is of the wrong kind"
            raise ValueError(f"{self.path}, field {' > '.join(trail)}: {what}; make the file anew")
        return found


@dataclass
class CardInputs:
    """All that a card is made from; what is None has no section.

    Args:
        folder: the model's folder, in which the card belongs.
        metrics: scores with knowledge as trained, of `eval.py`.
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
    metrics_off: JsonFile | None = None
    training: JsonFile | None = None
    pretraining: JsonFile | None = None
    knowledge: JsonFile | None = None
    speed: JsonFile | None = None

    @property
    def config(self) -> KognerConfig:
        """The model's configuration."""
        return self.model.config


def read_inputs(folder: Path, metrics: list[Path], knowledge: Path | None = None, **reports: Path | None) -> CardInputs:
    """Read the model and all files.

    Args:
        folder: the model's folder; its own ``training.json`` is read if no other is given.
        metrics: one or two files of `eval.py`: knowledge on, and off.
        knowledge: the knowledge folder that the model was trained with.
        reports: files for the fields of :class:`CardInputs` of the same name.

    Raises:
        ValueError: a file is missing or malformed, or is about another model.
    """
    on, off = _on_and_off([JsonFile.read(path) for path in metrics])
    if reports.get("training") is None and (folder / "training.json").is_file():
        reports["training"] = folder / "training.json"
    files = {name: JsonFile.read(path) for name, path in reports.items() if path}
    if knowledge:
        files["knowledge"] = JsonFile.read(knowledge / "knowledge.json")
    inputs = CardInputs(folder, *load_model(folder), on, off, **files)
    for file in filter(None, (on, off)):
        _check_scores(file, inputs.config)
    if on.field("evidence", kind=str) != inputs.config.evidence:
        raise ValueError(
            f"{on.path}, field evidence: {on.content['evidence']!r}, but {folder}/config.json says "
            f"{inputs.config.evidence!r}: scores of another model; run eval.py on this one"
        )
    if inputs.knowledge:
        _check_knowledge(inputs.knowledge, inputs.config)
    return inputs


def _on_and_off(files: list[JsonFile]) -> tuple[JsonFile, JsonFile | None]:
    """Tell the two files apart by what they say of themselves."""
    by_mode: dict[str, JsonFile] = {}
    for file in files:
        mode = file.field("knowledge", kind=str)
        if mode not in ("on", "off"):
            raise ValueError(f"{file.path}, field knowledge: {mode!r} is neither on nor off; run eval.py anew")
        if mode in by_mode:
            raise ValueError(f"{by_mode[mode].path} and {file.path} both have knowledge {mode}; give one of each")
        by_mode[mode] = file
    if "on" not in by_mode:
        raise ValueError(f"{files[0].path}: knowledge is off; give scores with knowledge on too")
    on, off = by_mode["on"], by_mode.get("off")
    if off and off.field("model") != on.field("model"):
        raise ValueError(f"{off.path}, field model: {off.field('model')!r}, but {on.path} says {on.field('model')!r}")
    return on, off


def _check_scores(file: JsonFile, config: KognerConfig) -> None:
    file.field("model", kind=str)
    file.field("versions", kind=dict)
    if not (datasets := file.field("datasets", kind=dict)):
        raise ValueError(f"{file.path}, field datasets: empty; score a corpus with eval.py")
    for corpus in datasets:
        file.field("datasets", corpus, "split", kind=str)
        types = file.field("datasets", corpus, "types", kind=list)
        if unknown := sorted({str(kind) for kind in types} - set(config.entity_types)):
            raise ValueError(
                f"{file.path}, datasets > {corpus} > types: {', '.join(unknown)}, which the model does not know; "
                "run eval.py on this model"
            )
        for mode in ("strict", "strict_every_type"):
            for below in [(), *(("types", kind) for kind in types)]:
                trail = ("datasets", corpus, mode, *below)
                file.field(*trail, "gold", kind=int)
                for name in _SCORES:
                    if not 0 <= (value := file.field(*trail, name, kind=(int, float))) <= 1:
                        where = " > ".join((*trail, name))
                        raise ValueError(f"{file.path}, field {where}: {value} is no fraction from 0 to 1")


def _check_knowledge(file: JsonFile, config: KognerConfig) -> None:
    if (count := file.field("rows", "concepts", kind=int)) != config.num_concepts:
        raise ValueError(
            f"{file.path}: {count:,} concepts, but the model holds {config.num_concepts:,}: another knowledge folder; "
            "give the one that the model was trained with"
        )

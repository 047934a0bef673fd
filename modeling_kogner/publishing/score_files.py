"""The files of `eval.py` that scores are published from, read and checked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..configuration_kogner import KognerConfig
from ..files.errors import InputError

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


@dataclass
class Scored:
    """Files of `eval.py` about one model; None where there is none.

    Args:
        plain: corpora without a convention, knowledge as trained.
        told: corpora with their own conventions.
        off: as ``plain`` with knowledge switched off.
        documents: whole documents without a convention.
    """

    plain: JsonFile
    told: JsonFile | None = None
    off: JsonFile | None = None
    documents: JsonFile | None = None


def read_scored(paths: Sequence[Path]) -> Scored:
    """Tell the files apart by what they say about themselves.

    Raises:
        InputError: a file is missing or malformed, two say the same, none is the plain one, or they are about
            different models.
    """
    files: dict[str, JsonFile] = {}
    for path in paths:
        file = JsonFile.read(path)
        for mode in _modes(file):
            if mode in files:
                raise InputError(f"{files[mode].path} and {path} both have {_MEANINGS[mode]}", fix="give one of each")
            files[mode] = file
    if "plain" not in files:
        problem = f"no scores with {_MEANINGS['plain']}"
        raise InputError(problem, file=", ".join(map(str, paths)), fix="give the file of such a run of eval.py too")
    plain = files["plain"]
    for file in files.values():
        if file.field("model") != plain.field("model"):
            problem = f"{file.field('model')!r}, but {plain.path} says {plain.field('model')!r}"
            raise file.error(problem, "model", fix="score the same model each time")
    return Scored(**files)


_MEANINGS = {
    "plain": "knowledge on and no convention",
    "told": "the corpora's own conventions",
    "off": "knowledge off",
    "documents": "whole documents",
}


def _modes(file: JsonFile) -> list[str]:
    """What a file holds, as fields of :class:`Scored`."""
    knowledge, convention = file.field("knowledge", kind=str), file.content.get("convention", "none")
    if knowledge not in ("on", "off", "none"):
        raise file.error(f"{knowledge!r} is neither on nor off", "knowledge", fix="run eval.py again")
    if convention not in ("none", "own"):
        raise file.error(f"{convention!r}; own and none are published", "convention", fix="leave the file out")
    if knowledge != "on":
        return ["off"]
    if convention == "own":
        return ["told"]
    kinds = [name for name, key in (("plain", "datasets"), ("documents", "documents")) if file.content.get(key)]
    return kinds or ["plain"]


def check_scored(scored: Scored, config: KognerConfig) -> None:
    """Check all fields that are published.

    Raises:
        InputError: a field is missing or has another type, or the scores are of another model.
    """
    for file in filter(None, (scored.plain, scored.told, scored.off)):
        _check_scores(file, config)
    for name, found in (scored.documents.content["documents"] if scored.documents else {}).items():
        scored.documents.field("documents", name, "documents", kind=int)
        _check_types(scored.documents, config, "documents", name)
        _check_rows(scored.documents, found["types"], "documents", name, "strict")
    if (evidence := scored.plain.field("evidence", kind=str)) != config.evidence:
        problem = f"{evidence!r}, but the model's config.json says {config.evidence!r}: scores of another model"
        raise scored.plain.error(problem, "evidence", fix="run eval.py on this model")


def _check_scores(file: JsonFile, config: KognerConfig) -> None:
    file.field("model", kind=str)
    file.field("versions", kind=dict)
    if not (datasets := file.field("datasets", kind=dict)):
        raise file.error("empty", "datasets", fix="score a corpus with eval.py")
    for corpus in datasets:
        file.field("datasets", corpus, "split", kind=str)
        _check_types(file, config, "datasets", corpus)
        for mode in ("strict", "strict_every_type"):
            _check_rows(file, datasets[corpus]["types"], "datasets", corpus, mode)


def _check_types(file: JsonFile, config: KognerConfig, *trail: str) -> None:
    types = file.field(*trail, "types", kind=list)
    if unknown := sorted({str(kind) for kind in types} - set(config.entity_types)):
        problem = f"{', '.join(unknown)}, which the model does not know"
        raise file.error(problem, *trail, "types", fix="run eval.py on this model")


def _check_rows(file: JsonFile, types: list[str], *trail: str) -> None:
    for below in [(), *(("types", kind) for kind in types)]:
        file.field(*trail, *below, "gold", kind=int)
        for name in SCORES:
            if not 0 <= (value := file.field(*trail, *below, name, kind=(int, float))) <= 1:
                raise file.error(f"{value} is not a fraction from 0 to 1", *trail, *below, name)

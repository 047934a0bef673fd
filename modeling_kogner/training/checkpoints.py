"""Checkpoints of a run: which one to resume from, which ones are not whole, and which ones go at its end."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from safetensors import SafetensorError, safe_open

from ..files.errors import InputError

logger = logging.getLogger(__name__)
STATE = "trainer_state.json"  # written last: a checkpoint without it is incomplete
LOG = "training.json"  # in the output folder, of a run that has saved its model


def resume_point(given: str | None, output_dir: str | Path) -> str | None:
    """The checkpoint to resume from.

    Args:
        given: its folder; ``last`` for the newest complete one in the output folder, if there is one; None for none.
        output_dir: of the run.

    Raises:
        InputError: it is incomplete; the message says what to delete, and which one is complete.
    """
    if given is None:
        return None
    if given == "last":
        newest = newest_whole(output_dir)
        logger.info("%s", f"resumes from {newest}" if newest else f"{output_dir}: no checkpoint yet, starts afresh")
        return newest
    if wrong := what_is_wrong(Path(given)):
        newest = newest_whole(Path(given).parent)
        other = f"resume from {newest}" if newest else "start again without --resume-from-checkpoint"
        raise InputError(wrong, file=given, fix=f"delete it and {other}")
    return given


def has_ended(folder: str | Path) -> bool:
    """Whether the folder's run has saved its model and left no checkpoint to resume from."""
    return Path(folder, LOG).is_file() and all(map(what_is_wrong, _newest_first(folder)))


def newest_whole(folder: str | Path) -> str | None:
    """The complete checkpoint with most steps; a warning names incomplete ones."""
    for path in _newest_first(folder):
        wrong = what_is_wrong(path)
        if wrong is None:
            return str(path)
        logger.warning("%s: %s; skipped", path, wrong)
    return None


def remove_checkpoints(folder: str | Path) -> None:
    """After the model is saved: a kill leaves older checkpoints whole, from which a run ends with the same weights.

    The newest goes first. Resumed from it, a run would miss the checkpoint of the best weights, which may be older.
    """
    for path in _newest_first(folder):
        (path / STATE).unlink(missing_ok=True)  # from here on it is not whole
        shutil.rmtree(path, ignore_errors=True)


def _newest_first(folder: str | Path) -> list[Path]:
    found = [path for path in Path(folder).glob("checkpoint-*") if path.name.removeprefix("checkpoint-").isdigit()]
    return sorted(found, key=lambda path: int(path.name.removeprefix("checkpoint-")), reverse=True)


def remove_weights(folder: str | Path) -> None:
    """Before a folder is saved to again: a kill must not leave old weights with a new configuration."""
    for stale in Path(folder).glob("model*.safetensors*"):
        stale.unlink()


def what_is_wrong(folder: Path) -> str | None:
    """Why a checkpoint cannot be used; None if it is complete."""
    if not folder.is_dir():
        return "no such checkpoint"
    file = folder / STATE
    try:
        json.loads(file.read_text())
        weights = sorted(folder.glob("*.safetensors"))
        if not weights:
            return "without weights"
        for file in weights:
            with safe_open(file, "pt"):
                pass
        for file in sorted([*folder.glob("*.pt"), *folder.glob("*.pth")]):  # zip files with checksums
            with ZipFile(file) as parts:
                if bad := parts.testzip():
                    return f"{file.name} is damaged at {bad}"
    except FileNotFoundError:
        return "is incomplete: its writing was interrupted"
    except (SafetensorError, BadZipFile, ValueError, OSError) as error:
        return f"{file.name} is damaged ({error})"
    return None

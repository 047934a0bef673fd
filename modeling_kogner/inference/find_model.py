"""Where a model is: a folder or Hub id that was given, a package of a model, or the model of a checkout."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from ..files.errors import UsageError

ENTRY_POINTS = "kogner_models"  # the group under which `kogner package` announces a model
DEFAULT = "kogner-biomed"
_CHECKOUT = Path(__file__).resolve().parents[2] / "hub_card"


def find_model(model: str | Path | None = None) -> str:
    """The folder or Hub id to load.

    Args:
        model: folder, Hub id, or name of an installed model package; if None, the installed one, else the model in
            `hub_card/` of a checkout, which has the name of its package too.

    Raises:
        UsageError: none is given, and there is none or a choice of several.
    """
    installed = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if model is not None:
        name = str(model)
        if Path(name).exists() or (name not in installed and name != DEFAULT):
            return name
        return _folder(installed[name]) if name in installed else _checkout() or name
    if DEFAULT in installed or len(installed) == 1:
        return _folder(installed.get(DEFAULT) or next(iter(installed.values())))
    if installed:
        raise UsageError("several models are installed", fix=f"choose with --model: {', '.join(sorted(installed))}")
    if folder := _checkout():
        return folder
    raise UsageError(
        "no model is installed", fix=f"pip install {DEFAULT}, or name a folder or Hub id with --model, as in OWNER/NAME"
    )


def _checkout() -> str | None:
    return str(_CHECKOUT) if (_CHECKOUT / "config.json").is_file() else None


def _folder(package: EntryPoint) -> str:
    return str(package.load())

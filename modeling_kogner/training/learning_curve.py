"""The learning curve of a run as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..files.whole import whole_file

NAME = "learning_curve"
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a7f00", "#6f6f6f")  # Okabe & Ito
_DASHES = ("-", "--", "-.", ":")


def write_curve(log: Sequence[dict[str, Any]], folder: Path) -> bool:
    """Draw validation F1, of each type too, over the steps as PNG and SVG.

    Returns:
        Whether it was written: not without matplotlib, nor with fewer than two evaluations.
    """
    rows = [row for row in log if "eval_f1" in row]
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        return False
    if len(rows) < 2:
        return False
    names = [name for name in rows[-1] if name.endswith("_f1") and name != "eval_f1"]
    steps = [row["step"] for row in rows]
    with matplotlib.rc_context({"font.family": "DejaVu Sans", "svg.hashsalt": "kogner", "text.parse_math": False}):
        figure = Figure((8, 4.5))
        axes = figure.subplots()
        axes.plot(steps, [100 * row["eval_f1"] for row in rows], color="#1b1f24", linewidth=3, label="mean")
        for number, name in enumerate(names):
            look = {"color": _COLOURS[number % len(_COLOURS)], "linestyle": _DASHES[number % len(_DASHES)]}
            label = name.removeprefix("eval_").removesuffix("_f1").replace("_", " ")
            axes.plot(steps, [100 * row.get(name, float("nan")) for row in rows], label=label, marker=".", **look)
        axes.set_xlabel("steps")
        axes.set_ylabel("validation F1")
        axes.set_ylim(0, 100)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
        for form in ("png", "svg"):
            drawn = io.BytesIO()
            metadata = {"Date": None} if form == "svg" else None
            figure.savefig(drawn, format=form, dpi=160, bbox_inches="tight", metadata=metadata)
            with whole_file(folder / f"{NAME}.{form}") as partial:
                partial.write_bytes(drawn.getvalue())
    return True

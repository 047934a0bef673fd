"""Pictures of a summary, drawn by matplotlib."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..files.errors import UsageError
from ..files.whole import whole_file

try:
    import matplotlib
    from matplotlib.figure import Figure
except ModuleNotFoundError:
    fix = "pip install 'kogner[pictures]', or leave --output out"
    raise UsageError("pictures need the package matplotlib", fix=fix) from None

# Okabe & Ito's palette: the types stay apart for the colour-blind. Dashes tell lines apart without colour.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a7f00", "#6f6f6f")
_DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))
_INK, _QUIET = "#1b1f24", "#57606a"
# A dollar in a name is not a formula; the same picture has the same bytes.
_SETTINGS = {
    "svg.hashsalt": "kogner",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.edgecolor": _QUIET,
    "text.color": _INK,
    "axes.labelcolor": _QUIET,
    "xtick.color": _QUIET,
    "ytick.color": _INK,
}
_BESIDE = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0), "frameon": False}  # a legend that covers nothing
_NAME, _NAMES = 34, 44  # letters of a name, and of two, before they are cut


def pictures(summary: dict[str, Any]) -> dict[str, tuple[Figure, str]]:
    """The pictures that a summary has content for, by name, each with what it shows in words."""
    under = f" under {summary['under']['name']}" if summary["under"] else ""
    kinds = [row["type"] for row in summary["types"]]
    drawn: dict[str, tuple[Figure, str]] = {}
    with matplotlib.rc_context(_SETTINGS):
        if rows := summary["types"]:
            figure = _bars([row["type"] for row in rows], [row["mentions"] for row in rows], kinds, kinds, "mentions")
            drawn["types"] = (figure, "Mentions by entity type")
        if rows := summary["concepts"]:
            names = [_cut(row["name"], _NAME) for row in rows]
            figure = _bars(names, [row["documents"] for row in rows], [row["type"] for row in rows], kinds, "documents")
            drawn["concepts"] = (figure, f"Most frequent concepts{under}, by documents")
        if rows := summary["pairs"]:
            names = ["\n+ ".join(_cut(row[side]["name"], _NAMES) for side in ("first", "second")) for row in rows]
            lifts = [f"(lift {row['lift']:.1f})" for row in rows]
            axis = "documents with both (lift: how many times more than by chance)"
            figure = _bars(names, [row["documents"] for row in rows], [""] * len(rows), [""], axis, lifts)
            drawn["pairs"] = (figure, f"Concepts{under} that occur together more often than by chance")
        if len(summary["years"]) > 1 and summary["concepts_over_time"]:
            drawn["years"] = (_lines(summary), f"Most frequent concepts{under}, by year")
    return drawn


def as_svg(figure: Figure) -> str:
    """The picture as SVG text."""
    drawn = io.StringIO()
    with matplotlib.rc_context(_SETTINGS):
        metadata = dict.fromkeys(["Date", "Creator", "Format", "Type"])
        figure.savefig(drawn, format="svg", bbox_inches="tight", metadata=metadata)
    return drawn.getvalue()


def save(figure: Figure, path: Path) -> None:
    """Write the picture as PNG and as SVG, each whole or not at all; ``path`` has no ending."""
    with whole_file(path.with_name(f"{path.name}.png")) as partial, matplotlib.rc_context(_SETTINGS):
        figure.savefig(partial, format="png", dpi=160, bbox_inches="tight")
    with whole_file(path.with_name(f"{path.name}.svg")) as partial:
        partial.write_text(as_svg(figure), encoding="utf-8")


def _bars(
    names: Sequence[str],
    counts: Sequence[int],
    kinds: Sequence[str],
    every: Sequence[str],
    axis: str,
    notes: Sequence[str] | None = None,
) -> Figure:
    """Horizontal bars, the longest at the top, coloured by type."""
    lines = max(name.count("\n") for name in names) + 1
    figure = Figure((8.5, 0.9 + (0.3 + 0.14 * (lines - 1)) * len(names)))
    axes = figure.subplots()
    places = range(len(names), 0, -1)
    colours = [COLOURS[list(every).index(kind) % len(COLOURS)] for kind in kinds]
    bars = axes.barh(list(places), counts, color=colours, height=0.7)
    told = [f"{count:,}" for count in counts]
    axes.bar_label(bars, [" ".join(each) for each in zip(told, notes or [""] * len(told), strict=True)], padding=4)
    axes.set_yticks(list(places), names)
    axes.set_ylim(0.4, len(names) + 0.6)
    axes.set_xlabel(axis)
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
    axes.margins(x=0.15 if notes else 0.1)
    _plain(axes)
    axes.tick_params(left=False)
    if len(shown := [kind for kind in every if kind in kinds]) > 1 and names != every:
        handles = [matplotlib.patches.Patch(color=COLOURS[list(every).index(k) % len(COLOURS)]) for k in shown]
        axes.legend(handles, shown, **_BESIDE)
    return figure


def _lines(summary: dict[str, Any]) -> Figure:
    """The share of each year's documents in which a concept occurs."""
    figure = Figure((8.5, 4.5))
    axes = figure.subplots()
    years = [row["year"] for row in summary["years"]]
    totals = [row["documents"] for row in summary["years"]]
    for number, row in enumerate(summary["concepts_over_time"]):
        shares = [100 * row["documents"][str(year)] / total for year, total in zip(years, totals, strict=True)]
        look = {"color": COLOURS[number % len(COLOURS)], "linestyle": _DASHES[number % len(_DASHES)], "linewidth": 2}
        axes.plot(years, shares, label=_cut(row["name"], _NAME), marker=".", **look)
    axes.set_ylabel("% of the year's documents")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
    axes.legend(**_BESIDE)
    _plain(axes)
    return figure


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)


def _cut(name: str, letters: int) -> str:
    printable = "".join(letter if letter.isprintable() else " " for letter in name)
    return textwrap.shorten(printable, letters, placeholder=" …") if " " in printable else printable[:letters]

"""Plots of the report."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from comparison import Cell, Gain, gain, mean_and_deviation, share_name

mpl.use("Agg")
from matplotlib import pyplot as plt

# Colours that stay apart for colour-blind readers (Okabe & Ito); a variant has one colour in every plot.
COLOURS = {
    "plain": "#555555",
    "types": "#56B4E9",
    "graph": "#0072B2",
    "pretrained": "#CC79A7",
    "pretrained_graph": "#009E73",
    "pretrained_masked": "#E69F00",
    "complete": "#D55E00",
    "plain_self_trained": "#999999",
    "self_trained": "#117733",
}
CURVED = ("plain", "plain_self_trained", "pretrained_masked", "complete", "self_trained")  # run at several shares
MARKERS = dict(zip(COLOURS, "osv^DP*Xh", strict=True))
Scores = dict[Cell, dict[int, dict]]


def _save(figure, path: Path) -> bool:
    figure.savefig(path, dpi=150, bbox_inches="tight")
    plt.close(figure)
    return True


def draw_gains(scores: Scores, path: Path) -> bool:
    """Bars of gain over plain by corpus, a panel for all labels and one for 1 %; False if nothing can be drawn."""
    panels = {}
    for share in ((1, 1), (1, 0.01)):
        found = {
            (corpus, variant): value
            for (at, corpus, variant), seeds in sorted(scores.items())
            if at == share and variant in COLOURS and variant != "plain"
            if (value := gain(scores.get((at, corpus, "plain"), {}), seeds))
        }
        if found:
            panels[share] = found
    if not panels:
        return False
    figure, axes = plt.subplots(len(panels), 1, figsize=(10, 3.4 * len(panels)), squeeze=False)
    for axis, (share, found) in zip(axes[:, 0], panels.items(), strict=True):
        _draw_bars(axis, found)
        fewest, most = (choose(value.pairs for value in found.values()) for choose in (min, max))
        seeds = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        axis.set_title(f"{share_name(share)} of the labels ({seeds} seeds; whiskers: standard deviation)")
    figure.tight_layout()
    return _save(figure, path)


def _draw_bars(axis, found: dict[tuple[str, str], Gain]) -> None:
    """Groups of bars by corpus, one bar a variant; a group is as wide as it has bars, in the middle of its corpus."""
    corpora = sorted({corpus for corpus, _ in found})
    variants = [name for name in COLOURS if any(name == of for _, of in found)]
    groups = [[name for name in variants if (corpus, name) in found] for corpus in corpora]
    width = 0.8 / len(variants)
    for variant in variants:
        places = [i for i, group in enumerate(groups) if variant in group]
        values = [found[corpora[i], variant] for i in places]
        axis.bar(
            [i + (groups[i].index(variant) - (len(groups[i]) - 1) / 2) * width for i in places],
            [value.mean for value in values],
            width,
            yerr=[value.deviation for value in values],
            capsize=2,
            error_kw={"elinewidth": 1, "ecolor": "#333333"},
            color=COLOURS[variant],
            label=variant,
        )
    axis.axhline(0, color="black", linewidth=0.8)
    axis.set_xticks(range(len(corpora)), [corpus.replace("/", "/\n") for corpus in corpora])
    axis.set_xlim(-0.6, len(corpora) - 0.4)
    axis.grid(axis="y", alpha=0.3)
    axis.set_axisbelow(True)
    axis.set_ylabel("gain in F1 over plain")
    axis.legend(frameon=False, fontsize=8, ncols=len(variants), loc="upper center", bbox_to_anchor=(0.5, -0.17))


def draw_learning_curves(scores: Scores, path: Path) -> bool:
    """F1 over shares of the labels, one panel a corpus with three or more; False if there is none."""
    shares = {}
    for at, corpus, variant in scores:
        if variant == "plain":
            shares.setdefault(corpus, set()).add(at)
    corpora = sorted(corpus for corpus, found in shares.items() if len(found) >= 3)
    if not corpora:
        return False
    columns = min(3, len(corpora))
    rows = -(-len(corpora) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(4 * columns, 3.2 * rows), squeeze=False)
    for axis, corpus in zip(axes.flat, corpora, strict=False):
        ticks = sorted(shares[corpus])
        for variant in CURVED:
            places = [i for i, at in enumerate(ticks) if (at, corpus, variant) in scores]
            if len(places) < 2:
                continue
            values = [[100 * s["f1"] for s in scores[ticks[i], corpus, variant].values()] for i in places]
            means, deviations = zip(*map(mean_and_deviation, values), strict=True)
            style = {"color": COLOURS[variant], "marker": MARKERS[variant], "markersize": 4, "capsize": 2}
            aside = 0.03 * (CURVED.index(variant) - len(CURVED) / 2)  # whiskers lie beside each other
            axis.errorbar([place + aside for place in places], means, deviations, label=variant, **style)
        axis.set_xticks(range(len(ticks)), [share_name(at).replace(" sentences", " sent.") for at in ticks])
        axis.set_title(corpus)
        axis.grid(axis="y", alpha=0.3)
    for axis in list(axes.flat)[len(corpora) :]:
        axis.axis("off")
    for axis in axes[:, 0]:
        axis.set_ylabel("strict F1 on test")
    figure.tight_layout()
    pairs = [zip(*axis.get_legend_handles_labels(), strict=True) for axis in axes.flat]
    drawn = {label: handle for panel in pairs for handle, label in panel}  # not every panel has every variant
    place = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.01), "ncols": len(CURVED), "frameon": False}
    figure.legend(drawn.values(), drawn.keys(), **place)
    return _save(figure, path)


def draw_confusion(report: dict, path: Path) -> bool:
    """Heat map of what `confusion.py` counted: a row a gold type, a column a predicted one, percent of the row."""
    counts = report["counts"]
    rows, columns = list(counts), list(next(iter(counts.values())))
    totals = {row: sum(counts[row].values()) for row in rows}
    shares = [[100 * counts[row][column] / max(1, totals[row]) for column in columns] for row in rows]
    figure, axis = plt.subplots(figsize=(1.6 + 0.8 * len(columns), 1.4 + 0.5 * len(rows)))
    axis.imshow(shares, cmap="Blues", norm=mpl.colors.PowerNorm(0.5, 0, 100), aspect="auto")
    for y, row in enumerate(rows):
        for x, column in enumerate(columns):
            share = shares[y][x]
            told = "" if not counts[row][column] else f"{share:.0f}" if share >= 1 else "<1"
            weight = "bold" if row == column else "normal"
            axis.text(x, y, told, ha="center", va="center", weight=weight, color="white" if share > 35 else "black")
    axis.set_xticks(range(len(columns)), columns, rotation=35, ha="left", rotation_mode="anchor")
    axis.set_yticks(range(len(rows)), [f"{row} ({totals[row]:,})" for row in rows])
    axis.xaxis.tick_top()
    axis.xaxis.set_label_position("top")
    axis.set_xlabel("predicted, percent of the row")
    axis.set_ylabel("gold (mentions)")
    axis.axvline(len(columns) - 1.5, color="white", linewidth=4)
    for first in (next((y for y, row in enumerate(rows) if row not in columns), 0), len(rows) - 1):
        axis.axhline(first - 0.5, color="white", linewidth=4)  # types that the model does not know, and spurious ones
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    figure.tight_layout()
    return _save(figure, path)

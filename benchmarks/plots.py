"""Plots of the report."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from comparison import Gain, Scores, gain, share_name

mpl.use("Agg")
from matplotlib import pyplot as plt

# Colours that stay apart for colour-blind readers (Okabe & Ito); a variant has one colour in every plot.
COLOURS = {
    "plain": "#555555",
    "graph": "#0072B2",
    "pretrained_graph": "#009E73",
    "complete": "#D55E00",
    "plain_self_trained": "#999999",
    "self_trained": "#CC79A7",
    "ensemble_trained": "#E69F00",
}


def draw_gains(scores: Scores, path: Path) -> bool:
    """Bars of gain over plain by corpus, a panel for each share of the labels; False if nothing can be drawn."""
    panels = {}
    for share in ((1, 1), (1, 0.01), (0, 50)):
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
        labels = share_name(share) + (" of the labels" if share[0] else "")
        axis.set_title(f"{labels} ({seeds} seeds; whiskers: standard deviation)")
    figure.tight_layout()
    figure.savefig(path, dpi=150, bbox_inches="tight")
    plt.close(figure)
    return True


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

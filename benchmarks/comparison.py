"""Scores of runs by cell, what one variant gains over another, and the overview of all comparisons with `plain`."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from plan import key
from scoring import unpack

DRAWS = 2000
Cell = tuple[tuple, str, str]  # share of the labels, corpus, variant
Scores = dict[Cell, dict[int, dict]]  # scores by seed of each cell

# Rows of the overview: share of the labels, variant, and what a reader should know about it.
OVERVIEW = [
    ((1, 1), "graph", "knowledge"),
    ((1, 0.1), "pretrained_masked", "pretrained on running text"),
    ((1, 0.05), "self_trained", "pretrained, and self-trained"),
    ((1, 0.05), "plain_self_trained", "no knowledge, self-trained"),
    ((1, 0.01), "graph", "knowledge"),
    ((1, 0.01), "pretrained_masked", "pretrained on running text"),
    ((1, 0.01), "self_trained", "pretrained, and self-trained"),
    ((1, 0.01), "plain_self_trained", "no knowledge, self-trained"),
    ((0, 50), "complete", "all layers pretrained"),
    ((0, 25), "pretrained_masked", "pretrained on running text"),
    ((1, 1), "random_table", "vectors of other concepts"),
    ((1, 1), "noise_30", "30 % of types wrong"),
    ((1, 1), "names_10", "10 % of names"),
    ((1, 0.01), "random_table", "vectors of other concepts"),
    ((1, 0.01), "noise_10", "10 % of types wrong"),
    ((1, 0.01), "noise_30", "30 % of types wrong"),
    ((1, 0.01), "names_50", "half of the names"),
    ((1, 0.01), "names_10", "10 % of names"),
]
OVERVIEW_HEADER = ["labels", "variant", "F1, same corpus", "F1, new corpora", "recall, unseen forms"]
OVERVIEW_HEADER += ["recall, unseen concepts", "corpora, seeds"]


def read_lines(path: Path) -> list[dict]:
    """The last line of each run; a run may have been repeated."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return list({key(line): line for line in lines}.values())


def on_whole_paths(lines: list[dict]) -> list[dict]:
    """Lines with the scores of constrained decoding instead of those of single tokens, if they have them.

    A dictionary finds whole mentions, so both are the same.
    """
    found = []
    for line in lines:
        scores = {split: score.get("constrained") for split, score in line["scores"].items()}
        if line["variant"] == "dictionary":
            found.append(line)
        elif all(scores.values()):
            found.append(line | {"scores": scores})
    return found


def share(line: dict) -> tuple:
    """Share of the labels that a run saw, sortable from few to all."""
    return (0, line["sentences"]) if "sentences" in line else (1, line["fraction"])


def share_name(of: tuple) -> str:
    """How a share is written."""
    return f"{of[1]} sentences" if of[0] == 0 else f"{100 * of[1]:g} %"


def cells(lines: list[dict], split: str) -> Scores:
    """Scores of one split, by cell and seed; cells without that split are left out."""
    scores: Scores = defaultdict(dict)
    for line in lines:
        if split in line["scores"]:
            scores[share(line), line["corpus"], line["variant"]][line["seed"]] = line["scores"][split]
    return dict(scores)


def mean_and_deviation(values: list[float]) -> tuple[float, float]:
    """Mean and sample standard deviation, 0 for a single value."""
    return statistics.mean(values), statistics.stdev(values) if len(values) > 1 else 0.0


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; empty without rows."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *rows]) if rows else ""


@dataclass
class Gain:
    """What a variant gains over a baseline, in points of F1, over the seeds that both have.

    Args:
        mean: over seeds.
        deviation: of the paired differences.
        pairs: number of seeds.
        low, high: 95 % interval, None without counts by sentence.
        p: two-sided.
    """

    mean: float
    deviation: float
    pairs: int
    low: float | None = None
    high: float | None = None
    p: float | None = None


def gain(baseline: dict[int, dict], variant: dict[int, dict]) -> Gain | None:
    """Compare two cells; None if they share no seed.

    The interval comes from a paired bootstrap over test sentences: each draw takes as many sentences, with replacement,
    for both variants and all seeds alike, and the statistic is the mean over seeds of the difference. It says how much
    the result depends on the test set, not how much other seeds would differ.
    """
    seeds = sorted(baseline.keys() & variant.keys())
    if not seeds:
        return None
    mean, deviation = mean_and_deviation([100 * (variant[s]["f1"] - baseline[s]["f1"]) for s in seeds])
    result = Gain(mean, deviation, len(seeds))
    if all("sentences" in cell[s] for cell in (baseline, variant) for s in seeds):
        drawn = sum(_drawn_f1(variant[s]) - _drawn_f1(baseline[s]) for s in seeds) / len(seeds)  # (DRAWS,)
        result.low, result.high = (float(100 * bound) for bound in np.quantile(drawn, [0.025, 0.975]))
        below, above = int((drawn <= 0).sum()), int((drawn >= 0).sum())
        result.p = min(1.0, 2 * (min(below, above) + 1) / (DRAWS + 1))
    return result


def _drawn_f1(score: dict) -> np.ndarray:
    """F1 of each bootstrap draw: ``(DRAWS,)``."""
    counts = unpack(score["sentences"]).astype(np.float32)  # (sentences, 3)
    true, false_positive, false_negative = (_weights(len(counts)) @ counts).T
    total = 2 * true + false_positive + false_negative
    return 2 * true / np.where(total == 0, 1, total)


@lru_cache(maxsize=16)
def _weights(sentences: int) -> np.ndarray:
    """How often each sentence is drawn: ``(DRAWS, sentences)``; the same for all variants."""
    generator = np.random.default_rng(0)
    return generator.multinomial(sentences, np.full(sentences, 1 / sentences), size=DRAWS).astype(np.float32)


def recall_of(what: str) -> Callable[[dict], float | None]:
    """Recall in percent of mentions whose ``surface`` or ``concept`` no training mention has."""

    def recall(score: dict) -> float | None:
        found, total = score.get("unseen", {}).get(what, (0, 0))
        return 100 * found / total if total else None

    return recall


def _pairs(lines: list[dict], split: str, at: tuple, variant: str, value=lambda score: 100 * score["f1"]) -> dict:
    """Means of plain and of a variant over the seeds that both have, and their number, by corpus."""
    scores, found = cells(lines, split), {}
    for corpus in (corpus for here, corpus, of in scores if (here, of) == (at, variant)):
        plain, own = scores.get((at, corpus, "plain"), {}), scores[at, corpus, variant]
        pairs = [(value(plain[seed]), value(own[seed])) for seed in plain.keys() & own.keys()]
        pairs = [pair for pair in pairs if None not in pair]
        if pairs:
            found[corpus] = (*(statistics.mean(column) for column in zip(*pairs, strict=True)), len(pairs))
    return found


def _change(values: dict) -> str:
    """``plain → variant (gain; smallest gain and where)``, means over corpora."""
    if not values:
        return "-"
    before, after = (statistics.mean(row[i] for row in values.values()) for i in (0, 1))
    gains = {corpus: row[1] - row[0] for corpus, row in values.items()}
    worst = min(gains, key=gains.__getitem__)
    least = f"; least {gains[worst]:+.1f}, {worst}" if len(values) > 1 else ""
    return f"{before:.1f} → {after:.1f} ({after - before:+.1f}{least})"


def overview(lines: list[dict]) -> str:
    """One row for each comparison with plain; rows that have no lines are left out.

    A row is decoded on whole paths, unless plain and variant have more corpora token by token (marked †).
    """
    rows = []
    new = sorted({split for line in lines for split in line["scores"] if ":" in split})
    for at, variant, what in OVERVIEW:
        ways = {"": on_whole_paths(lines), " †": lines}
        mark = max(ways, key=lambda mark: len(_pairs(ways[mark], "test", at, variant)))
        own = _pairs(ways[mark], "test", at, variant)
        if not own:
            continue
        elsewhere = {
            f"{corpus} → {split.removesuffix(':test')}": row
            for split in new
            for corpus, row in _pairs(ways[mark], split, at, variant).items()
        }
        unseen = [_pairs(ways[mark], "test", at, variant, recall_of(kind)) for kind in ("surface", "concept")]
        seeds = sorted({row[2] for row in own.values()})
        counted = f"{len(own)}, {' to '.join(map(str, dict.fromkeys((seeds[0], seeds[-1]))))}"
        changes = [_change(values) for values in (own, elsewhere, *unseen)]
        rows.append([f"{share_name(at)}{mark}", f"`{variant}`: {what}", *changes, counted])
    return markdown(OVERVIEW_HEADER, rows)

"""Scores of runs by cell, and what one variant gains over another."""

from __future__ import annotations

import base64
import json
import statistics
import zlib
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from plan import key

DRAWS = 2000
Cell = tuple[tuple, str, str]  # share of the labels, corpus, variant
Scores = dict[Cell, dict[int, dict]]  # scores by seed of each cell


def pack(counts: np.ndarray) -> str:
    """Counts ``(sentences, 3)`` of true positives, false positives and false negatives, as text."""
    return base64.b64encode(zlib.compress(counts.clip(max=255).astype(np.uint8).tobytes(), 9)).decode()


def unpack(text: str) -> np.ndarray:
    """What :func:`pack` was given."""
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8).reshape(-1, 3).astype(np.int64)


def read_lines(path: Path) -> list[dict]:
    """The last line of each run; a run may have been repeated."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return list({key(line): line for line in lines}.values())


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
        both = [(_drawn_f1(variant[s]["sentences"]), _drawn_f1(baseline[s]["sentences"])) for s in seeds]
        drawn = sum(f1 - f1_of_baseline for f1, f1_of_baseline in both) / len(seeds)  # (DRAWS,)
        result.low, result.high = (float(100 * bound) for bound in np.quantile(drawn, [0.025, 0.975]))
        below, above = int((drawn <= 0).sum()), int((drawn >= 0).sum())
        result.p = min(1.0, 2 * (min(below, above) + 1) / (DRAWS + 1))
    return result


@lru_cache(maxsize=1024)
def _drawn_f1(packed: str) -> np.ndarray:
    """F1 of each bootstrap draw of the counts of :func:`pack`: ``(DRAWS,)``."""
    counts = unpack(packed).astype(np.float32)  # (sentences, 3)
    true, false_positive, false_negative = (_weights(len(counts)) @ counts).T
    total = 2 * true + false_positive + false_negative
    return 2 * true / np.where(total == 0, 1, total)


@lru_cache(maxsize=16)
def _weights(sentences: int) -> np.ndarray:
    """How often each sentence is drawn: ``(DRAWS, sentences)``; the same for all variants."""
    generator = np.random.default_rng(0)
    return generator.multinomial(sentences, np.full(sentences, 1 / sentences), size=DRAWS).astype(np.float32)

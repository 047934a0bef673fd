"""Windows of neighbouring sentences, drawn anew each epoch, in batches alike in length."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

WIDTH_STEP = 8  # batches are padded to a multiple of this
LONG, SINGLE = 0.5, 0.2  # shares of windows that are as long as may be, and of one sentence
SORTED_BATCHES = 48  # this many batches of windows of 64 tokens are sorted by length together
SHORTEST = 20  # tokens that a window of any length may end at


@dataclass
class Sentences:
    """Where the sentences of one corpus stand in the flat tokens.

    Args:
        corpus: its number.
        starts: ``(n,)`` first token of each.
        lengths: ``(n,)`` tokens of each, more than 0.
        runs: ``(n,)`` sentences with equal numbers follow each other in one document.
    """

    corpus: int
    starts: np.ndarray
    lengths: np.ndarray
    runs: np.ndarray

    @property
    def tokens(self) -> int:
        """All of them."""
        return int(self.lengths.sum())


def draw_windows(sentences: Sentences, context: int, longest: int, rng: np.random.Generator) -> np.ndarray:
    """Cut a corpus into windows of whole neighbouring sentences, each token in one of them.

    Half of the windows are as long as ``context`` allows, a fifth are single sentences, the others stop anywhere
    between, so that the model reads all lengths and no sentence keeps its place. Longer sentences are cut.

    Args:
        sentences: of one corpus.
        context: most tokens of a window of several sentences.
        longest: most tokens of any window.
        rng: draws the lengths.

    Returns:
        ``(windows, 2)``: first token and number of tokens.
    """
    context = min(context, longest)
    draw = rng.random(len(sentences.lengths))
    goals = rng.integers(min(SHORTEST, context), context + 1, len(draw))
    goals = np.where(draw < LONG, context, np.where(draw < LONG + SINGLE, 0, goals))
    if draw[0] < LONG:
        goals[0] = 0  # no corpus begins with a long window each time
    starts, lengths, runs, goals = (
        each.tolist() for each in (sentences.starts, sentences.lengths, sentences.runs, goals)
    )
    windows, row = [], 0
    while row < len(starts):
        goal, start, size, run = goals[row], starts[row], lengths[row], runs[row]
        row += 1
        while row < len(starts) and runs[row] == run and size + lengths[row] <= goal:
            size += lengths[row]
            row += 1
        windows += [(first, min(longest, start + size - first)) for first in range(start, start + size, longest)]
    return np.array(windows)


def make_batches(lengths: np.ndarray, tokens: int, specials: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Batches of at most so many padded tokens, at least one window each, of windows alike in length.

    Args:
        lengths: ``(windows,)`` tokens without special ones.
        tokens: most padded tokens of a batch, special ones included.
        specials: special tokens of a window.
        rng: draws the order.

    Returns:
        The windows of each batch, in random order.
    """
    order = rng.permutation(len(lengths))
    widths = padded(lengths + specials)
    group = max(1, tokens // 64) * SORTED_BATCHES
    batches = []
    for first in range(0, len(order), group):
        some = order[first : first + group]
        some = some[np.argsort(widths[some], kind="stable")]
        width, start = widths[some].tolist(), 0
        for end in range(1, len(some) + 1):
            if end == len(some) or (end - start + 1) * width[end] > tokens:
                batches.append(some[start:end])
                start = end
    return [batches[i] for i in rng.permutation(len(batches))]


def padded(length):
    """A length as batches are padded to it."""
    return -(-length // WIDTH_STEP) * WIDTH_STEP


@dataclass(eq=False)
class WindowSampler:
    """Batches of windows of several corpora, each corpus drawn in proportion to a power of its size.

    All processes draw the same batches of an epoch and take turns on them. An epoch has as many batches as the first
    one, so that its length is known beforehand; what a later one has more is left out, what it lacks is repeated.

    Args:
        corpora: where their sentences stand.
        always_told: by corpus, whether all of its windows follow its convention.
        convention_dropout: probability that one of another corpus does not.
        exponent: 1 draws each token equally often, 0 each corpus.
        context: see :func:`draw_windows`.
        longest: see :func:`draw_windows`.
        tokens: see :func:`make_batches`.
        specials: see :func:`make_batches`.
        weights: by corpus, how often it is drawn, as a multiple of what the exponent gives it.
        seed: of all draws, with the epoch.
        process: number of this process, from 0.
        processes: how many there are.
    """

    corpora: list[Sentences]
    always_told: list[bool]
    convention_dropout: float
    exponent: float
    context: int
    longest: int
    tokens: int
    specials: int
    weights: list[float]
    seed: int = 0
    process: int = 0
    processes: int = 1
    epoch: int = 0

    def __post_init__(self):
        self.passes = passes([each.tokens for each in self.corpora], self.exponent, self.weights)
        self._length = max(1, len(self.draw(0)) // self.processes)

    def __len__(self) -> int:
        return self._length

    def set_epoch(self, epoch: int) -> None:
        """Draw that epoch's windows next."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[np.ndarray]:
        """Batches of windows ``(n, 4)``: first token, tokens, corpus, whether it follows the corpus's convention."""
        own = self.draw(self.epoch)[self.process :: self.processes]
        own *= math.ceil(self._length / max(1, len(own)))
        yield from own[: self._length]

    def draw(self, epoch: int) -> list[np.ndarray]:
        """The batches of an epoch of all processes."""
        rng = np.random.default_rng([self.seed, epoch])
        found = []
        for sentences, times in zip(self.corpora, self.passes, strict=True):
            for number in range(math.ceil(times)):
                windows = draw_windows(sentences, self.context, self.longest, rng)
                kept = rng.random(len(windows)) < times - number
                told = rng.random(len(windows)) >= self.convention_dropout
                told |= self.always_told[sentences.corpus]
                corpus = np.full(len(windows), sentences.corpus)
                found.append(np.column_stack([windows, corpus, told])[kept])
        windows = np.concatenate(found)
        return [windows[rows] for rows in make_batches(windows[:, 1], self.tokens, self.specials, rng)]


def passes(tokens: list[int], exponent: float, weights: list[float]) -> list[float]:
    """How often each corpus is read in an epoch, which has as many tokens as all of them together."""
    shares = [weight * count**exponent for weight, count in zip(weights, tokens, strict=True)]
    return [share / sum(shares) * sum(tokens) / count for share, count in zip(shares, tokens, strict=True)]

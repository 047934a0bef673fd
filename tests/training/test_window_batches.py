"""Windows of neighbouring sentences and the batches they stand in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_kogner.training.window_batches import Sentences, WindowSampler, draw_windows, make_batches, passes


def sentences(lengths, runs=None, corpus=0, first=0) -> Sentences:
    lengths = np.array(lengths)
    starts = first + np.cumsum(lengths) - lengths
    return Sentences(corpus, starts, lengths, np.zeros_like(lengths) if runs is None else np.array(runs))


@given(st.lists(st.tuples(st.integers(1, 70), st.booleans()), min_size=1, max_size=40), st.integers(0, 2**32))
def test_windows_hold_every_token_once(rows, seed):
    """A sentence left out of an epoch, read twice or joined to another document would show in no loss."""
    runs = np.cumsum([new for _, new in rows])
    table = sentences([length for length, _ in rows], runs)
    windows = draw_windows(table, context=60, longest=50, rng=np.random.default_rng(seed))
    assert [token for start, size in windows for token in range(start, start + size)] == list(range(table.tokens))
    assert windows[:, 1].max() <= 50
    document = np.repeat(runs, table.lengths)
    for start, size in windows.tolist():
        assert len(set(document[start : start + size])) == 1
    cuts = {start for start, _ in windows.tolist()} - set(table.starts.tolist())  # only sentences above 50 are cut
    assert all((table.lengths[np.searchsorted(table.starts, cut, "right") - 1]) > 50 for cut in cuts)


def test_windows_are_long_single_and_between():
    """All of one length, the model would be lost on texts of another."""
    rng = np.random.default_rng(0)
    size = np.concatenate([draw_windows(sentences([10] * 400), 200, 254, rng)[:, 1] for _ in range(20)])
    shares = [(size == 200).mean(), (size == 10).mean(), ((size > 10) & (size < 200)).mean()]
    assert shares == pytest.approx([0.5, 0.2, 0.3], abs=0.04)


@given(st.lists(st.integers(1, 100), min_size=1, max_size=200), st.integers(0, 2**32))
def test_batches_hold_every_window_and_fit(lengths, seed):
    """A batch above the budget runs out of memory after an hour; a window in none is never trained on."""
    lengths = np.array(lengths)
    batches = make_batches(lengths, 256, 2, np.random.default_rng(seed))
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    widths = [(lengths[batch].max() + 9) // 8 * 8 for batch in batches]
    assert all(len(batch) * width <= 256 for batch, width in zip(batches, widths, strict=True))


def test_passes():
    """By hand: 400 and 100 tokens, square roots 20 and 10, so two and one thirds of 500 tokens an epoch."""
    assert passes([400, 100], 0.5, [1, 1]) == pytest.approx([500 / 3 * 2 / 400, 500 / 3 / 100])
    assert passes([400, 100], 1.0, [1, 1]) == [1.0, 1.0]
    assert passes([400, 100], 1.0, [1, 4]) == [0.625, 2.5]


def sampler(**fields) -> WindowSampler:
    corpora = [sentences([10] * 100), sentences([10] * 60, corpus=1, first=1000)]
    drawing = {"always_told": [False, True], "convention_dropout": 0.5, "exponent": 0.7, "context": 40}
    drawing |= {"longest": 50, "tokens": 128, "specials": 2, "weights": [1, 1], "seed": 3}
    return WindowSampler(corpora, **drawing | fields)


def test_epochs_differ_and_can_be_drawn_again():
    """A resumed run would train on other windows than the one that was stopped, or every epoch on the same ones."""
    one, other = sampler(), sampler()
    first = [batch.tolist() for batch in one]
    assert [batch.tolist() for batch in other] == first
    one.set_epoch(1)
    assert [batch.tolist() for batch in one] != first
    other.set_epoch(1)
    assert [batch.tolist() for batch in one] == [batch.tolist() for batch in other]
    assert len(list(one)) == len(one) == len(first)


def test_processes_take_turns():
    """Two processes with the same batches would train on half of the data; with unequal counts one waits for ever."""
    whole = [batch.tolist() for batch in sampler()]
    shares = [[batch.tolist() for batch in sampler(process=i, processes=2)] for i in range(2)]
    assert len(shares[0]) == len(shares[1]) == len(whole) // 2
    assert [batch for pair in zip(*shares, strict=True) for batch in pair] == whole[: len(whole) // 2 * 2]


def test_conventions_of_windows():
    """A corpus outside of the default guideline has nothing to teach without its convention."""
    windows = np.concatenate([np.concatenate(list(sampler(seed=seed))) for seed in range(20)])
    told = [windows[windows[:, 2] == corpus, 3].mean() for corpus in (0, 1)]
    assert told == [pytest.approx(0.5, abs=0.1), 1.0]

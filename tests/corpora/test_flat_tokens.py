"""Flat tokens against the windows that a single corpus is trained in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_windows import LABELS, TOKENIZERS, WORDS, run

from modeling_kogner.corpora.flat_tokens import FlatTokens

TAGS = ["O", "B-D", "I-D", "B-G"]


@pytest.mark.parametrize("kind", sorted(TOKENIZERS))
@given(
    rows=st.lists(
        st.lists(st.tuples(st.sampled_from([*WORDS, "\ud800"]), st.sampled_from(TAGS)), max_size=12),
        min_size=1,
        max_size=6,
    )
)
@settings(deadline=None)
def test_flat_tokens_are_those_of_windows(kind: str, rows: list) -> None:
    """A label one piece off, in one sentence of a million, would never be noticed."""
    words, tags = [[word for word, _ in row] for row in rows], [[tag for _, tag in row] for row in rows]
    flat = FlatTokens.of(words, tags, TOKENIZERS[kind], LABELS)
    windows = run(words, tags, kind, max_length=10_000)
    assert flat.ids.tolist() == [i for row in windows["input_ids"] for i in row[1:-1]]
    assert flat.labels.tolist() == [label for row in windows["labels"] for label in row[1:-1]]
    held = dict(zip(windows["example_index"], windows["input_ids"], strict=True))
    assert flat.lengths.tolist() == [len(held.get(row, [0, 0])) - 2 for row in range(len(rows))]

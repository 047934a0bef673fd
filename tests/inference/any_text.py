"""Texts as they come, and what holds for the mentions of every one of them."""

import itertools
import json

from conftest import CONCEPTS, TEXT
from hypothesis import strategies as st

# Control and direction marks, half a pair, marks that combine, letters whose lower case or compatibility form is
# longer, scripts without spaces, and pieces of tokenizers that are not text.
ODD = [
    *("", "\x00", "\x1b[0m", "\u202e", "\u200f", "\u200d", "\ufeff", "\xad", "\ud83e", "\U0001f9ec", "n\u0303"),
    *("\u0130", "\u1e9e", "\ufb01", "\u3a1d", "\u337f", "\u1100\u1161", "\u0e01\u0e33", "\ufdfa", "\U000e0041"),
    *("[PAD]", "[SEP]", "\u2581", "##a", "\u0120", "'s", "-", "1", "(", ")", ".", " ", "\n", "\u2028", "\u00a0" * 9),
]
NAMES = [name for concept in CONCEPTS for name in concept[3]]
MIXTURE = st.lists(st.sampled_from([*ODD, *TEXT[:5], *NAMES, " ", " "]), max_size=12).map("".join)
ANY_TEXT = st.text() | MIXTURE
WHOLE_TEXT = ANY_TEXT.map(lambda text: text.encode("utf-8", "replace").decode())  # what tokenizers themselves take


def check(text, mentions):
    """Mentions lie in the text, on its characters, in order, and are plain Python."""
    for mention in mentions:
        assert 0 <= mention.start < mention.end <= len(text)
        assert text[mention.start : mention.end] == mention.text == mention.text.strip()
        assert type(mention.score) is float
        assert 0 <= mention.score <= 1.0001
    assert all((one.start, -one.end) < (two.start, -two.end) for one, two in itertools.pairwise(mentions))
    found = [mention.to_dict() for mention in mentions]
    assert json.loads(json.dumps(found)) == found


def places(mentions):
    """What two readings of a text must agree in."""
    return [(m.start, m.end, m.type, m.id) for m in mentions]

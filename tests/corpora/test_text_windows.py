"""Windows over long texts, for every kind of tokenizer."""

import copy
import random
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import TEXT

from modeling_kogner.corpora import text_windows
from modeling_kogner.corpora.text_tokenizer import TextTokenizer
from modeling_kogner.corpora.text_windows import words_of


def make_windows(texts, tokenizer, max_length, stride):
    return text_windows.make_windows(texts, TextTokenizer.of(tokenizer), max_length, stride)


def words(text, tokenizer, max_length, stride):
    (windows,) = make_windows([text], tokenizer, max_length, stride)
    return [(word.first, word.last, word.start, word.end) for word in words_of(text, windows)]


def long_text(seed):
    rng = random.Random(seed)
    parts = [*" ".join(TEXT).split(), "acetylsalicylic" * 4, "(", "\n"]
    parts += ["\u03b1-synuclein", "n\u0303", "\U0001f9ec\U0001f9ec", "\u05e9\u05dc\u05d5\u05dd\u200f"]
    return " ".join(rng.choice(parts) for _ in range(150))


@pytest.mark.parametrize("stride", [0, 3, 9])
def test_windows_give_the_words_of_one_long_window(tokenizer, stride):
    """A wrong shift between windows would lose, double or cut words at every border, even ones longer than a stride."""
    for seed in range(5):
        text = long_text(seed)
        whole = words(text, tokenizer, 10_000, 0)
        assert words(text, tokenizer, 24, stride) == whole
        assert len(make_windows([text], tokenizer, 24, stride)[0]) > 10
        assert whole == sorted(set(whole))


def test_a_word_is_read_where_it_lies_farthest_from_a_cut(wordpiece):
    """Read at a window's edge, a word would lack the context on one side."""
    text = "fever " * 60
    (windows,) = make_windows([text], wordpiece, 22, 8)
    for word in words_of(text, windows):
        room = [
            min(
                word.first - window.first if window.first else 10**6,
                window.end - 1 - word.last if not window.is_last else 10**6,
            )
            for window in windows
            if window.first <= word.first and word.last < window.end
        ]
        chosen = windows.index(word.window)
        holders = [i for i, w in enumerate(windows) if w.first <= word.first and word.last < w.end]
        assert room[holders.index(chosen)] == max(room)


def test_words_end_at_punctuation(tokenizer):
    """A sentencepiece word would swallow its brackets and full stop, and so would the mention."""
    text = "seen (low fever). Fell"
    starts = {text[start:end] for _, _, start, end in words(text, tokenizer, 128, 0)}
    assert {"seen", "(", "low", "fever", "Fell"} <= starts


def test_texts_stay_apart_and_empty_ones_have_no_window(tokenizer):
    """Windows given to the neighbour would shift all results by one text."""
    groups = make_windows(["", TEXT[0], "   ", TEXT[1]], tokenizer, 24, 4)
    assert groups[0] == []
    assert words_of("   ", groups[2]) == []
    assert words_of(TEXT[1], groups[3])[-1].end == len(TEXT[1])
    assert {window.text_index for window in groups[3]} == {3}


def test_windows_are_those_of_the_tokenizer(tokenizer):
    """The model was trained on windows that the tokenizer cut."""
    text = long_text(1)
    (windows,) = make_windows([text], tokenizer, 24, 5)
    cut = copy.deepcopy(tokenizer)(text, truncation=True, max_length=24, stride=5, return_overflowing_tokens=True)
    assert [window.input_ids for window in windows] == cut["input_ids"]


def test_threads_share_a_tokenizer(wordpiece):
    """Settings changed under each other give windows that are not cut, without an error."""
    texts, shared = [long_text(seed) for seed in range(4)], TextTokenizer.of(wordpiece)

    def read(text):
        return [window.input_ids for window in text_windows.make_windows([text], shared, 24, 5)[0]]

    expected, interval = [read(text) for text in texts], sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            for _ in range(40):
                assert list(pool.map(read, texts)) == expected
    finally:
        sys.setswitchinterval(interval)


def test_settings_of_the_tokenizer_are_left_as_they_were(wordpiece):
    """Truncation left on by another would cut the text; switched off, it would be missing there."""
    tokenizer = copy.deepcopy(wordpiece)
    tokenizer.backend_tokenizer.enable_truncation(4)
    ((window,),) = make_windows([TEXT[0]], tokenizer, 512, 2)
    assert len(window.input_ids) > 10
    assert tokenizer.backend_tokenizer.truncation["max_length"] == 4

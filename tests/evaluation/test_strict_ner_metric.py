import json
import socket
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import classification_report, f1_score, precision_score, recall_score

from modeling_kogner.evaluation.strict_ner_metric import StrictNer
from modeling_kogner.evaluation.strict_scores import strict_scores

TAGS = ["O", "B-A", "I-A", "B-B", "I-B"]
PAIRS = st.lists(
    st.integers(1, 8).flatmap(
        lambda n: st.tuples(*[st.lists(st.sampled_from(TAGS), min_size=n, max_size=n) for _ in range(2)])
    ),
    min_size=1,
    max_size=5,
)


@given(PAIRS)
@settings(max_examples=150, deadline=None)
def test_equals_seqeval_on_random_tags(pairs: list[tuple[list[str], list[str]]]) -> None:
    """Scores would not be comparable with those of the literature."""
    predictions, references = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    ours = strict_scores(predictions, references)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        micro = tuple(score(references, predictions) for score in (precision_score, recall_score, f1_score))
        report = (
            classification_report(references, predictions, output_dict=True) if ours["gold"] + ours["predicted"] else {}
        )
    assert (ours["precision"], ours["recall"], ours["f1"]) == pytest.approx(micro)
    assert set(ours["types"]) == {name for name in report if not name.endswith("avg")}
    for kind, scores in ours["types"].items():
        assert scores["f1"] == pytest.approx(report[kind]["f1-score"])
        assert scores["gold"] == report[kind]["support"]


def test_counts_by_hand() -> None:
    """One exact mention, one with a wrong border, one of the wrong type, one missed."""
    gold = [["B-A", "I-A", "O", "B-B"], ["B-A", "I-A", "O", "B-A"]]
    guess = [["B-A", "I-A", "O", "B-A"], ["B-A", "O", "O", "O"]]
    result = strict_scores(guess, gold)
    assert (result["gold"], result["predicted"], result["correct"]) == (4, 3, 1)
    assert (result["precision"], result["recall"]) == (1 / 3, 1 / 4)
    assert result["f1"] == pytest.approx(2 / 7)
    assert result["types"]["B"] == {
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
        "gold": 1,
        "predicted": 0,
        "correct": 0,
    }


def test_types_limit_both_sides() -> None:
    """A type that the corpus does not annotate would cost precision."""
    result = strict_scores([["B-A", "B-B"]], [["B-A", "O"]], types=["A", "C"])
    assert (result["f1"], result["predicted"]) == (1.0, 1)
    assert list(result["types"]) == ["A", "C"]


@pytest.mark.parametrize("tags", [[], [["O", "O"]], [[]]])
def test_nothing_to_find_is_defined(tags: list[list[str]]) -> None:
    """An empty batch would divide by zero."""
    assert StrictNer().compute(predictions=tags, references=tags)["f1"] == 0.0


def test_metric_is_local_and_speaks_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """evaluate.load would fetch a script, and numpy floats break metrics.json."""

    def refuse(*_: object) -> None:
        raise AssertionError("the metric opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    metric = StrictNer()
    metric.add_batch(predictions=[["B-A", "O"]], references=[["B-A", "O"]])
    metric.add_batch(predictions=[["O"]], references=[["B-B"]])
    result = metric.compute(types=["A", "B"])
    assert json.loads(json.dumps(result))["recall"] == 0.5


def test_lengths_must_agree() -> None:
    """Comparing only the common part would hide words lost in windowing."""
    with pytest.raises(ValueError, match="sentence 0: 1 predicted tags for 2 words"):
        strict_scores([["O"]], [["O", "B-A"]])

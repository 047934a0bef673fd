"""`kogner errors`: what is counted as which error, and the page that shows it."""

import json
import re

import pytest
from datasets import Dataset
from support import kogner, rows, tiny_model, write_corpus

from modeling_kogner.evaluation.encoded_split import EncodedSplit
from modeling_kogner.evaluation.error_page import error_page
from modeling_kogner.evaluation.error_report import report_errors

WORDS = ["severe", "<b>acute</b>", "leukemia", "and", "aspirin"]
GOLD = ["O", "B-Disease", "I-Disease", "O", "B-Chemical"]


@pytest.fixture(scope="module")
def report():
    """The same sentence with a border, a wrong type, something spurious, something missed, and nothing wrong."""
    guesses = [
        ["B-Disease", "I-Disease", "I-Disease", "O", "B-Chemical"],
        ["O", "B-Disease", "I-Disease", "O", "B-Disease"],
        ["O", "B-Disease", "I-Disease", "B-Chemical", "B-Chemical"],
        ["O", "O", "O", "O", "B-Chemical"],
        GOLD,
    ]
    encoded = EncodedSplit("toy", ["Chemical", "Disease"], Dataset.from_dict({}), [GOLD] * 5, [], [WORDS] * 5)
    return report_errors(encoded, guesses)


def test_the_counts(report):
    """A border counted twice, as spurious and as missed, would hide what most errors are."""
    chemical, disease = report["types"]
    none = {"border": 0, "type": 0, "spurious": 0, "missed": 0, "missed_for_type": 0}
    assert (chemical["type"], chemical["gold"], chemical["right"]) == ("Chemical", 5, 4)
    assert chemical["errors"] == none | {"spurious": 1, "missed_for_type": 1}
    assert (disease["type"], disease["gold"], disease["right"]) == ("Disease", 5, 3)
    assert disease["errors"] == none | {"border": 1, "type": 1, "missed": 1}
    border = report["groups"][0]
    assert border["frequent"] == [("severe <b>acute</b> leukemia → <b>acute</b> leukemia", 1)]
    (example,) = border["examples"]
    assert example["text"][example["gold"]["start"] : example["gold"]["end"]] == "<b>acute</b> leukemia"
    assert (example["found"]["start"], example["sentence"]) == (0, 1)


def test_examples_are_spread(report):
    """The first thirty of a thousand errors may all be of one document."""
    encoded = EncodedSplit("toy", ["Disease"], Dataset.from_dict({}), [GOLD] * 100, [], [WORDS] * 100)
    (group,) = report_errors(encoded, [["O"] * 5] * 100, examples=4)["groups"]
    assert [each["sentence"] for each in group["examples"]] == [1, 26, 51, 76]
    assert group["count"] == 100
    assert report_errors(encoded, [["O"] * 5] * 100, examples=0)["groups"][0]["examples"] == []


def test_the_page_shows_text_as_text(report):
    """Markup of a sentence must not be markup of the page."""
    page = error_page([report | {"split": "test"}], "my <model>")
    assert "<b>" not in page
    assert "my &lt;model&gt;" in page
    assert not re.search(r"<script|https?://", page)
    assert page.count("<details open>") == len(report["groups"])  # one type of each kind: nothing to choose from
    assert '<span class="found">severe </span><span class="gold found">&lt;b&gt;acute&lt;/b&gt; leukemia</span>' in page


def test_the_command(knowledge, wordpiece, tmp_path):
    """What eval counts as right is what this counts as right."""
    model = tiny_model(knowledge, wordpiece)
    model.save_pretrained(tmp_path / "model")
    wordpiece.save_pretrained(tmp_path / "model")
    corpus = write_corpus(tmp_path / "corpus", train=rows(), validation=rows())
    common = ["--model", tmp_path / "model", "--dataset", corpus, "--split", "validation", "--device", "cpu"]
    for name in ("errors.html", "errors.json"):
        result = kogner("errors", *common, "--output", tmp_path / name)
        assert result.exit_code == 0, result.output
    (found,) = json.loads((tmp_path / "errors.json").read_text())
    kogner("eval", *common, "--output", tmp_path / "metrics.json")
    scores = json.loads((tmp_path / "metrics.json").read_text())["datasets"]["corpus"]["strict"]["types"]
    for row in found["types"]:
        score = scores[row["type"]]
        assert (row["gold"], row["right"]) == (score["gold"], score["correct"])
        errors = row["errors"]
        assert errors["border"] + errors["type"] + errors["spurious"] == score["predicted"] - score["correct"]
    assert "Errors of model" in (tmp_path / "errors.html").read_text()

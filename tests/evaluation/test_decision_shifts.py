"""Shifts that are chosen on validation splits."""

import json

import numpy as np
import pytest
from conftest import TEXT
from datasets import Dataset
from tiny_tagger import make_tagger

from modeling_kogner import KognerForTokenClassification
from modeling_kogner.corpora.corpus import Corpus
from modeling_kogner.evaluation.decision_shifts import GRID, best_shift, choose_shifts, f1_curves, write_shifts
from modeling_kogner.evaluation.encoded_split import EncodedSplit, predict_logits

SENTENCES = TEXT[:6]


@pytest.fixture
def corpus(model, wordpiece):
    """Sentences whose gold is what the model finds with fewer chemicals."""
    tokens = [text.split() for text in SENTENCES]
    rows = Dataset.from_dict({"tokens": tokens, "ner_tags": [["O"] * len(words) for words in tokens]})
    split = EncodedSplit.from_split("A", rows, ["Chemical", "Disease"], wordpiece, model.config.label2id, context=30)
    model.config.decision_shifts = {"none": {"Chemical": -1.5}}
    tags = split.decode(predict_logits(model, split.windows, wordpiece), model.config.id2label)
    model.config.decision_shifts = None
    return Corpus("A", ["Chemical", "Disease"], {"validation": Dataset.from_dict({"tokens": tokens, "ner_tags": tags})})


@pytest.fixture
def model(knowledge, wordpiece):
    model = make_tagger(knowledge, wordpiece).eval()
    model.config.constrained_decoding = model.config.whole_words = True
    model.config.context_tokens = 30
    return model


def test_the_curve_is_what_the_model_then_scores(model, wordpiece, corpus):
    """A shift chosen on another decoding than the model's would be chosen for nothing."""
    curves = f1_curves(model, wordpiece, corpus, None)
    rows = corpus.split("validation")
    for kind, curve in curves.items():
        assert len(set(curve)) > 1  # else this compares nothing
        for number in (0, 4, len(GRID) - 1):
            model.config.decision_shifts = {"none": {kind: float(GRID[number])}}
            split = EncodedSplit.from_split("A", rows, [kind], wordpiece, model.config.label2id, context=30)
            found = split.score(predict_logits(model, split.windows, wordpiece), model.config.id2label)
            assert found["types"][kind]["f1"] == pytest.approx(curve[number]), (kind, GRID[number])


def test_a_lone_peak_and_a_plateau():
    """The best of many scores by chance; and a shift that changes nothing but would be shipped."""
    curve = np.full(len(GRID), 0.8)
    assert best_shift(curve) == 0
    curve[0], curve[1], curve[8:12] = 0.9, 0.5, 0.85
    assert best_shift(curve) == GRID[9]


def test_what_is_chosen_is_read_by_the_model(model, wordpiece, corpus, tmp_path):
    """Zeros and types of a corpus that is no guide for them would be written; or names that loading refuses."""
    model.config.conventions = ["A"]
    model.kogner.conventions = None
    for guides in (["A", "B"], ["B"]):
        model.config.guideline = {"Chemical": guides}
        shifts = choose_shifts(model, wordpiece, [corpus], [corpus])
        assert shifts["A"]["Chemical"] < 0
        assert ("Chemical" in shifts.get("none", {})) == ("A" in guides)
    model.config.guideline = None
    model.save_pretrained(tmp_path)
    write_shifts(tmp_path, shifts)
    assert KognerForTokenClassification.from_pretrained(tmp_path).config.decision_shifts == shifts
    assert json.loads((tmp_path / "config.json").read_text())["model_type"] == "kogner"
    with pytest.raises(ValueError, match="name a model folder"):
        write_shifts(tmp_path / "nothing", shifts)

"""A joint model that knows the annotation convention of half of its training sentences."""

import json

import pyarrow as pa
import pytest
import torch
from support import SENTENCES, TYPES, mentions_of, rows, save_encoder, tiny_bert, tiny_model, write_corpus
from transformers import BertModel

from modeling_kogner import KognerForTokenClassification, KognerPipeline
from modeling_kogner.commands.main import call
from modeling_kogner.inference.annotator import Annotator
from modeling_kogner.inference.load import load
from modeling_kogner.integrations.annotate_column import AnnotateColumn
from modeling_kogner.training.collator import ConventionCollator

NAMES = ["loose", "strict"]


@pytest.fixture(scope="module")
def batch(wordpiece):
    given = wordpiece([text for text, *_ in SENTENCES[:3]], padding=True, return_tensors="pt")
    return {name: given[name] for name in ("input_ids", "attention_mask")}


@pytest.fixture
def model(knowledge, wordpiece):
    return tiny_model(knowledge, wordpiece, conventions=NAMES, classifier_dropout=0.0)


def test_no_convention_is_the_model_itself(model, batch):
    """The stock pipeline tells none: row 0 must add nothing, and each convention something of its own."""
    with torch.no_grad():
        plain, *told = [model(**batch, convention=c) for c in (None, *map(torch.full, [(3,)] * 3, (0, 1, 2)))]
    assert torch.equal(told[0].logits, plain.logits)
    assert not torch.allclose(told[1].logits, plain.logits, atol=1e-4)
    assert not torch.allclose(told[1].logits, told[2].logits, atol=1e-4)


def test_the_input_reads_it_too(knowledge, wordpiece, batch):
    """Left out of the encoder's input, the convention would reach the last layer alone."""
    tagger = tiny_model(knowledge, wordpiece, conventions=NAMES, input_conventions=True)
    told = [torch.full((3,), convention) for convention in (0, 1)]
    with torch.no_grad():
        plain, none, first = (tagger.kogner(**batch, convention=c).encoder_hidden_state for c in (None, *told))
    assert torch.equal(none, plain)
    assert not torch.allclose(first, plain, atol=1e-4)
    with torch.no_grad():
        tagger.kogner.input_conventions.weight.zero_()
        assert torch.equal(tagger.kogner(**batch, convention=told[1]).encoder_hidden_state, plain)


@pytest.mark.parametrize(("dropout", "expected"), [(1.0, [0, 0]), (0.0, [1, 2])])
def test_dropout_hides_it_from_training(wordpiece, dropout, expected):
    """Never hidden, the model would be lost on text of no known corpus."""
    features = [{"input_ids": [2, 7, 3], "labels": [-100, 0, -100], "convention": c} for c in (1, 2)]
    assert ConventionCollator(wordpiece, convention_dropout=dropout)(features)["convention"].tolist() == expected


def test_numbers_of_conventions(model):
    """Off by one, each corpus would be scored under its neighbour's convention."""
    assert [model.config.convention_id(name) for name in (None, *NAMES)] == [0, 1, 2]
    with pytest.raises(ValueError, match="knows loose, strict"):
        model.config.convention_id("other")


def test_annotation_follows_the_one_asked_for(model, wordpiece, tmp_path):
    """An option that is read and not passed on would annotate as if it were not there."""
    model.save_pretrained(tmp_path)
    wordpiece.save_pretrained(tmp_path)
    texts = [text for text, *_ in SENTENCES]
    plain, loose, strict = (mentions_of(load(tmp_path, convention=c), texts) for c in (None, *NAMES))
    assert plain == mentions_of(Annotator(model, wordpiece), texts)
    assert loose not in (plain, strict)
    assert strict != plain
    named = KognerPipeline(model, wordpiece, convention="strict")(texts)
    column = AnnotateColumn(str(tmp_path), convention="strict", device="cpu")(pa.table({"text": texts}))["mentions"]
    for one, other, third in zip(strict, named, column.to_pylist(), strict=True):
        places = [(mention.start, mention.end, mention.type) for mention in one]
        assert [(mention["start"], mention["end"], mention["entity_group"]) for mention in other] == places
        assert [(mention["start"], mention["end"], mention["type"]) for mention in third] == places
    with pytest.raises(ValueError, match="knows loose, strict"):
        load(tmp_path, convention="other")


def test_train_and_eval(wordpiece, tmp_path):
    """The two corpora contradict each other, which only their conventions can tell: train.py to eval.py."""
    torch.manual_seed(0)
    encoder = save_encoder(tmp_path / "encoder", BertModel(tiny_bert(len(wordpiece))), wordpiece)
    blank = [{**row, "ner_tags": ["O"] * len(row["ner_tags"])} for row in rows()]
    blank[0]["ner_tags"] = rows()[0]["ner_tags"]  # a corpus must annotate something
    corpora = [
        write_corpus(tmp_path / name, train=some, validation=some)
        for name, some in (("strict", blank), ("loose", rows()))
    ]
    options = ["--encoder", encoder, "--dataset", *corpora, "--output_dir", tmp_path / "model", "--conventions", "true"]
    options += ["--eval_strategy", "no", "--save_strategy", "no", "--use_cpu", "--max_steps", 80, "--seed", 1]
    options += ["--learning_rate", 5e-3, "--head_learning_rate", 5e-3, "--types", *TYPES, "--disable_tqdm", "true"]
    call("train", [str(option) for option in options])
    assert KognerForTokenClassification.from_pretrained(tmp_path / "model").config.conventions == ["strict", "loose"]
    predicted = {}
    for convention in ("strict", "loose", "own"):
        scored = tmp_path / f"{convention}.json"
        given = ["--model", tmp_path / "model", "--dataset", corpora[1], "--split", "validation", "--output", scored]
        call("eval", [*map(str, given), "--convention", convention])
        predicted[convention] = json.loads(scored.read_text())["datasets"]["loose"]["strict"]["predicted"]
    assert predicted["strict"] < predicted["loose"] == predicted["own"]

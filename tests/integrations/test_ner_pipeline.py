"""The task `kogner-ner`: the annotator behind transformers' call."""

import itertools
import json

import pytest
from conftest import TEXT
from datasets import Dataset
from support import mentions_of, tiny_bert
from tiny_tagger import make_tagger
from transformers import BertForTokenClassification, TokenClassificationPipeline, pipeline

from modeling_kogner import KognerPipeline
from modeling_kogner.corpora.document import Document
from modeling_kogner.inference.annotator import Annotator
from modeling_kogner.inference.load_model import load_model

TEXTS = ["", *TEXT[:3], " ".join(TEXT) * 3, "\U0001f9ec \u202eBRCA1\x00", "fever"]


@pytest.fixture(scope="module")
def folder(knowledge, tokenizer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "tagger"
    make_tagger(knowledge, tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def ner(knowledge, wordpiece):
    return pipeline("kogner-ner", model=make_tagger(knowledge, wordpiece), tokenizer=wordpiece, device="cpu")


def named_as_stock(mention):
    fields = mention.to_dict()
    return {{"type": "entity_group", "text": "word"}.get(name, name): value for name, value in fields.items()}


def test_it_finds_what_the_annotator_finds(folder):
    """Another tokenizer set-up, a lost option or a second way to join words would give other mentions."""
    made = {"max_length": 24, "stride": 6}
    options = {"types": ["Disease", "Gene"], "threshold": 0.6}
    ner = pipeline("kogner-ner", model=folder, device="cpu", vocabulary="MONDO", **made)
    found = ner(TEXTS, **options, batch_size=3)
    annotator = Annotator(*load_model(folder), vocabulary="MONDO", **made)
    expected = [[*map(named_as_stock, mentions)] for mentions in mentions_of(annotator, TEXTS, **options, batch_size=3)]
    assert sum(map(len, expected)) > 3
    assert found == expected == json.loads(json.dumps(found))


def test_the_result_has_the_form_of_its_input(ner):
    """A list for a generator would hold millions of abstracts in memory; a tuple read as one text would fail."""
    expected = [ner(text) for text in TEXT]
    assert all(isinstance(mention, dict) for mention in expected[0])
    assert ner(TEXT, batch_size=1) == ner(tuple(TEXT), batch_size=1) == expected
    assert (ner([]), ner("")) == ([], [])
    assert list(ner(Dataset.from_dict({"text": TEXT})["text"], batch_size=1)) == expected


def test_a_stream_is_read_in_parts(ner):
    """Read to its end at once, it would fill the memory; a part that is lost or doubled shifts all that follow."""
    endless = itertools.count()
    results = ner((TEXT[i % 5] for i in endless), batch_size=1)
    assert [*itertools.islice(results, 40)] == [ner(TEXT[i % 5]) for i in range(40)]
    assert next(endless) < 60


def test_options_of_the_constructor_hold_until_a_call_gives_others(knowledge, wordpiece, monkeypatch):
    """A threshold that is forgotten after the first call gives two kinds of results in one run."""
    given = []

    def annotate(self, texts, **options):
        given.append(options)
        return map(Document.of, texts)

    monkeypatch.setattr(Annotator, "annotate", annotate)
    model = make_tagger(knowledge, wordpiece)
    ner = pipeline("kogner-ner", model=model, tokenizer=wordpiece, device="cpu", threshold=0.5, batch_size=2)
    for options in ({}, {"threshold": 0.0, "batch_size": 7}, {"types": ["Gene"]}):
        ner("aspirin", **options)
    assert given == [
        {"batch_size": 2, "threshold": 0.5},
        {"batch_size": 7, "threshold": 0.0},
        {"batch_size": 2, "threshold": 0.5, "types": ["Gene"]},
    ]


def test_a_saved_pipeline_is_a_model_folder_that_asks_for_no_further_code(ner, knowledge, wordpiece, tmp_path):
    """On its own transformers would add the pipeline's file and task to the model, which then loads nowhere else."""
    ner.save_pretrained(tmp_path / "pipeline")
    make_tagger(knowledge, wordpiece).save_pretrained(tmp_path / "model")
    wordpiece.save_pretrained(tmp_path / "model")
    names = [{path.name for path in (tmp_path / folder).iterdir()} for folder in ("pipeline", "model")]
    assert names[0] == names[1]
    assert "custom_pipelines" not in json.loads((tmp_path / "pipeline" / "config.json").read_text())
    stock = pipeline("ner", model=str(tmp_path / "pipeline"), device="cpu", aggregation_strategy="simple")
    assert type(stock) is TokenClassificationPipeline
    assert type(ner) is KognerPipeline
    assert set(stock(TEXT[0])[0]) < set(ner(TEXT[0])[0])


def test_wrong_use_is_refused(ner, wordpiece):
    """A model of another kind would fail deep inside; the stock pipeline's options would be taken and ignored."""
    other = BertForTokenClassification(tiny_bert(len(wordpiece)))
    with pytest.raises(ValueError, match="'bert' is not a KoGNER model"):
        pipeline("kogner-ner", model=other, tokenizer=wordpiece, device="cpu")
    with pytest.raises(TypeError, match="aggregation_strategy"):
        pipeline("kogner-ner", model=ner.model, tokenizer=wordpiece, device="cpu", aggregation_strategy="simple")
    with pytest.raises(ValueError, match="text 1 is NoneType"):
        ner(["aspirin", None])

"""Self-training: what the teacher's labels become, and train.py with a teacher."""

import json
import math

import pytest
import torch
from conftest import train_tokenizer
from datasets import Dataset
from support import rows, save_encoder, tiny_bert, write_corpus
from tiny_tagger import make_tagger
from transformers import BertModel

from modeling_kogner import KognerConfig, KognerForTokenClassification
from modeling_kogner.commands.main import call
from modeling_kogner.configuration_kogner import bio_labels
from modeling_kogner.training.arguments import SelfTrainingArguments
from modeling_kogner.training.self_training import beliefs, confident_labels, label_text, mix

TEXT = [
    "Heart failure of rats was measured with aspirin.",
    "Patients with leukemia were seen .",
    "Diabetes mellitus and breast cancers caused the fever.",
]


def config(*types: str, **fields) -> KognerConfig:
    labels = bio_labels(types)
    return KognerConfig(id2label=dict(enumerate(labels)), label2id={name: i for i, name in enumerate(labels)}, **fields)


@pytest.fixture(scope="module")
def teacher(knowledge, wordpiece, tmp_path_factory) -> str:
    tagger = make_tagger(knowledge, wordpiece)
    torch.nn.init.ones_(tagger.classifier.bias)  # so that it finds something, whatever its other weights are
    return str(save_encoder(tmp_path_factory.mktemp("teacher"), tagger, wordpiece))


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("text") / "text.jsonl"
    path.write_text("".join(json.dumps({"text": line}) + "\n" for line in TEXT * 4))
    return str(path)


@pytest.fixture
def start(wordpiece, text, teacher, tmp_path) -> list[str]:
    """Options of a student of two types with a labelled corpus."""
    torch.manual_seed(1)
    encoder = save_encoder(tmp_path / "encoder", BertModel(tiny_bert(len(wordpiece))), wordpiece)
    test = rows([("Patients with leukemia were seen.", {2: "B-Disease"})])
    corpus = write_corpus(tmp_path / "corpus", train=rows(), test=test)
    options = ["--encoder", encoder, "--dataset", corpus, "--teacher", teacher, "--text", text, "--text_length", 16]
    quick = ["--use_cpu", "--disable_tqdm", "True", "--eval_strategy", "no", "--save_strategy", "no"]
    return [*map(str, options), *quick, "--output_dir", str(tmp_path / "model")]


def odds(probability: float, others: int = 2) -> float:
    """Log-odds against label O that give one label this probability, where the others are as likely as O."""
    return math.log(probability * others / (1 - probability))


def test_labels_of_the_teacher_are_the_students_where_it_is_sure():
    """Labels by another model's numbers teach other types; unsure ones teach its mistakes."""
    given, student = config("Gene", "Chemical", "Disease"), config("Cell", "Disease", "Gene")
    low = -20.0
    logits = torch.full((1, 5, 7), low)
    logits[..., 3:5] = 30.0  # sure of chemicals everywhere, which the student does not learn
    logits[0, 1, 5] = odds(0.95, 1)  # begins a disease
    logits[0, 2, 6] = odds(0.95, 1)  # is in a disease
    logits[0, 3, 1] = odds(0.85, 1)  # perhaps a gene
    logits[0, 4, 1], logits[0, 4, 5] = odds(0.95, 1), odds(0.99, 1)  # both: the likelier
    expected = ["O", "B-Disease", "I-Disease", None, "B-Disease"]
    types = ["Disease", "Gene"]  # in the student's order
    believed = beliefs(logits, given, types)
    found = confident_labels(believed, types, student, 0.9)
    assert found.tolist() == [[-100 if label is None else student.label2id[label] for label in expected]]
    assert confident_labels(believed, types, student, 0.5)[0, 3] == student.label2id["B-Gene"]


def test_several_teachers_label_by_their_mean(wordpiece, knowledge, teacher, text, tmp_path):
    """The last one alone, or each in turn, would bring back the errors of one model."""
    torch.manual_seed(2)
    tagger = make_tagger(knowledge, wordpiece)
    torch.nn.init.normal_(tagger.classifier.bias)
    other = str(save_encoder(tmp_path / "other", tagger, wordpiece))
    student = config("Gene", "Disease")

    def labels(*names: str, confidence: float = 0.0) -> torch.Tensor:
        given = SelfTrainingArguments(list(names), [text], text_length=16, teacher_confidence=confidence)
        return torch.tensor(label_text(given, {}, wordpiece, student, torch.device("cpu"))[0]["labels"][:])

    alone, both = [labels(name) for name in (teacher, other)], labels(teacher, other)
    assert (alone[0] != alone[1]).any()
    assert torch.equal(both, labels(other, teacher))
    assert (both == alone[0])[alone[0] == alone[1]].all()
    assert (both != alone[0]).any()
    assert (labels(teacher, teacher) == alone[0]).all()


def test_text_is_labelled_as_the_teacher_tags_it(wordpiece, teacher, text):
    """A window shifted by a token, or one that lost its padding, would teach nonsense."""
    given = SelfTrainingArguments([teacher], [text], text_length=16, teacher_confidence=0.0)
    student = config("Chemical", "Cell", "Gene", "Disease", conventions=["a"])
    tests = {"a": Dataset.from_dict({"tokens": [["Patients", "with", "leukemia", "were", "seen", "."]]})}
    rows, report = label_text(given, tests, wordpiece, student, torch.device("cpu"))
    model = KognerForTokenClassification.from_pretrained(teacher).eval()
    ids = torch.tensor(rows["input_ids"][:])
    with torch.inference_mode():
        best = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.argmax(-1)
    special = torch.isin(ids, torch.tensor(wordpiece.all_special_ids))
    labels = torch.tensor(rows["labels"][:])
    assert (labels[special] == -100).all()
    found = [student.id2label[label] for label in labels[~special].tolist()]
    assert found == [model.config.id2label[label] for label in best[~special].tolist()]
    assert len(set(found)) > 3
    assert rows["type_mask"][:] == [[1, 0, 1, 1]] * len(rows)
    assert rows["convention"][:] == [0] * len(rows)
    assert (report["dropped"], report["windows"], report["counted"]) == (4, len(rows), int((~special).sum()))
    assert not any("leukemia" in wordpiece.decode(row) for row in rows["input_ids"])


@pytest.mark.parametrize(("share", "gold", "text", "times"), [(0.5, 4, 8, 2), (0.8, 4, 8, 1), (0.5, 8, 4, 1)])
def test_gold_is_repeated_until_text_has_its_share(share, gold, text, times):
    """Eight thousand windows of text would drown fifty sentences."""
    parts = [Dataset.from_dict({"x": [name] * count}) for name, count in (("gold", gold), ("text", text))]
    assert mix(*parts, share)["x"][:] == ["gold"] * gold * times + ["text"] * text


def test_train_with_a_teacher(start, tmp_path):
    """The text must reach the trainer, without the corpus's own test sentences."""
    call("train", [*start, "--max_steps", "2", "--teacher_confidence", "0.1"])
    report = json.loads((tmp_path / "model" / "training.json").read_text())
    assert report["text"]["dropped"] == 4
    assert report["text"]["excluded_tests_of"] == ["corpus"]
    assert report["text"]["mentions"] > 0
    assert (report["text"]["windows"], report["train_windows"]) == (8, 2 * 6 + 8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--teacher", None], "go together"),
        (["--text", None], "go together"),
        (["--text_share", "1"], "--text-share: 1"),
        (["--teacher_confidence", "1.5"], "--teacher-confidence: 1.5"),
        (["--text_windows", "0"], "--text-windows: 0"),
        (["--text", "nowhere.txt"], "nowhere.txt: no text there"),
        (["--text_column", "abstract"], "none of the columns abstract"),
    ],
)
def test_options_that_make_no_sense_are_refused(start, options, message):
    """Each would end in a model trained on something else than was meant."""
    name, value = options
    at = start.index(name) if name in start else len(start)
    given = [*start[:at], *([] if value is None else [name, value]), *start[at + 2 :]]
    with pytest.raises(ValueError, match=message):
        call("train", given)


def test_a_teacher_that_does_not_fit_is_refused(knowledge, start, tmp_path):
    """Its labels would be of other pieces or types."""
    cells = write_corpus(tmp_path / "cells", train=[{"tokens": ["HeLa"], "ner_tags": ["B-Cell"]}])
    with pytest.raises(ValueError, match="none of Cell"):
        call("train", [str(cells) if word == start[start.index("--dataset") + 1] else word for word in start])
    tokenizer = train_tokenizer("bytelevel")
    other = save_encoder(tmp_path / "other", make_tagger(knowledge, tokenizer), tokenizer)
    with pytest.raises(ValueError, match="another tokenizer"):
        call("train", [*start, "--teacher", str(other)])

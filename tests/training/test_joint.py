"""Joint training from a recipe: train.py reads corpora of several formats and follows one guideline by default."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from support import ROOT, launch_two, rows, save_encoder, tiny_bert, write_corpus
from test_trainer import same_weights
from transformers import BertModel

from modeling_kogner.commands.main import call
from modeling_kogner.files.errors import InputError, UsageError
from modeling_kogner.inference.load import load
from modeling_kogner.inference.load_model import load_model
from modeling_kogner.training.joint_windows import JointWindows
from modeling_kogner.training.recipe import read_recipe
from modeling_kogner.training.recipe_corpora import load_recipe_corpora

QUICK = ["--use-cpu", "--disable-tqdm", "true", "--eval-strategy", "no", "--save-strategy", "no", "--seed", "1"]
DRUGS = """1|t|Aspirin reduced the fever of patients with leukemia.
1|a|The level of aspirin fell in rats. Heart failure did not cause the low level.
1\t0\t7\tAspirin\tDrug\tD1
1\t43\t51\tleukemia\tPlace\tD2
1\t66\t73\taspirin\tDrug\tD1

2|t|Patients were measured.
2|a|Nothing was seen.
2\t0\t8\tPatients\tClass\tD3

3|t|Nobody was measured.
3|a|No level fell.

4|t|Nobody was seen.
4|a|No fever fell.
"""
RECIPE = {
    "types": ["Disease", "Chemical"],
    "guideline": {"Disease": ["sentences"]},
    "claims": {"Disease": ["Chemical"]},
    "context_tokens": 40,
    "corpora": {
        "sentences": {"source": "sentences", "types": {"Disease": "Disease", "Chemical": None}},
        "drugs": {
            "source": "drugs",
            "types": {"Drug": "Chemical", "Class": "?Chemical", "Place": None},
            "every_nth_empty": 2,
        },
    },
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_corpus(folder / "sentences", train=rows(), validation=rows()[:2])
    (folder / "drugs").mkdir()
    (folder / "drugs" / "train.pubtator").write_text(DRUGS)
    (folder / "recipe.json").write_text(json.dumps(RECIPE))
    return folder


@pytest.fixture(scope="module")
def start(data, wordpiece, knowledge, tmp_path_factory):
    """Arguments of a run, but for its length and its output."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("start")
    save_encoder(folder / "encoder", BertModel(tiny_bert(len(wordpiece))), wordpiece)
    knowledge.save(folder / "graph")
    given = ["--recipe", data / "recipe.json", "--data", data, "--encoder", folder / "encoder"]
    return [*given, "--knowledge", folder / "graph", "--batch-tokens", 128, "--adversarial-norm", 0.1, *QUICK]


def train(*arguments):
    call("train", [str(argument) for argument in arguments])


def test_train_and_annotate(start, tmp_path):
    """From the recipe to mentions: with its own convention a corpus's type is found, without one the guideline's."""
    rates = ["--learning-rate", 5e-3, "--head-learning-rate", 5e-3, "--num-train-epochs", 60.5]
    train(*start, *rates, "--output-dir", tmp_path)
    config = load_model(tmp_path)[0].config
    assert (config.conventions, config.guideline) == (["sentences", "drugs"], {"Disease": ["sentences"]})
    assert (config.context_tokens, config.input_conventions) == (40, True)
    text = "Aspirin reduced the fever of patients with leukemia."
    plain, drugs = (load(tmp_path, convention=name)(text).mentions for name in (None, "drugs"))
    assert "Chemical" in {mention.type for mention in drugs}
    assert "leukemia" in {mention.text for mention in plain if mention.type == "Disease"}
    log = json.loads((tmp_path / "training.json").read_text())["log"]
    assert log[-1]["epoch"] == pytest.approx(60.5, abs=0.5)


def test_a_run_goes_on_where_it_stopped(start, tmp_path):
    """Resumed in the wrong epoch, it would read other windows than the run that was not stopped."""
    steps = ["--save-strategy", "steps", "--save-steps", 7, "--max-steps", 9]
    train(*start, *steps, "--output-dir", tmp_path / "whole")
    shutil.copytree(tmp_path / "whole" / "checkpoint-7", tmp_path / "resumed" / "checkpoint-7")
    train(*start, *steps, "--output-dir", tmp_path / "resumed", "--resume-from-checkpoint", "last")
    assert same_weights(tmp_path / "whole", tmp_path / "resumed")


def read_windows(data, tokenizer, excluded=()) -> JointWindows:
    recipe = read_recipe(data / "recipe.json")
    loaded = load_recipe_corpora(recipe, data, excluded)
    config = SimpleNamespace(convention_dropout=0.5)
    return JointWindows(recipe.without(excluded), loaded.train, tokenizer, config, 128, 60)


def test_windows_say_what_they_supervise(data, wordpiece):
    """One piece off, every token would learn from its neighbour's label; here against the text itself."""
    windows = read_windows(data, wordpiece)
    table = windows.sentences[1]
    size = int(table.lengths[:3].sum())  # the first document of the second corpus, whole
    told, untold = ([int(table.starts[0]), size, 1, follows] for follows in (1, 0))
    batch = windows.__getitems__(np.array([told, untold, [0, 4, 0, 0]]))
    assert {name: tuple(given.shape) for name, given in batch.items()}["type_mask"] == (3, (size + 9) // 8 * 8, 2)
    text = "Aspirin reduced the fever of patients with leukemia . The level of aspirin fell in rats . "
    expected = wordpiece(text + "Heart failure did not cause the low level .")["input_ids"]
    ids, labels, mask = (batch[name] for name in ("input_ids", "labels", "type_mask"))
    assert ids[0, : len(expected)].tolist() == expected
    assert batch["attention_mask"].sum(-1).tolist() == [len(expected), len(expected), 6]
    assert batch["convention"].tolist() == [2, 0, 0]
    assert (ids[0][batch["attention_mask"][0] == 0] == wordpiece.pad_token_id).all()
    begin = ids[0][labels[0] == 3]  # B-Chemical
    assert len(begin) == 2
    assert labels[0, [0, len(expected) - 1]].tolist() == [-100, -100]
    assert mask[0, 1 : len(expected) - 1].all(0).tolist() == [False, True]
    assert not mask[0, len(expected) - 1 :].any()
    assert not mask[1].any()  # not in the default guideline


def test_documents_are_not_joined_and_some_without_a_mention_left_out(data, wordpiece):
    """The end of one abstract would be read as the beginning of the next."""
    loaded = load_recipe_corpora(read_recipe(data / "recipe.json"), data)
    kept = list(dict.fromkeys(loaded.train["drugs"]["document"][:]))
    assert kept[:2] == ["1", "2"]
    assert len(kept) == 3  # of two without a mention, one
    runs = read_windows(data, wordpiece).sentences[1].runs
    assert np.unique(runs, return_counts=True)[1].tolist() == [3, 2, 2]


def test_excluded_corpora_still_give_test_sentences(data, tmp_path):
    """A model would be scored on a corpus whose test sentences it knew from another one."""
    shutil.copytree(data, tmp_path / "data")
    write_corpus(tmp_path / "data" / "sentences", test=rows()[:1])
    loaded = load_recipe_corpora(read_recipe(data / "recipe.json"), tmp_path / "data", ["sentences"])
    assert list(loaded.train) == ["drugs"]
    assert loaded.report["drugs"]["in_test_of"] == {"sentences test": 1}
    assert loaded.report["drugs"]["dropped"] == 3
    loaded = load_recipe_corpora(read_recipe(data / "recipe.json"), tmp_path / "data", (), without_validation=True)
    assert loaded.report["sentences"]["dropped"] == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"drugs": {"source": "drugs", "types": {"Drug": "Chemical"}}},
            r"train.pubtator, row 1: type 'Place' is not mapped",
        ),
        ({"other": {"source": "none", "types": {"X": "Disease"}}}, r"none: no such folder or file"),
        ({"drugs": {"source": "drugs", "types": {}, "train": ["dev"]}}, r"drugs"),
    ],
)
def test_wrong_corpora_are_refused_before_training(data, start, tmp_path, change, message):
    """An hour later would be too late."""
    recipe = RECIPE | {"corpora": RECIPE["corpora"] | change}
    (tmp_path / "wrong.json").write_text(json.dumps(recipe))
    with pytest.raises(InputError, match=message):
        train(*start, "--recipe", tmp_path / "wrong.json", "--output-dir", tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--dataset", "x"], "give either --dataset or --recipe"),
        (["--types", "Disease"], "--types cannot be given with --recipe"),
        (["--exclude-corpora", "other"], "the recipe has no corpus other; it has sentences, drugs"),
    ],
)
def test_options_that_a_recipe_decides_are_refused(start, tmp_path, options, message):
    """They would be read and not followed."""
    with pytest.raises(UsageError, match=message):
        train(*start, *options, "--output-dir", tmp_path / "model")


def test_a_student_learns_from_teachers(start, tmp_path):
    """The steps on text must reach the model, which starts with the teacher's conventions."""
    (tmp_path / "text.jsonl").write_text(
        '{"text": "Heart failure of rats was measured with aspirin. No level fell."}\n' * 9
    )
    train(*start, "--max-steps", 6, "--output-dir", tmp_path / "teacher")
    text = ["--teacher-text", tmp_path / "text.jsonl", "--teacher-length", 16, "--teacher-tokens", 64]
    again = [*start, "--encoder", tmp_path / "teacher", "--start-from", "all", "--max-steps", 2]
    train(*again, "--teachers", tmp_path / "teacher", *text, "--output-dir", tmp_path / "student")
    train(*again, "--output-dir", tmp_path / "alone")
    assert not same_weights(tmp_path / "student", tmp_path / "alone")
    still = ["--learning-rate", 0, "--head-learning-rate", 0]
    train(*again, *still, "--output-dir", tmp_path / "still")
    assert same_weights(tmp_path / "teacher", tmp_path / "still")


def test_unfit_teachers_are_refused(data, start, tmp_path):
    """Probabilities of other types would be learned under the wrong names."""
    train(*start, "--max-steps", 1, "--exclude-corpora", "drugs", "--output-dir", tmp_path / "teacher")
    text = ["--teacher-text", data / "drugs" / "train.pubtator"]
    with pytest.raises(InputError, match="other types, conventions, another graph or tokenizer"):
        train(*start, "--teachers", tmp_path / "teacher", *text, "--output-dir", tmp_path / "student")
    with pytest.raises(UsageError, match="--teachers and --teacher-text go together"):
        train(*start, "--teachers", tmp_path / "teacher", "--output-dir", tmp_path / "student")


@pytest.mark.slow
def test_two_processes_train_one_model(start, tmp_path):
    """With its own gradients each would train another model, and the adversary's passes would wait for each other."""
    ran = launch_two(ROOT / "train.py", *start, "--max-steps", 4, "--output-dir", tmp_path / "model", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    load_model(tmp_path / "model")

"""What all commands have in common: examples, exit codes, and the scripts behind `train` and `eval`."""

import hashlib
import importlib
import json
import re
import runpy
import sys

import pytest
from support import SENTENCES, rows, save_encoder, tiny_bert, tiny_model, write_corpus
from transformers import BertModel
from typer.testing import CliRunner

from modeling_kogner.commands.main import app

COMMANDS = [[command.name or command.callback.__name__] for command in app.registered_commands]
COMMANDS = [words for words in COMMANDS if words != ["graph"]]
COMMANDS += [["graph", name] for name in ("build", "distill", "stats", "add")]


def run(*arguments: object):
    return CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": "200"})


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_shows_an_example(words):
    """Two hundred options without an example leave a newcomer where he was."""
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert re.search(rf"^\W*(Example: )?kogner {' '.join(words)} \S", result.output, re.MULTILINE), result.output[:2000]


def test_train_and_eval_are_commands_of_an_installed_package(wordpiece, tmp_path):
    """A wheel has no train.py and no eval.py: their options must be reached from any folder."""
    encoder = save_encoder(tmp_path / "encoder", BertModel(tiny_bert(len(wordpiece))), wordpiece)
    corpus = write_corpus(tmp_path / "corpus", train=rows(SENTENCES[2:]), validation=rows(), test=rows(SENTENCES[:2]))
    options = ["--encoder", encoder, "--knowledge", "none", "--dataset", corpus, "--output_dir", tmp_path / "model"]
    options += ["--use_cpu", "--max_steps", 2, "--eval_strategy", "no", "--save_strategy", "no"]
    trained = run("train", *options)
    assert trained.exit_code == 0, trained.output
    scores = tmp_path / "metrics.json"
    scored = run("eval", "--model", tmp_path / "model", "--dataset", corpus, "--output", scores, "--device", "cpu")
    assert scored.exit_code == 0, scored.output
    found = json.loads(scores.read_text())
    assert found["datasets"]["corpus"]["sentences"] == 2
    weights = (tmp_path / "model" / "model.safetensors").read_bytes()
    assert found["revision"] == f"sha256:{hashlib.sha256(weights).hexdigest()}"  # else scores fit any weights


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "--output_dir", "m", "--dataset", "x", "--use_cpu"], 2, "kogner train: give either --encoder"),
        (["eval", "--model", "absent", "--dataset", "x"], 1, "kogner eval: absent: no such folder"),
        (["eval", "--model", "absent"], 2, "kogner eval: nothing to score"),
        (["eval", "--modle", "absent"], 2, "usage: kogner eval"),
        (["graph", "stats", "absent"], 1, "kogner graph: absent: no knowledge.json there"),
        (["graph", "stats"], 2, "Missing argument"),
    ],
)
def test_exit_codes_tell_wrong_data_from_wrong_use(arguments, code, message, tmp_path, monkeypatch):
    """A shell script repeats the one and gives up at the other."""
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_file_that_cannot_be_written_is_told_in_one_line(knowledge, wordpiece, tmp_path):
    """After minutes of scoring a traceback would hide that it was the path."""
    tiny_model(knowledge, wordpiece).save_pretrained(tmp_path / "model")
    wordpiece.save_pretrained(tmp_path / "model")
    corpus = write_corpus(tmp_path / "corpus", test=rows())
    result = run("eval", "--model", tmp_path / "model", "--dataset", corpus, "--output", corpus / "test.jsonl" / "m")
    assert result.exit_code == 1
    assert "test.jsonl" in result.stderr.strip().splitlines()[-1]


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    """A plain installation has no datasets: the traceback would not say what to install."""

    def missing(name, *_):
        raise ModuleNotFoundError("No module named 'datasets'", name="datasets")

    monkeypatch.setattr(importlib.import_module("modeling_kogner.commands.script"), "import_module", missing)
    result = run("train")
    assert result.exit_code == 2
    assert "kogner train: needs the package datasets: pip install 'kogner[train]'" in result.stderr


def test_a_module_of_the_package_can_be_launched(monkeypatch, capsys):
    """`accelerate launch -m` is how a wheel trains on several processes; without its last lines it would do nothing."""
    monkeypatch.setattr(sys, "argv", ["train.py", "--output_dir", "m", "--dataset", "x", "--use_cpu"])
    monkeypatch.delitem(sys.modules, "modeling_kogner.commands.train", raising=False)  # runpy warns of a second copy
    with pytest.raises(SystemExit) as end:
        runpy.run_module("modeling_kogner.commands.train", run_name="__main__")
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("train.py: give either --encoder")

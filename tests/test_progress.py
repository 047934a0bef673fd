"""Commands that work for seconds say so on a terminal, and leave files and pipes clean."""

import io
from dataclasses import replace
from itertools import combinations

import pandas as pd
import pytest
from support import ROOT, rows, save_encoder, tiny_bert, tiny_model, write_corpus
from transformers import BertModel

from modeling_kogner.commands.main import call
from modeling_kogner.files.counting import steps


class Terminal(io.StringIO):
    """Standard error of someone who watches."""

    def isatty(self):
        """Yes."""
        return True


@pytest.fixture(scope="module")
def folder(knowledge, wordpiece, tmp_path_factory):
    folder = tmp_path_factory.mktemp("progress")
    tiny_model(knowledge, wordpiece).save_pretrained(folder / "model")
    wordpiece.save_pretrained(folder / "model")
    write_corpus(folder / "my-corpus", train=rows()[:4], validation=rows(), test=rows()[4:])
    pairs = [(head, "is_a", tail) for head, tail in combinations(knowledge.concepts["id"], 2)]
    edges = pd.DataFrame(pairs, columns=["head", "relation", "tail"])
    replace(knowledge, edges=edges, codes=None, codebooks=None, student=None).save(folder / "large")
    save_encoder(folder / "encoder", BertModel(tiny_bert(len(wordpiece))), wordpiece)
    (folder / "source").mkdir()
    for name, head in (("nodes", "id,name,type,source"), ("names", "id,name"), ("edges", "head,relation,tail")):
        row = "LAB:1,zorvine,Chemical,lab\n" if name == "nodes" else ""
        (folder / f"source/{name}.csv").write_text(f"{head}\n{row}")
    (folder / "names.tsv").write_text("id\tname\ttype\nLAB:1\tfever\tDisease\n")
    (folder / "linked.pubtator").write_text("1|t|Aspirin\n1|a|\n1\t0\t7\tAspirin\tChemical\tD001241\n\n")
    return folder


def evaluate(folder, output):
    options = ["--dataset", folder / "my-corpus", "--linking", folder / "linked.pubtator", "--device", "cpu"]
    call("eval", [*map(str, ["--model", folder / "model", *options, "--output", output / "metrics.json"])])


def train(folder, output):
    options = ["--knowledge", "none", "--dataset", folder / "my-corpus", "--use-cpu", "--num-train-epochs", "1"]
    call("train", [*map(str, ["--encoder", folder / "model", *options, "--output-dir", output / "trained"])])


def distil(folder, output):
    steps = ["--transr-steps", "2", "--transformer-steps", "2", "--student-steps", "2", "--teacher-width", "16"]
    sources = ["--knowledge", folder / "large", "--encoder", folder / "encoder", "--output", output / "distilled"]
    call("graph distill", [*map(str, sources), *steps, "--width", "8"])


def build(folder, output):
    call("graph build", ["--source", str(folder / "source"), "--output", str(output / "built")])


SIGNS = {
    "build": (build, ["reading", "merging", "saving"]),
    "distil": (distil, ["reading the graph", "names -> vectors", "TransR", "student", "saving"]),
    "evaluate": (evaluate, ["reading", "my-corpus", "linked"]),
    "train": (train, ["100%|"]),
    "explain": (lambda folder, _: call("explain", ["Aspirin", "--model", folder / "model"]), ["reading"]),
    "add": (
        lambda folder, output: call(
            "graph add", [folder / "model", "--names", folder / "names.tsv", "--output", output / "new"]
        ),
        ["reading", "adding names", "saving"],
    ),
}


@pytest.mark.parametrize("command", SIGNS)
def test_signs_are_for_terminals_alone(command, folder, tmp_path, monkeypatch, capsys):
    """Seconds without a sign look like a hang; a bar in a log file is a thousand lines."""
    run, signs = SIGNS[command]
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    run(folder, tmp_path)
    shown, printed = terminal.getvalue(), capsys.readouterr().out
    assert "UserWarning" not in shown
    assert "shards" not in shown
    assert [sign for sign in signs if sign not in shown] == []
    assert "\x1b" not in printed

    (tmp_path / "again").mkdir()
    monkeypatch.setattr("sys.stderr", pipe := io.StringIO())
    run(folder, tmp_path / "again")
    assert pipe.getvalue() == ""


def test_the_time_left_follows_from_the_shares_of_the_steps(monkeypatch):
    """A build of five minutes that shows what it does, but not how long it will, is stopped after three."""
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    clock = iter([100.0, 100.0, 130.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock, 130.0))
    with steps({"reading": 1.0, "merging": 2.0, "saving": 1.0}) as step:
        step("reading")
        step("merging")
    shown = terminal.getvalue()
    assert "merging" in shown
    assert "about 1 min 30 s left" in shown

    monkeypatch.setattr("sys.stderr", pipe := io.StringIO())
    with steps({"reading": 1.0}) as step:
        step("reading")
    assert pipe.getvalue() == ""


def test_every_command_that_reads_a_model_shows_it():
    """A new command that calls the silent loader would look hung while a model is read or downloaded."""
    silent = [
        path.name
        for path in (ROOT / "modeling_kogner/commands").glob("*.py")
        if "load_model(" in path.read_text() and path.name != "progress.py"
    ]
    assert silent == []

"""`kogner annotate` and `kogner graph` from the shell."""

import json
import subprocess
import sys

import pytest
from support import kogner
from tiny_tagger import save_tagger

from modeling_kogner.inference import find_model


@pytest.fixture(scope="module")
def model_folder(knowledge, tmp_path_factory):
    return save_tagger(knowledge, tmp_path_factory.mktemp("models") / "tiny")


def run(*arguments, **options):
    return kogner(*arguments, width=160, **options)


def test_json_is_one_object_and_nothing_else(model_folder):
    """A log line or progress bar on standard output would break every reader."""
    text = "Aspirin [SEP] reduced the fever\n of 🧬 leukemia"
    result = run("annotate", "--json", "--model", model_folder, text)
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["text"] == text
    assert answer["mentions"]
    assert all(text[m["start"] : m["end"]] == m["text"] for m in answer["mentions"])


def test_standard_input_and_table(model_folder):
    """A name in [brackets] is markup to rich and would vanish from the table."""
    result = run("annotate", "--model", model_folder, input="Aspirin and [BRCA1] in leukemia")
    assert result.exit_code == 0, result.output
    assert "preferred name" in result.stdout
    assert result.stdout.startswith("Aspirin and [BRCA1] in leukemia\n"), "whose mentions these are"
    assert "no entities found" in run("annotate", "--model", model_folder, "").stdout


def test_errors_are_one_message_and_an_exit_code(model_folder, tmp_path, monkeypatch):
    """A traceback tells a newcomer nothing."""
    monkeypatch.setattr(find_model, "_CHECKOUT", tmp_path / "hub_card")
    for code, arguments, message in (
        (1, ("--model", tmp_path / "absent", "text"), "no such folder"),
        (2, ("text",), "no model is installed"),
    ):
        result = run("annotate", *arguments)
        assert result.exit_code == code
        assert message in result.stderr
        assert result.stdout == ""
        assert len(result.stderr.strip().splitlines()) == 1
    monkeypatch.setattr(find_model, "_CHECKOUT", model_folder)
    assert run("annotate", "text").exit_code == 0


BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch_geometric", "pronto", "wordfreq", "datasets", "evaluate"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Block())
from modeling_kogner.commands.main import app
app()
"""


@pytest.mark.parametrize(
    ("arguments", "code", "stream", "message"),
    [
        (["annotate", "--model", "MODEL", "Aspirin and leukemia in rats"], 0, "stdout", "preferred"),
        (["graph", "distill", "--help"], 0, "stdout", "--teacher-width"),
        (
            ["graph", "distill", "--knowledge", "x", "--encoder", "x", "--output", "x"],
            2,
            "stderr",
            "pip install 'kogner[graph]'",
        ),
    ],
)
def test_only_graph_needs_the_graph_extra(model_folder, arguments, code, stream, message):
    """A plain installation must annotate; an import at the top of the command would end that."""
    arguments = [str(model_folder) if argument == "MODEL" else argument for argument in arguments]
    result = subprocess.run([sys.executable, "-c", BLOCK, *arguments], capture_output=True, text=True)
    assert result.returncode == code, result.stderr
    assert message in getattr(result, stream)
    assert "Traceback" not in result.stderr


def test_graph_commands_are_reached_through_main():
    """The pass-through must hand on options, help and exit codes."""
    result = run("graph", "distill", "--help")
    assert result.exit_code == 0
    assert "--knowledge" in result.output
    assert run("graph", "build", "--source", "absent", "--output", "x").exit_code == 1


ENDINGS = ("csv", "tsv", "xlsx", "jsonl", "parquet", "pubtator", "json", "xml", "zip", "html")


def test_the_ending_tells_the_format(model_folder, tmp_path):
    """A file of the wrong format opens nowhere."""
    article = "<article><front><article-meta><article-id pub-id-type='pmid'>7</article-id><title-group><article-title>"
    article += "Aspirin in leukemia</article-title></title-group></article-meta></front></article>"
    (tmp_path / "article.nxml").write_text(article)
    for ending in ENDINGS:
        output = tmp_path / f"out.{ending}"
        result = run("annotate", "--model", model_folder, "--input", tmp_path / "article.nxml", "--output", output)
        assert result.exit_code == 0, result.output
        assert len(result.stderr.splitlines()) == 1
        start = {"xlsx": b"PK", "zip": b"PK", "parquet": b"PAR1", "xml": b"<?xml", "html": b"<!DOCTYPE html>"}
        start |= {"csv": b"document,start", "tsv": b"document\tstart", "json": b'{"source"', "pubtator": b"7|t|"}
        assert output.read_bytes().startswith(start.get(ending, b'{"id": "7", "text": "Aspirin in leukemia"'))
    folder = ("--output", tmp_path / "folder", "--format", "brat")
    assert run("annotate", "--model", model_folder, "--input", tmp_path / "article.nxml", *folder).exit_code == 0
    assert sorted(path.name for path in (tmp_path / "folder").iterdir()) == ["7.ann", "7.txt", "annotation.conf"]


def test_a_vocabulary_says_what_it_lacks(model_folder):
    """Without it, a text with few ids looks like a model that links badly."""
    result = run("annotate", "--model", model_folder, "--vocabulary", "mondo", "Aspirin and leukemia in rats")
    assert "7 of 12 concepts have no id of mondo and are not linked to; with one: Disease 5" in result.stderr
    assert run("annotate", "--model", model_folder, "--vocabulary", "OMIM", "Aspirin").exit_code == 2


def test_a_missing_extra_is_named_before_any_work(model_folder, tmp_path, monkeypatch):
    """After hours of annotating it would be too late."""
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    result = run("annotate", "--model", "absent", "--example", "--output", tmp_path / "a.xlsx")
    assert result.exit_code == 2
    assert result.stderr.strip() == "kogner annotate: needs the package openpyxl: pip install 'kogner[excel]'"

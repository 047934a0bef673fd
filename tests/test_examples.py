"""The scripts under examples/, run as their first lines say, on a tiny model."""

import importlib.util
import re
import sys

import pytest
import torch
from conftest import train_tokenizer
from support import ROOT, tiny_model

SCRIPTS = sorted((ROOT / "examples").glob("*.py"))


@pytest.fixture(scope="module")
def model_folder(knowledge, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("examples") / "model"
    tokenizer = train_tokenizer("wordpiece")
    model = tiny_model(knowledge, tokenizer)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([5.0, 0.0, 4.0, 0.0]))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(autouse=True)
def own_path(monkeypatch):
    """A script may put the checkout on the path, where other tests must not find it."""
    monkeypatch.setattr(sys, "path", sys.path[:])


def run(name: str, *arguments: str) -> None:
    spec = importlib.util.spec_from_file_location(f"example_{name}", ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(list(arguments))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_opens_with_its_command_time_and_output(path):
    """A newcomer reads the first lines only."""
    opening = path.read_text().split('"""')[1]
    assert f"    python examples/{path.name}" in opening
    assert "Two CPU cores: " in opening
    assert re.search(r"such as:\n\n    \S", opening)


def test_explain_mention(model_folder, capsys):
    """The concept that is read, and the answer without the graph, must be there."""
    run("explain_mention", "--model", model_folder, "Aspirin and fever")
    printed = capsys.readouterr().out
    assert "Aspirin: Chemical\n  names: Aspirin\n  read:  MESH:D001241 Aspirin\n  without the graph: Aspirin" in printed


def test_spacy_pipeline(model_folder, tmp_path, capsys):
    """An empty page would be written as quietly."""
    pytest.importorskip("spacy")
    run("spacy_pipeline", "--model", model_folder, "--output", str(tmp_path / "tagged.html"))
    assert "Aspirin  Chemical  MESH:D001241" in capsys.readouterr().out
    assert "MESH:D001241" in (tmp_path / "tagged.html").read_text()

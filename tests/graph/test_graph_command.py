"""`kogner graph build` from the shell."""

import pandas as pd
from typer.testing import CliRunner

from modeling_kogner.commands.graph import app
from modeling_kogner.graph.knowledge_folder import Knowledge


def write(folder, tail):
    folder.mkdir(exist_ok=True)
    nodes = [("A:1", "zorvine", "Chemical", "A"), ("A:2", "kridol", "Disease", "A")]
    pd.DataFrame(nodes, columns=["id", "name", "type", "source"]).to_csv(folder / "nodes.csv", index=False)
    pd.DataFrame([("A:1", "zorv")], columns=["id", "name"]).to_csv(folder / "names.csv", index=False)
    edges = pd.DataFrame([("A:1", "treats", tail)], columns=["head", "relation", "tail"])
    edges.to_csv(folder / "edges.csv", index=False)
    return folder


def run(*arguments):
    return CliRunner().invoke(app, ["build", *map(str, arguments)], env={"COLUMNS": "200"})


def test_build_writes_a_folder_and_a_summary(tmp_path):
    """The summary must come from the folder that was written."""
    result = run("--source", write(tmp_path / "kg", "A:2"), "--output", tmp_path / "k")
    assert result.exit_code == 0, result.output
    assert "2 concepts, 3 written forms" in result.output
    assert "treats" in result.output
    assert sorted(Knowledge.load(tmp_path / "k").surfaces["surface"]) == ["kridol", "zorv", "zorvine"]


def test_build_ends_with_one_error_and_no_output(tmp_path):
    """A traceback, or half a folder, after a dangling edge."""
    source = write(tmp_path / "kg", "A:9")
    result = run("--source", source, "--output", tmp_path / "k")
    assert result.exit_code == 1
    assert "edges.csv: row 1, field tail: 'A:9' dangles" in result.output.replace("\n", "")
    assert not (tmp_path / "k").exists()
    result = run("--source", source, "--output", tmp_path / "k", "--drop-invalid")
    assert result.exit_code == 0
    assert "tail dangles" in result.output

"""`kogner graph build` and `stats` from the shell."""

import json
from dataclasses import replace

import pandas as pd
from support import kogner

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
    return kogner("graph", "build", *arguments)


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
    assert "edges.csv, row 1, field tail: 'A:9' dangles" in result.output.replace("\n", "")
    assert not (tmp_path / "k").exists()
    result = run("--source", source, "--output", tmp_path / "k", "--drop-invalid")
    assert result.exit_code == 0
    assert "tail dangles" in result.output


def stats(*arguments):
    return kogner("graph", "stats", *arguments)


def test_stats_counts_the_tables_that_are_there(knowledge, tmp_path):
    """Distilling a part of a graph keeps the report of the whole: numbers of concepts that are gone."""
    report = {
        "graph": {"types": {"Gene": 99}},
        "dropped": {"tail dangles": 3},
        "first_dropped": {"tail dangles": "[x]"},
    }
    report |= {"surfaces": {"dropped": {"ordinary English": 2}}}
    replace(knowledge, report=report).save(tmp_path / "k")
    found = json.loads(stats(tmp_path / "k", "--json").stdout)
    assert [found[name] for name in ("concepts", "written_forms", "edges", "unified_ids")] == [12, 16, 1, 0]
    assert found["types"]["Gene"] == {"concepts": 3, "written_forms": 4}
    assert sum(counts["concepts"] for counts in found["types"].values()) == 12
    assert found["relations"] == {"is_a": 1}
    assert found["left_out"] == {"tail dangles": 3, "written form: ordinary English": 2}
    assert found["distillation"] is None
    shown = stats(tmp_path / "k").output
    assert "ordinary English" in shown
    assert "[x]" in shown


def test_stats_shows_the_scores_of_the_distillation(knowledge, tmp_path):
    """They tell whether the vectors are worth anything."""
    side = {"mrr": 0.25, "hits@10": 0.5}
    teacher = {"test": {"teacher": dict.fromkeys(("tail", "head", "both"), side)}}
    teacher["mrr_over_degree"] = dict.fromkeys(("tail", "head", "both"), 7.5)
    student = {"cosine": {"raw": {"whole": 0.875}}, "neighbour_overlap@10": 0.3, "parameters_over_teacher": 0.09}
    report = {"distillation": {"teacher": teacher, "student": student, "seconds": 1}}
    replace(knowledge, report=report).save(tmp_path / "k")
    result = stats(tmp_path / "k")
    assert result.exit_code == 0, result.output
    assert all(number in result.output for number in ("0.2500", "0.5000", "7.50", "0.875", "0.09"))
    assert json.loads(stats(tmp_path / "k", "--json").stdout)["distillation"] == report["distillation"]

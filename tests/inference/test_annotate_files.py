"""`kogner annotate` on files: formats, exit codes, kills and shares."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import TEXT
from support import kogner
from tiny_tagger import save_tagger

from modeling_kogner.corpora.formats import OUTPUTS
from modeling_kogner.inference.annotate_files import AnnotationOptions, FileAnnotation
from modeling_kogner.inference.torch_tagger import TorchTagger

ENVIRONMENT = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "HF_HUB_OFFLINE": "1", "COLUMNS": "160"}


@pytest.fixture(scope="module")
def model_folder(knowledge, tmp_path_factory):
    return save_tagger(knowledge, tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def annotate(model_folder):
    def run(*arguments, code=0, **options):
        command = ["annotate", "--model", model_folder, "--device", "cpu", *arguments]
        result = kogner(*command, width=160, **options)
        assert result.exit_code == code, result.output
        return result

    return run


def write_json_lines(path, count):
    path.write_text("".join(json.dumps({"id": n, "text": f"{n}. {TEXT[n % 5]}"}) + "\n" for n in range(count)))
    return path


def json_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def found(rows):
    return {str(row["id"]): [(m["start"], m["end"], m["text"], m["type"]) for m in row["mentions"]] for row in rows}


def test_all_formats_say_the_same(annotate, tmp_path):
    """A format that shifts, drops or misnames documents says something else of the same text."""
    source = tmp_path / "papers.pubtator"
    source.write_text("".join(f"{n}|t|{TEXT[n]}\n{n}|a|{TEXT[n + 1]} ñ🧬\n\n" for n in range(4)))
    annotate("--input", source, "--output", tmp_path / "jsonl.jsonl")
    expected = found(json_lines(tmp_path / "jsonl.jsonl"))
    assert len(expected) == 4
    assert sum(map(len, expected.values())) > 5
    for kind in ("bioc", "pubtator", "jsonl", "parquet"):  # written, then read again
        suffix = {"bioc": "json"}.get(kind, kind)
        annotate("--input", source, "--output", tmp_path / f"{kind}2.{suffix}")
        annotate("--input", tmp_path / f"{kind}2.{suffix}", "--output", tmp_path / f"{kind}3.jsonl")
        ids = [str(row["id"]) for row in json_lines(tmp_path / f"{kind}3.jsonl")]
        assert ids == list(expected)
        if kind in ("bioc", "pubtator"):  # the others hold title and abstract as one text
            assert found(json_lines(tmp_path / f"{kind}3.jsonl")) == expected
    assert found(pq.read_table(tmp_path / "parquet2.parquet").to_pylist()) == expected
    annotate("--input", source, "--output", tmp_path / "all.tsv")
    _, *lines = (tmp_path / "all.tsv").read_text().splitlines()
    assert [line.split("\t")[3] for line in lines] == [m[2] for each in expected.values() for m in each]


def test_plain_text_by_line_file_and_pipe(annotate, tmp_path):
    """A folder of articles read line by line, or a piped list read as one article, has the wrong offsets."""
    (tmp_path / "b.txt").write_text(f"{TEXT[0]}\n\n{TEXT[1]}\n")
    (tmp_path / "a.txt").write_text("")
    rows = [json.loads(line) for line in annotate("--input", tmp_path).stdout.splitlines()]
    assert [row["text"] for row in rows] == [TEXT[0], "", TEXT[1]]
    rows = [json.loads(line) for line in annotate("--input", tmp_path, "--from", "text").stdout.splitlines()]
    assert [(row["id"], row["text"]) for row in rows] == [("a", ""), ("b", (tmp_path / "b.txt").read_text())]
    piped = annotate("--input", "-", "--from", "lines", "--format", "pubtator", input=f"{TEXT[0]}\n{TEXT[1]}\n").stdout
    assert [line for line in piped.splitlines() if "|t|" in line] == [f"1|t|{TEXT[0]}", f"2|t|{TEXT[1]}"]
    assert "preferred name" in annotate("--input", tmp_path, "--format", "table").stdout


def test_choices_reach_the_model(annotate, tmp_path):
    """An option that is read and forgotten."""
    source = write_json_lines(tmp_path / "in.jsonl", 5)

    def mentions(*options):
        lines = annotate("--input", source, *options).stdout.splitlines()
        return [mention for line in lines for mention in json.loads(line)["mentions"]]

    everything = mentions()
    assert {m["type"] for m in everything} > {m["type"] for m in mentions("--types", "Gene")} == {"Gene"}
    middle = sorted(m["score"] for m in everything)[len(everything) // 2]
    assert mentions("--threshold", middle) == [m for m in everything if m["score"] >= middle]
    assert mentions("--knowledge", "off") == mentions("--knowledge", "none") != everything
    for m in mentions("--vocabulary", "MESH"):
        assert (m["id"] or "MESH:").startswith("MESH:")


def test_wrong_documents_stop_or_are_skipped(annotate, tmp_path):
    """A shell script must know from the exit code whether documents are missing, and from the message which."""
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "Aspirin"}\n{"text": 1}\nnonsense\n{"text": "fever"}\n')
    output = tmp_path / "out.jsonl"
    assert f"{source}, line 2, field 'text': int" in annotate("--input", source, "--output", output, code=1).stderr
    assert not output.exists()
    result = annotate("--input", source, "--output", output, "--on_error", "skip", code=1)
    assert [line for line in result.stderr.splitlines() if "skipped: " in line][1].endswith("write one object per line")
    assert [row["text"] for row in json_lines(output)] == ["Aspirin", "fever"]
    before = output.stat().st_mtime_ns
    annotate("--input", source, "--output", output, "--on_error", "skip", code=1)  # all is done: nothing is written
    assert output.stat().st_mtime_ns == before


def test_wrong_usage_is_one_message(annotate, tmp_path, monkeypatch):
    """A traceback, or work for an hour before the mistake shows."""
    source = write_json_lines(tmp_path / "in.jsonl", 1)
    monkeypatch.chdir(tmp_path)
    for code, arguments, message in (
        (2, ("in.jsonl",), "read it with --input in.jsonl"),
        (2, ("text", "--input", source), "give one of them"),
        (1, ("--input", "absent.txt"), "no such file or folder"),
        (2, ("--input", source, "--output", "out.doc"), "does not tell the format; choose with --format"),
        (2, ("--input", source, "--output", "out.x", "--format", "table"), "choose --format tsv"),
        (2, ("--input", source, "--format", "parquet"), "name it with --output"),
        (2, ("--input", source, "--types", "Gene,Virus"), "does not know the type Virus"),
        (2, ("--input", source, "--shard", "0/2"), "is not a share"),
        (1, ("--input", source, "--text_column", "abstract"), "no field 'abstract'; it has id, text"),
        (2, ("text", "--device", "abacus"), "device abacus is not available here"),
    ):
        result = annotate(*arguments, code=code)
        assert message in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
        assert result.stdout == ""
    if os.getuid():
        (tmp_path / "locked").mkdir(mode=0o500)
        assert "Permission denied" in annotate("--input", source, "--output", "locked/out.jsonl", code=1).stderr


def test_a_killed_run_goes_on(annotate, model_folder, tmp_path):
    """`kill -9` in the midst: nothing may be lost, read twice or left in halves."""
    source = write_json_lines(tmp_path / "in.jsonl", 160)
    whole, output = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    command = ["--input", source, "--batch_size", "1", "--precision", "fp32", "--output"]
    annotate(*command, whole)
    module = [sys.executable, "-m", "modeling_kogner.commands.annotate", "--model", model_folder, "--device", "cpu"]
    with subprocess.Popen([*map(str, [*module, *command, output])], env=os.environ | ENVIRONMENT) as process:
        state = tmp_path / "out.jsonl.run.json"
        while process.poll() is None and not (state.exists() and json.loads(state.read_text())["counts"]["records"]):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not output.exists()
    done = json.loads(state.read_text())["counts"]["records"]
    assert 0 < done < 160
    assert f"({160 - done:,} now" in annotate(*command, output).stderr
    assert output.read_text() == whole.read_text()


def test_processes_start_where_they_pay(model_folder, tmp_path, monkeypatch):
    """On every small input they would cost their start, and in each of several shares take the others' cores."""
    monkeypatch.setattr("modeling_kogner.inference.jobs.default_jobs", lambda: 5)
    monkeypatch.setattr("modeling_kogner.inference.jobs.can_fork", lambda: True)
    source = write_json_lines(tmp_path / "in.jsonl", 1)

    def jobs(**given):
        run = FileAnnotation(AnnotationOptions(inputs=[source], model=str(model_folder), device="cpu", **given), str)
        run.load()
        return run.jobs

    assert jobs() == 1
    monkeypatch.setattr("modeling_kogner.inference.annotate_files.LARGE_INPUT", 10)
    assert (jobs(), jobs(jobs=2), jobs(shard="1/2")) == (5, 2, 1)
    monkeypatch.setattr("modeling_kogner.inference.jobs.can_fork", lambda: False)
    assert (jobs(), jobs(jobs=2)) == (1, 1)


def test_processes_take_turns_at_the_gpus(annotate, model_folder, tmp_path, monkeypatch):
    """On a GPU one process would leave it idle most of the time; all on the first one, the others."""
    source = write_json_lines(tmp_path / "in.jsonl", 80)
    annotate("--input", source, "--output", tmp_path / "whole.jsonl")
    monkeypatch.setattr("modeling_kogner.inference.jobs.gpus_of", lambda device: ["first", "second"])

    def take(tagger, device, precision):
        assert precision is None
        (tmp_path / f"{device}-{os.getpid()}").touch()

    monkeypatch.setattr(TorchTagger, "to", take)
    options = AnnotationOptions(inputs=[source], output=tmp_path / "out.jsonl", model=str(model_folder), batch_size=1)
    run = FileAnnotation(replace(options, jobs=2), str)
    run.load()
    run.run(pytest.fail, lambda counts, position: None)
    assert sorted(path.name.split("-")[0] for path in tmp_path.glob("*-*")) == ["first", "second"]
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_two_processes_share_the_work(annotate, model_folder, tmp_path):
    """A document read by both, or by none."""
    source = write_json_lines(tmp_path / "in.jsonl", 21)
    annotate("--input", source, "--output", tmp_path / "whole.jsonl")
    launch = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1"]
    launch += ["--main_process_port", "0", "-m", "modeling_kogner.commands.annotate", "--model", model_folder]
    launch += ["--input", source, "--output", tmp_path / "parts.jsonl", "--device", "cpu", "--precision", "fp32"]
    command = [*map(str, [sys.executable, *launch])]
    subprocess.run(command, env=os.environ | ENVIRONMENT, check=True, capture_output=True, timeout=300)
    parts = [json_lines(path) for path in sorted(tmp_path.glob("parts-*-of-00002.jsonl"))]
    assert [len(part) for part in parts] == [11, 10]
    assert found(parts[0] + parts[1]) == found(json_lines(tmp_path / "whole.jsonl"))


def test_parquet_shares_fit_together(annotate, tmp_path):
    """Shares whose columns differ in type cannot be read as one table."""
    source = tmp_path / "in.parquet"
    pq.write_table(pa.table({"pmid": [1, 2, 3], "text": ["", TEXT[0], TEXT[1]], "year": [None, 1999, None]}), source)
    for share in ("1/2", "2/2"):
        annotate("--input", source, "--id_column", "pmid", "--shard", share, "--output", tmp_path / "out.parquet")
    parts = [pq.read_table(path) for path in sorted(tmp_path.glob("out-*.parquet"))]
    assert sorted(pa.concat_tables(parts, promote_options="default")["pmid"].to_pylist()) == [1, 2, 3]


def test_every_output_has_a_file_name_or_an_option(annotate, tmp_path):
    """A format that no call reaches."""
    for kind in OUTPUTS:
        annotate("--output", tmp_path / kind, "--format", kind, TEXT[0])
        assert (tmp_path / kind).stat().st_size > 0

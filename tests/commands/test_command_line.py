"""What all commands have in common: help without heavy imports, examples, exit codes, and scripts."""

import errno
import json
import re
import subprocess
import sys

import pytest
import torch.distributed as distributed
from support import ROOT, SENTENCES, kogner, rows, run_process, save_encoder, tiny_bert, tiny_model, write_corpus
from transformers import BertForMaskedLM

from modeling_kogner.commands import main
from modeling_kogner.commands.main import COMMANDS, EXTRAS
from modeling_kogner.evaluation.report import digest

# Run before a command: fails where help would cost seconds, or an extra that a plain installation lacks.
WATCH = """
import sys
from modeling_kogner.commands.main import app
try:
    app(sys.argv[1:])
finally:
    heavy = {"torch", "transformers", "pandas", "pyarrow", "numpy", "rich", "datasets", "torch_geometric"}
    assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example(name):
    """A long list of options without an example does not help a newcomer."""
    result = kogner(*name.split(), "--help")
    assert result.exit_code == 0
    assert re.search(rf"^kogner {name} \S", result.stdout, re.MULTILINE), result.output[:2000]


def test_no_help_imports_torch_or_transformers():
    """A second to say hello is a second too many; and `kogner graph --help` must work without the extra graph."""
    for words in ((), ("graph",), *(name.split() for name in COMMANDS)):
        ended = run_process("-c", WATCH, *words, "--help", cwd=ROOT)
        assert ended.returncode == 0, ended.stderr
    ended = run_process(
        "-c", "import sys, modeling_kogner; assert not {'torch', 'transformers'} & set(sys.modules)", cwd=ROOT
    )
    assert ended.returncode == 0, ended.stderr


def test_the_version_is_one():
    """A report of an error that names another version than the installed one misleads."""
    ended = run_process("-c", WATCH, "--version", cwd=ROOT)
    assert ended.returncode == 0, ended.stderr
    version = ended.stdout.removeprefix("kogner ").strip()
    assert f'\nversion = "{version}"\n' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("group", [(), ("graph",)])
def test_the_list_of_commands(group):
    """A command that no help names is used by nobody."""
    shown = kogner(*group, "--help")
    assert shown.exit_code == 0
    assert kogner(*group).exit_code == 2
    for name in COMMANDS:
        if name.split()[:-1] == list(group):
            assert re.search(rf"^  {name.split()[-1]} +[A-Z].*\.$", shown.stdout, re.MULTILINE)
    assert "did you mean" in kogner(*group, *(["anotate"] if not group else ["bild"])).stderr


def test_train_and_eval_are_commands_of_an_installed_package(wordpiece, tmp_path, capfd):
    """A wheel has no train.py and no eval.py: their options must be reached from any folder."""
    encoder = save_encoder(tmp_path / "encoder", BertForMaskedLM(tiny_bert(len(wordpiece))), wordpiece)
    corpus = write_corpus(tmp_path / "corpus", train=rows(SENTENCES[2:]), validation=rows(), test=rows(SENTENCES[:2]))
    options = ["--encoder", encoder, "--knowledge", "none", "--dataset", corpus, "--output_dir", tmp_path / "model"]
    options += ["--use-cpu", "--tf32", "false", "--max_steps", 2, "--eval-strategy", "no", "--save_strategy", "no"]
    capfd.readouterr()
    trained = kogner("train", *options, "--types", "chemical,DISEASE")
    assert trained.exit_code == 0, trained.output
    printed = trained.output + "".join(capfd.readouterr())
    assert not [noise for noise in ("LOAD REPORT", "%|", "it/s", "token_id") if noise in printed], printed
    scores = tmp_path / "metrics.json"
    scored = kogner("eval", "--model", tmp_path / "model", "--dataset", corpus, "--output", scores, "--device", "cpu")
    assert scored.exit_code == 0, scored.output
    found = json.loads(scores.read_text())
    assert (found["datasets"]["corpus"]["sentences"], found["knowledge"]) == (2, "on")
    assert found["datasets"]["corpus"]["types"] == ["Chemical", "Disease"]
    assert found["revision"] == digest(tmp_path / "model")  # else scores fit any weights


WRONG_DATA = {
    "annotate": ("--model absent text", "absent: no such folder"),
    "summary": ("a.parquet", "a.parquet: no such file"),
    "explain": ("--model absent text", "absent: no such folder"),
    "demo": ("--model absent --no-browser", "absent: no such folder"),
    "train": ("--encoder absent --dataset absent --use-cpu --output-dir m", "absent: no such folder"),
    "eval": ("--model absent --dataset x", "absent: no such folder"),
    "errors": ("--model absent --dataset x", "absent: no such folder"),
    "pretrain": ("--encoder absent --knowledge absent --text absent --use-cpu --output-dir m", "absent: "),
    "export": ("absent --output out", "absent: no such folder"),
    "card": ("absent --metrics absent.json", "absent.json: cannot be read"),
    "push": ("absent my-lab/kogner", "absent: no such folder"),
    "package": ("absent --output dist", "absent: no such folder"),
    "graph build": ("--source absent --output out", "absent"),
    "graph distill": ("--knowledge absent --encoder absent --output out", "absent: no knowledge.json"),
    "graph stats": ("absent", "absent: no knowledge.json"),
    "graph vectors": ("--model absent --knowledge absent --documents absent --output out", "absent: no knowledge.json"),
    "graph choice": ("--model absent --documents absent --output out", "absent: no such folder"),
    "graph add": ("absent --names names.tsv --output out", "names.tsv: no such file"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_exit_codes_tell_wrong_data_from_a_wrong_call(name, tmp_path, monkeypatch):
    """A shell script repeats the one and gives up at the other; docs/commands.md has the table."""
    monkeypatch.chdir(tmp_path)
    words, message = WRONG_DATA[name]
    result = kogner(*name.split(), *words.split())
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert result.stderr.strip().splitlines()[-1].startswith(f"kogner {name}: ")
    assert message in result.stderr
    assert "Traceback" not in result.stderr

    result = kogner(*name.split(), *words.split(), "--modle", "absent")
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(rf"kogner {name}: no option --modle; (did you mean --|kogner).*\n", result.stderr)

    for error, code, message in (
        (KeyboardInterrupt(), 130, "interrupted; "),
        (MemoryError(), 1, "out of memory; "),
        (RuntimeError("CUDA out of memory. Tried to allocate"), 1, "out of memory; "),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "No space left on device"),
        (ModuleNotFoundError("No module named 'datasets'", name="datasets"), 2, "pip install 'kogner[train]'"),
    ):

        def fail(*_, error=error):
            raise error

        monkeypatch.setattr(main, "read_options", fail)
        result = kogner(*name.split())
        assert result.exit_code == code
        assert result.stderr.startswith(f"kogner {name}: ")
        assert message in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_the_table_of_exit_codes_is_that_of_the_code():
    """Scripts are written by the documentation."""
    codes = re.findall(r"^\| (\d+) \| ", (ROOT / "docs/commands.md").read_text(), re.MULTILINE)
    assert list(map(int, codes)) == [main.DONE, main.WRONG_DATA, main.WRONG_CALL, main.INTERRUPTED]


def test_mistakes_in_the_code_are_not_taken_for_wrong_input(monkeypatch):
    """One line instead of a traceback would hide what is to be fixed."""
    for error in (RuntimeError("shapes differ"), ModuleNotFoundError("x", name="modeling_kogner.x"), KeyError("x")):

        def fail(*_, error=error):
            raise error

        monkeypatch.setattr(main, "read_options", fail)
        with pytest.raises(type(error)):
            main.run("eval", [], "kogner eval")


def test_a_call_that_contradicts_itself(tmp_path, monkeypatch):
    """Found before any time is spent."""
    monkeypatch.chdir(tmp_path)
    for words, message in (
        ("train --encoder x --checkpoint y --dataset x --use_cpu", "give either --encoder"),
        ("train --encoder x --dataset x --train_fraction 3 --use-cpu", "--train-fraction: 3.0 is out of range"),
        ("train --encoder x --dataset x --hub_strategy every_save --use-cpu", "--hub-strategy: every_save"),
        ("pretrain --text x --use-cpu", "give --encoder, and the --knowledge"),
        ("eval --model absent", "nothing to score"),
        ("graph stats", "KNOWLEDGE is missing"),
        ("graph add m --output new", "nothing to add"),
    ):
        result = kogner(*words.split())
        assert result.exit_code == 2, result.output
        assert message in result.stderr


def test_a_reader_that_has_enough_ends_a_command_quietly():
    """`kogner annotate ... | head` would end in a traceback."""
    for words in ("'graph', '--help'", "'train', '--help'"):
        code = f"from modeling_kogner.commands.main import app; app([{words}])"
        ended = subprocess.run(f'{sys.executable} -c "{code}" | true', shell=True, cwd=ROOT, capture_output=True)
        assert ended.stderr == b""


def test_a_command_leaves_its_process_group(monkeypatch):
    """Threads of parallel training that outlive it abort the process now and then, with its work done."""
    monkeypatch.setitem(main.COMMANDS, "grouped", "grouped")
    group = {"backend": "gloo", "store": distributed.HashStore(), "rank": 0, "world_size": 1}
    monkeypatch.setattr(main, "_command", lambda name: lambda: distributed.init_process_group(**group))
    assert main.run("grouped", [], "kogner grouped") == 0
    assert not distributed.is_initialized()
    monkeypatch.setattr(main, "_command", lambda name: lambda: 3)
    assert main.run("grouped", [], "kogner grouped") == 3


def test_every_extra_is_one_that_can_be_installed():
    """The line that names it would send users to nothing."""
    extras = re.search(r"\[project.optional-dependencies\](.*?)\n\[", (ROOT / "pyproject.toml").read_text(), re.S)[1]
    for extra, packages in EXTRAS.items():
        named = re.search(rf"^{extra} = (.*)$", extras, re.M)[1].replace("-", "_")
        assert all(package in named for package in packages)


def test_a_file_that_cannot_be_written_is_told_in_one_line(knowledge, wordpiece, tmp_path):
    """After minutes of scoring a traceback would hide that it was the path."""
    tiny_model(knowledge, wordpiece).save_pretrained(tmp_path / "model")
    wordpiece.save_pretrained(tmp_path / "model")
    corpus = write_corpus(tmp_path / "corpus", test=rows())
    result = kogner("eval", "--model", tmp_path / "model", "--dataset", corpus, "--output", corpus / "test.jsonl" / "m")
    assert result.exit_code == 1
    assert "test.jsonl" in result.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("module", ["train", "eval", "pretrain", "annotate"])
def test_a_module_of_the_package_can_be_launched(module, tmp_path):
    """`accelerate launch -m` is how a wheel runs on several processes; without its last lines it would do nothing."""
    ended = run_process("-m", f"modeling_kogner.commands.{module}", "--wrong", cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert ended.returncode == 2
    assert f"{module}.py: no option --wrong; " in ended.stderr

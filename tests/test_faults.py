"""Commands that are killed, find the disk full, or may not read what they are given."""

import contextlib
import io
import json
import os
import shutil
from functools import partial
from pathlib import Path

import pytest
from doomed import kill_everywhere, run_doomed
from tiny_tagger import save_tagger

from modeling_kogner.commands.main import app
from modeling_kogner.files.whole import write_whole
from modeling_kogner.graph.knowledge_folder import Knowledge
from modeling_kogner.inference.load_model import load_model


@pytest.fixture(scope="module")
def model_folder(knowledge, tmp_path_factory):
    return save_tagger(knowledge, tmp_path_factory.mktemp("models") / "tiny")


def kogner(*arguments) -> tuple[int, str]:
    """Exit code and what stood on standard error."""
    with contextlib.redirect_stderr(io.StringIO()) as said:
        try:
            app([str(argument) for argument in arguments])
        except SystemExit as end:
            return end.code or 0, said.getvalue()
    return 0, said.getvalue()


def expect(code: int, *arguments) -> None:
    """Raise what was said if a command ends in another way."""
    ended, said = kogner(*arguments)
    if ended != code or code:
        raise RuntimeError(f"{ended}: {said}")


def annotating(model_folder, folder: Path) -> list:
    """Options of a run of two steps, up to the output file."""
    text = folder / "in.txt"
    text.write_text("Aspirin helped the heart.\n" * 40 + "Leukemia was seen.\n")
    return ["annotate", "--model", model_folder, "--precision", "fp32", "--input", text, "--batch_size", 8, "--output"]


def test_annotate_goes_on_after_a_kill(model_folder, tmp_path):
    """A record lost, halved or written twice among millions is found by nobody."""
    command, work = annotating(model_folder, tmp_path), tmp_path / "work"
    assert kogner(*command, tmp_path / "whole.jsonl")[0] == 0
    kept = set()  # documents on which the next run counts
    for moment in kill_everywhere(partial(expect, 0, *command, work / "o.jsonl"), work, stride=3, sizes=(900,)):
        state = work / "o.jsonl.run.json"
        kept.add(json.loads(state.read_text())["counts"]["documents"] if state.exists() else None)
        assert kogner(*command, work / "o.jsonl")[0] == 0, moment
        assert (work / "o.jsonl").read_text() == (tmp_path / "whole.jsonl").read_text(), moment
        shutil.rmtree(work)
    assert kept >= {None, 0, 32}


def test_annotate_on_a_full_disk(model_folder, tmp_path):
    """The message must name the fix, and what was done must not be lost."""
    command = [*annotating(model_folder, tmp_path), tmp_path / "o.jsonl"]
    said = run_doomed(partial(expect, 1, *command), tmp_path, bytes_a_file=-3000)
    assert said.startswith("RuntimeError: 1: kogner annotate: ")
    assert "No space left" in said or "File too large" in said
    assert not (tmp_path / "o.jsonl").exists()
    assert kogner(*command)[0] == 0
    assert len((tmp_path / "o.jsonl").read_text().splitlines()) == 41


def test_a_card_is_written_whole(tmp_path):
    """`kogner card` and the reports go through this."""
    card = tmp_path / "README.md"
    for moment in kill_everywhere(partial(write_whole, card, "new" * 2000), tmp_path, sizes=(1, 3000)):
        assert not card.exists() or card.read_text() in ("old", "new" * 2000), moment
        card.write_text("old")
    assert card.read_text() == "new" * 2000
    said = run_doomed(partial(write_whole, card, "more" * 2000), tmp_path, bytes_a_file=-3000)
    assert said.startswith("OSError")
    assert card.read_text() == "new" * 2000


def as_nobody(action) -> None:
    """Act without the rights of root, whom no folder refuses."""
    os.setgroups([])
    os.setuid(65534)
    action()


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can act as somebody else")
def test_a_folder_that_may_not_be_read(model_folder, knowledge, tmp_path):
    """A traceback out of a reader names neither the folder nor what is wrong with it."""
    knowledge.save(tmp_path / "graph")
    shutil.copytree(model_folder, tmp_path / "model")
    for parent in (tmp_path, *tmp_path.parents):
        if not parent.stat().st_mode & 0o077:  # pytest's own folders, of which there is one more in a worker
            parent.chmod(0o755)
    for folder, action in (("model", load_model), ("graph", Knowledge.load)):
        path: Path = tmp_path / folder
        path.chmod(0)
        said = run_doomed(partial(as_nobody, partial(action, path)), tmp_path)
        assert said.startswith(("ValueError", "PermissionError")), said
        assert str(path) in said
        path.chmod(0o755)
        for file in path.iterdir():
            file.chmod(0)
        said = run_doomed(partial(as_nobody, partial(action, path)), tmp_path)
        assert said.startswith(("ValueError", "PermissionError")), said
        assert str(path) in said

"""The README's commands are what the code understands."""

import dataclasses
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from modeling_kogner.commands.eval import EvalArguments
from modeling_kogner.commands.main import app
from modeling_kogner.training.arguments import DataArguments, KognerTrainingArguments, ModelArguments

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = re.sub(r"\\\n", " ", "\n".join(re.findall(r"```bash\n(.*?)```", README, re.S))).splitlines()


def fields(*classes):
    return {field.name for kind in classes for field in dataclasses.fields(kind)}


@pytest.mark.parametrize(
    "start", ["accelerate launch train.py", "python eval.py", "kogner graph build", "kogner graph distill"]
)
def test_every_option_exists(start):
    """A renamed option would leave newcomers with a usage error."""
    (command,) = [line.strip() for line in COMMANDS if line.strip().startswith(start)]
    used = {name.replace("-", "_") for name in re.findall(r"--([\w-]+)", command)}
    assert used
    if "train.py" in start:
        known = fields(ModelArguments, DataArguments, KognerTrainingArguments)
    elif "eval.py" in start:
        known = fields(EvalArguments)
    else:
        help_text = CliRunner().invoke(app, [*start.split()[1:], "--help"], env={"COLUMNS": "200"}).output
        known = {name.replace("-", "_") for name in re.findall(r"--([\w-]+)", help_text)}
    assert used <= known


@pytest.mark.parametrize(("name", "part"), [("annotate", "kogner annotate"), ("test", "-m pytest")])
def test_continuous_integration_finds_the_two_commands(name, part):
    """Without its mark a command is no longer run by anyone."""
    (block,) = re.findall(rf"<!-- command: {name} -->\n```bash\n(.*?)```", README, re.S)
    assert "-c constraints.txt" in block
    assert part in block
    assert f"readme_command {name}" in (ROOT / ".ci/run").read_text()

"""The README's commands are what the code understands."""

import re
from pathlib import Path

import pytest
from support import kogner

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = re.sub(r"\\\n", " ", "\n".join(re.findall(r"```bash\n(.*?)```", README, re.S))).splitlines()


@pytest.mark.parametrize(
    "start", ["accelerate launch train.py", "python eval.py", "kogner graph build", "kogner graph distill"]
)
def test_every_option_exists(start):
    """A renamed option would leave newcomers with a usage error."""
    (command,) = [line.strip() for line in COMMANDS if line.strip().startswith(start)]
    used = {option.replace("_", "-") for option in re.findall(r"--([\w-]+)", command)}
    assert used
    name = start.split()[-1].removesuffix(".py")
    words = start.split()[1:] if start.startswith("kogner") else [name]
    known = set(re.findall(r"--([\w-]+)", kogner(*words, "--help").output))
    assert used - {"bf16", "seed", "use-cpu"} <= known


@pytest.mark.parametrize(("name", "part"), [("annotate", "kogner annotate"), ("test", "-m pytest")])
def test_continuous_integration_finds_the_two_commands(name, part):
    """Without its mark a command is no longer run by anyone."""
    (block,) = re.findall(rf"<!-- command: {name} -->\n```bash\n(.*?)```", README, re.S)
    assert "-c constraints.txt" in block
    assert part in block
    assert f"readme_command {name}" in (ROOT / ".ci/run").read_text()

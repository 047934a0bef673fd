"""The README has the commands that continuous integration runs; `test_docs.py` runs the others."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize(("name", "part"), [("annotate", "kogner annotate"), ("test", "-m pytest")])
def test_continuous_integration_finds_the_two_commands(name, part):
    """Without its mark a command is no longer run by anyone."""
    (block,) = re.findall(rf"<!-- command: {name} -->\n```bash\n(.*?)```", README, re.S)
    assert "-c constraints.txt" in block
    assert part in block
    assert f"readme_command {name}" in (ROOT / ".ci/run").read_text()

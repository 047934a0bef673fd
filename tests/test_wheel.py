"""What `pip install` of the built wheel gives, used from another folder by a fresh process."""

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec

import pytest
from support import ROOT, run_process
from tiny_tagger import save_tagger

# Loads the folder sys.argv[1] with the classes that the installed package registers: no code of the folder is trusted.
USE = """
import sys, modeling_kogner
from transformers import AutoModelForTokenClassification
from modeling_kogner import KognerForTokenClassification
model = AutoModelForTokenClassification.from_pretrained(sys.argv[1])
assert type(model) is KognerForTokenClassification
print(modeling_kogner.__file__)
"""
KOGNER = "from modeling_kogner.commands.main import app; app()"


@pytest.mark.slow
@pytest.mark.skipif(find_spec("setuptools") is None, reason="builds a wheel without the network")
def test_a_wheel_is_complete(knowledge, tmp_path):
    """A folder or page that packaging leaves out is missed only by those who install no checkout."""
    source, site, elsewhere = (tmp_path / name for name in ("source", "site", "elsewhere"))
    elsewhere.mkdir()
    shutil.copytree(ROOT / "modeling_kogner", source / "modeling_kogner")  # building leaves files in the folder
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    given = ["--no-deps", "--no-index", "--no-build-isolation", "--target", site]
    subprocess.run([*pip, "install", *given, source], cwd=elsewhere, check=True, stdin=subprocess.DEVNULL)
    model = save_tagger(knowledge, tmp_path / "model")

    def use(code, *arguments):
        return run_process("-c", code, *map(str, arguments), cwd=elsewhere, PYTHONPATH=str(site))

    loaded = use(USE, model)
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.strip() == str(site / "modeling_kogner" / "__init__.py")
    annotated = use(KOGNER, "annotate", "--json", "--model", model, "BRCA1 in leukemia")
    assert annotated.returncode == 0, annotated.stderr
    assert json.loads(annotated.stdout)["mentions"]
    bundled = use(KOGNER, "annotate", "fever")
    assert bundled.returncode == 2
    assert "name a folder or Hub id with --model" in bundled.stderr
    written, packaged = (
        {path.relative_to(folder) for path in (folder / "modeling_kogner").rglob("*.*") if path.suffix != ".pyc"}
        for folder in (ROOT, site)
    )
    assert packaged == written

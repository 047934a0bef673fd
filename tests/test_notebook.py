"""The notebook under examples/, run as a reader would, with fewer steps."""

import os
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from support import ROOT, kogner
from tiny_tagger import save_tagger

NOTEBOOK = ROOT / "examples/fine_tune.ipynb"


def code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_it_is_kept_with_its_outputs():
    """Hosts show a notebook as it is in the file; without outputs it shows nothing."""
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert all(cell.outputs for cell in code_cells(notebook) if "> /dev/null" not in cell.source)
    told = NOTEBOOK.read_text()
    assert "image/png" in told
    assert not [word for word in (str(Path.home()), "/tmp/", "Traceback") if f'"{word}' in told]


@pytest.mark.slow
def test_it_runs(knowledge, tmp_path, monkeypatch):
    """A renamed option or field would leave every reader with an error; a tiny model takes the bundled one's place."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert kogner("package", save_tagger(knowledge, tmp_path / "tiny"), "--output", tmp_path).exit_code == 0
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (tmp_path / "site", ROOT))))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "errors.html" not in cell.source]  # the same command is next
    (training,) = [cell for cell in notebook.cells if "kogner train" in cell.source]
    training.source += " --num-train-epochs 1 --use-cpu"
    client = nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path / "examples"}})
    client.execute()  # raises where a cell fails
    *_, after = code_cells(notebook)
    assert "mentions before" in after.outputs[0]["text"]
    assert (tmp_path / "examples/my-model/learning_curve.png").exists()

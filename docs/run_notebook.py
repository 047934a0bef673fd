"""Run the notebook under examples/ from the beginning and keep its outputs.

python docs/run_notebook.py
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NAME = "fine_tune.ipynb"


def main() -> None:
    """Run it in a copy of its folder; leave out what is of one run or of no use to a reader."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    os.environ["PYTHONWARNINGS"] = "ignore:IProgress not found"  # of a machine without ipywidgets
    notebook = nbformat.read(EXAMPLES / NAME, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(EXAMPLES, Path(folder, "examples"))
        client = NotebookClient(notebook, timeout=1200, coalesce_streams=True, resources={"metadata": {"path": copy}})
        # Else the kernel warns of a connection that never leaves the machine.
        client.extra_arguments = ["--log-level=ERROR"]
        client.execute()
    for cell in notebook.cells:
        cell.metadata.clear()
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if len(data) > 1:  # what the object says of itself where it cannot be shown
                data.pop("text/plain", None)
    notebook.metadata.get("language_info", {}).pop("version", None)
    nbformat.write(notebook, EXAMPLES / NAME)


if __name__ == "__main__":
    main()

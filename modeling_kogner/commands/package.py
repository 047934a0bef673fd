"""`kogner package`: a model folder as a package that pip installs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..files.option import option
from .progress import quiet, waiting


@dataclass
class PackageOptions:
    """Options."""

    output: Path = option("Folder of the wheel.")
    model: str | None = option("Model folder; the bundled one if left out.", None, positional=True)
    name: str = option("Name of the package; --model takes it too.", "kogner-biomed")


def package(options: PackageOptions) -> None:
    """Write a model as a wheel: once it is installed, `load()` and `kogner annotate` find it without a path.

    kogner package --output dist
    pip install dist/kogner_biomed-*.whl

    The wheel needs the version of kogner that wrote it.
    """
    from .. import __version__
    from ..inference.find_model import find_model
    from ..publishing.model_package import package_model

    quiet()
    folder = Path(find_model(options.model))
    with waiting(f"packing {folder.name}"):
        path = package_model(folder, options.output, options.name, __version__)
    print(f"{path.stat().st_size / 1e6:.1f} MB -> {path}")

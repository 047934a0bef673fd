"""`kogner package`: a model folder as a package that pip installs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..files.option import option
from .progress import quiet, waiting


@dataclass
class PackageOptions:
    """Options."""

    model: Path = option("Model folder.", positional=True)
    output: Path = option("Folder of the wheel.")
    name: str = option("Name of the package; --model takes it too.", "kogner-biomed")


def package(options: PackageOptions) -> None:
    """Write a model as a wheel: once it is installed, `load()` and `kogner annotate` find it without a path.

    kogner package hub_card --output dist
    pip install dist/kogner_biomed-*.whl

    The wheel needs the version of kogner that wrote it.
    """
    from .. import __version__
    from ..publishing.model_package import package_model

    quiet()
    with waiting(f"packing {options.model}"):
        path = package_model(options.model, options.output, options.name, __version__)
    print(f"{path.stat().st_size / 1e6:.1f} MB -> {path}")

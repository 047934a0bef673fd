"""A model as a Python package of its own: a wheel that `pip install` puts where `load()` finds it."""

from __future__ import annotations

import base64
import hashlib
import re
import tempfile
import zipfile
from pathlib import Path

from huggingface_hub import ModelCard

from ..files.errors import UsageError
from ..files.whole import whole_file
from ..inference.find_model import ENTRY_POINTS
from .hub import check_model, stage

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CODE = '''"""A KoGNER model: `modeling_kogner.load()` and `kogner annotate` find it."""

from pathlib import Path

FOLDER = Path(__file__).parent / "model"
'''
_METADATA = """\
Metadata-Version: 2.1
Name: {name}
Version: {version}
Summary: A KoGNER model for biomedical named-entity recognition
License: {license}
Requires-Dist: kogner[torch]=={version}
Description-Content-Type: text/markdown

{description}"""
_WHEEL = "Wheel-Version: 1.0\nGenerator: kogner {version}\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def package_model(folder: Path, output: Path, name: str, version: str) -> Path:
    """Write a wheel of a model; it needs the code of the same version. The same model gives the same bytes.

    Args:
        folder: a model that loads, with its code.
        output: folder of the wheel.
        name: of the package.
        version: of the package, and of the code that it needs.

    Raises:
        InputError: the folder is not a complete model.
        UsageError: it is no name of a package, or the code's own.
    """
    if not _NAME.fullmatch(name) or name == "kogner":
        raise UsageError(f"{name!r} is not a name for the package", fix="write one such as kogner-biomed")
    check_model(folder, needs_card=False)
    module = name.replace("-", "_")
    information = f"{module}-{version}.dist-info"
    wheel = output / f"{module}-{version}-py3-none-any.whl"
    with tempfile.TemporaryDirectory() as staged, whole_file(wheel) as partial:
        stage(folder, Path(staged))
        texts = {
            f"{module}/__init__.py": _CODE.encode(),
            f"{information}/METADATA": _metadata(Path(staged), name, version).encode(),
            f"{information}/WHEEL": _WHEEL.format(version=version).encode(),
            f"{information}/entry_points.txt": f"[{ENTRY_POINTS}]\n{name} = {module}:FOLDER\n".encode(),
        }
        files = {f"{module}/model/{path.name}": path.read_bytes() for path in sorted(Path(staged).iterdir())}
        with zipfile.ZipFile(partial, "w") as archive:
            lines = [_add(archive, each, content) for each, content in (files | texts).items()]
            record = f"{information}/RECORD"
            _add(archive, record, "".join([*lines, f"{record},,\n"]).encode())
    return wheel


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> str:
    """Add a file, and return the line by which pip checks it; time and rights do not depend on who wrote it."""
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=1)
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}\n"


def _metadata(folder: Path, name: str, version: str) -> str:
    """Name, version and licence, with the model card as the description."""
    path = folder / "README.md"
    card = ModelCard.load(path) if path.is_file() else None
    given = (card.data.license if card else None) or "unknown"
    return _METADATA.format(name=name, version=version, license=given, description=card.text if card else "")

"""What can be checked of a model folder without loading its weights."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open

from ..files.errors import InputError, first_line

ONNX_FILE, NAMES_FILE = "model.onnx", "names.onnx"
_MODEL_TYPE = "kogner"
COPY_AGAIN = "download or copy the model again"


def is_exported(source: str) -> bool:
    """Whether a folder is what ``kogner export`` wrote."""
    return Path(source, ONNX_FILE).is_file()


def check_folder(folder: Path) -> None:
    """Check a model folder before its weights are loaded: the configuration and the header of every shard.

    Raises:
        InputError: a file is missing or damaged, or it is another kind of model.
    """
    config = folder / "config.json"
    if not config.is_file():
        raise InputError(
            "no config.json in it, so it is not a model folder", file=folder, fix="give one that train.py wrote"
        )
    check_kind(str(folder), _read_json(config))
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer_config.json")):
        raise InputError("the tokenizer's files are missing", file=folder, fix=COPY_AGAIN)
    index = folder / "model.safetensors.index.json"
    names = ["model.safetensors"]
    if index.is_file():
        weight_map = _read_json(index).get("weight_map")
        if not isinstance(weight_map, dict):
            raise InputError("is missing", file=index, field="weight_map", fix=COPY_AGAIN)
        names = sorted(set(map(str, weight_map.values())))
        if outside := [name for name in names if name != Path(name).name]:
            raise InputError(
                f"{outside[0]!r} is not a file of this folder", file=index, field="weight_map", fix=COPY_AGAIN
            )
    for name in names:
        if not (folder / name).is_file():
            if is_exported(str(folder)):
                raise InputError(
                    "an exported model, which only annotates", file=folder, fix="give the model it was made from"
                )
            raise InputError("the file is missing", file=folder / name, fix=COPY_AGAIN)
        try:
            with safe_open(folder / name, "np"):
                pass
        except (SafetensorError, OSError) as error:
            raise InputError(
                f"damaged or half downloaded ({first_line(error)})", file=folder / name, fix=COPY_AGAIN
            ) from error


def check_kind(source: str, config: dict) -> None:
    """Refuse a configuration of another kind of model.

    Raises:
        InputError: it is not KoGNER's.
    """
    if (kind := config.get("model_type")) != _MODEL_TYPE:
        raise InputError(
            f"{kind!r} is not a KoGNER model",
            file=f"{source}/config.json",
            field="model_type",
            fix=f"train one from it with train.py --encoder {source}",
        )


def _read_json(path: Path) -> dict:
    try:
        content = json.loads(path.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not JSON ({error})", file=path, fix=COPY_AGAIN) from error
    if not isinstance(content, dict):
        raise InputError("not a JSON object", file=path, fix=COPY_AGAIN)
    return content

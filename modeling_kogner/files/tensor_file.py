"""Safetensors files that are written whole or not at all, and noticed if they were damaged since."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ..table_checksums import checksum


def write_tensors(path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
    """Write beside the place of the file and move it there.

    Raises:
        OSError: it cannot be written, for example because the disk is full.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    sums = {name: checksum(_bytes(tensor)) for name, tensor in tensors.items()}
    try:
        save_file(tensors, partial, metadata=metadata | {"checksums": json.dumps(sums)})
        partial.replace(path)
    except SafetensorError as error:
        raise OSError(f"{path}: could not be written ({error})") from error
    finally:
        partial.unlink(missing_ok=True)  # a full disk must not stay full


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Tensors and metadata of a file of :func:`write_tensors`.

    Raises:
        ValueError: it is damaged, or another program wrote it.
        OSError: it cannot be read.
    """
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        sums = json.loads(metadata["checksums"])
    except (SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: damaged ({error})") from error
    for name, tensor in tensors.items():
        if checksum(_bytes(tensor)) != sums.get(name):
            raise ValueError(f"{path}: tensor {name} is damaged, its checksum is another")
    return tensors, metadata


def _bytes(tensor: torch.Tensor) -> torch.Tensor:
    """Exact, where :func:`checksum` rounds."""
    return tensor.reshape(-1).clone(memory_format=torch.contiguous_format).view(torch.uint8)

"""Safetensors files that are written whole or not at all, and noticed if they were damaged since."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ..table_checksums import checksum
from .errors import InputError
from .whole import whole_file

logger = logging.getLogger(__name__)
Tensors = dict[str, torch.Tensor]


def write_tensors(path: Path, tensors: Tensors, metadata: dict[str, str]) -> None:
    """Write a file of tensors with their checksums.

    Raises:
        OSError: it cannot be written, for example because the disk is full.
    """
    sums = {name: checksum(_bytes(tensor)) for name, tensor in tensors.items()}
    try:
        with whole_file(path) as partial:
            save_file(tensors, partial, metadata=metadata | {"checksums": json.dumps(sums)})
    except SafetensorError as error:
        raise OSError(f"{path}: could not be written ({error})") from error


def read_tensors(path: Path) -> tuple[Tensors, dict[str, str]]:
    """Tensors and metadata of a file of :func:`write_tensors`.

    Raises:
        InputError: it is damaged, or another program wrote it.
        OSError: it cannot be read.
    """
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        sums = json.loads(metadata["checksums"])
    except (SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise InputError(f"damaged ({error})", file=path) from error
    for name, tensor in tensors.items():
        if checksum(_bytes(tensor)) != sums.get(name):
            raise InputError(f"tensor {name} is damaged, its checksum is another", file=path)
    return tensors, metadata


def kept_tensors(path: Path, built_from: str, build: Callable[[], tuple[Tensors, Any]]) -> tuple[Tensors, Any]:
    """What ``build`` returns, from the file if it was kept there before; written where the folder allows it.

    Args:
        path: of the file.
        built_from: digest of all that the result depends on; a file of another one is replaced, and a damaged one too.
        build: returns tensors, and what can be JSON.
    """
    if path.exists():
        try:
            tensors, metadata = read_tensors(path)
            if metadata["built_from"] == built_from:
                logger.info("%s: kept from an earlier run", path)
                return tensors, json.loads(metadata["fields"])
        except (ValueError, KeyError) as error:
            logger.warning("%s; built again", error)
    tensors, fields = build()
    if os.access(path.parent, os.W_OK):
        ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        write_tensors(path, ready, {"built_from": built_from, "fields": json.dumps(fields)})
    return tensors, fields


def _bytes(tensor: torch.Tensor) -> torch.Tensor:
    """Exact, where :func:`checksum` rounds."""
    return tensor.reshape(-1).clone(memory_format=torch.contiguous_format).view(torch.uint8)

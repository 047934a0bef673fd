"""The weight files of a release: what training changes and what it does not never share one."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from ..files.errors import InputError
from ..table_checksums import TABLES

INDEX = "model.safetensors.index.json"
SHARD_BYTES = 40_000_000
# What lies with a table, by the beginning of its name: numbers of written forms and the choice, which are others each
# time that the choice is fitted, and what the encoder embeds names with.
GROUPS = {"names.row": "linking", "link_choice.": "linking", "name_adapter.": "names"}
GROUPS |= {table: table.rstrip(".") for table in TABLES}
LARGEST_FILE = 50_000_000  # the Hub takes files below 50 MB without Git LFS


def separate_tables(folder: Path) -> None:
    """Write the weight files of a folder again: files for each table of the body, files for the rest.

    The same tensors give the same bytes, so a new training leaves the files of the tables as they were, and whoever has
    them need not fetch them again. ``from_pretrained`` reads all by the index file.

    Raises:
        InputError: a single tensor makes a file of 50 MB or more.
    """
    old = sorted(folder.glob("model*.safetensors"))
    tensors = {name: tensor for path in old for name, tensor in load_file(path).items()}
    for path in [*old, folder / INDEX]:
        path.unlink(missing_ok=True)
    groups: dict[str, dict[str, torch.Tensor]] = {}
    for name in sorted(tensors):
        groups.setdefault(_group(name), {})[name] = tensors[name]
    files = {}
    for group, members in groups.items():
        for name, part in _files(group, members).items():
            save_file(part, folder / name, metadata={"format": "pt"})
            if (folder / name).stat().st_size >= LARGEST_FILE:
                problem = f"{name} has 50 MB or more ({', '.join(part)})"
                raise InputError(problem, fix="build the graph with a smaller --max-surfaces", file=folder)
            files |= dict.fromkeys(part, name)
    sizes = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    index = {"metadata": {"total_size": sizes}, "weight_map": dict(sorted(files.items()))}
    (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n")


def _group(name: str) -> str:
    """Which files a tensor belongs to: those of its table, or `weights`."""
    inner = name.removeprefix("kogner.")
    return next((group for start, group in GROUPS.items() if inner.startswith(start)), "weights")


def _files(group: str, tensors: dict[str, torch.Tensor]) -> dict[str, dict[str, torch.Tensor]]:
    """File name -> tensors, filled in order up to `SHARD_BYTES`."""
    parts: list[dict[str, torch.Tensor]] = [{}]
    size = 0
    for name, tensor in tensors.items():
        bytes_of = tensor.numel() * tensor.element_size()
        if parts[-1] and size + bytes_of > SHARD_BYTES:
            parts.append({})
            size = 0
        parts[-1][name] = tensor
        size += bytes_of
    if len(parts) == 1:
        return {f"model-{group}.safetensors": parts[0]}
    return {f"model-{group}-{i + 1:05}-of-{len(parts):05}.safetensors": part for i, part in enumerate(parts)}

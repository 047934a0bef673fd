"""Keeps the tensors of finished phases, so that a run that was cut off goes on from there."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console
from torch import Tensor

from ..files.tensor_file import read_tensors, write_tensors


class PhaseCache:
    """A folder of safetensors, each valid for one fingerprint only.

    Args:
        folder: Where to keep them; none keeps nothing.
    """

    def __init__(self, folder: str | Path | None):
        self.folder = Path(folder) if folder else None

    def get(
        self, name: str, fingerprint: str, compute: Callable[[], tuple[dict[str, Tensor], dict]]
    ) -> tuple[dict, dict]:
        """Read a phase's result or compute and keep it.

        Args:
            name: File name without suffix.
            fingerprint: Of all that the result depends on; a kept result of another one is replaced.
            compute: Returns tensors and JSON-able facts.

        Returns:
            Tensors (on the CPU if they were read) and facts.
        """
        if self.folder is None:
            return compute()
        path = self.folder / f"{name}.safetensors"
        kept = _read(path, fingerprint)
        if kept is not None:
            Console().print(f"{path}: kept from an earlier run")
            return kept
        tensors, facts = compute()
        self.folder.mkdir(parents=True, exist_ok=True)
        ready = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
        write_tensors(path, ready, {"fingerprint": fingerprint, "facts": json.dumps(facts)})
        return tensors, facts


def _read(path: Path, fingerprint: str) -> tuple[dict[str, Tensor], dict] | None:
    if not path.is_file():
        return None
    try:
        tensors, metadata = read_tensors(path)
        if metadata["fingerprint"] != fingerprint:
            return None
        return tensors, json.loads(metadata["facts"])
    except (ValueError, KeyError):
        return None  # damaged: computed anew


def fingerprint(*things: object) -> str:
    """Digest of tensors and of anything with a stable ``repr``."""
    digest = hashlib.sha256()
    for thing in things:
        content = (
            thing.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes()
            if isinstance(thing, Tensor)
            else repr(thing).encode()
        )
        digest.update(content)
    return digest.hexdigest()

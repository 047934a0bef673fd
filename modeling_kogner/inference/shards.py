"""Which share of the documents this process reads, and the name of the file it writes."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..files.errors import UsageError


def this_share(given: str | None) -> tuple[int, int]:
    """Number from 0 and count of shares: ``given`` as ``1/4``, split once more among the processes of a launcher.

    Raises:
        UsageError: it is no share.
    """
    index, count = 0, 1
    if given is not None:
        parts = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", given)
        index, count = (int(parts[1]) - 1, int(parts[2])) if parts else (-1, 0)
        if not 0 <= index < count:
            raise UsageError(f"--shard {given} is no share", fix="write 1/4, 2/4, 3/4 and 4/4 for four")
    rank, processes = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    return index * processes + rank, count * processes


def share_of(path: Path, share: tuple[int, int]) -> Path:
    """The file of a share; one process alone writes the file itself."""
    index, count = share
    return path if count == 1 else path.with_name(f"{path.stem}-{index + 1:05}-of-{count:05}{path.suffix}")

"""One option of a command as the field of a dataclass, wherever that dataclass lives."""

from __future__ import annotations

import dataclasses
from typing import Any


def option(help: str, default: Any = dataclasses.MISSING, **metadata: Any) -> Any:
    """A field of options; one without a default must be given.

    Args:
        help: what it is for.
        default: a list is copied for each object.
        metadata: ``choices``, ``positional`` (the option's name may be left out), ``flag`` (the option's name where it
            is not the field's), ``commas`` (for a list: one word may hold several values), ``least`` and ``most``.
    """
    metadata["help"] = help
    if isinstance(default, list):
        return dataclasses.field(default_factory=default.copy, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)

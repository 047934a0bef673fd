"""A bar of how many items are done and the time left; nothing where standard error is a file or a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TypeVar

Item = TypeVar("Item")


def counting(items: Iterable[Item], doing: str, total: int | None = None) -> Iterable[Item]:
    """The items, with the bar.

    Args:
        items: one by one.
        doing: what is done with them.
        total: how many there are, where they do not say.
    """
    if not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, doing, total=total, console=Console(stderr=True), transient=True)

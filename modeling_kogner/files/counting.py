"""A bar of how much is done and the time left; nothing where standard error is a file or a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Step = Callable[[str], None]  # is told what is done next


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


def silent(doing: str) -> None:
    """A :data:`Step` that shows nothing."""


@contextmanager
def steps(shares: Mapping[str, float]) -> Iterator[Step]:
    """Yield what to call where a step begins; the time left follows from the shares of the steps before.

    Args:
        shares: of the whole time, by step, in order.
    """
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
    from rich.text import Text

    class Left(ProgressColumn):
        def render(self, task: Task) -> Text:
            end = task.fields["end"]
            return Text("" if end is None else f"about {_clock(end - time.monotonic())} left")

    began = time.monotonic()
    columns = [TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), Left()]
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=sum(shares.values()), end=None)

        def begin(doing: str) -> None:
            names = list(shares)
            done = sum(shares[name] for name in names[: names.index(doing)])
            now = time.monotonic()
            end = began + (now - began) * sum(shares.values()) / done if done else None
            progress.update(task, description=doing, completed=done, end=end, refresh=True)

        yield begin


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(max(round(seconds), 0), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"

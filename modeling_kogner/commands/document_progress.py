"""A progress bar over the bytes of the input, with the rate of documents and the time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ..inference.resumable_file import Counts


@contextmanager
def document_progress(total: int, before: Counts, visible: bool) -> Iterator[Callable[[Counts, int | None], None]]:
    """Yield what to call after each step, with the counts and the position in the input (None at its end).

    Args:
        total: bytes of the input; 0 if nobody knows.
        before: what earlier runs did, which does not count for the rate.
        visible: whether to draw at all; also needs a terminal.
    """
    console = Console(stderr=True)
    columns = [
        TextColumn("{task.fields[counts]}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
    ]
    columns += [TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn()]
    began = time.monotonic()
    with Progress(*columns, console=console, disable=not (visible and sys.stderr.isatty())) as progress:
        task = progress.add_task("", total=total or None, counts="starting", rate="")

        def advance(counts: Counts, position: int | None) -> None:
            rate = (counts.documents - before.documents) / (time.monotonic() - began)
            done = {} if not total else {"completed": total if position is None else position}
            progress.update(task, counts=f"{counts.documents:,} documents", rate=f"{rate:,.1f}/s", **done)

        yield advance

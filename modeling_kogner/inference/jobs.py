"""Several jobs that annotate steps with one model: forked processes that share its memory, or threads."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from ..files.errors import InputError
from .memory import settle
from .resumable_file import ResumableFile, StreamOutput

Step = TypeVar("Step")
Result = TypeVar("Result")
# Of one process: what is written in Python, a fifth of the time, runs in one thread at a time. Two threads are faster
# than two processes, as they share what they remember, and need a quarter less memory; so do three on two cores.
MOST_THREADS = 3
MOST_JOBS = 8  # by default: each one needs some memory of its own
_AHEAD = 2  # steps that wait or are worked on, for each job: none is idle while this process reads and writes
_work: Callable[[Any], Any]


def default_jobs() -> int:
    """One for each core that this process may use, up to MOST_JOBS."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_JOBS)


def can_fork() -> bool:
    """Whether processes can share this one's memory; elsewhere than on Linux its libraries do not survive a fork."""
    return sys.platform == "linux"


def gpus_of(device: str | None) -> list[str]:
    """The GPUs that processes share: all, or the one that is named if it is there; none for a CPU.

    Asked in a way that does not start CUDA, which would not survive a fork.
    """
    if device is not None and not device.startswith("cuda"):
        return []
    os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")
    import torch

    found = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return found if device in (None, "cuda") else [each for each in found if each == device]


def annotate_in_jobs(
    steps: Iterator[Step],
    work_here: Callable[[Step], Result] | None,
    work: Callable[[Step], Result],
    jobs: int,
    output: ResumableFile | StreamOutput,
    prepare: Callable[[int], None] | None = None,
) -> Iterator[tuple[Step, Result]]:
    """Steps with what became of them, in their order.

    The first step is annotated here, so that what a model prepares on its first texts is there for all; unless its
    threads would not survive.

    Args:
        steps: read a little ahead of what is written.
        work_here: annotates a step in this process; None to annotate none here.
        work: annotates a step.
        jobs: processes, of one thread each.
        output: where this process writes; the others let go of it.
        prepare: called first in each process, with its number.

    Raises:
        InputError: a process was ended from outside, for example because memory ran out.
    """
    global _work
    if work_here:
        for step in steps:
            yield step, work_here(step)
            break
    _work = work
    gc.collect()
    settle()
    context = get_context("fork")
    arguments = (output, os.getpid(), prepare, context.Value("i", 0))
    executor = ProcessPoolExecutor(jobs, context, _begin, arguments)
    try:
        yield from _in_order(steps, executor, _annotate, _AHEAD * jobs)
    except BrokenProcessPool:
        fix = "repeat the command to continue, with fewer --jobs if memory ran out"
        raise InputError("a process that annotates was ended from outside", fix=fix) from None
    finally:
        gc.unfreeze()
        for child in active_children():
            child.terminate()
        executor.shutdown(cancel_futures=True)


def annotate_in_threads(
    steps: Iterator[Step], work_here: Callable[[Step], Result], work: Callable[[Step], Result], jobs: int
) -> Iterator[tuple[Step, Result]]:
    """The same in threads, which wait for each other only where something is written in Python.

    Args:
        steps: read a little ahead of what is written.
        work_here: annotates the first step, in this thread.
        work: annotates a step.
        jobs: threads.
    """
    for step in steps:
        yield step, work_here(step)
        break
    executor = ThreadPoolExecutor(jobs)
    try:
        with threadpool_limits(1, "blas"):  # here, as the threads would undo each other's limits
            yield from _in_order(steps, executor, work, _AHEAD * jobs)
    finally:
        executor.shutdown(cancel_futures=True)


def _in_order(
    steps: Iterator[Step], executor: Executor, work: Callable[[Step], Result], ahead: int
) -> Iterator[tuple[Step, Result]]:
    waiting: deque[tuple[Step, Future[Result]]] = deque()
    try:
        for step in steps:
            waiting.append((step, executor.submit(work, step)))
            if len(waiting) > ahead:
                yield _next(waiting)
        while waiting:
            yield _next(waiting)
    except KeyboardInterrupt:
        while waiting and waiting[0][1].done():
            yield _next(waiting)
        raise
    except InputError:  # of a record that is wrong: what came before it counts
        while waiting:
            yield _next(waiting)
        raise


def _next(waiting: deque[tuple[Step, Future[Result]]]) -> tuple[Step, Result]:
    step, future = waiting[0]
    result = future.result()
    waiting.popleft()
    return step, result


def _begin(
    output: ResumableFile | StreamOutput, parent: int, prepare: Callable[[int], None] | None, begun: Any
) -> None:
    """Prepare a forked process: one thread, and no hold on the output, which another run may lock after a kill."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    if isinstance(output, ResumableFile):
        os.close(output.stream.fileno())
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if prepare:
        with begun.get_lock():
            number, begun.value = begun.value, begun.value + 1
        prepare(number)


def _watch(parent: int) -> None:
    """End with the parent, however it ends."""
    while os.getppid() == parent:
        time.sleep(0.1)
    os._exit(1)


def _annotate(step: Any) -> Any:
    return _work(step)

"""A child process that is killed, or finds the disk full, at a chosen moment."""

import multiprocessing
import os
import resource
import runpy
import signal
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import torch

# What Python says of changes to files; compiled writers say nothing, which is what `bytes_a_file` is for.
CHANGES = {"open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate"}


# Children are forked from a process that has imported but done nothing: one that has trained holds locks of its
# libraries' threads, on which a fork waits for ever.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(
    [f"modeling_kogner.{name}" for name in ("training.trainer", "distillation.distill", "inference.load")]
)


def run_doomed(action: Callable[[], object], folder: Path, moment: int = -1, bytes_a_file: int = 0) -> str:
    """Act in a child and say how it ended: ``done``, ``killed``, or what was raised.

    Args:
        action: what to do; picklable, such as a ``functools.partial``.
        folder: where changes count.
        moment: kill before this change of a file or folder; negative for never.
        bytes_a_file: kill in the middle of writing the first file that grows beyond; 0 for never; a negative number
            makes such a write fail instead, as on a full disk.
    """
    reader, writer = _PROCESSES.Pipe(duplex=False)
    child = _PROCESSES.Process(target=_act, args=(action, str(folder), moment, bytes_a_file, writer))
    child.start()
    writer.close()
    child.join(120)
    assert child.exitcode in (0, -signal.SIGKILL, -signal.SIGXFSZ), child.exitcode
    return "killed" if child.exitcode else reader.recv()


def _act(action: Callable[[], object], folder: str, moment: int, bytes_a_file: int, writer: Connection) -> None:
    torch.set_num_threads(1)  # as in the parent: sums over another number of threads differ in their last bit
    _doom(folder, moment, bytes_a_file)
    try:
        action()
        said = "done"
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    writer.send(said[:10_000])  # fits into a pipe that nobody reads yet


def _doom(folder: str, moment: int, bytes_a_file: int) -> None:
    left = moment

    def strike(event: str, arguments: tuple) -> None:
        nonlocal left
        if event not in CHANGES or not str(arguments[0]).startswith(folder):
            return
        if event == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
            return
        left -= 1
        if left == -1:
            os.kill(os.getpid(), signal.SIGKILL)

    if moment >= 0:
        sys.addaudithook(strike)
    if bytes_a_file:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL if bytes_a_file > 0 else signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (abs(bytes_a_file), abs(bytes_a_file)))


def kill_everywhere(action: Callable[[], object], folder: Path, stride: int = 1, sizes=(0, 1)) -> Iterator[str]:
    """Kill the action at every ``stride``-th change and in every write beyond one of ``sizes`` bytes, until it ends.

    After each kill the caller looks at what is left, between two steps of this iterator.
    """
    for size in sizes:
        if size and run_doomed(action, folder, bytes_a_file=size) == "killed":
            yield f"beyond {size} bytes"
    for moment in range(0, 10_000, stride):
        said = run_doomed(action, folder, moment)
        if said != "killed":
            assert said == "done", said
            return
        yield f"moment {moment}"


if __name__ == "__main__":  # FOLDER MOMENT FILE [ARGUMENT...]: run a script that dies at that change of the folder
    folder, moment, *sys.argv = sys.argv[1:]
    _doom(folder, int(moment), 0)
    runpy.run_path(sys.argv[0], run_name="__main__")

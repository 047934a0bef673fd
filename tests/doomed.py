"""A child process that is killed, or finds the disk full, at a chosen moment."""

import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

# What Python says of changes to files; compiled writers say nothing, which is what `bytes_a_file` is for.
CHANGES = {"open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate"}


def run_doomed(action: Callable[[], object], folder: Path, moment: int = -1, bytes_a_file: int = 0) -> str:
    """Fork, act, and say how it ended: ``done``, ``killed``, or what was raised.

    Args:
        action: what to do.
        folder: where changes count.
        moment: kill before this change of a file or folder; negative for never.
        bytes_a_file: kill in the middle of writing the first file that grows beyond; 0 for never; a negative number
            makes such a write fail instead, as on a full disk.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            _doom(str(folder), moment, bytes_a_file)
            action()
            said = "done"
        except BaseException as error:
            said = f"{type(error).__name__}: {error}" if isinstance(error, Exception) else traceback.format_exc()
        os.write(writer, said.encode()[:60_000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        said = stream.read()
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) == (not said), said
    return said or "killed"


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

"""Files and folders that are written whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary file to write to; when the block ends, it takes the place of the file.

    A block that raises, or is killed, leaves the old file as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)  # a full disk must not stay full


def write_whole(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


@contextmanager
def whole_folder(folder: Path, is_own: Callable[[str], bool]) -> Iterator[Path]:
    """Yield an empty folder to fill; when the block ends it takes the place of ``folder``.

    A block that raises, or is killed, leaves the old folder as it was. Between the two renames of the end there is no
    folder for a moment; after a kill just then the old one is at :func:`set_aside`, and the next call puts it back.

    Args:
        folder: the place, empty or not.
        is_own: whether a file of this name belongs to the format. The old folder's other files move along.
    """
    folder = folder.absolute()
    partial, old = folder.with_name(f".{folder.name}.partial"), set_aside(folder)
    _settle(old, folder, is_own)  # what a kill left
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if folder.exists():
            os.rename(folder, old)
        os.rename(partial, folder)
        _settle(old, folder, is_own)
    finally:
        shutil.rmtree(partial, ignore_errors=True)  # a full disk must not stay full


def set_aside(folder: Path) -> Path:
    """Where the old folder is while the new one takes its place."""
    return folder.with_name(f".{folder.name}.old")


def _settle(old: Path, folder: Path, is_own: Callable[[str], bool]) -> None:
    """Take from the old folder what is to stay, and remove it; without a new folder it is the folder again."""
    if not old.exists():
        return
    if not folder.exists():
        os.rename(old, folder)
        return
    for path in old.iterdir():
        if not is_own(path.name) and not (folder / path.name).exists():
            os.rename(path, folder / path.name)
    shutil.rmtree(old)

"""Errors of input: what is wrong, where it stands, and how to fix it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class InputError(ValueError):
    """Something that a user gave is wrong.

    Args:
        problem: what is wrong, without a full stop.
        fix: how to fix it.
        file: where it stands.
        row: row of a table, from 1, or a place of another kind in words, such as ``line 7``.
        field: column, field or option.
    """

    def __init__(
        self,
        problem: str,
        *,
        fix: str | None = None,
        file: str | Path | None = None,
        row: int | str | None = None,
        field: str | None = None,
    ):
        super().__init__(problem)
        self.problem, self.fix, self.file, self.row, self.field = problem, fix, file, row, field

    def __reduce__(self) -> tuple[Callable[..., InputError], tuple[Any, ...]]:
        return _restored, (type(self), self.problem, self.fix, self.file, self.row, self.field)

    def __str__(self) -> str:
        row = f"row {self.row}" if isinstance(self.row, int) else self.row
        field = self.field if not self.field or self.field.startswith("--") else f"field {self.field}"
        where = ", ".join(str(part) for part in (self.file, row, field) if part is not None)
        return (f"{where}: " if where else "") + self.problem + (f"; {self.fix}" if self.fix else "")


class UsageError(InputError):
    """The call itself is wrong: options that do not exist or do not go together."""


def _restored(kind: type[InputError], problem: str, *place: Any) -> InputError:
    return kind(problem, **dict(zip(("fix", "file", "row", "field"), place, strict=True)))


@contextmanager
def located(file: str | Path | None, row: int | str | None = None) -> Iterator[None]:
    """Add the place to errors that lack one; other value errors become input errors."""
    try:
        yield
    except InputError as error:
        if error.file is None:
            error.file, error.row = file, row if error.row is None else error.row
        raise
    except ValueError as error:
        raise InputError(str(error), file=file, row=row) from error


def first_line(error: BaseException) -> str:
    """The first line of a library's message, which says enough and may be followed by pages."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, of a GPU or of the machine; CPU and Apple builds of torch raise a plain RuntimeError."""
    words = ("out of memory", "can't allocate memory", "not enough memory")
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(each in str(error) for each in words)
    )

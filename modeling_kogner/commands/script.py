"""What `kogner train`, `eval` and `pretrain` share with their scripts: options by argparse, errors as one line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from transformers import HfArgumentParser

from ..files.errors import is_out_of_memory

WRONG, USAGE = 1, 2  # exit codes: data or model, options


class UsageError(ValueError):
    """Options that do not go together."""


class _Help(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Defaults of the options, and the description with its lines as they are."""


def read_arguments(classes: tuple[type, ...], description: str, arguments: list[str] | None, program: str | None):
    """One object for each dataclass of options; ``program`` is how the help calls the command."""
    # Of two hundred options the usage would fill the screen and push the example off it.
    usage = "%(prog)s --OPTION VALUE ..."
    parser = HfArgumentParser(classes, prog=program, usage=usage, description=description, formatter_class=_Help)
    return parser.parse_args_into_dataclasses(arguments)


@contextmanager
def errors_as_one_line(program: str, extra: str) -> Iterator[None]:
    """End with one line and an exit code in place of a traceback, where input is wrong or a package is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("modeling_kogner"):
            raise
        _end(f"{program}: needs the package {error.name}: pip install 'kogner[{extra}]'", USAGE)
    except (ValueError, OSError) as error:
        _end(f"{program}: {error}", USAGE if isinstance(error, UsageError) else WRONG)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        _end(f"{program}: out of memory; give a smaller batch size", WRONG)


def run_script(name: str, arguments: list[str] | None = None, program: str | None = None) -> None:
    """Run `train`, `eval` or `pretrain`, whose imports wait until here.

    Args:
        name: module of this folder.
        arguments: options; the command line's if None.
        program: how messages call it; the running script's name if None.
    """
    program = program or Path(sys.argv[0]).name
    with errors_as_one_line(program, "train"):
        import_module(f".{name}", __package__).main(arguments, program)


def _end(message: str, code: int) -> None:
    print(message, file=sys.stderr)
    sys.exit(code)

"""The `kogner` command: finds the command that is meant, and turns what goes wrong in it into a line and an exit code.

Imports wait until a command needs them, so that help takes no time and annotating needs no extra.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from .. import __version__
from ..files.errors import UsageError, is_out_of_memory
from .options import help_of, read_options, summary_of

DONE, WRONG_DATA, WRONG_CALL, INTERRUPTED = 0, 1, 2, 130
COMMANDS = {  # name: module of this folder and function in it
    "annotate": "annotate.annotate",
    "explain": "explain.explain",
    "summary": "summary.summary",
    "demo": "demo.demo",
    "train": "train.train",
    "eval": "eval.evaluate",
    "errors": "errors.errors",
    "pretrain": "pretrain.pretrain",
    "export": "export.export",
    "card": "card.card",
    "push": "push.push",
    "package": "package.package",
    "graph build": "graph.build",
    "graph distill": "graph.distill",
    "graph stats": "graph.stats",
    "graph vectors": "linking.vectors",
    "graph choice": "linking.choice",
    "graph add": "graph.add",
}
GROUPS = {
    "": "Biomedical named-entity recognition with a distilled knowledge graph.",
    "graph": "Build and distil a knowledge graph, see what it holds; teach a model to link, add names to it.",
}
EXTRAS = {
    "torch": ("torch", "transformers"),
    "tables": ("pandas", "pyarrow"),
    "train": ("accelerate", "datasets", "evaluate"),
    "graph": ("torch_geometric", "pronto", "wordfreq"),
    "demo": ("matplotlib", "networkx"),
    "excel": ("openpyxl",),
    "export": ("onnx", "onnxscript"),
    "onnx": ("onnxruntime",),
    "openvino": ("openvino",),
}
GOES_ON = {  # how to go on after an interruption; the others write whole files at their end
    "annotate": "with --output the same command resumes from here",
    "train": "--resume-from-checkpoint last resumes from the last complete checkpoint",
    "pretrain": "--resume-from-checkpoint last resumes from the last complete checkpoint",
    "graph distill": "with --cache the same command resumes after the last finished phase",
}


def app(words: Sequence[str] | None = None) -> NoReturn:
    """Run a command line, and end with its exit code."""
    words = [str(word) for word in (sys.argv[1:] if words is None else words)]
    if words == ["--version"]:
        _exit(_version)
    group = words.pop(0) if words[:1] == ["graph"] else ""
    name = f"{group} {words[0]}".strip() if words else group
    if name in COMMANDS:
        _exit(partial(run, name, words[1:], f"kogner {name}"))
    _exit(partial(_no_command, group, words))


def script(name: str) -> NoReturn:
    """Run one command from a script of its name, or from its module, and end with its exit code."""
    _exit(partial(run, name, sys.argv[1:], Path(sys.argv[0]).name))


def run(name: str, words: Sequence[str], program: str) -> int:
    """Exit code of a command; what goes wrong is one line on standard error."""
    try:
        if _asks_for_help(words):
            print(help_of(_command(name), program))
            return DONE
        code = call(name, words, program) or DONE
        _leave_process_group()
        return code
    except KeyboardInterrupt:
        how = GOES_ON.get(name, "nothing was written; repeat the command")
        return _end(program, f"interrupted; {how}", INTERRUPTED)
    except (ImportError, ValueError, OSError, RuntimeError, MemoryError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        return _end(program, *_explained(error))


def _leave_process_group() -> None:
    """End the threads of parallel training: a process that ends before them may be aborted, with its work done."""
    distributed = sys.modules.get("torch.distributed")
    if distributed and distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


def call(name: str, words: Sequence[str], program: str | None = None) -> int | None:
    """Run a command; what goes wrong is raised."""
    command = _command(name)
    return command(*read_options(command, map(str, words), program or f"kogner {name}"))


def _explained(error: Exception) -> tuple[str, int]:
    """What to say of an error, and the exit code; a mistake in the code is raised again."""
    if isinstance(error, ModuleNotFoundError):
        package = (error.name or "").partition(".")[0]
        extra = next((extra for extra, packages in EXTRAS.items() if package in packages), None)
        if extra:
            return f"needs the package {package}: pip install 'kogner[{extra}]'", WRONG_CALL
    elif isinstance(error, (ValueError, OSError)):
        return str(error), WRONG_CALL if isinstance(error, UsageError) else WRONG_DATA
    elif is_out_of_memory(error):
        return "out of memory; repeat the command with a smaller batch size", WRONG_DATA
    raise error


def _version() -> int:
    print(f"kogner {__version__}")
    return DONE


def _no_command(group: str, words: list[str]) -> int:
    """Print the help of a group of commands, or what may have been meant by a word that names none."""
    program = f"kogner {group}".strip()
    names = {name.removeprefix(f"{group} "): name for name in COMMANDS if name.startswith(f"{group} ".lstrip())}
    if not group:
        names = {name: name for name in COMMANDS if " " not in name} | {name: "" for name in GROUPS if name}
    if words and not _asks_for_help(words):
        close = difflib.get_close_matches(words[0], names, 1)
        fix = f"did you mean {program} {close[0]}?" if close else f"{program} --help lists the commands"
        return _end(program, f"no command {words[0]}; {fix}", WRONG_CALL)
    print(f"usage: {program} COMMAND --OPTION VALUE ...\n\n{GROUPS[group]}\n")
    for name, full in names.items():
        print(f"  {name:10} {summary_of(_command(full)) if full else GROUPS[name]}")
    print(f"\n{program} COMMAND --help shows an example and all options.")
    if not group:
        print("kogner annotate --example is a first try; kogner --version prints the version of the package.")
    return DONE if words else WRONG_CALL


def _exit(ended: Callable[[], int]) -> NoReturn:
    """End with an exit code; quietly where the reader of the output, such as head, has enough."""
    try:
        code = ended()
        sys.stdout.flush()
    except BrokenPipeError:
        code = WRONG_DATA
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _command(name: str) -> Callable[..., int | None]:
    module, _, function = COMMANDS[name].partition(".")
    return getattr(import_module(f".{module}", __package__), function)


def _asks_for_help(words: Sequence[str]) -> bool:
    end = words.index("--") if "--" in words else len(words)
    return any(word in ("-h", "--help") for word in words[:end])


def _end(program: str, message: str, code: int) -> int:
    print(f"{program}: {message}", file=sys.stderr)
    return code

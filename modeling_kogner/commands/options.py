"""Options of a command: dataclasses whose fields say what each one is, read from a command line by argparse.

Of a field's metadata are read: ``help``, ``choices``, ``positional`` (the option's name may be left out), ``flag`` (its
name, where it is not the field's), ``commas`` (a value may be a list with commas), ``least`` and ``most``. A dataclass
with a method ``read_rest`` reads the words that the others leave.
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import inspect
import os
import types
import typing
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..files.errors import UsageError

_METAVARS = {int: "N", float: "X", Path: "PATH"}
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def option(help: str = "", default: Any = dataclasses.MISSING, **metadata: Any) -> Any:
    """A field of options; one without a default must be given."""
    metadata["help"] = help
    if isinstance(default, list):
        return dataclasses.field(default_factory=default.copy, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def read_options(command: Callable, words: Iterable[str], program: str) -> list[Any]:
    """An object for each parameter of a command, which are dataclasses of options.

    Raises:
        UsageError: an option is unknown, missing or of no permitted value, or options do not go together.
    """
    kinds, words = _kinds(command), list(words)
    end = words.index("--") if "--" in words else len(words)
    own = [kind for kind in kinds if not hasattr(kind, "read_rest")]
    parser = _parser(command, own, program)
    given, rest = parser.parse_known_args([_with_hyphens(word) for word in words[:end]])
    free = [f for f in _fields(own) if f.metadata.get("positional") and f.name not in given]
    if free:
        plain = [word for word in rest if not _is_option(word)] + words[end + 1 :]
        parser.parse_args([f"{_flag(f)}={word}" for f, word in zip(free, plain, strict=False)], given)
        rest = [word for word in rest if _is_option(word)] + plain[len(free) :]
    else:
        rest += words[end + 1 :]
    missing = [f for f in _fields(own) if _is_required(f) and f.name not in given]
    made, known = {}, list(parser._option_string_actions)
    for kind in kinds:
        if kind not in own and (rest or not missing):
            made[kind], rest, others = _made(kind.read_rest, rest)
            known += others
    if rest:
        raise _unknown(rest, known, program)
    if missing:
        name = missing[0].name.upper() if missing[0].metadata.get("positional") else _flag(missing[0])
        raise UsageError(f"{name} is missing", fix=f"{program} --help shows an example")
    for kind in own:
        made[kind] = _made(kind, **{f.name: _value(f, given) for f in _fields([kind]) if f.name in given})
    return [made[kind] for kind in kinds]


def knowledge_of(word: str | None) -> str | None:
    """A knowledge folder, ``none``, or None for the model's own graph, which was ``on`` in earlier versions."""
    return {"on": None, "off": "none", "none": "none"}.get(word.lower(), word) if word else word


def help_of(command: Callable, program: str) -> str:
    """What ``--help`` prints."""
    return _parser(command, _kinds(command), program).format_help()


def summary_of(command: Callable) -> str:
    """The first line of the help."""
    return inspect.cleandoc(command.__doc__ or "").partition("\n")[0]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> typing.NoReturn:
        raise UsageError(message)


def _parser(command: Callable, kinds: list[type], program: str) -> _Parser:
    positionals = [f.name.upper() for f in _fields(kinds) if f.metadata.get("positional")]
    width = int(os.environ.get("COLUMNS") or (os.get_terminal_size().columns if os.isatty(1) else 100))
    parser = _Parser(
        usage=" ".join([program, *positionals, "--OPTION VALUE ..."]),
        description=inspect.cleandoc(command.__doc__ or ""),
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, width=width, max_help_position=30),
        add_help=False,
        allow_abbrev=False,
    )
    for kind in kinds:
        group = parser.add_argument_group(inspect.cleandoc(kind.__doc__ or "").partition("\n")[0].rstrip("."))
        hints = typing.get_type_hints(kind)
        for field in _fields([kind]):
            _add(group, field, hints[field.name], switch=bool(positionals))
    return parser


def _add(group: argparse._ArgumentGroup, field: dataclasses.Field, hint: Any, switch: bool) -> None:
    """Add one option; a switch takes no value, which might be a positional word."""
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    kind = next(each for each in kinds if each is not type(None))
    name, choices = _flag(field), field.metadata.get("choices")
    settings: dict[str, Any] = {"dest": field.name, "default": argparse.SUPPRESS, "help": _help(field)}
    if kind is bool:
        truth = {"nargs": "?", "const": True, "metavar": "true|false", "type": lambda word: _TRUTH[word.lower()]}
        group.add_argument(name, **settings, **({"action": "store_true"} if switch else truth))
        if field.default is True:
            group.add_argument(f"--no-{name[2:]}", dest=field.name, default=argparse.SUPPRESS, action="store_false")
        return
    if typing.get_origin(kind) is list:
        (kind,) = typing.get_args(kind)
        settings |= {"nargs": "+", "action": "extend"}
    metavar = "|".join(choices) if choices else _METAVARS.get(kind, name[2:].replace("-", "_").upper())
    group.add_argument(name, type=_reader(field, kind), metavar=metavar, **settings)


def _reader(field: dataclasses.Field, kind: Callable[[str], Any]) -> Callable[[str], Any]:
    """What makes a value of a word, or says why it makes none."""
    choices, least, most = (field.metadata.get(name) for name in ("choices", "least", "most"))

    def read(word: str) -> Any:
        if choices:
            word = next((choice for choice in choices if choice.lower() == word.lower()), word)
            if word not in choices:
                raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(choices)}")
        value = kind(word)
        if (least is not None and value < least) or (most is not None and value > most):
            bounds = f"at least {least}" + ("" if most is None else f" and at most {most}")
            raise argparse.ArgumentTypeError(f"{word} is out of range; give {bounds}")
        return value

    read.__name__ = getattr(kind, "__name__", "value")  # argparse names it where a word is no number
    return read


def _kinds(command: Callable) -> list[type]:
    return [kind for name, kind in typing.get_type_hints(command).items() if name != "return"]


def _fields(kinds: Iterable[type]) -> list[dataclasses.Field]:
    return [field for kind in kinds for field in dataclasses.fields(kind)]


def _made(make: Callable, *words: Any, **fields: Any) -> Any:
    """What is made of options that may not go together."""
    try:
        return make(*words, **fields)
    except ValueError as error:
        raise error if isinstance(error, UsageError) else UsageError(str(error)) from None


def _value(field: dataclasses.Field, given: argparse.Namespace) -> Any:
    value = getattr(given, field.name)
    return [part for word in value for part in word.split(",") if part] if field.metadata.get("commas") else value


def _unknown(rest: list[str], known: Iterable[str], program: str) -> UsageError:
    name = next(filter(_is_option, rest), rest[0]).partition("=")[0]
    if not _is_option(name):
        return UsageError(f"{name!r} is one argument too many", fix=f"{program} --help lists the options")
    close = difflib.get_close_matches(name, [_with_hyphens(each) for each in known], 1)
    return UsageError(
        f"no option {name}", fix=f"did you mean {close[0]}?" if close else f"{program} --help lists the options"
    )


def _help(field: dataclasses.Field) -> str:
    text = field.metadata.get("help", "").replace("%", "%%")
    if _is_required(field):
        return f"{text} Required."
    default = field.default if field.default_factory is dataclasses.MISSING else " ".join(field.default_factory())
    return text if default is None or default is False or default == "" else f"{text} Default: {default}."


def _flag(field: dataclasses.Field) -> str:
    return _with_hyphens(f"--{field.metadata.get('flag', field.name)}")


def _is_required(field: dataclasses.Field) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _is_option(word: str) -> bool:
    return word.startswith("-") and len(word) > 1 and " " not in word


def _with_hyphens(word: str) -> str:
    """Options are known by hyphens; those before were spelled with underscores."""
    name, equals, value = word.partition("=")
    return name.replace("_", "-") + equals + value if name.startswith("--") else word

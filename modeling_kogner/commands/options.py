"""Options of a command: dataclasses of :func:`option` fields, read from a command line by argparse.

A dataclass with a method ``read_rest`` reads the words that the others leave; one with a method ``check_others`` gets
the objects of the others, without those that read the rest, to refuse what does not go together.
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


def read_options(command: Callable, words: Iterable[str], program: str) -> list[Any]:
    """An object for each parameter of a command, which are dataclasses of options.

    Raises:
        UsageError: an option is unknown, missing or of no permitted value, or options do not go together.
    """
    kinds, words = _kinds(command), list(words)
    end = words.index("--") if "--" in words else len(words)
    own = [kind for kind in kinds if not hasattr(kind, "read_rest")]
    fields = [field for kind in own for field in dataclasses.fields(kind)]
    parser = _parser(command, own, program)
    given, rest = parser.parse_known_args([_with_hyphens(word) for word in words[:end]])
    rest = _fill_positionals(parser, fields, given, rest, words[end + 1 :])
    missing = [f for f in fields if _is_required(f) and f.name not in given]
    made, known = {}, [_with_hyphens(name) for name in parser._option_string_actions]
    try:
        if not rest and not missing:  # what is wrong with them is told before others import what they need
            made = _own_objects(own, given)
        for kind in kinds:
            if kind not in own and (rest or not missing):
                made[kind], rest, others = kind.read_rest(rest)
                known += map(_with_hyphens, others)
        if rest:
            raise _unknown(rest, known, program)
        if missing:
            raise UsageError(f"{_shown(missing[0])} is missing", fix=f"{program} --help shows an example")
        made = _own_objects(own, given) | made
    except ValueError as error:  # of values that do not go together
        raise error if isinstance(error, UsageError) else UsageError(str(error)) from None
    return [made[kind] for kind in kinds]


def _own_objects(own: list[type], given: argparse.Namespace) -> dict[type, Any]:
    """Objects of dataclasses; each with a method ``check_others`` gets the others."""
    made = {}
    for kind in own:
        names = [field.name for field in dataclasses.fields(kind)]
        made[kind] = kind(**{name: getattr(given, name) for name in names if name in given})
    for kind, each in made.items():
        if hasattr(kind, "check_others"):
            each.check_others(*(other for other in made.values() if other is not each))
    return made


def knowledge_of(word: str | None) -> str | None:
    """A knowledge folder, ``none``, or None for the model's own graph, which was ``on`` in earlier versions."""
    return {"on": None, "off": "none", "none": "none"}.get(word.lower(), word) if word else word


def help_of(command: Callable, program: str) -> str:
    """What ``--help`` prints."""
    return _parser(command, _kinds(command), program).format_help()


def summary_of(documented: Any) -> str:
    """The first line of the docstring."""
    return inspect.cleandoc(documented.__doc__ or "").partition("\n")[0]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> typing.NoReturn:
        raise UsageError(message.removeprefix("argument "))


def _parser(command: Callable, kinds: list[type], program: str) -> _Parser:
    """One group of options for each dataclass."""
    fields = [field for kind in kinds for field in dataclasses.fields(kind) if field.metadata.get("positional")]
    positionals = [_shown(field) if _is_required(field) else f"[{_shown(field)}]" for field in fields]
    width = int(os.environ.get("COLUMNS") or (os.get_terminal_size().columns if os.isatty(1) else 100))
    parser = _Parser(
        usage=" ".join([program, *positionals, "--OPTION VALUE ..."]),
        description=inspect.cleandoc(command.__doc__ or ""),
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, width=width, max_help_position=30),
        add_help=False,
        allow_abbrev=False,
    )
    for kind in kinds:
        group, hints = parser.add_argument_group(summary_of(kind).rstrip(".")), typing.get_type_hints(kind)
        for field in dataclasses.fields(kind):
            _add(group, field, hints[field.name], switch=bool(positionals))
    return parser


def _add(group: argparse._ArgumentGroup, field: dataclasses.Field, hint: Any, switch: bool) -> None:
    """Add one option; a switch takes no value, which might be a positional word."""
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    kind = next(each for each in kinds if each is not type(None))
    name, choices = _flag(field), field.metadata.get("choices")
    settings: dict[str, Any] = {"dest": field.name, "default": argparse.SUPPRESS, "help": _help(field)}
    if kind is bool:
        truth = {"nargs": "?", "const": True, "metavar": "true|false", "type": _truth}
        group.add_argument(name, **settings, **({"action": "store_true"} if switch else truth))
        if field.default is True:
            left_out = {"default": argparse.SUPPRESS, "action": "store_false", "help": "The same as false."}
            group.add_argument(f"--no-{name[2:]}", dest=field.name, **left_out)
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


def _truth(word: str) -> bool:
    if word.lower() not in _TRUTH:
        raise argparse.ArgumentTypeError(f"{word!r} is neither true nor false")
    return _TRUTH[word.lower()]


def _fill_positionals(parser, fields: list[dataclasses.Field], given, rest: list[str], after: list[str]) -> list[str]:
    """Give words that belong to no option to the positional fields; returns those that are left over.

    A list of values ends at the next option, so it may have taken a positional word that stands behind it.
    """
    free = [f for f in fields if f.metadata.get("positional") and f.name not in given]
    plain = [word for word in rest if not _is_option(word)] + after if free else []
    lists = [getattr(given, f.name) for f in fields if isinstance(getattr(given, f.name, None), list)]
    for field in fields:
        if field.metadata.get("commas") and (words := getattr(given, field.name, None)):
            texts = [w for w in words if free and any(" " in part.strip() for part in w.split(","))]
            plain = texts + plain
            words[:] = [part.strip() for w in words if w not in texts for part in w.split(",") if part.strip()]
    while len(plain) < sum(map(_is_required, free)) and len(longest := max(lists, key=len, default=[])) > 1:
        plain.append(str(longest.pop()))
    parser.parse_args([f"{_flag(f)}={word}" for f, word in zip(free, plain, strict=False)], given)
    return [word for word in rest if _is_option(word)] + plain[len(free) :] if free else rest + after


def _unknown(rest: list[str], known: Iterable[str], program: str) -> UsageError:
    name = next(filter(_is_option, rest), rest[0]).partition("=")[0]
    close = difflib.get_close_matches(name, known, 1) if _is_option(name) else []
    what = f"no option {name}" if _is_option(name) else f"{name!r} is one argument too many"
    return UsageError(what, fix=f"did you mean {close[0]}?" if close else f"{program} --help lists the options")


def _kinds(command: Callable) -> list[type]:
    return [kind for name, kind in typing.get_type_hints(command).items() if name != "return"]


def _help(field: dataclasses.Field) -> str:
    text = field.metadata.get("help", "").replace("%", "%%")
    default = field.default if field.default_factory is dataclasses.MISSING else " ".join(field.default_factory())
    if default is dataclasses.MISSING:
        return f"{text} Required."
    return text if default is None or default is False or default == "" else f"{text} Default: {default}."


def _flag(field: dataclasses.Field) -> str:
    return _with_hyphens(f"--{field.metadata.get('flag', field.name)}")


def _shown(field: dataclasses.Field) -> str:
    return field.name.upper() if field.metadata.get("positional") else _flag(field)


def _is_required(field: dataclasses.Field) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _is_option(word: str) -> bool:
    return word.startswith("-") and len(word) > 1 and " " not in word


def _with_hyphens(word: str) -> str:
    """Options are known by hyphens; those before were spelled with underscores."""
    name, equals, value = word.partition("=")
    return name.replace("_", "-") + equals + value if name.startswith("--") else word

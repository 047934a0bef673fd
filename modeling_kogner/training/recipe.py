"""The recipe of a joint model: which corpora teach it which types, and whose guideline it follows by default."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from ..files.errors import InputError, UsageError, located

UNKNOWN = "?"  # before a type: the mention says nothing about it
Part = TypeVar("Part")


@dataclass
class RecipeCorpus:
    """A corpus of a recipe.

    Args:
        source: file, folder or ``FOLDER/PREFIX`` below the data folder, see :func:`corpus.load_corpus`.
        types: what each of its types is for the model: one of the model's types; ``?TYPE`` where its mentions say
            nothing about TYPE; None where they are left out, that is read as any other text.
        train: splits to train on.
        every_nth_empty: of the documents without a mention only every n-th is used, chosen by a hash of its id.
        weight: how often it is drawn, as a multiple of what ``sampling_exponent`` gives it.
    """

    source: str
    types: dict[str, str | None]
    train: list[str] = field(default_factory=lambda: ["train"])
    every_nth_empty: int = 1
    weight: float = 1.0

    @property
    def annotated(self) -> list[str]:
        """The model's types that it annotates."""
        return sorted({kind for kind in self.types.values() if kind and not kind.startswith(UNKNOWN)})


@dataclass
class Recipe:
    """What a joint model is trained on.

    Args:
        types: entity types of the model, in their order.
        corpora: by name, which is the name of its convention.
        guideline: for each type the corpora that teach it to a model without a convention.
        claims: types -> types that a token of such a mention is not, without a convention, whether or not its corpus
            annotates them.
        silent: types whose mentions say nothing about other types.
        tests: further corpora, as ``source``, whose test sentences must not be trained on.
        sampling_exponent: a corpus of ``n`` tokens is drawn in proportion to ``n`` to this power.
        context_tokens: length of a long training window, see :func:`window_batches.draw_windows`.
        input_conventions: whether the encoder's input reads the convention, too.
    """

    types: list[str]
    corpora: dict[str, RecipeCorpus]
    guideline: dict[str, list[str]]
    claims: dict[str, list[str]] = field(default_factory=dict)
    silent: dict[str, list[str]] = field(default_factory=dict)
    tests: list[str] = field(default_factory=list)
    sampling_exponent: float = 1.0
    context_tokens: int = 200
    input_conventions: bool = True

    def without(self, names: Collection[str]) -> Recipe:
        """The recipe without some of its corpora.

        Raises:
            UsageError: it has no such corpus, or no other.
        """
        if unknown := sorted(set(names) - self.corpora.keys()):
            problem = f"the recipe has no corpus {', '.join(unknown)}"
            raise UsageError(problem, field="--exclude-corpora", fix=f"it has {', '.join(self.corpora)}")
        corpora = {name: corpus for name, corpus in self.corpora.items() if name not in names}
        if not corpora:
            raise UsageError("no corpus is left", field="--exclude-corpora", fix="name fewer")
        guideline = {kind: [name for name in own if name in corpora] for kind, own in self.guideline.items()}
        return replace(self, corpora=corpora, guideline=guideline)

    def check(self) -> None:
        """Refuse names that do not occur where they must.

        Raises:
            InputError: a type or corpus is unknown, or a guideline names a corpus that does not annotate its type.
        """
        for name, corpus in self.corpora.items():
            targets = {kind.removeprefix(UNKNOWN) for kind in corpus.types.values() if kind}
            _known(targets, self.types, f"corpora.{name}.types")
        _known(self.guideline, self.types, "guideline")
        for kind, names in self.guideline.items():
            _known(names, self.corpora, f"guideline.{kind}", "corpus")
            if silent := [name for name in names if kind not in self.corpora[name].annotated]:
                problem = f"{', '.join(silent)} does not annotate {kind}"
                raise InputError(problem, field=f"guideline.{kind}", fix="name corpora that do")
        for place, rules in (("claims", self.claims), ("silent", self.silent)):
            _known([*rules, *(kind for kinds in rules.values() for kind in kinds)], self.types, place)


def read_recipe(path: str | Path) -> Recipe:
    """Read a recipe, a JSON object with the fields of :class:`Recipe`.

    Raises:
        InputError: the file cannot be read, a field is missing, unknown or of another kind, or a name is unknown.
    """
    with located(path):
        try:
            record = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"cannot be read ({error.strerror})", fix="check --recipe") from None
        except ValueError as error:
            raise InputError(f"not JSON ({error})", fix="correct it") from None
        recipe = _part(Recipe, record)
        corpora = _expect(recipe.corpora, dict, "corpora")
        recipe.corpora = {name: _part(RecipeCorpus, given, f"corpora.{name}") for name, given in corpora.items()}
        recipe.check()
    return recipe


def _part(kind: type[Part], record: Any, place: str = "") -> Part:
    """An object of a dataclass from the fields of a JSON object, whose outer kinds are checked."""
    _expect(record, dict, place or None)
    known = {each.name: each for each in fields(kind)}
    inside = f"{place}." if place else ""
    _known(record, known, place or None, "field")
    for name, each in known.items():
        needed = each.default is MISSING and each.default_factory is MISSING
        if needed and name not in record:
            raise InputError("is missing", field=f"{inside}{name}", fix="add it")
        if name in record:
            _expect(record[name], _KINDS[str(each.type).partition("[")[0]], f"{inside}{name}")
    return kind(**record)


_KINDS: dict[str, Any] = {"list": list, "dict": dict, "str": str, "int": int, "float": (int, float), "bool": bool}


def _expect(value: Any, kind: Any, place: str | None) -> Any:
    if not isinstance(value, kind):
        wanted = {list: "a list", dict: "an object", str: "a string", bool: "true or false"}.get(kind, "a number")
        raise InputError(f"{value!r:.60} is not {wanted}", field=place, fix="correct it")
    return value


def _known(found: Collection[str], known: Collection[str], place: str | None, what: str = "type") -> None:
    if unknown := sorted(set(found) - set(known)):
        problem = f"no such {what}: {', '.join(map(repr, unknown))}"
        raise InputError(problem, field=place, fix=f"known are {', '.join(known)}")

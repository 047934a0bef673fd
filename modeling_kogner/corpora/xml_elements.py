"""XML read one element at a time: memory for one document, no entities, no other files."""

from __future__ import annotations

from collections.abc import Iterator
from html.entities import html5
from typing import BinaryIO
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from ..files.errors import InputError

_BLOCK = 1 << 16
_DEEPEST = 500  # elements in one another: what is read of them is read recursively
# XML 1.0 has no other control characters, not even escaped.
_FORBIDDEN = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], " ")


class _Wanted:
    """Collects the elements of some names; what stands outside of them is forgotten."""

    def __init__(self, names: frozenset[str], roots: frozenset[str]):
        self.names, self.roots = names, roots
        self.ready: list[Element] = []
        self._depth, self._inside = 0, 0
        self._builder: TreeBuilder | None = None
        self.parser = parser = expat.ParserCreate(namespace_separator="}")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler, parser.SkippedEntityHandler = self._text, self._entity
        parser.EntityDeclHandler = _refuse

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition("}")[2]
        if not self._depth and name not in self.roots:
            raise InputError(f"an XML file of <{name}>", fix=f"this reader takes {', '.join(sorted(self.roots))}")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise InputError(f"more than {_DEEPEST} elements in one another", fix="flatten it")
        if self._builder is None and name in self.names:
            self._builder, self._inside = TreeBuilder(), self._depth
        if self._builder is not None:
            self._builder.start(name, {key.rpartition("}")[2]: value for key, value in attributes.items()})

    def _end(self, name: str) -> None:
        if self._builder is not None:
            self._builder.end(name.rpartition("}")[2])
            if self._depth == self._inside:
                self.ready.append(self._builder.close())
                self._builder = None
        self._depth -= 1

    def _text(self, text: str) -> None:
        if self._builder is not None:
            self._builder.data(text)

    def _entity(self, name: str, is_parameter: bool) -> None:
        """An entity that a DTD elsewhere declares, such as ``&alpha;``; that DTD is never read."""
        if not is_parameter:
            self._text(html5.get(f"{name};", f"&{name};"))


def _refuse(name: str, *_: object) -> None:
    # A few lines of entities may stand for gigabytes, or for another file of this machine.
    raise InputError(f"the entity {name} is declared", fix="write the text itself in its place")


def elements(stream: BinaryIO, name: str, names: set[str], roots: set[str]) -> Iterator[Element]:
    """Elements of these names, without namespaces, as soon as each is complete.

    Args:
        stream: the file.
        name: of it, for messages.
        names: of the elements; one inside another stays there.
        roots: what the file's outermost element may be.

    Raises:
        InputError: it is not XML, has another root, or declares entities; unlike a wrong document, that cannot be
            skipped.
    """
    wanted = _Wanted(frozenset(names), frozenset(roots))
    try:
        while block := stream.read(_BLOCK):
            wanted.parser.Parse(block, False)
            yield from wanted.ready
            wanted.ready.clear()
        wanted.parser.Parse(b"", True)
    except expat.ExpatError as error:
        reason, place = expat.errors.messages[error.code], f"line {error.lineno}"
        raise InputError(f"not XML ({reason})", file=name, row=place, fix="download or write it again") from None
    except InputError as error:
        error.file, error.row = name, f"line {wanted.parser.CurrentLineNumber}"
        raise
    yield from wanted.ready


def escaped(text: str) -> str:
    """Text for an XML file; a character that XML cannot hold becomes a space, so that offsets stay."""
    text = text.translate(_FORBIDDEN).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("\r", "&#13;")  # readers turn a bare one into a line feed


def plain_text(element: Element | None) -> str:
    """All text in an element, runs of white space as one space."""
    return "" if element is None else " ".join("".join(element.itertext()).split())


def root_of(stream: BinaryIO, name: str) -> str:
    """The name of the outermost element, found without reading further.

    Raises:
        InputError: the file does not begin as XML does.
    """
    found: list[str] = []
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = lambda element, _: found.append(element.rpartition("}")[2])
    parser.EntityDeclHandler = _refuse
    try:
        while not found and (block := stream.read(4096)):
            parser.Parse(block, False)
    except expat.ExpatError as error:
        if not found:
            reason = expat.errors.messages[error.code]
            raise InputError(f"not XML ({reason})", file=name, fix="name its format with --from") from None
    if not found:
        raise InputError("an XML file without an element", file=name, fix="name its format with --from")
    return found[0]

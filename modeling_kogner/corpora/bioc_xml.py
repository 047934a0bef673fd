"""BioC XML: a collection of documents of passages, read and written one document at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element

from ..files.errors import InputError
from .document import Document
from .mention import Mention, Passage
from .output_format import Annotated, OutputFormat
from .record import Fields, Record, position_in
from .xml_elements import elements, escaped

ROOTS = {"collection"}


def read_bioc_xml(stream: BinaryIO, name: str, fields: Fields) -> Iterator[Record]:
    """Every ``document`` of the collection is a document; annotations are not read.

    Raises:
        InputError: the file as a whole is not BioC XML.
    """
    for number, element in enumerate(elements(stream, name, {"document"}, ROOTS), start=1):
        yield Record(name, f"document {number}", position_in(stream), partial(_document, element))


def _document(element: Element) -> Document:
    passages = []
    for whole in element.findall("passage"):
        infons = {str(infon.get("key")): infon.text or "" for infon in whole.findall("infon")}
        # A passage may give its sentences instead of its text.
        for part in [whole] if whole.find("text") is not None else whole.findall("sentence"):
            offset = part.findtext("offset", "").strip()
            if not offset.isdecimal():
                raise InputError(f"offset {offset!r:.20} is no number", fix="a passage has an offset and a text")
            passages.append(Passage(part.findtext("text") or "", int(offset), infons))
    name = element.findtext("id", "").strip()
    if not name:
        raise InputError("a document without an id", fix="give it one")
    return Document(name, passages)


def bioc_xml(document: Annotated) -> str:
    """A document with its passages and mentions as their annotations."""
    parts, rest = [f"<document><id>{escaped(document.id)}</id>"], list(enumerate(document.mentions, start=1))
    for passage in document.passages:
        end = passage.offset + len(passage.text)
        parts.append(f"\n <passage>{_infons(passage.infons)}<offset>{passage.offset}</offset>")
        parts.append(f"<text>{escaped(passage.text)}</text>")
        parts += [_annotation(number, each) for number, each in rest if passage.offset <= each.start < end]
        parts.append("</passage>")
    return "".join([*parts, "\n</document>\n"])


def _annotation(number: int, mention: Mention) -> str:
    fields = {"type": mention.type, "identifier": mention.id, "name": mention.name, "score": mention.score}
    fields |= {name: getattr(mention, name) for name in ("semantic_type", "link_score", "organism")}
    place = f'<location offset="{mention.start}" length="{mention.end - mention.start}"/>'
    text = f"<text>{escaped(mention.text)}</text>"
    return f'\n  <annotation id="{number}">{_infons(fields)}{place}{text}</annotation>'


def _infons(fields: dict[str, Any]) -> str:
    given = {key: value for key, value in fields.items() if value is not None}
    return "".join(f'<infon key="{escaped(str(key))}">{escaped(str(value))}</infon>' for key, value in given.items())


BIOC_XML = OutputFormat(
    bioc_xml,
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE collection SYSTEM "BioC.dtd">\n'
    "<collection><source>KoGNER</source><date></date><key></key>\n",
    tail="</collection>\n",
)

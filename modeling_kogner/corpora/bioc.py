"""BioC JSON: a collection of documents of passages, read one document at a time."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any, BinaryIO

import ijson

from ..files.errors import InputError, first_line
from .document import Document
from .mention import Mention, Passage
from .record import Fields, Record, position_in

_DEEPEST = 500  # brackets; what goes deeper could be read, but not written again


def read_bioc(stream: BinaryIO, name: str, fields: Fields | None = None, mentions: bool = False) -> Iterator[Record]:
    """Every element of ``documents`` is a document.

    Args:
        stream: the file.
        name: of the file, for messages.
        fields: not used.
        mentions: read the annotations too, and check them; else they are skipped. One of several parts is read as the
            stretch from its first to its last character.

    Raises:
        InputError: the file as a whole is not BioC JSON; unlike a wrong document, that cannot be skipped.
    """
    try:
        for number, content in enumerate(ijson.items(_events(stream), "documents.item"), start=1):
            yield Record(name, f"document {number}", position_in(stream), partial(_document, content, mentions))
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise InputError(
            f"not BioC JSON ({first_line(error)})",
            file=name,
            row=f"near byte {position_in(stream)}",
            fix='write {"documents": [...]} again, or name the format with --from',
        ) from None


def _events(stream: BinaryIO) -> Iterator[tuple[str, str, Any]]:
    """What ijson says of a file, to its end, which a damaged document may have moved."""
    parts = codecs.iterdecode(iter(partial(stream.read, 1 << 16), b""), "utf-8-sig")
    found, depth = False, 0
    for prefix, event, value in ijson.parse(ijson.from_iter(part.encode() for part in parts)):
        depth += event.startswith("start_") - event.startswith("end_")
        if depth > _DEEPEST:
            raise ijson.JSONError("brackets nested too deeply")
        if prefix == "documents" and event != "end_array":
            if found or event != "start_array":
                raise ijson.JSONError("it has two fields 'documents'" if found else "'documents' is no list")
            found = True
        yield prefix, event, float(value) if isinstance(value, Decimal) else value
    if not found:
        raise ijson.JSONError("it has no field 'documents'")


def _document(content: Any, with_mentions: bool) -> Document:
    try:
        # A passage may give its sentences instead of its text.
        parts = [part for whole in content["passages"] for part in ([whole] if "text" in whole else whole["sentences"])]
        passages = [Passage(part["text"], part["offset"], part.get("infons", {})) for part in parts]
        if not all(isinstance(each.text, str) and isinstance(each.offset, int) for each in passages):
            raise TypeError
        document = Document(str(content["id"]), passages)
        if with_mentions:
            text = document.text
            whole = [
                *content["passages"],
                *(each for part in content["passages"] for each in part.get("sentences", ())),
            ]
            found = [_mention(each, text) for part in whole for each in part.get("annotations", ())]
            document.mentions = sorted(found, key=lambda mention: (mention.start, -mention.end))
        return document
    except (KeyError, TypeError, AttributeError) as error:
        wrong = f"field {error} is missing" if isinstance(error, KeyError) else "a field has the wrong type"
        raise InputError(wrong, fix="a document has an id and passages with offset (a number) and text") from None


def _mention(annotation: Any, text: str) -> Mention:
    infons, places = annotation["infons"], annotation["locations"]
    start = min(place["offset"] for place in places)
    end = max(place["offset"] + place["length"] for place in places)
    held, given = text[start:end], annotation["text"]
    if not held or (len(places) == 1 and held != given):
        raise InputError(
            f"annotation {given!r:.60} is not at {start}-{end}, where {held!r:.60} stands",
            fix="offsets count characters of the document",
        )
    return Mention(start, end, held, infons["type"], id=infons.get("identifier") or "")

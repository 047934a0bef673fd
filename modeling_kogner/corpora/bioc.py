"""BioC JSON: a collection of documents of passages, read one document at a time."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from ..files.errors import InputError
from .document import Document
from .json_lines import read_json
from .mention import Passage
from .record import Fields, Record

_MAX_CHARACTERS = 200_000_000  # of one document; a damaged one must not pull the rest of the file into memory
_BLANK = " \t\r\n"


def read_bioc(stream: BinaryIO, name: str, fields: Fields) -> Iterator[Record]:
    """Every element of ``documents`` is a document.

    Raises:
        InputError: the file as a whole is not BioC JSON; unlike a wrong document, that cannot be skipped.
    """
    reader = _Elements(stream, name)
    for number, text in enumerate(reader.documents(), start=1):
        position = stream.tell() if stream.seekable() else 0
        yield Record(name, f"document {number}", position, partial(_document, text))


def _document(text: str) -> Document:
    content = read_json(text)
    try:
        # A passage may give its sentences instead of its text.
        parts = [part for whole in content["passages"] for part in ([whole] if "text" in whole else whole["sentences"])]
        passages = [Passage(part["text"], part["offset"], part.get("infons", {})) for part in parts]
        if not all(isinstance(each.text, str) and isinstance(each.offset, int) for each in passages):
            raise TypeError
        return Document(str(content["id"]), passages)
    except (KeyError, TypeError, AttributeError) as error:
        wrong = f"field {error} is missing" if isinstance(error, KeyError) else "a field has the wrong type"
        raise InputError(wrong, fix="a document has an id and passages with offset (a number) and text") from None


class _Elements:
    """The documents of one JSON object, each as its text, without holding the file."""

    def __init__(self, stream: BinaryIO, name: str):
        self.stream, self.name = stream, name
        self.decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self.parse = json.JSONDecoder().raw_decode
        self.buffer, self.place, self.ended = "", 0, False

    def documents(self) -> Iterator[str]:
        """The rest of the file is read too: it may hold more documents, or what is left of a damaged one."""
        self._expect("{")
        found = False
        while True:
            key = json.loads(self._value() or "null")
            self._expect(":")
            if key != "documents":
                self._value()
            elif found:
                raise self._wrong("it has two fields 'documents'")
            else:
                found = True
                yield from self._list()
            if self._next() == "}" and found:
                break
            self._expect(",", "" if found else "it has no field 'documents'")
        self._expect("}")
        if self._next():
            raise self._wrong(f"{self._next()!r} follows its end")

    def _list(self) -> Iterator[str]:
        self._expect("[")
        while text := self._value():
            yield text
            if self._next() == "]":
                break
            self._expect(",")
        self._expect("]")

    def _value(self) -> str:
        """The text of the next value; nothing where a list ends."""
        if self._next() == "]":
            return ""
        while True:
            try:
                _, end = self.parse(self.buffer, self.place)
            except json.JSONDecodeError as error:
                if not self._more():
                    raise self._wrong(f"{error.msg} before the file ends") from None
                continue
            except RecursionError:
                raise self._wrong("brackets nested too deeply") from None
            if end == len(self.buffer) and self._more():  # a number may go on
                continue
            text, self.place = self.buffer[self.place : end], end
            return text

    def _expect(self, character: str, otherwise: str = "") -> None:
        if (found := self._next()) != character:
            raise self._wrong(otherwise or f"{found!r} stands where {character!r} belongs")
        self.place += 1

    def _next(self) -> str:
        """The next character that is not a blank."""
        while True:
            while self.place < len(self.buffer) and self.buffer[self.place] in _BLANK:
                self.place += 1
            if self.place < len(self.buffer) or not self._more():
                return self.buffer[self.place : self.place + 1]

    def _more(self) -> bool:
        """Read as much again as is unread, so that a long document is not parsed too often."""
        self.buffer, self.place = self.buffer[self.place :], 0
        if self.ended or len(self.buffer) > _MAX_CHARACTERS:
            return False
        content = self.stream.read(max(1 << 16, len(self.buffer)))
        self.ended = not content
        try:
            self.buffer += self.decode(content, self.ended)
        except UnicodeDecodeError as error:
            raise self._wrong(f"not UTF-8 text ({error.reason})") from None
        return not self.ended

    def _wrong(self, what: str) -> InputError:
        return InputError(
            f"not BioC JSON ({what})",
            file=self.name,
            row=f"near byte {self.stream.tell() if self.stream.seekable() else 0}",
            fix='write {"documents": [...]} again, or name the format with --from',
        )

"""BRAT: a text and an ``.ann`` file for each document, in a folder or a zip."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from .output_format import Annotated, OutputFormat, one_line
from .vocabularies import vocabulary_of

_SECTIONS = "\n[relations]\n\n[events]\n\n[attributes]\n"  # brat wants them all, even where they are empty


def brat(document: Annotated) -> str:
    """The ``.ann`` file of a document: text-bound annotations, and a normalisation for each linked mention.

    Brat wants one annotation to stand on one line of the text, so line breaks inside a mention cut it into parts.
    """
    lines, notes = [], 0
    for number, mention in enumerate(document.mentions, start=1):
        parts = [m.span() for m in re.finditer(r"[^\n]*[^\s]", mention.text)]
        spans = ";".join(f"{mention.start + start} {mention.start + end}" for start, end in parts)
        text = one_line(" ".join(mention.text[start:end] for start, end in parts))
        lines.append(f"T{number}\t{type_name(mention.type)} {spans}\t{text}")
        for concept, name in mention.concepts:
            notes += 1
            # brat wants a vocabulary before each id; those of variants have none.
            reference = concept if ":" in concept else f"{vocabulary_of(concept)}:{concept}"
            called = one_line(name if mention.name else mention.text)
            lines.append(f"N{notes}\tReference T{number} {reference}\t{called}")
    return "".join(f"{line}\n" for line in lines)


def type_name(name: str) -> str:
    """An entity type in the characters that brat allows."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


def _line(document: Annotated) -> str:
    """What :func:`_pack` needs of a document, as one line."""
    types = list(dict.fromkeys(type_name(mention.type) for mention in document.mentions))
    fields = {"id": document.id, "text": document.text, "annotations": brat(document), "types": types}
    return json.dumps(fields, ensure_ascii=False) + "\n"


def _pack(lines: Path, target: Path) -> None:
    """Fill a folder that is there already, or write a zip."""
    if target.is_dir():
        for name, content in _files(lines):
            (target / name).write_bytes(content.encode())  # not as text: line breaks would become those of Windows
        return
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files(lines):
            archive.writestr(zipfile.ZipInfo(name), content.encode(), zipfile.ZIP_DEFLATED)


def _files(lines: Path) -> Iterator[tuple[str, str]]:
    """Names and contents of the files of all documents, and the configuration that lists their types."""
    types: dict[str, None] = {}
    taken: set[str] = set()
    with lines.open(encoding="utf-8", newline="\n") as stream:
        for line in stream:
            document = json.loads(line)
            name = _free_name(document["id"], taken)
            yield f"{name}.txt", document["text"]
            yield f"{name}.ann", document["annotations"]
            types |= dict.fromkeys(document["types"])
    yield "annotation.conf", "[entities]\n" + "".join(f"{each}\n" for each in types) + _SECTIONS


def _free_name(name: str, taken: set[str]) -> str:
    """A document's id as a file name that no other document has, also where case does not count."""
    plain = re.sub(r"[^\w-]+", "_", name)[:100] or "_"
    free, number = plain, 1
    while free.lower() in taken:
        number += 1
        free = f"{plain}_{number}"
    taken.add(free.lower())
    return free


BRAT = OutputFormat(_line, pack=_pack, is_folder=True)

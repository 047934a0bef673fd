"""JATS, the XML of full texts, as PubMed Central gives it (``.nxml``)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import BinaryIO
from xml.etree.ElementTree import Element

from ..files.errors import InputError
from .document import Document
from .record import Fields, Record, position_in
from .titled_passages import TitledPassages, iso_date
from .xml_elements import elements, plain_text

ROOTS = {"article", "pmc-articleset", "articles", "OAI-PMH"}
_IDS = (("pmcid", "PMC"), ("pmc", "PMC"), ("pmid", ""), ("doi", ""), ("publisher-id", ""))  # best first, and prefixes
# No prose: numbers, formulas as TeX, lists of people and works. Of a table its caption is read.
_SKIPPED = {"table", "table-wrap-foot", "tex-math", "disp-formula", "graphic", "media", "code"}
_SKIPPED |= {"ref-list", "object-id", "label", "fn", "fn-group", "sub-article", "response", "permissions"}
_BLOCKS = {"p": "paragraph", "title": "section_title", "verse-line": "paragraph", "term": "paragraph"}
_NO_PROSE_AROUND = {"fig", "table-wrap", "boxed-text", "list", "def-list", "disp-quote", "supplementary-material"}


def read_jats(stream: BinaryIO, name: str, fields: Fields) -> Iterator[Record]:
    """Every article is a document of title, abstract, section titles, paragraphs and captions; tables are skipped.

    Raises:
        InputError: the file as a whole is not JATS.
    """
    for number, element in enumerate(elements(stream, name, {"article"}, ROOTS), start=1):
        yield Record(name, f"article {number}", position_in(stream), partial(_document, element, number))


def _document(article: Element, number: int) -> Document:
    meta = article.find("front/article-meta")
    if meta is None:
        raise InputError("an article without front/article-meta", fix="download it again")
    passages = TitledPassages()
    title = meta.find("title-group/article-title")
    if title is not None:
        passages.add(_inline(title), type="title")
    for abstract in meta.findall("abstract"):
        _walk(abstract, passages, "abstract", "abstract")
    for part in ("body", "floats-group"):
        for element in article.findall(part):
            _walk(element, passages, "paragraph", "")
    dates = [_date(date) for date in meta.findall("pub-date")]
    fields = {"date": min(filter(None, dates), default="", key=lambda date: (date[:4], -len(date)))}
    fields["journal"] = plain_text(article.find("front/journal-meta//journal-title"))
    return passages.document(_id(meta) or str(number), fields)


def _id(meta: Element) -> str:
    known = {each.get("pub-id-type"): plain_text(each) for each in meta.findall("article-id")}
    for kind, prefix in _IDS:
        if value := known.get(kind):
            return value if value.startswith(prefix) else prefix + value
    return ""


def _date(element: Element) -> str:
    return iso_date(*(plain_text(element.find(part)) for part in ("year", "month", "day")))


def _walk(element: Element, passages: TitledPassages, kind: str, section: str) -> None:
    """Add the prose in an element: ``kind`` is what a paragraph is here, ``section`` the title that it stands under."""
    if element.tag == "sec":
        section = plain_text(element.find("title")) or section
    kind = "caption" if element.tag == "caption" else kind
    for child in element:
        if child.tag in _SKIPPED:
            continue
        if child.tag not in _BLOCKS:
            _walk(child, passages, kind, section)
            continue
        is_title = child.tag == "title" and kind == "paragraph"
        infons = {"type": "section_title" if is_title else kind} | ({"section": section} if section else {})
        passages.add(_inline(child), **infons)
        for inner in child:  # figures and lists stand inside paragraphs too
            if inner.tag in _NO_PROSE_AROUND:
                _walk(inner, passages, kind, section)


def _inline(element: Element) -> str:
    """The text of a paragraph, without what stands in it as a block of its own."""
    return " ".join("".join(_pieces(element)).split())


def _pieces(element: Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag not in _SKIPPED and child.tag not in _NO_PROSE_AROUND:
            # The number of a reference set above the line would become part of the word before it.
            is_citation = child.tag == "xref" or (child.tag == "sup" and child.find("xref") is not None)
            yield " " if is_citation and element.tag != "sup" and _is_citation(child) else ""
            yield from _pieces(child)
        elif child.tag in _NO_PROSE_AROUND or child.tag == "disp-formula":
            yield " "
        yield child.tail or ""


def _is_citation(element: Element) -> bool:
    return any(each.get("ref-type") == "bibr" for each in element.iter("xref"))

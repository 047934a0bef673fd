"""PubMed's XML, as MEDLINE's yearly files and E-utilities give it: titles and abstracts of many articles."""

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

ROOTS = {"PubmedArticleSet", "PubmedBookArticleSet", "MedlineCitationSet", "PubmedArticle", "PubmedBookArticle"}


def read_pubmed(stream: BinaryIO, name: str, fields: Fields) -> Iterator[Record]:
    """Every article is a document; its id is the PMID, its record has the date and the journal.

    Raises:
        InputError: the file as a whole is not PubMed's XML.
    """
    wanted = {"MedlineCitation", "BookDocument"}
    for number, element in enumerate(elements(stream, name, wanted, ROOTS), start=1):
        yield Record(name, f"article {number}", position_in(stream), partial(_document, element))


def _document(element: Element) -> Document:
    name = plain_text(element.find("PMID"))
    if not name:
        raise InputError("an article without a PMID", fix="download it again")
    article = element if element.tag == "BookDocument" else element.find("Article")
    if article is None:
        raise InputError("an article without <Article>", fix="download it again")
    passages = TitledPassages()
    title = plain_text(article.find("ArticleTitle")) or plain_text(article.find("VernacularTitle"))
    passages.add(title, type="title")
    for part in article.findall("Abstract/AbstractText"):
        section = {"section": part.get("Label", "")} if part.get("Label") else {}
        passages.add(plain_text(part), type="abstract", **section)
    fields = {"date": _date(article), "journal": plain_text(article.find("Journal/Title"))}
    return passages.document(name, fields)


def _date(article: Element) -> str:
    """When it appeared, as exactly as is known; MEDLINE's free form gives its year."""
    place = article.find("Journal/JournalIssue/PubDate")
    place = article.find("Book/PubDate") if place is None else place
    if place is None:
        return ""
    year, month, day = (plain_text(place.find(part)) for part in ("Year", "Month", "Day"))
    return iso_date(year or plain_text(place.find("MedlineDate")), month, day)

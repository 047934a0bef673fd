"""One HTML page of annotated documents, which opens anywhere: filter by type, click a mention for its ids."""

from __future__ import annotations

import html
import json
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

from .mention import Mention
from .output_format import Annotated, OutputFormat
from .vocabularies import PAGES

# Okabe & Ito's palette, lightened: types stay apart for the colour-blind, and black text is legible on all.
_COLOURS = ("#9ad0f3", "#f5c869", "#8fd9bb", "#f2b5d4", "#f7f0a0", "#c9c2f0", "#f0b592", "#d5d5d5", "#b5e3e8")
_TYPES = ("Disease", "Chemical", "Gene", "Species", "Anatomy", "Cell", "CellLine", "Variant", "GeneFamily")
_OTHER_COLOURS = ("#ffb8ad", "#cbe6a3", "#e6c3ef")  # of types that only some models have


def colour_of(kind: str) -> str:
    """The background of a type's mentions, the same in every document."""
    if kind in _TYPES:
        return _COLOURS[_TYPES.index(kind)]
    return _OTHER_COLOURS[crc32(kind.encode("utf-8", "replace")) % len(_OTHER_COLOURS)]


def html_block(document: Annotated) -> str:
    """The text with its mentions marked, as an HTML element for notebooks; a mention's title names its concept."""
    text = _marked(document.text, 0, document.mentions, _titled)
    return f'<div style="white-space:pre-wrap;line-height:1.8">{text}</div>\n'


def _titled(mention: Mention, inner: str) -> str:
    concept = f"{mention.id} {mention.name}" if mention.id else "no concept"
    score = "" if mention.score is None else f", {mention.score:.2f}"
    style = f"background:{colour_of(mention.type)};color:#000;padding:0 .2em;border-radius:.2em"
    label = f'<sub style="font-size:70%;margin-left:.3em">{html.escape(mention.type)}</sub>'
    title = html.escape(f"{mention.type}{score}: {concept}")
    return f'<mark title="{title}" style="{style}">{inner}{label}</mark>'


def _article(document: Annotated) -> str:
    """A document of the page."""
    parts = [f"<article>\n<h2>{html.escape(document.id)}</h2>\n"]
    for passage in document.passages:
        end = passage.offset + len(passage.text)
        mentions = [each for each in document.mentions if passage.offset <= each.start < end]
        kind = ' class="title"' if "title" in str(passage.infons.get("type", "")) else ""
        parts.append(f"<p{kind}>{_marked(passage.text, passage.offset, mentions, _clickable)}</p>\n")
    return "".join([*parts, "</article>\n"])


def _clickable(mention: Mention, inner: str) -> str:
    score = None if mention.score is None else f"{mention.score:.2f}"
    fields = {"type": mention.type, "score": score, "id": mention.id, "name": mention.name}
    fields |= {"kind": mention.semantic_type, "organism": mention.organism, "ids": " ".join(mention.ids)}
    fields |= {"link": None if mention.link_score is None else f"{mention.link_score:.2f}"}
    data = "".join(f' data-{key}="{html.escape(value)}"' for key, value in fields.items() if value)
    kind, style = html.escape(mention.type), f'style="background:{colour_of(mention.type)}"'
    # The mark may hold others, and no button may lie in a button: its label is one.
    said = f'role="button" tabindex="0" aria-label="{kind}: {html.escape(mention.text)}"'
    return f"<mark {style}{data}>{inner}<sub {said}>{kind}</sub></mark>"


def _marked(text: str, offset: int, mentions: list[Mention], mark: Callable[[Mention, str], str]) -> str:
    """A text that begins at an offset with its mentions marked, some inside others; of two that cross the first."""
    parts, place = [], offset
    for number, mention in enumerate(mentions):
        if mention.start >= place:
            start, end = mention.start - offset, mention.end - offset
            after = bisect_left(mentions, mention.end, key=lambda each: each.start)
            inside = [each for each in mentions[number + 1 : after] if each.end <= mention.end]
            inner = _marked(text[start:end], mention.start, inside, mark)
            parts += [html.escape(text[place - offset : start]), mark(mention, inner)]
            place = mention.end
    return "".join([*parts, html.escape(text[place - offset :])])


_PAGE = Path(__file__).with_name("annotations.html").read_text(encoding="utf-8")
_HEAD, _TAIL = _PAGE.replace("{/* pages */}", json.dumps(PAGES)).split("<!-- documents -->\n")
HTML = OutputFormat(_article, _HEAD, tail=_TAIL)

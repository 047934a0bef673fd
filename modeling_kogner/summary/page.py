"""A summary as one HTML page that needs no other file."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from typing import Any

from ..files.page import page, scrolling

_STYLE = """.facts { display: flex; flex-wrap: wrap; gap: .5rem 2rem; padding: 0; list-style: none; }
.facts strong { display: block; font-size: 1.4rem; }
img { display: block; width: 100%; min-width: 32rem; height: auto; background: #fff; border-radius: .4rem;
  padding: .5rem; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
summary { color: var(--quiet); }
"""


def summary_page(summary: dict[str, Any], title: str, pictures: dict[str, tuple[str, str]]) -> str:
    """The page.

    Args:
        summary: of :func:`counts.summarise`.
        title: what was summarised.
        pictures: SVG by name, each with what it shows.
    """
    parts = [_facts(summary)]
    for name, (svg, told) in pictures.items():
        data = base64.b64encode(svg.encode()).decode()
        said = f"{_safe(told)}; the table below has the numbers"
        image = scrolling(told, f'<img src="data:image/svg+xml;base64,{data}" alt="{said}">')
        table = _TABLES[name](summary)
        parts.append(f"<section><h2>{_safe(told)}</h2>{image}<details><summary>Table</summary>{table}</details>")
        parts.append("</section>")
    return page(title, _STYLE, "".join(parts))


def _facts(summary: dict[str, Any]) -> str:
    facts = {name.replace("_", " "): summary[name] for name in ("documents", "mentions", "linked", "concepts_found")}
    if under := summary["under"]:
        facts[f"concepts under {under['name']}"] = under["concepts_found"]
    items = "".join(f"<li><strong>{value:,}</strong> {_safe(name)}</li>" for name, value in facts.items())
    return f'<ul class="facts">{items}</ul>'


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table whose numbers stand right."""
    is_number = [bool(rows) and not isinstance(value, str) for value in (rows[0] if rows else heads)]

    def row(tag: str, cells: Sequence[Any]) -> str:
        marks = ['class="number"' if number else "" for number in is_number]
        scope = ' scope="col"' if tag == "th" else ""
        told = [cell if isinstance(cell, str) else f"{cell:,}" for cell in cells]
        parts = (f"<{tag} {mark}{scope}>{_safe(cell)}</{tag}>" for mark, cell in zip(marks, told, strict=True))
        return f"<tr>{''.join(parts)}</tr>"

    body = "".join(row("td", cells) for cells in rows)
    return scrolling(caption, f"<table><thead>{row('th', heads)}</thead><tbody>{body}</tbody></table>")


def _types(summary: dict[str, Any]) -> str:
    heads = ("type", "mentions", "documents", "linked", "concepts")
    return _table("Types", heads, [[row[head] for head in heads] for row in summary["types"]])


def _concepts(summary: dict[str, Any]) -> str:
    heads = ("name", "id", "type", "mentions", "documents")
    return _table("Concepts", heads, [[row[head] for head in heads] for row in summary["concepts"]])


def _pairs(summary: dict[str, Any]) -> str:
    chance = ("expected", "lift")
    rows = [
        [row["first"]["name"], row["second"]["name"], row["documents"], *(round(row[k], 1) for k in chance)]
        for row in summary["pairs"]
    ]
    return _table("Pairs", ("concept", "and", "documents with both", "expected by chance", "lift"), rows)


def _years(summary: dict[str, Any]) -> str:
    followed = summary["concepts_over_time"]
    rows = [
        [str(row["year"]), row["documents"], *(each["documents"][str(row["year"])] for each in followed)]
        for row in summary["years"]
    ]
    return _table("Years", ("year", "documents", *(each["name"] for each in followed)), rows)


_TABLES = {"types": _types, "concepts": _concepts, "pairs": _pairs, "years": _years}


def _safe(text: str) -> str:
    return html.escape(text)

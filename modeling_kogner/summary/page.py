"""A summary as one HTML page that needs no other file."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from typing import Any

_STYLE = """:root { color-scheme: light dark; --back: #fff; --ink: #1b1f24; --quiet: #57606a; --line: #c9d1d9; }
@media (prefers-color-scheme: dark) { :root { --back: #14181d; --ink: #e6e9ec; --quiet: #a2abb5; --line: #3c444d; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--back); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 2rem; padding: 0; list-style: none; }
.facts strong { display: block; font-size: 1.4rem; }
img { display: block; width: 100%; min-width: 32rem; height: auto; background: #fff; border-radius: .4rem;
  padding: .5rem; }
.wide { overflow-x: auto; } .wide:focus-visible { outline: 3px solid #0b6e6e; }
table { border-collapse: collapse; margin-top: .5rem; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
summary { cursor: pointer; color: var(--quiet); }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


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
        image = _scrolling(told, f'<img src="data:image/svg+xml;base64,{data}" alt="{said}">')
        table = _TABLES[name](summary)
        parts.append(f"<section><h2>{_safe(told)}</h2>{image}<details><summary>Table</summary>{table}</details>")
        parts.append("</section>")
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{_safe(title)}</title>\n'
        f"<style>{_STYLE}</style></head>\n<body><main><h1>{_safe(title)}</h1>{''.join(parts)}</main></body></html>\n"
    )


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
    return _scrolling(caption, f"<table><thead>{row('th', heads)}</thead><tbody>{body}</tbody></table>")


def _scrolling(caption: str, content: str) -> str:
    """Content that scrolls by itself, with the keyboard too."""
    return f'<div class="wide" role="region" aria-label="{_safe(caption)}" tabindex="0">{content}</div>'


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

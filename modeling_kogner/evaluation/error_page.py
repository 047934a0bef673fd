"""An error report as one HTML page that needs no other file."""

from __future__ import annotations

import html
from itertools import pairwise
from typing import Any

from .error_kinds import KINDS

NAMES = {
    "border": ("Border", "right type, other ends"),
    "type": ("Wrong type", "found with another type than in gold"),
    "spurious": ("Spurious", "found where gold has nothing"),
    "missed": ("Missed", "in gold, and nothing found there"),
    "missed_for_type": ("Missed for another type", "in gold, and found with another type"),
}
_STYLE = """:root { color-scheme: light dark; --back: #fff; --ink: #1b1f24; --quiet: #57606a; --line: #c9d1d9;
  --gold: #0b6e6e; --found: #ffe19a; --right: #2f7d4f; }
@media (prefers-color-scheme: dark) { :root { --back: #14181d; --ink: #e6e9ec; --quiet: #a2abb5; --line: #3c444d;
  --gold: #5cc8c0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1rem; background: var(--back); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .25rem; }
h3 { margin: 1.25rem 0 0; }
p { margin: .25rem 0; } .quiet { color: var(--quiet); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .75rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: right;
  font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; }
summary { cursor: pointer; padding: .3rem 0; }
:focus-visible { outline: 3px solid var(--gold); outline-offset: 2px; }
ol { padding-left: 1.2rem; } li { margin: .5rem 0; overflow-wrap: anywhere; }
.gold { border-bottom: 3px solid var(--gold); }
.found { background: var(--found); color: #15181b; padding: .1rem .2rem; border-radius: .2rem; }
.label { display: block; font-size: .85rem; color: var(--quiet); }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def error_page(reports: list[dict[str, Any]], model: str) -> str:
    """The page.

    Args:
        reports: of :func:`error_report.report_errors`, with ``split``.
        model: what was scored.
    """
    parts = [_corpus(report) for report in reports]
    legend = '<p><span class="gold">underlined</span>: gold; <span class="found">marked</span>: found by the model.</p>'
    title = f"Errors of {_safe(model)}"
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>\n'
        f"<style>{_STYLE}</style></head>\n<body><main><h1>{title}</h1>{legend}{''.join(parts)}</main></body></html>\n"
    )


def _corpus(report: dict[str, Any]) -> str:
    """A table of counts, then the kinds with their examples."""
    name = f"{report['corpus']}, {report['split']}"
    heads = ("type", "in gold", "right", *(NAMES[kind][0].lower() for kind in KINDS))
    rows = [
        [row["type"], row["gold"], row["right"], *(row["errors"][kind] for kind in KINDS)] for row in report["types"]
    ]
    if len(rows) > 1:
        rows.append(["all", *(sum(row[place] for row in rows) for place in range(1, len(heads)))])
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    body = "".join("<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    kinds = "".join(_kind(kind, [group for group in report["groups"] if group["kind"] == kind]) for kind in KINDS)
    told = f'<p class="quiet">{report["sentences"]:,} sentences</p>'
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    region = f'<div class="wide" tabindex="0" role="region" aria-label="Errors by type">{table}</div>'
    return f"<section><h2>{_safe(name)}</h2>{told}{region}{kinds}</section>"


def _kind(kind: str, groups: list[dict[str, Any]]) -> str:
    if not groups:
        return ""
    title, told = NAMES[kind]
    return f'<h3>{title}</h3><p class="quiet">{told}</p>{"".join(map(_group, groups))}'


def _group(group: dict[str, Any]) -> str:
    """The errors of one kind and type: the most frequent ones, and examples."""
    often = [f"{_safe(told)} ({count})" for told, count in group["frequent"] if count > 1]
    frequent = f'<p class="quiet">most often: {"; ".join(often)}</p>' if often else ""
    examples = "".join(f"<li>{_example(each)}</li>" for each in group["examples"])
    shown = len(group["examples"])
    count = f"{group['count']:,}" + (f", {shown} shown" if shown < group["count"] else "")
    return f"<details><summary>{_safe(group['type'])}: {count}</summary>{frequent}<ol>{examples}</ol></details>"


def _example(example: dict[str, Any]) -> str:
    """The sentence, cut at the borders of both mentions."""
    text, sides = example["text"], {side: example[side] for side in ("gold", "found") if example[side]}
    cuts = sorted({0, len(text), *(place[end] for place in sides.values() for end in ("start", "end"))})
    parts = []
    for start, end in pairwise(cuts):
        names = [side for side, place in sides.items() if place["start"] <= start and end <= place["end"]]
        part = _safe(text[start:end])
        parts.append(f'<span class="{" ".join(names)}">{part}</span>' if names else part)
    told = [f"{side}: {_safe(text[p['start'] : p['end']])} ({_safe(p['type'])})" for side, p in sides.items()]
    return f'{"".join(parts)}<span class="label">sentence {example["sentence"]}; {"; ".join(told)}</span>'


def _cell(value: str | int) -> str:
    return _safe(value) if isinstance(value, str) else f"{value:,}"


def _safe(text: str) -> str:
    return html.escape(text)

"""An error report as one HTML page that needs no other file."""

from __future__ import annotations

import html
from itertools import pairwise
from typing import Any

from ..files.page import page, scrolling
from .error_kinds import KINDS

NAMES = {
    "border": ("Border", "right type, other ends"),
    "type": ("Wrong type", "found with another type than in gold"),
    "spurious": ("Spurious", "found where gold has nothing"),
    "missed": ("Missed", "in gold, and nothing found there"),
    "missed_for_type": ("Missed for another type", "in gold, and found with another type"),
}
_STYLE = """:root { --found: #ffe19a; }
h2 { margin-bottom: .25rem; } h3 { margin: 1.25rem 0 0; }
p { margin: .25rem 0; } .quiet { color: var(--quiet); }
th, td { text-align: right; font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; }
ol { padding-left: 1.2rem; } li { margin: .5rem 0; overflow-wrap: anywhere; }
.gold { border-bottom: 3px solid var(--accent); }
.found { background: var(--found); color: #15181b; padding: .1rem .2rem; border-radius: .2rem; }
.label { display: block; font-size: .85rem; color: var(--quiet); }
"""


def error_page(reports: list[dict[str, Any]], model: str) -> str:
    """The page.

    Args:
        reports: of :func:`error_report.report_errors`, with ``split``.
        model: what was scored.
    """
    parts = [_corpus(report) for report in reports]
    legend = '<p><span class="gold">underlined</span>: gold; <span class="found">marked</span>: found by the model.</p>'
    return page(f"Errors of {model}", _STYLE, legend + "".join(parts))


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
    return f"<section><h2>{_safe(name)}</h2>{told}{scrolling('Errors by type', table)}{kinds}</section>"


def _kind(kind: str, groups: list[dict[str, Any]]) -> str:
    if not groups:
        return ""
    title, told = NAMES[kind]
    shown = "".join(_group(group, is_open=len(groups) == 1) for group in groups)
    return f'<h3>{title}</h3><p class="quiet">{told}</p>{shown}'


def _group(group: dict[str, Any], is_open: bool) -> str:
    """The errors of one kind and type: the most frequent ones, and examples."""
    opening = "<details open>" if is_open else "<details>"
    often = [f"{_safe(told)} ({count})" for told, count in group["frequent"] if count > 1]
    frequent = f'<p class="quiet">most often: {"; ".join(often)}</p>' if often else ""
    examples = "".join(f"<li>{_example(each)}</li>" for each in group["examples"])
    shown = len(group["examples"])
    count = f"{group['count']:,}" + (f", {shown} shown" if shown < group["count"] else "")
    return f"{opening}<summary>{_safe(group['type'])}: {count}</summary>{frequent}<ol>{examples}</ol></details>"


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

"""`kogner explain`: one text in, a table or JSON of where its mentions come from out."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..corpora.mention import Mention
from ..inference.explanation import ExplainedMention, Explanation, Surface
from ..inference.explanation import explain as run
from ..inference.load import bundled_model, load
from .progress import quiet, reading

COLUMNS = ("mention", "name found", "concept", "weight", "gate", "without knowledge")


def explain(
    text: Annotated[str, typer.Argument(help="Text to read.")],
    model: Annotated[
        str | None, typer.Option(help="Folder or Hub id of a KoGNER model; the bundled one if left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object in place of a table.")] = False,
) -> None:
    """Show for each mention the names and concepts found, how far the gate opened, and the answer without knowledge.

    Example: kogner explain "Aspirin reduced the fever"
    """
    quiet()
    try:
        source = bundled_model() if model is None else model
        with reading(source):
            annotator = load(source)
        explanation = run(annotator, text)
    except ValueError as error:
        print(f"kogner explain: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    if as_json:
        print(json.dumps(dataclasses.asdict(explanation), ensure_ascii=False))
    else:
        _show(explanation)


def _show(explanation: Explanation) -> None:
    console = Console()
    if not explanation.mentions:
        console.print("no entities found")
    else:
        table = Table(*COLUMNS)
        for explained in explanation.mentions:
            for row in _rows(explained):
                # Text: a name may hold [brackets], which are markup.
                table.add_row(*(Text(cell, overflow="fold") for cell in row))
            table.add_section()
        console.print(table)
        console.print("* read by the model; weight: attention of the concept, ∅: of none", style="dim", markup=False)
    if lost := explanation.only_without_knowledge:
        console.print("only without knowledge: " + ", ".join(map(_name, lost)), markup=False, highlight=False)


def _rows(explained: ExplainedMention) -> list[list[str]]:
    """One row a candidate; what concerns a whole surface or mention stands in its first."""
    lines = [line for surface in explained.surfaces for line in _lines(surface)] or [["-"] * 3]
    gate = "-" if explained.gate is None else f"{explained.gate:.2f}"
    others = ", ".join(map(_name, explained.without_knowledge)) or "nothing"
    return [[_name(explained.mention), *lines[0], gate, others], *(["", *line, "", ""] for line in lines[1:])]


def _lines(surface: Surface) -> list[list[str]]:
    """Name, concept and weight of each candidate."""
    found = surface.text + (" *" if surface.is_read else "")
    lines = []
    for candidate in surface.candidates:
        concept = f"{candidate.id} {candidate.name} ({candidate.type})"
        lines.append([found, concept, "" if candidate.weight is None else f"{candidate.weight:.2f}"])
        found = ""
    if surface.nil_weight is not None:
        lines.append(["", "∅", f"{surface.nil_weight:.2f}"])
    return lines


def _name(mention: Mention) -> str:
    return f"{mention.text} ({mention.type} {mention.score:.2f})"

"""Tables on a terminal: mentions, explanations, and what a knowledge folder holds."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from ..corpora.document import Document
    from ..corpora.mention import Mention
    from ..inference.explanation import ExplainedMention, Explanation, Surface


_BEGINNING = 400  # characters of a text above its table


def draw_mentions(document: Document, shows_text: bool = False) -> str:
    """The mentions of a document as the terminal is to show them, if wanted under the beginning of its text."""
    console = Console()
    with console.capture() as drawn:
        if shows_text:
            console.print(Text(textwrap.shorten(document.text, _BEGINNING, placeholder=" …")))
        if not document.mentions:
            console.print("no entities found")
        else:
            table = Table()
            for column in ("mention", "type", "score", "concept", "preferred name", "link"):
                table.add_column(column, justify="right" if column in ("score", "link") else "left")
            for mention in document.mentions:
                name = f"{mention.name} ({mention.organism})" if mention.organism else mention.name
                cells = [mention.text, mention.type, _score(mention.score), mention.id, name]
                cells += [_score(mention.link_score)]
                table.add_row(*(Text(cell or "-") for cell in cells))  # Text: [brackets] in a name would be markup
            _print(console, table)
    return drawn.get()


def _print(console: Console, table: Table) -> None:
    """Print a table that breaks no word and no id where the terminal has room for the longest of each column."""
    texts = [[str(column.header), *map(str, column.cells)] for column in table.columns]
    whole = [max(map(cell_len, lines)) for lines in texts]
    widths = [max(cell_len(word) for text in lines for word in text.split() or [""]) for lines in texts]
    room = console.width - 3 * len(widths) - 1  # lines, and spaces beside them
    if sum(widths) > room:
        table.padding, room = (0, 1, 0, 0), room + len(widths)
    while sum(widths) > room and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    while sum(widths) < min(room, sum(whole)):  # what is left, to the column that would need most lines
        widest = max(range(len(widths)), key=lambda column: whole[column] / widths[column])
        widths[widest] += 1
    for column, width in zip(table.columns, widths, strict=True):
        column.width, column.overflow = width, "fold"
    console.print(table)


def _score(score: float | None) -> str | None:
    return None if score is None else f"{score:.2f}"


def show_explanation(explanation: Explanation) -> None:
    """One row for each candidate of each mention."""
    console = Console()
    if not explanation.mentions:
        console.print("no entities found")
    else:
        table = Table("mention", "name found", "concept", "weight", "gate", "without knowledge")
        for explained in explanation.mentions:
            for row in _rows(explained):
                # Text: a name may hold [brackets], which are markup.
                table.add_row(*(Text(cell) for cell in row))
            table.add_section()
        _print(console, table)
        console.print("* read by the model; weight: attention of the concept, ∅: of none", style="dim", markup=False)
        _show_links(console, explanation)
    if lost := explanation.only_without_knowledge:
        console.print("only without knowledge: " + ", ".join(map(_name, lost)), markup=False, highlight=False)


def _show_links(console: Console, explanation: Explanation) -> None:
    """Which concept each mention is linked to, which come next, and why."""
    table = Table("mention", "concept", "link", "why")
    for explained in explanation.mentions:
        name, others = explained.mention.text, explained.considered
        if others and not others[0].is_chosen:
            table.add_row(Text(name), Text("none is close enough"), "", "")
            name = ""
        for each in others:
            found = each.candidate
            organism = f" ({found.organism})" if found.organism else ""
            mark = " *" if each.is_chosen else ""
            cells = (name, f"{found.id} {found.name}{organism}{mark}", _score(found.score), "; ".join(each.reasons))
            table.add_row(*(Text(cell or "-" if place else cell or "") for place, cell in enumerate(cells)))
            name = ""
        table.add_section()
    _print(console, table)
    console.print("* linked to", style="dim", markup=False)


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


def show_summary(summary: Mapping[str, Any]) -> None:
    """Tables of types, relations and what was left out."""
    console = Console()
    types = Table("type", "concepts", "written forms")
    for name, counts in summary["types"].items():
        types.add_row(name, *(f"{count:,}" for count in counts.values()))
    relations = Table("relation", "edges")
    for name, count in summary["relations"].items():
        relations.add_row(name, f"{count:,}")
    left_out = Table("left out", "rows", "first")
    for reason, count in summary["left_out"].items():
        # Text: a name may hold [brackets], which are markup.
        left_out.add_row(reason, f"{count:,}", Text(summary["first_left_out"].get(reason, "")))
    for table in (types, relations, left_out):
        if table.row_count:
            _print(console, table)
    console.print(f"{summary['unified_ids']:,} ids unified into others that mean the same")
    console.print(f"{summary['concepts']:,} concepts, {summary['written_forms']:,} written forms")


def show_distillation(report: Mapping[str, Any]) -> None:
    """How well teacher and student do on what they had not seen."""
    console = Console()
    links = Table("link prediction, test", "MRR tail", "head", "both", "Hits@10 both")
    for name, scores in report["teacher"]["test"].items():
        mrr = [f"{scores[side]['mrr']:.4f}" for side in ("tail", "head", "both")]
        links.add_row(name, *mrr, f"{scores['both']['hits@10']:.4f}")
    ratio = report["teacher"]["mrr_over_degree"]
    links.add_row("teacher / degree", *(f"{ratio[side]:.2f}" for side in ("tail", "head", "both")))
    console.print(links)
    student = report["student"]
    cosines = Table("cosine to H, held-out concepts", *next(iter(student["cosine"].values())))
    for name, values in student["cosine"].items():
        cosines.add_row(name, *(f"{value:.3f}" for value in values.values()))
    console.print(cosines)
    console.print("neighbour overlap@10:", student["neighbour_overlap@10"])
    console.print("student / teacher parameters outside tables:", student["parameters_over_teacher"])
    console.print("seconds:", report["seconds"])


def show_annotations(summary: Mapping[str, Any]) -> None:
    """Tables of a summary of annotated documents."""
    console = Console()
    under = summary["under"]
    where = f" under {under['name']} ({under['id']}), {under['concepts_found']:,} found" if under else ""
    head = "{documents:,} documents, {mentions:,} mentions, {linked:,} of them linked to {concepts_found:,} concepts"
    console.print(head.format_map(summary), markup=False, highlight=False)
    kinds = ["type", "mentions", "documents", "linked", "concepts"]
    _show(console, "types", [[row[kind] for kind in kinds] for row in summary["types"]], kinds)
    concepts = [[row[key] for key in ("name", "id", "type", "mentions", "documents")] for row in summary["concepts"]]
    _show(console, f"concepts{where}", concepts, ["concept", "id", "type", "mentions", "documents"])
    pairs = [
        [row["first"]["name"], row["second"]["name"], row["documents"], f"{row['lift']:.1f}", f"{row['pmi']:.2f}"]
        for row in summary["pairs"]
    ]
    _show(console, "occur together", pairs, ["concept", "and", "documents", "lift", "PMI"])
    years = [str(row["year"]) for row in summary["years"]][-10:]
    followed = [[row["name"], *(row["documents"][year] for year in years)] for row in summary["concepts_over_time"]]
    _show(console, "documents by year", followed, ["concept", *years])


def _show(console: Console, title: str, rows: list[list[Any]], heads: list[str]) -> None:
    """A table whose numbers stand right, if there are rows."""
    if not rows:
        return
    table = Table(title=Text(title), title_justify="left", title_style="bold")
    for head, value in zip(heads, rows[0], strict=True):
        is_number = isinstance(value, int) or head in ("lift", "PMI")
        table.add_column(Text(head), justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(Text(f"{cell:,}" if isinstance(cell, int) else cell or "-") for cell in row))
    _print(console, table)

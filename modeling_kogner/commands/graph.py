"""`kogner graph build`: sources in, knowledge folder out."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ..graph.knowledge_graph import KnowledgeGraph
from ..graph.surface_table import MAX_SURFACES, build_knowledge

app = typer.Typer(help="Build and distil knowledge graphs.", no_args_is_help=True)


@app.callback()
def graph() -> None:
    """Build and distil knowledge graphs."""


@app.command()
def build(
    source: Annotated[
        list[str],
        typer.Option(
            help="Folder with nodes, names and edges (.parquet, .tsv or .csv), or an OBO file with the semantic type "
            "of its terms: mondo.obo:Disease, go.obo:biological_process=Process,Function. Repeat it to merge several."
        ),
    ],
    output: Annotated[Path, typer.Option(help="Knowledge folder to write; an older one is replaced.")],
    drop_invalid: Annotated[
        bool, typer.Option("--drop-invalid", help="Leave out rows that break a rule and count them.")
    ] = False,
    max_surfaces: Annotated[int, typer.Option(help="Written forms to keep at most.", min=1)] = MAX_SURFACES,
) -> None:
    """Read, check and merge sources, unify equivalent concepts, choose the written forms."""
    console = Console()
    try:
        with console.status("reading and merging"):
            knowledge_graph = KnowledgeGraph.read(source, drop_invalid)
        knowledge = build_knowledge(
            knowledge_graph, max_surfaces, lambda names: track(names, "writing forms", console=console)
        )
        with console.status("saving"):
            knowledge.save(output)
    except ValueError as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
    _print_summary(knowledge.report, console)
    console.print(f"{len(knowledge.concepts):,} concepts, {len(knowledge.surfaces):,} written forms -> {output}")


def _print_summary(report: dict, console: Console) -> None:
    graph_counts, surfaces, unified = report["graph"], report["surfaces"], report["unified"]
    types = Table("type", "concepts", "written forms")
    for name, count in graph_counts["types"].items():
        types.add_row(name, f"{count:,}", f"{surfaces['types'].get(name, 0):,}")
    relations = Table("relation", "edges")
    for name, count in graph_counts["relations"].items():
        relations.add_row(name, f"{count:,}")
    dropped = Table("left out", "rows", "first")
    for reason, count in report["dropped"].items():
        dropped.add_row(reason, f"{count:,}", report["first_dropped"].get(reason, ""))
    for reason, count in surfaces["dropped"].items():
        dropped.add_row(f"written form: {reason}", f"{count:,}", "")
    for reason, count in unified["links_not_followed"].items():
        dropped.add_row(f"same_as not followed: {reason}", f"{count:,}", "")
    for table in (types, relations, dropped):
        if table.row_count:
            console.print(table)
    console.print(f"{unified['ids']:,} ids unified into {unified['families']:,} concepts that have several")

"""`kogner graph build`: sources in, knowledge folder out."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from ..graph.knowledge_graph import KnowledgeGraph
from ..graph.surface_table import MAX_SURFACES, build_knowledge
from .graph_summary import show_summary, summarise

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
    """Read, check and merge sources, unify equivalent concepts, choose the written forms.

    Example: kogner graph build --source my-graph --source mondo.obo:Disease --output built
    """
    console = Console()
    try:
        with console.status("reading and merging"):
            knowledge_graph = KnowledgeGraph.read(source, drop_invalid)
        knowledge = build_knowledge(
            knowledge_graph, max_surfaces, lambda names: track(names, "writing forms", console=console)
        )
        with console.status("saving"):
            knowledge.save(output)
    except (ValueError, OSError) as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
    show_summary(summarise(knowledge), console)
    console.print(f"-> {output}")

"""`kogner graph stats`: what a knowledge folder holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..graph.knowledge_folder import Knowledge
from .graph_summary import show_distillation, show_summary, summarise


def stats(
    folder: Annotated[Path, typer.Argument(help="Folder that `kogner graph build` or `distill` wrote.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object in place of tables.")] = False,
) -> None:
    """Count concepts and relations of a knowledge folder; show what was left out and how well it was distilled.

    Example: kogner graph stats distilled
    """
    summary = summarise(Knowledge.load(folder))
    if as_json:
        print(json.dumps(summary, ensure_ascii=False))
        return
    console = Console()
    show_summary(summary, console)
    if summary["distillation"]:
        show_distillation(summary["distillation"], console)

"""`kogner summary`: annotated documents in; counts, pairs and pictures out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ..files.errors import UsageError
from ..files.option import option
from .progress import waiting


@dataclass
class SummaryOptions:
    """Options."""

    input: Path = option("File that kogner annotate wrote: parquet, jsonl, tsv or csv.", positional=True)
    more: list[Path] = option("Further such files, for example the other shards.", [])
    under: str | None = option("Count concepts of this branch of the graph only: an id or a name.", None)
    knowledge: str | None = option("Knowledge folder that has the branch.", None)
    date_column: str | None = option("Column with years or dates; by default year or date, if there is one.", None)
    top: int = option("Concepts and pairs to list.", 20, least=1, most=200)
    output: Path | None = option("Folder for the pictures (PNG, SVG), summary.html and summary.json.", None)
    json: bool = option("Print JSON instead of tables.", False)


def summary(options: SummaryOptions) -> None:
    """Summarise annotated documents: counts, top concepts, what occurs together, and when.

    kogner summary annotated.parquet --output summary
    kogner summary annotated.parquet --under "neoplasms" --knowledge KNOWLEDGE

    Pairs are ordered by documents times PMI. Years come from a field of the documents, which annotate keeps in
    parquet and JSON lines. Memory does not grow with the number of documents: a million of twelve mentions each took
    0.6 GB and four minutes on one core.
    """
    if options.under and not options.knowledge:
        raise UsageError("--under needs the graph", fix="name its folder with --knowledge")
    from ..summary.annotated_files import read_annotated
    from ..summary.counts import summarise

    if options.output:
        from ..summary import pictures  # before any work: it says which package it needs

    branch = None
    if options.under and options.knowledge:
        from ..graph.branch import branch_of
        from ..graph.knowledge_folder import Knowledge

        with waiting("reading the graph"):
            branch = branch_of(Knowledge.load(options.knowledge), options.under)
    files = [options.input, *options.more]
    with waiting("counting"):
        found = summarise(
            lambda: chain.from_iterable(read_annotated(path, options.date_column) for path in files),
            branch,
            options.top,
        )
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        from .tables import show_annotations

        show_annotations(found)
    if options.output:
        from ..files.whole import write_whole
        from ..summary.page import summary_page

        drawn = pictures.pictures(found)
        for name, (figure, _) in drawn.items():
            pictures.save(figure, options.output / name)
        shown = {name: (pictures.as_svg(figure), told) for name, (figure, told) in drawn.items()}
        title = f"Summary of {', '.join(path.name for path in files)}"
        write_whole(options.output / "summary.html", summary_page(found, title, shown))
        write_whole(options.output / "summary.json", json.dumps(found, ensure_ascii=False, indent=1) + "\n")

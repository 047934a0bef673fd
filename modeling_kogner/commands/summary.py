"""`kogner summary`: annotated documents in; counts, pairs and pictures out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files.counting import counting
from ..files.errors import UsageError
from ..files.option import option
from .progress import waiting

if TYPE_CHECKING:
    from ..summary.annotated_files import Counted


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
    from ..summary.counts import summarise

    if options.output:
        from ..summary import pictures  # noqa: F401  (before any work: it says which package it needs)

    branch = None
    if options.under and options.knowledge:
        from ..graph.branch import branch_of
        from ..graph.knowledge_folder import Knowledge

        with waiting("reading the graph"):
            branch = branch_of(Knowledge.load(options.knowledge), options.under)
    files = [options.input, *options.more]
    found = summarise(_Passes(files, options.date_column), branch, options.top)
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        from .tables import show_annotations

        show_annotations(found)
    if options.output:
        _write(found, options.output, f"Summary of {', '.join(path.name for path in files)}")


class _Passes:
    """The documents of some files, each time it is called; how many there are is known when they are read again."""

    def __init__(self, files: Sequence[Path], date_column: str | None):
        self.files, self.date_column, self.seen = files, date_column, 0

    def __call__(self) -> Iterator[Counted]:
        from ..summary.annotated_files import read_annotated

        total, self.seen = self.seen or None, 0
        records = chain.from_iterable(read_annotated(path, self.date_column) for path in self.files)
        for document in counting(records, "counting again" if total else "counting", total):
            self.seen += 1
            yield document


def _write(found: dict[str, Any], folder: Path, title: str) -> None:
    """Pictures, page and JSON."""
    from ..files.whole import write_whole
    from ..summary import pictures
    from ..summary.page import summary_page

    drawn = pictures.pictures(found)
    for name, (figure, _) in drawn.items():
        pictures.save(figure, folder / name)
    shown = {name: (pictures.as_svg(figure), told) for name, (figure, told) in drawn.items()}
    write_whole(folder / "summary.html", summary_page(found, title, shown))
    write_whole(folder / "summary.json", json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    print(f"-> {folder}", file=sys.stderr)

"""`kogner graph add`: a model and own names in, a model that knows them out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from ..files.tables import RowChecks, read_table
from ..files.whole import whole_folder
from ..graph.sources import read_obo_names
from ..inference.own_names import add_concepts, add_equivalents
from .progress import loading, quiet, waiting


def add(
    model: Annotated[str, typer.Argument(help="Folder or Hub id of a KoGNER model.")],
    output: Annotated[Path, typer.Option(help="Folder to write; it must not exist.")],
    names: Annotated[
        list[Path] | None, typer.Option(help="Tab-separated file with the columns id, name, type; repeat it for more.")
    ] = None,
    obo: Annotated[
        list[str] | None, typer.Option(help="OBO file with the semantic type of its terms: cell.obo:Cell.")
    ] = None,
    equivalents: Annotated[
        Path | None,
        typer.Option(help="Table with the columns id, preferred: other vocabularies' ids of concepts of the model."),
    ] = None,
    drop_invalid: Annotated[
        bool, typer.Option("--drop-invalid", help="Leave out rows that break a rule and count them.")
    ] = False,
) -> None:
    """Add names and concepts to a trained model, without training.

    The model finds and links them at once. A model's folder is written whole or not at all.

    Example: kogner graph add my-model --names my-names.tsv --output my-new-model
    """
    quiet()
    if not (names or obo or equivalents):
        raise ValueError("nothing to add; give --names, --obo or --equivalents")
    if output.exists():
        raise ValueError(f"{output}: is there already; name a new folder with --output")
    tables = [read_table(path, ["id", "name", "type"]) for path in names or []]
    tables += [read_obo_names(source) for source in obo or []]
    links = read_table(equivalents, ["id", "preferred"]) if equivalents else None
    checks = RowChecks(drop_invalid)
    tagger, tokenizer = loading(model)
    if links is not None:
        print(f"{add_equivalents(tagger, links):,} ids of other vocabularies")
    if tables:
        with waiting("adding names"):
            added = add_concepts(tagger, tokenizer, pd.concat(tables, ignore_index=True), checks)
        print(f"{added.concepts:,} new concepts, {added.forms:,} written forms that texts are searched for")
        if added.unspelled:
            print(f"{added.unspelled:,} written forms are too long or not spelled by the tokenizer")
    for reason, count in checks.dropped.items():
        print(f"left out, {reason}: {count:,} ({checks.first[reason]})")
    with waiting("saving"), whole_folder(output, lambda name: False) as partial:
        tagger.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
    print(f"-> {output}")

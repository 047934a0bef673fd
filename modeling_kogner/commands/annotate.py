"""`kogner annotate`: one text in, a table or JSON of its mentions out."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from transformers.utils import logging

from ..inference.annotator import Annotator, Mention
from ..inference.load_model import load_model

BUNDLED = Path(__file__).resolve().parents[2] / "hub_card"


def annotate(
    text: Annotated[str | None, typer.Argument(help="Text to read; standard input if left out.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Folder or Hub id of a KoGNER model; the bundled one if left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object in place of a table.")] = False,
) -> None:
    """Find the biomedical entities of a text and the concepts they name."""
    logging.disable_progress_bar()
    logging.set_verbosity_error()  # what is wrong with a checkpoint is said once, below
    try:
        text = _read_input() if text is None else text
        source = _bundled() if model is None else model
        (mentions,) = Annotator(*load_model(source)).annotate([text])
    except ValueError as error:
        print(f"kogner annotate: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    if as_json:
        found = [dataclasses.asdict(mention) for mention in mentions]
        print(json.dumps({"model": source, "text": text, "mentions": found}, ensure_ascii=False))
    else:
        _show(mentions)


def _read_input() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise ValueError('no text; give one, as in kogner annotate "aspirin reduced fever", or pipe one in')
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise ValueError(f"standard input is no UTF-8 text ({error}); convert it first") from error


def _bundled() -> str:
    if not (BUNDLED / "config.json").is_file():
        raise ValueError(
            f"{BUNDLED}: no bundled model there; a checkout installed with pip install -e . carries one, "
            "otherwise name a folder or Hub id with --model"
        )
    return str(BUNDLED)


def _show(mentions: list[Mention]) -> None:
    if not mentions:
        Console().print("no entities found")
        return
    table = Table()
    for column in ("mention", "type", "score", "concept", "preferred name"):
        table.add_column(column, justify="right" if column == "score" else "left", overflow="fold")
    for mention in mentions:
        cells = (mention.text, mention.type, f"{mention.score:.2f}", mention.concept_id, mention.concept_name)
        table.add_row(*(Text(cell or "-") for cell in cells))  # Text: a name may hold [brackets], which are markup
    Console().print(table)

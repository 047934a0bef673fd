"""The mentions of a document as a table on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..corpora.document import Document


def draw_table(document: Document) -> str:
    """What the terminal is to show."""
    console = Console()
    with console.capture() as drawn:
        if not document.mentions:
            console.print("no entities found")
        else:
            table = Table()
            for column in ("mention", "type", "score", "concept", "preferred name"):
                table.add_column(column, justify="right" if column == "score" else "left", overflow="fold")
            for mention in document.mentions:
                cells = (mention.text, mention.type, f"{mention.score:.2f}", mention.id, mention.name)
                table.add_row(*(Text(cell or "-") for cell in cells))  # Text: [brackets] in a name would be markup
            console.print(table)
    return drawn.get()

"""Cells that are told by the line within them: "HeLa cells" are of HeLa."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..corpora.mention import Mention

_CELLS = re.compile(r"[\s-]*cells?(?:[\s-]lines?)?", re.IGNORECASE)


def lines_in_cells(mentions: Sequence[Mention]) -> Iterator[tuple[Mention, Mention]]:
    """Mentions of cells, and the cell line with an id that each begins with; nothing but "cells" follows it.

    Args:
        mentions: of a document.
    """
    lines = {mention.start: mention for mention in mentions if mention.type == "CellLine" and mention.id}
    for mention in mentions:
        line = lines.get(mention.start)
        if mention.type == "Cell" and line and _CELLS.fullmatch(mention.text[line.end - line.start :]):
            yield mention, line

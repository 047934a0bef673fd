"""Tab-separated values: a mention a line."""

from __future__ import annotations

from ..inference.annotator import Mention
from .document import Document, one_line

COLUMNS = ("document", "start", "end", "mention", "type", "score", "concept_id", "concept_name")


def render_rows(document: Document, mentions: list[Mention]) -> str:
    """Lines of the mentions; a document without any has none."""
    rows = [
        (document.id, m.start, m.end, m.text, m.type, f"{m.score:.4f}", m.concept_id or "", m.concept_name or "")
        for m in mentions
    ]
    return "".join("\t".join(one_line(str(cell)) for cell in row) + "\n" for row in rows)

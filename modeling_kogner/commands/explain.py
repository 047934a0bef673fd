"""`kogner explain`: one text in, a table or JSON of where its mentions come from out."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

from ..files.option import option
from .progress import loading, quiet


@dataclass
class ExplainOptions:
    """Options."""

    text: str = option("Text to read.", positional=True)
    model: str | None = option("Folder, Hub id or package of a KoGNER model; the installed one if left out.", None)
    json: bool = option("Print one JSON object instead of a table.", False)


def explain(options: ExplainOptions) -> None:
    """Show why mentions were found and linked: names and concepts of the graph, and the answer without knowledge.

    kogner explain "Aspirin reduced the fever"
    """
    quiet()
    annotator = loading(options.model)
    from ..inference.explanation import explain

    explanation = explain(annotator, options.text)
    if options.json:
        print(json.dumps(dataclasses.asdict(explanation), ensure_ascii=False))
        return
    from .tables import show_explanation

    show_explanation(explanation)

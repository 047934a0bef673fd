"""Numbers and table rows of the card on training data, graph, size and speed; None where nothing is known."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from .card_inputs import CardInputs

CREDITS = json.loads(Path(__file__).with_name("credits.json").read_text(encoding="utf-8"))
_NOT_PUBLISHED = ("README.md", "training.json", "pretraining.json")


def table_rows(rows: Iterable[Iterable[str]]) -> str:
    """Lines of a Markdown table; a ``|`` within a cell is escaped."""
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)


def credit(kind: str, name: str) -> dict[str, str]:
    """Author, licence and, if it has one, Hub id of one of the ``corpora`` or ``sources``."""
    return CREDITS[kind].get(name, CREDITS["unknown"])


def training(inputs: CardInputs) -> dict | None:
    """Corpora with counts and licences."""
    if not (file := inputs.training):
        return None
    rows = []
    for corpus in file.field("overlap", kind=dict):
        counts = [file.field("overlap", corpus, name, kind=int) for name in ("sentences", "dropped")]
        found = credit("corpora", corpus)
        rows.append([corpus, *(f"{count:,}" for count in counts), found["who"], found["licence"]])
    return {"rows": table_rows(rows), "windows": file.field("train_windows", kind=int)}


def graph(inputs: CardInputs) -> dict | None:
    """Sources of the concepts with their licences, those of the relations, and written forms left out."""
    if not (file := inputs.knowledge):
        return None
    found = {name: file.field("report", "graph", name, kind=int) for name in ("concepts", "edges")}
    rows = []
    for name, count in file.field("report", "graph", "sources", kind=dict).items():
        source = credit("sources", name)
        rows.append([name, f"{count:,}", source["who"], source["licence"]])
    relations = file.field("report", "graph", "relations", kind=dict)
    further = dict.fromkeys(source for name in relations for source in CREDITS["relations"].get(name, ()))
    dropped = file.field("report", "surfaces", "dropped", kind=dict)
    left_out = ", ".join(f"{count:,} {reason}" for reason, count in dropped.items())
    return {**found, "rows": table_rows(rows), "relations": list(further), "dropped": left_out}


def distillation(inputs: CardInputs) -> dict | None:
    """Teacher and student on held-out relations and concepts; None if the graph was not distilled."""
    file = inputs.knowledge
    if not file or "distillation" not in file.field("report", kind=dict):
        return None
    teacher, student = (("report", "distillation", name) for name in ("teacher", "student"))
    ranks = [
        [name, *(f"{file.field(*teacher, 'test', name, 'both', score):.3f}" for score in ("mrr", "hits@10"))]
        for name in file.field(*teacher, "test", kind=dict)
    ]
    cosine = {name: file.field(*student, "cosine", name, "whole") for name in file.field(*student, "cosine", kind=dict)}
    overlap = file.field(*student, "neighbour_overlap@10", kind=dict)
    return {
        "ranks": file.field(*teacher, "ranks", kind=str),
        "rows": table_rows(ranks),
        "held_out": file.field(*student, "held_out_concepts", kind=int),
        "cosine": ", ".join(f"{value:.3f} ({name})" for name, value in cosine.items()),
        "overlap": ", ".join(f"{value:.3f} ({name})" for name, value in overlap.items()),
        "share": f"{file.field(*student, 'parameters_over_teacher'):.3f}",
    }


def size(inputs: CardInputs) -> dict[str, str]:
    """Millions of parameters, and megabytes in memory and on disk."""
    model, folder = inputs.model, inputs.folder.iterdir()
    files = [path for path in folder if path.is_file() and not path.name.startswith(".")]
    sizes = {path: path.stat().st_size for path in files if path.name not in _NOT_PUBLISHED}
    sums = {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "encoder": sum(parameter.numel() for parameter in model.kogner.encoder.parameters()),
        "tables": sum(buffer.numel() * buffer.element_size() for buffer in model.buffers()),
        "weights": sum(count for path, count in sizes.items() if path.suffix == ".safetensors"),
        "files": sum(sizes.values()),
    }
    return {name: f"{value / 1e6:.1f}" for name, value in sums.items()}


def speed(inputs: CardInputs) -> dict | None:
    """What `benchmarks/speed.py` timed."""
    if not (file := inputs.speed):
        return None
    rows = []
    for batch in (name for name in file.content if name.startswith("batch ")):
        rate = file.field(batch, "sentences a second", "tag, knowledge")
        ratios = [file.field(batch, name) for name in ("speed over plain, text to tags", "speed over bare encoder")]
        rows.append([batch.removeprefix("batch "), f"{rate:,.0f}", *(f"{ratio:.2f}" for ratio in ratios)])
    return {
        "rows": table_rows(rows),
        "sentences": file.field("sentences", kind=int),
        "device": file.field("device", kind=str),
        "loading": f"{file.field('loading time over bare encoder'):.2f}",
    }

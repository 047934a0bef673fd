"""Numbers of the card's sections on training data, graph, distillation, size and speed; None where nothing is known."""

from __future__ import annotations

import json
from pathlib import Path

from .card_inputs import CardInputs

CREDITS = json.loads(Path(__file__).with_name("credits.json").read_text(encoding="utf-8"))
_NOT_PUBLISHED = ("README.md", "training.json", "pretraining.json")


def credit(kind: str, name: str) -> dict[str, str]:
    """Author, licence and, if it has one, Hub id of one of the ``corpora`` or ``sources``."""
    return CREDITS[kind].get(name, CREDITS["unknown"])


def training(inputs: CardInputs) -> dict | None:
    """Sentences of each corpus, with its author and licence."""
    if not (file := inputs.training):
        return None
    corpora = {}
    for corpus in file.field("overlap", kind=dict):
        counts = {name: file.field("overlap", corpus, name, kind=int) for name in ("sentences", "dropped")}
        corpora[corpus] = counts | credit("corpora", corpus)
    return {"corpora": corpora, "windows": file.field("train_windows", kind=int)}


def graph(inputs: CardInputs) -> dict | None:
    """Sources of the concepts with their licences, those of the relations, and written forms left out."""
    if not (file := inputs.knowledge):
        return None
    counts = {name: file.field("report", "graph", name, kind=int) for name in ("concepts", "edges")}
    sources = file.field("report", "graph", "sources", kind=dict)
    relations = file.field("report", "graph", "relations", kind=dict)
    further = dict.fromkeys(source for name in relations for source in CREDITS["relations"].get(name, ()))
    return counts | {
        "sources": {name: {"concepts": count} | credit("sources", name) for name, count in sources.items()},
        "relations": list(further),
        "dropped": file.field("report", "surfaces", "dropped", kind=dict),
    }


def distillation(inputs: CardInputs) -> dict | None:
    """Teacher and student on held-out relations and concepts; None if the graph was not distilled."""
    file = inputs.knowledge
    if not file or "distillation" not in file.field("report", kind=dict):
        return None
    teacher, student = (("report", "distillation", name) for name in ("teacher", "student"))
    ranked = file.field(*teacher, "test", kind=dict)
    cosine = file.field(*student, "cosine", kind=dict)
    return {
        "ranks": file.field(*teacher, "ranks", kind=str),
        "ranked": {n: tuple(file.field(*teacher, "test", n, "both", of) for of in ("mrr", "hits@10")) for n in ranked},
        "held_out": file.field(*student, "held_out_concepts", kind=int),
        "cosine": {name: file.field(*student, "cosine", name, "whole") for name in cosine},
        "overlap": file.field(*student, "neighbour_overlap@10", kind=dict),
        "share": file.field(*student, "parameters_over_teacher"),
    }


def size(inputs: CardInputs) -> dict[str, float]:
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
    return {name: value / 1e6 for name, value in sums.items()}


def speed(inputs: CardInputs) -> dict | None:
    """What `benchmarks/speed.py` timed: by batch size, sentences per second and two ratios."""
    if not (file := inputs.speed):
        return None
    ratios = ("speed over plain, text to tags", "speed over bare encoder")
    return {
        "batches": {
            name.removeprefix("batch "): [
                file.field(name, "sentences a second", "tag, knowledge"),
                *(file.field(name, ratio) for ratio in ratios),
            ]
            for name in file.content
            if name.startswith("batch ")
        },
        "sentences": file.field("sentences", kind=int),
        "device": file.field("device", kind=str),
        "loading": file.field("loading time over bare encoder"),
    }

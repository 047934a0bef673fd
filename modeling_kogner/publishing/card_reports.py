"""Numbers of the card's sections on training data, graph, distillation, size and speed; None where nothing is known."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from .card_inputs import CardInputs

CREDITS = json.loads(Path(__file__).with_name("credits.json").read_text(encoding="utf-8"))
_NOT_PUBLISHED = ("README.md", "training.json", "pretraining.json")


def credit(kind: str, name: str) -> dict[str, Any]:
    """Author, licence, annotated types and, if it has one, Hub id of one of the ``corpora`` or ``sources``."""
    return CREDITS[kind].get(name, CREDITS["unknown"])


def trained_on(inputs: CardInputs) -> list[str] | None:
    """Names of the corpora that the training report lists; None without one."""
    return list(inputs.training.field("overlap", kind=dict)) if inputs.training else None


def annotated_types(inputs: CardInputs, corpus: str) -> list[str]:
    """The model's types that a corpus annotates: as credited, else as scored."""
    scored = inputs.scored.plain.content["datasets"].get(corpus, {}).get("types", [])
    known = credit("corpora", corpus)["annotates"] or scored
    return [kind for kind in inputs.config.entity_types if kind in known]


def labels(inputs: CardInputs) -> dict[str, dict[str, Any]]:
    """An example of each type, the corpora of its guideline and the others that annotate it.

    Without a training report, of the scored corpora; without a guideline, all are ``others``.
    """
    names = trained_on(inputs)
    corpora = list(inputs.scored.plain.content["datasets"]) if names is None else names
    table = {}
    for kind in inputs.config.entity_types:
        annotating = [corpus for corpus in corpora if kind in annotated_types(inputs, corpus)]
        followed = (inputs.config.guideline or {}).get(kind, [])
        others = [corpus for corpus in annotating if corpus not in followed]
        table[kind] = {"example": CREDITS["examples"].get(kind), "guideline": followed, "others": others}
    return table


def training(inputs: CardInputs) -> dict | None:
    """Sentences of each corpus, with its types, author and licence, and which licences ask for more than a name."""
    if not (file := inputs.training):
        return None
    corpora = {}
    for corpus in file.field("overlap", kind=dict):
        counts = {name: file.field("overlap", corpus, name, kind=int) for name in ("sentences", "dropped")}
        guideline = [kind for kind, of in (inputs.config.guideline or {}).items() if corpus in of]
        types = {kind: kind in guideline for kind in annotated_types(inputs, corpus)}
        corpora[corpus] = counts | credit("corpora", corpus) | {"types": types}
    unstated = [name for name, of in corpora.items() if of["licence"] == "unstated"]
    restricted = [name for name, of in corpora.items() if {"SA", "NC"} & set(re.split(r"[ -]", of["licence"]))]
    if "train_windows" in file.content:
        amount = f"{file.field('train_windows', kind=int):,} windows"
    else:  # a recipe, whose windows are drawn anew in each epoch
        amount = f"{sum(file.field('tokens', kind=dict).values()):,} word pieces"
    return {"corpora": corpora, "amount": amount, "unstated": unstated, "restricted": restricted}


def held(inputs: CardInputs) -> dict | None:
    """Concepts of the model by semantic type and vocabulary of their id, and further ids by vocabulary."""
    catalogue = inputs.model.kogner.concepts
    if not (len(catalogue) and inputs.config.has_knowledge):
        return None
    kinds = inputs.config.semantic_types
    types: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    for concept, kind in zip(catalogue.ids, inputs.model.kogner.index.concept_type.tolist(), strict=True):
        types[kinds[kind]][concept.partition(":")[0]] += 1
    present = sorted((kind for kind in kinds if types[kind]), key=lambda kind: -types[kind].total())
    further = Counter(other.partition(":")[0] for other in catalogue.owners)
    return {"types": {kind: types[kind] for kind in present}, "further": further}


def graph(inputs: CardInputs) -> dict | None:
    """Sources of the concepts with their licences, those of relations and of ids, and written forms left out."""
    if not (file := inputs.knowledge):
        return None
    counts = {name: file.field("report", "graph", name, kind=int) for name in ("concepts", "edges")}
    relations = file.field("report", "graph", "relations", kind=dict)
    further = dict.fromkeys(source for name in relations for source in CREDITS["relations"].get(name, ()))
    return counts | {
        "sources": _sources(file.field("report", "graph", "sources", kind=dict)),
        "relations": list(further),
        "references": CREDITS["references"] if file.content["report"].get("unified", {}).get("further_ids") else [],
        "dropped": file.field("report", "surfaces", "dropped", kind=dict),
    }


def _sources(counts: dict[str, int]) -> dict[str, dict[str, Any]]:
    """Concepts and credit of each source; its parts and versions, such as ``MONDO-v2026-05-05``, are one."""
    known = sorted(CREDITS["sources"], key=len, reverse=True)
    found: dict[str, int] = {}
    for name, count in counts.items():
        source = next((each for each in known if name == each or name.startswith((f"{each} ", f"{each}-"))), name)
        found[source] = found.get(source, 0) + count
    ordered = sorted(found.items(), key=lambda pair: -pair[1])
    return {name: {"concepts": count} | credit("sources", name) for name, count in ordered}


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

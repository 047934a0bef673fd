"""Scores of the card and of the front page: rows of `eval.py`'s files, and what others published."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .score_files import JsonFile, Scored

PEERS = json.loads(Path(__file__).with_name("peers.json").read_text(encoding="utf-8"))
EVERY_TYPE = "all, micro"


@dataclass
class ScoreRow:
    """Strict scores of one type of a corpus, or of all its types together; None where that was not scored.

    Args:
        corpus: its name.
        split: that was scored.
        kind: entity type, or :data:`EVERY_TYPE`.
        plain: without a convention, the corpus's own types competing.
        competing: without a convention, all types of the model competing.
        told: as ``plain`` with the corpus's convention.
        off: as ``plain`` with knowledge switched off.
    """

    corpus: str
    split: str
    kind: str
    plain: dict
    competing: dict
    told: dict | None
    off: dict | None


def score_rows(scored: Scored) -> list[ScoreRow]:
    """Rows in the order of the metrics file, each corpus's types first and then, if it has several, all of them.

    Raises:
        InputError: two files scored the same corpus in different ways.
    """
    rows = []
    for corpus, scores in scored.plain.content["datasets"].items():
        types = scores["types"]
        told, off = (_same_scores(file, scored.plain, corpus) for file in (scored.told, scored.off))
        for kind in [*types, *([EVERY_TYPE] if len(types) > 1 else [])]:
            chosen = [scores["strict"], scores["strict_every_type"], told, off]
            rows.append(ScoreRow(corpus, scores["split"], kind, *(_of_kind(each, kind) for each in chosen)))
    return rows


def _same_scores(file: JsonFile | None, other: JsonFile, corpus: str) -> dict | None:
    """Strict scores of a corpus in a further file, which must have scored the same split and types."""
    if file is None or corpus not in file.content["datasets"]:
        return None
    found, wanted = (each.content["datasets"][corpus] for each in (file, other))
    if (found["split"], found["types"]) != (wanted["split"], wanted["types"]):
        problem = f"split {found['split']} and types {', '.join(found['types'])}, not those of {other.path}"
        raise file.error(problem, "datasets", corpus, fix="run eval.py with the same options for both")
    return found["strict"]


def _of_kind(scores: dict | None, kind: str) -> Any:
    return scores["types"][kind] if scores and kind != EVERY_TYPE else scores


def document_rows(scored: Scored) -> list[tuple[str, int, str, dict]]:
    """File, number of its documents, type and scores of what was annotated as whole documents.

    The rows of FILE_unseen are of those documents of FILE that are in no training file.
    """
    rows = []
    for name, found in (scored.documents.content["documents"] if scored.documents else {}).items():
        kinds = [*found["types"], *([EVERY_TYPE] if len(found["types"]) > 1 else [])]
        rows += [(name, found["documents"], kind, _of_kind(found["strict"], kind)) for kind in kinds]
    return rows


def left_out(scored: Scored) -> dict[str, dict[str, int]]:
    """Of each FILE_unseen, how many documents of FILE stand in which training files."""
    found = scored.documents.content["documents"] if scored.documents else {}
    return {name: of["left_out"] for name, of in found.items() if of.get("left_out")}


def published(corpus: str, kind: str) -> list[dict[str, Any]]:
    """What others published on a corpus and type: system, parameters, F1 in percent, mark of the protocol, source."""
    name = f"{corpus.partition('_')[0]}/{kind}"  # BioRED_validation is a file of BioRED
    return [
        {**system, "f1": system["f1"][name], "mark": PEERS["protocols"][system["protocol"]]["mark"]}
        for system in PEERS["systems"]
        if name in system["f1"]
    ]


def heights(rows: list[ScoreRow], documents: list[tuple[str, int, str, dict]]) -> dict[str, Any]:
    """Our scores beside published ones, the protocols in use by mark, notes on single rows, and sources by system."""
    ours = [(row.corpus, row.split, row.kind, row.told, row.plain) for row in rows]
    ours += [(name, "documents", kind, None, scores) for name, _, kind, scores in documents]
    table, protocols, notes, sources = [], {}, [], {}
    for corpus, split, kind, told, plain in ours:
        if systems := published(corpus, kind):
            row = {"corpus": corpus, "split": split, "kind": kind, "told": told, "plain": plain}
            table.append(row | {"peers": systems})
            protocols |= {of["mark"]: PEERS["protocols"][of["protocol"]]["text"] for of in systems}
            sources |= {of["name"]: of["source"] for of in systems}
            if note := PEERS["notes"].get(f"{corpus}/{kind}"):
                notes.append(f"{corpus}: {note}")
    return {"table": table, "protocols": dict(sorted(protocols.items())), "notes": notes, "sources": sources}


def by_type(rows: list[ScoreRow], documents: list[tuple[str, int, str, dict]]) -> dict[str, tuple[list, list]]:
    """For each type the rows of corpora and those of documents that score it, in the order of the rows."""
    found: dict[str, tuple[list, list]] = {}
    for row in rows:
        found.setdefault(row.kind, ([], []))[0].append(row)
    for row in documents:
        found.setdefault(row[2], ([], []))[1].append(row)
    return found

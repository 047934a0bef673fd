"""What a knowledge folder holds, and how it is shown: shared by `kogner graph build`, `distill` and `stats`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..graph.knowledge_folder import Knowledge


def summarise(knowledge: Knowledge) -> dict[str, Any]:
    """Counts of the tables as they are, and what building and distilling them reported; JSON-able."""
    report = knowledge.report
    concept_types = knowledge.concepts["type"]
    concepts = concept_types.value_counts()
    surfaces = concept_types.iloc[knowledge.surfaces["concept"]].value_counts()
    left_out = dict(report.get("dropped", {}))
    for what, part, field in (
        ("written form", "surfaces", "dropped"),
        ("same_as not followed", "unified", "links_not_followed"),
    ):
        counts = report.get(part, {}).get(field, {})
        left_out |= {f"{what}: {reason}": count for reason, count in counts.items()}
    return {
        "concepts": len(knowledge.concepts),
        "written_forms": len(knowledge.surfaces),
        "edges": len(knowledge.edges),
        "unified_ids": len(knowledge.equivalents),
        "types": {
            kind: {"concepts": int(count), "written_forms": int(surfaces.get(kind, 0))}
            for kind, count in concepts.items()
        },
        "relations": {name: int(count) for name, count in knowledge.edges["relation"].value_counts().items()},
        "left_out": left_out,
        "first_left_out": report.get("first_dropped", {}),
        "distillation": report.get("distillation"),
    }


def show_summary(summary: Mapping[str, Any], console: Console) -> None:
    """Tables of types, relations and what was left out."""
    types = Table("type", "concepts", "written forms")
    for name, counts in summary["types"].items():
        types.add_row(name, *(f"{count:,}" for count in counts.values()))
    relations = Table("relation", "edges")
    for name, count in summary["relations"].items():
        relations.add_row(name, f"{count:,}")
    left_out = Table("left out", "rows", "first")
    for reason, count in summary["left_out"].items():
        # Text: a name may hold [brackets], which are markup.
        left_out.add_row(reason, f"{count:,}", Text(summary["first_left_out"].get(reason, "")))
    for table in (types, relations, left_out):
        if table.row_count:
            console.print(table)
    console.print(f"{summary['unified_ids']:,} ids unified into others that mean the same")
    console.print(f"{summary['concepts']:,} concepts, {summary['written_forms']:,} written forms")


def show_distillation(report: Mapping[str, Any], console: Console) -> None:
    """How well teacher and student do on what they had not seen."""
    links = Table("link prediction, test", "MRR tail", "head", "both", "Hits@10 both")
    for name, scores in report["teacher"]["test"].items():
        mrr = [f"{scores[side]['mrr']:.4f}" for side in ("tail", "head", "both")]
        links.add_row(name, *mrr, f"{scores['both']['hits@10']:.4f}")
    ratio = report["teacher"]["mrr_over_degree"]
    links.add_row("teacher / degree", *(f"{ratio[side]:.2f}" for side in ("tail", "head", "both")))
    console.print(links)
    student = report["student"]
    cosines = Table("cosine to H, held-out concepts", *next(iter(student["cosine"].values())))
    for name, values in student["cosine"].items():
        cosines.add_row(name, *(f"{value:.3f}" for value in values.values()))
    console.print(cosines)
    console.print("neighbour overlap@10:", student["neighbour_overlap@10"])
    console.print("student / teacher parameters outside tables:", student["parameters_over_teacher"])
    console.print("seconds:", report["seconds"])

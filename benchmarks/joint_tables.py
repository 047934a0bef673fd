"""Tables of the evidence page about the joint model: corpora left out, and kinds of errors before and after."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

from comparison import markdown

RESULTS = Path(__file__).parent / "results"
MODELS = {"version 0.1": RESULTS / "documents_0.1.json", "this version": RESULTS / "release" / "documents.json"}
# Recipe -> its runs, one for each seed, and the mode in which they were scored.
RECIPES = {
    "recipe of version 0.1 (13 corpora, single sentences, first encoder)": (["a_old"], "sent none"),
    "the same, read in windows": (["a_old"], "win none"),
    "all corpora, windows, new encoder, evidence; convention known half of the time": (["b"], "win none"),
    "the same, naive union without conventions": (["d"], "win none"),
    "default guideline for each type, families ignored, types that exclude each other": (["LA", "LA2"], "win none"),
}
LEFT_OUT = {
    "BC5CDR": ("Chemical", "Disease"),
    "NCBI-disease": ("Disease",),
    "linnaeus": ("Species",),
    "NLM-Gene": ("Gene",),
    "BioNLP13CG": ("Gene", "Chemical", "Species"),
    "BioRED": ("Gene", "Disease", "Chemical", "Species"),
}
KINDS = {
    "border": "other borders",
    "type": "other type there",
    "spurious": "nothing there",
    "missed": "missed",
    "missed_for_type": "missed, found as another type",
}


def read_runs(path: Path) -> dict[str, dict]:
    """Runs with scores, by name."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {line["run"]: line for line in lines if "f1" in line}


def left_out_f1(runs: dict[str, dict], names: list[str], corpus: str, mode: str) -> float:
    """Mean F1 over the types and seeds of the runs that left the corpus out."""
    found = [run for name, run in runs.items() if name.partition(".")[0] in names and corpus in run["left_out"]]
    if len(found) != len(names):
        raise SystemExit(f"{len(found)} runs of {', '.join(names)} without {corpus}; one for each seed is needed")
    return statistics.mean(run["f1"][f"{corpus}/{kind} {mode}"] for run in found for kind in LEFT_OUT[corpus])


def left_out_table(runs: dict[str, dict]) -> str:
    """A row for each recipe: F1 on each corpus left out, and the mean with its gain over the first recipe."""
    rows, first = [], None
    for recipe, (names, mode) in RECIPES.items():
        scores = [left_out_f1(runs, names, corpus, mode) for corpus in LEFT_OUT]
        mean = statistics.mean(scores)
        first = mean if first is None else first
        gain = "" if mean == first else f" ({mean - first:+.1f})"
        rows.append([recipe, *(f"{score:.1f}" for score in scores), f"**{mean:.1f}**{gain}", str(len(names))])
    return markdown(["trained with", *LEFT_OUT, "mean", "seeds"], rows)


def errors_table(models: dict[str, Path] | None = None) -> str:
    """A row for each model and file of documents that `eval.py --documents` scored: errors by kind, and F1."""
    rows = []
    for model, path in (models or MODELS).items():
        for name, found in json.loads(path.read_text())["documents"].items():
            counts = [str(found["errors"][kind]) for kind in KINDS]
            strict = found["strict"]
            rows.append([model, name.replace("_", " "), *counts, f"{strict['gold']:,}", f"{100 * strict['f1']:.1f}"])
    return markdown(["model", "documents", *KINDS.values(), "mentions", "F1"], rows)

"""Seconds, peak memory, counts and size of `kogner graph build`, as one JSON line.

python benchmarks/graph_build.py --source DATA/kg DATA/kg/more --output built

Two cores, without a GPU: some five minutes.
"""

import argparse
import json
import lzma
import resource
import time
from pathlib import Path

import pandas as pd

from modeling_kogner.graph.identity import vocabulary_of
from modeling_kogner.graph.knowledge_graph import KnowledgeGraph
from modeling_kogner.graph.surface_table import build_knowledge

ROW_BYTES = 12  # of the surface index: a hash of 8 and a concept of 4
CONCEPT_BYTES = 8  # of a concept: its type and a vector of 7


def packed(texts: pd.Series) -> dict[str, float]:
    """Megabytes of lines of text, as they are and compressed."""
    raw = "\n".join(texts).encode()
    return {"raw": round(len(raw) / 1e6, 1), "xz": round(len(lzma.compress(raw, preset=6)) / 1e6, 1)}


def counts(column: pd.Series) -> dict[str, int]:
    """How often each value stands in a column."""
    return {str(value): int(count) for value, count in column.value_counts().items()}


def main() -> None:
    """Build, save and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", nargs="+", required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    start = time.perf_counter()
    knowledge = build_knowledge(KnowledgeGraph.read(options.source))
    knowledge.save(options.output)
    concepts, owners = knowledge.concepts, knowledge.surfaces["concept"]
    further = knowledge.equivalents[knowledge.equivalents["preferred"].isin(concepts["id"])]
    line = {
        "seconds": round(time.perf_counter() - start, 1),
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "folder_mb": round(sum(path.stat().st_size for path in options.output.iterdir()) / 1e6, 1),
        "concepts": counts(concepts["type"]),
        "preferred ids": counts(vocabulary_of(concepts["id"])),
        "further ids": counts(vocabulary_of(further["id"])),
        "written forms": counts(concepts["type"].iloc[owners]),
        "index_mb": round(len(owners) * ROW_BYTES / 1e6, 1),
        "nodes_mb": round(len(concepts) * CONCEPT_BYTES / 1e6, 1),
        "further_mb": packed(further.groupby("preferred")["id"].agg("\t".join)),
        "ids_mb": packed(concepts["id"]),
        "names_mb": packed(concepts["name"]),
        "forms_mb": packed(knowledge.surfaces["surface"]),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()

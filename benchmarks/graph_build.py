"""Seconds, peak memory, counts and size of `kogner graph build`, as one JSON line.

python benchmarks/graph_build.py --source DATA/kg DATA/kg/more --output built

Two cores, without a GPU: some four minutes with 1.95 million concepts.
"""

import argparse
import json
import lzma
import resource
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa

from modeling_kogner.graph.identity import vocabulary_of
from modeling_kogner.graph.knowledge_folder import Knowledge
from modeling_kogner.graph.knowledge_graph import KnowledgeGraph
from modeling_kogner.graph.surface_table import MAX_SURFACES, build_knowledge

ROW_BYTES = 12  # of the surface index: a hash of 8 and a concept of 4


def packed(texts: pd.Series) -> dict[str, float]:
    """Megabytes of lines of text, as they are and compressed."""
    raw = "\n".join(texts).encode()
    sizes = {"raw": len(raw), "zstd": len(pa.Codec("zstd", 19).compress(raw)), "xz": len(lzma.compress(raw, preset=6))}
    return {how: round(size / 1e6, 1) for how, size in sizes.items()}


def size(knowledge: Knowledge) -> dict:
    """What a checkpoint would hold, in megabytes, by type."""
    types, owners = knowledge.concepts["type"], knowledge.surfaces["concept"]
    rows = types.iloc[owners].value_counts()
    further = knowledge.equivalents[knowledge.equivalents["preferred"].isin(knowledge.concepts["id"])]
    return {
        "index": round(len(owners) * ROW_BYTES / 1e6, 1),
        "rows": {kind: int(count) for kind, count in rows.items()},
        "ids": packed(knowledge.concepts["id"]),
        "names": packed(knowledge.concepts["name"]),
        "further_ids": packed(further["id"]),
        "forms": packed(knowledge.surfaces["surface"]),
    }


def main() -> None:
    """Build, save and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", nargs="+", required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--max_surfaces", type=int, default=MAX_SURFACES)
    options = parser.parse_args()
    seconds, start = {}, time.perf_counter()
    graph = KnowledgeGraph.read(options.source)
    seconds["read and unify"] = time.perf_counter() - start
    knowledge = build_knowledge(graph, options.max_surfaces)
    seconds["choose forms"] = time.perf_counter() - start - seconds["read and unify"]
    knowledge.save(options.output)
    seconds["all"] = time.perf_counter() - start
    line = {
        "seconds": {what: round(value, 1) for what, value in seconds.items()},
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "folder_mb": round(sum(path.stat().st_size for path in options.output.iterdir()) / 1e6, 1),
        "concepts": {kind: int(count) for kind, count in knowledge.concepts["type"].value_counts().items()},
        "preferred": {name: int(n) for name, n in vocabulary_of(knowledge.concepts["id"]).value_counts().items()},
        "further": {name: int(n) for name, n in vocabulary_of(knowledge.equivalents["id"]).value_counts().items()},
        "forms": len(knowledge.surfaces),
        "checkpoint_mb": size(knowledge),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()

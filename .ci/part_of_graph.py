"""Write one source's concepts and the edges among them as a small knowledge graph: part_of_graph.py IN OUT."""

import sys
from pathlib import Path

import pandas as pd

SOURCE, MOST = "MONDO", 6_000

source, target = map(Path, sys.argv[1:])
target.mkdir(parents=True, exist_ok=True)
nodes, names, edges = (pd.read_parquet(source / f"{table}.parquet") for table in ("nodes", "names", "edges"))
nodes = nodes[nodes["source"] == SOURCE].head(MOST)
ids = set(nodes["id"])
nodes.to_parquet(target / "nodes.parquet")
names[names["id"].isin(ids)].to_parquet(target / "names.parquet")
edges[edges["head"].isin(ids) & edges["tail"].isin(ids)].to_parquet(target / "edges.parquet")

"""The surfaces of a knowledge graph: filtered, in authors' forms, ranked, within a budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from .index_tables import MAX_CANDIDATES
from .knowledge_folder import SEMANTIC_TYPES, Knowledge
from .knowledge_graph import KnowledgeGraph
from .surface_filter import MAX_CHARACTERS, noise
from .surface_forms import author_forms, surface_key

MAX_SURFACES = 1_450_000

# Systematic chemical names (locants, brackets) are typed once in a paper, if ever.
_SYSTEMATIC = r"\d.*[\[\](){},].*\d|[\[\](){}].*-.*-|(?:-.*){4}"


def build_knowledge(
    graph: KnowledgeGraph, max_surfaces: int = MAX_SURFACES, track: Callable[[Iterable], Iterable] = iter
) -> Knowledge:
    """Choose the written forms and number the concepts that own one.

    Args:
        graph: what to build from.
        max_surfaces: budget of rows.
        track: wraps the loop over names, to show progress.
    """
    nodes = graph.nodes.assign(degree=_degrees(graph))
    table, dropped = _candidates(graph, track)
    table = table.join(nodes[["type", "degree"]], on="node")
    table = _ranked(table, dropped)
    table = _within_budget(table, max_surfaces, dropped)

    owners = np.unique(table["node"])
    surfaces = pd.DataFrame(
        {"surface": table["surface"], "concept": np.searchsorted(owners, table["node"]).astype(np.int32)}
    ).reset_index(drop=True)
    report = graph.report | {
        "surfaces": {
            "rows": len(surfaces),
            "keys": int(table["key"].nunique()),
            "concepts": len(owners),
            "types": {str(k): int(v) for k, v in table["type"].value_counts().items()},
            "dropped": {reason: count for reason, count in dropped.most_common() if count},
        }
    }
    concepts = graph.nodes.iloc[owners][["id", "name", "type"]].reset_index(drop=True)
    return Knowledge(list(SEMANTIC_TYPES), concepts, surfaces, graph.edges, graph.equivalents, report=report)


def _degrees(graph: KnowledgeGraph) -> np.ndarray:
    counts = pd.concat([graph.edges["head"], graph.edges["tail"]]).value_counts()
    return graph.nodes["id"].map(counts).fillna(0).to_numpy(np.int64)


def _candidates(graph: KnowledgeGraph, track: Callable[[Iterable], Iterable]) -> tuple[pd.DataFrame, Counter]:
    """Return `surface`, `key`, `node` (row of `graph.nodes`), `synonym`, `derived`; and why others are left out."""
    rows: list[tuple] = []
    dropped: Counter[str] = Counter()
    types = graph.nodes["type"].tolist()
    nodes = graph.names["id"].map(pd.Series(range(len(types)), index=graph.nodes["id"])).tolist()
    listed = list(zip(graph.names["name"].tolist(), nodes, graph.names["preferred"].tolist(), strict=True))
    for name, node, preferred in track(listed):
        if len(name) > 2 * MAX_CHARACTERS:  # no rule makes it short enough
            dropped[noise(name, types[node])] += 1
            continue
        own_key = surface_key(name)
        for surface in author_forms(name, types[node]):
            key = surface_key(surface)
            derived = key != own_key
            evidence = "derived" if derived else "preferred" if preferred else "synonym"
            if reason := noise(surface, types[node], evidence):
                dropped[reason] += 1
            else:
                rows.append((surface, key, node, not preferred, derived))
    return pd.DataFrame(rows, columns=["surface", "key", "node", "synonym", "derived"]), dropped


def _ranked(table: pd.DataFrame, dropped: Counter) -> pd.DataFrame:
    """Keep one row a key and concept, and the best concepts of a key.

    A known type comes before "Other", a preferred name before a synonym, a vocabulary's form before a derived one,
    then the concept with more edges, then the earlier one.
    """
    table = table.assign(other=table["type"] == "Other", scarce=-table["degree"])
    table = table.sort_values(["key", "other", "synonym", "derived", "scarce", "node"])
    table = table.drop_duplicates(["key", "node"])
    table = table.assign(rank=table.groupby("key", sort=False).cumcount())
    excess = table["rank"] >= MAX_CANDIDATES
    dropped[f"beyond {MAX_CANDIDATES} concepts of one key"] += int(excess.sum())
    return table[~excess]


def _within_budget(table: pd.DataFrame, max_surfaces: int, dropped: Counter) -> pd.DataFrame:
    """Drop the least useful rows.

    First the third and fourth concepts of a derived form (the same symbol in mouse, rat and fly); then systematic names
    of chemicals that have a single edge, the longest first; then second concepts, derived forms and synonyms.
    """
    if len(table) <= max_surfaces:
        return table
    crowded = table["derived"] & (table["rank"] >= 2)
    obscure = (table["type"] == "Chemical") & (table["degree"] <= 1)
    obscure &= table["surface"].str.contains(_SYSTEMATIC, regex=True)
    order = table.assign(crowded=crowded, length=table["surface"].str.len().where(obscure, 0))
    order = order.sort_values(["crowded", "length", "rank", "derived", "synonym", "scarce"])
    dropped["over budget"] += len(table) - max_surfaces
    return table[table.index.isin(order.index[:max_surfaces])]

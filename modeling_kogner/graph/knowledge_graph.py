"""The knowledge graph: sources read, checked, merged and without duplicates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..files.errors import InputError
from ..files.tables import RowChecks
from .knowledge_folder import SEMANTIC_TYPES
from .sources import COLUMNS, SourceTables, read_source
from .surface_forms import surface_key
from .unification import narrow_types, unify

_ID = r"[^\s:]+:\S+"
_RELATION = r"[A-Za-z]\w*"


@dataclass
class KnowledgeGraph:
    """Concepts under one id each, their names and their relations.

    Args:
        nodes: `id`, `name`, `type`, `source`; one row for each concept, `id` is unique.
        names: `id`, `name`, `preferred`; every name of every member of a concept's family, distinct; `preferred` if
            one of their vocabularies prefers it.
        edges: `head`, `relation`, `tail`; ids of `nodes`, no duplicates, no self-loops.
        equivalents: `id`, `preferred`; ids that were unified into another one.
        report: counts of what was read, merged, unified and dropped.
    """

    nodes: pd.DataFrame
    names: pd.DataFrame
    edges: pd.DataFrame
    equivalents: pd.DataFrame
    report: dict

    @classmethod
    def read(cls, sources: Iterable[str | Path], drop_invalid: bool = False) -> KnowledgeGraph:
        """Read and merge sources.

        A source is a folder with `nodes`, `names` and `edges` (parquet, TSV or CSV) or an OBO file with the semantic
        type of its terms: `mondo.obo:Disease`, `go.obo:biological_process=Process,molecular_function=Function`.
        An id may come in several sources: the first gives name and type, all give names and edges.

        Args:
            sources: at least one.
            drop_invalid: leave rows that break a rule out and count them, instead of raising at the first.

        Raises:
            InputError: names file, row, field and the fix.
        """
        tables = [read_source(str(source)) for source in sources]
        if not tables:
            raise InputError("no source given", fix="name at least one folder or OBO file")
        checks = RowChecks(drop_invalid)
        nodes = _checked_nodes(tables, checks)
        names = _checked_names(tables, nodes, checks)
        edges = _checked_edges(tables, nodes, checks)
        report = {
            "read": {name: sum(len(getattr(t, name)) for t in tables) for name in COLUMNS},
            "dropped": checks.dropped,
            "first_dropped": checks.first,
        }
        for source in tables:
            for note, count in source.notes.items():
                report["dropped"][note] = report["dropped"].get(note, 0) + count
        return _unified(nodes, names, edges, report)

    def counts(self) -> dict:
        """Concepts by type and edges by relation, most frequent first."""
        return {
            "concepts": len(self.nodes),
            "names": len(self.names),
            "edges": len(self.edges),
            "types": {str(k): int(v) for k, v in self.nodes["type"].value_counts().items()},
            "relations": {str(k): int(v) for k, v in self.edges["relation"].value_counts().items()},
            "sources": {str(k): int(v) for k, v in self.nodes["source"].value_counts().items()},
        }


def _checked_nodes(tables: list[SourceTables], checks: RowChecks) -> pd.DataFrame:
    nodes = []
    for table in tables:
        frame = checks.full_match(table.nodes, "id", _ID, "ids look like PREFIX:NUMBER, for example MESH:D003920")
        frame = checks.keep(frame, "name", frame["name"] != "", "is empty", "give the concept its preferred name")
        known = frame["type"].isin(SEMANTIC_TYPES)
        frame = checks.keep(frame, "type", known, "is not a known type", f"use one of {', '.join(SEMANTIC_TYPES)}")
        twice = frame["id"].duplicated()
        frame = checks.keep(frame, "id", ~twice, "appears twice", "keep one row per id; other names belong in names")
        nodes.append(frame)
    merged = pd.concat(nodes, ignore_index=True)
    first_type = merged.drop_duplicates("id").set_index("id")["type"]
    agrees = merged["type"] == merged["id"].map(first_type)
    return checks.keep(merged, "type", agrees, "contradicts an earlier source", "correct one of the two sources")


def _checked_names(tables: list[SourceTables], nodes: pd.DataFrame, checks: RowChecks) -> pd.DataFrame:
    names = pd.concat([table.names for table in tables], ignore_index=True)
    names = checks.keep(names, "name", names["name"] != "", "is empty", "remove the row")
    known = names["id"].isin(nodes["id"])
    names = checks.keep(names, "id", known, "is in no node table", "add the node or remove the name")
    listed = [nodes[["id", "name"]].assign(preferred=True), names[["id", "name"]].assign(preferred=False)]
    return pd.concat(listed).drop_duplicates(["id", "name"], ignore_index=True)


def _checked_edges(tables: list[SourceTables], nodes: pd.DataFrame, checks: RowChecks) -> pd.DataFrame:
    edges = pd.concat([table.edges for table in tables], ignore_index=True)
    edges = checks.full_match(edges, "relation", _RELATION, "relations look like is_a: letters, digits, underscores")
    for end in ("head", "tail"):
        known = edges[end].isin(nodes["id"])
        edges = checks.keep(edges, end, known, "dangles, it is in no node table", "add the node or remove the edge")
    for table in tables:
        if table.unresolved is not None:
            edges = pd.concat([edges, table.unresolved[table.unresolved["tail"].isin(nodes["id"])]])
    return edges[["head", "relation", "tail"]].drop_duplicates(ignore_index=True)


def _unified(nodes: pd.DataFrame, names: pd.DataFrame, edges: pd.DataFrame, report: dict) -> KnowledgeGraph:
    nodes = nodes.drop_duplicates("id")[COLUMNS["nodes"]].reset_index(drop=True)
    links = edges[edges["relation"] == "same_as"]
    linked = names[names["id"].isin(links["head"]) | names["id"].isin(links["tail"])]
    keys = linked["name"].map(surface_key).groupby(linked["id"].to_numpy()).agg(set).to_dict()
    nodes["type"] = narrow_types(nodes, edges)
    families = unify(dict(zip(nodes["id"], nodes["type"], strict=True)), links, keys.__getitem__)

    def prefer(ids: pd.Series) -> pd.Series:
        return ids.map(families.preferred).fillna(ids)

    nodes = nodes[~nodes["id"].isin(families.preferred)].reset_index(drop=True)
    nodes["type"] = nodes["id"].map(families.types).fillna(nodes["type"])
    names = names.assign(id=prefer(names["id"])).sort_values("preferred", ascending=False, kind="stable")
    names = names.drop_duplicates(["id", "name"], ignore_index=True)
    edges = edges.assign(head=prefer(edges["head"]), tail=prefer(edges["tail"]))
    edges = edges[edges["head"] != edges["tail"]].drop_duplicates(ignore_index=True)
    report["unified"] = {
        "ids": len(families.preferred),
        "families": len(families.types),
        "sizes": dict(sorted(Counter(Counter(families.preferred.values()).values()).items())),
        "links_not_followed": families.refused,
    }
    equivalents = pd.DataFrame(sorted(families.preferred.items()), columns=["id", "preferred"], dtype=str)
    graph = KnowledgeGraph(nodes, names, edges, equivalents, report)
    report["graph"] = graph.counts()
    return graph

"""The knowledge graph: sources read, checked, merged and without duplicates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..files.counting import Step, silent
from ..files.errors import InputError
from ..files.tables import RowChecks, among
from .identity import further_ids, identity_links
from .knowledge_folder import SEMANTIC_TYPES
from .sources import COLUMNS, SourceTables, read_source
from .surface_forms import surface_keys
from .unification import narrow_types, unify

READING = {"reading": 3.0, "checking": 28.0, "merging": 15.0}  # steps, and percent of the time, of 75,000 concepts
_ID = r"[^\s:]+:\S+"
_RELATION = r"[A-Za-z]\w*"
_LOOKS = "ids look like PREFIX:NUMBER, for example MESH:D003920"
_RELATIONS_LOOK = "relations look like is_a: letters, digits, underscores"


@dataclass
class KnowledgeGraph:
    """Concepts under one id each, their names and their relations.

    Args:
        nodes: `id`, `name`, `type`, `source`; one row for each concept, `id` is unique.
        names: `id`, `name`, `preferred`, `listed`, `key`; every name of every member of a concept's family, distinct;
            `preferred` if one of their vocabularies prefers it, `listed` if only a list of names has it.
        edges: `head`, `relation`, `tail`; ids of `nodes`, no duplicates, no self-loops.
        equivalents: `id`, `preferred`; further ids of a concept: what was unified into it, and cross-references, which
            several concepts may have.
        report: counts of what was read, merged, unified and dropped.
    """

    nodes: pd.DataFrame
    names: pd.DataFrame
    edges: pd.DataFrame
    equivalents: pd.DataFrame
    report: dict

    @classmethod
    def read(cls, sources: Iterable[str | Path], drop_invalid: bool = False, step: Step = silent) -> KnowledgeGraph:
        """Read and merge sources.

        A source is a folder of tables (see :func:`read_source`) or an OBO file with the semantic type of its terms:
        `mondo.obo:Disease`, `go.obo:biological_process=Process,molecular_function=Function`.
        An id may come in several sources: the first gives name and type, all give names and edges.

        Args:
            sources: at least one.
            drop_invalid: leave rows that break a rule out and count them, instead of raising at the first.
            step: is told which of :data:`READING` begins.

        Raises:
            InputError: names file, row, field and the fix.
        """
        step("reading")
        tables = [read_source(str(source)) for source in sources]
        if not tables:
            raise InputError("no source given", fix="name at least one folder or OBO file")
        step("checking")
        checks = RowChecks(drop_invalid)
        listed = checks.full_match(pd.concat([table.listed for table in tables]), "id", _ID, _LOOKS)
        listed = checks.keep(listed, "name", listed["name"] != "", "is empty", "remove the row")
        nodes = _checked_nodes(tables, listed, checks)
        names = _checked_names(tables, listed, nodes, checks)
        edges = _checked_edges(tables, nodes, checks)
        edges, further = _referenced(tables, edges, nodes, checks)
        report = {
            "read": {name: sum(len(getattr(t, name)) for t in tables) for name in (*COLUMNS, "listed", "references")},
            "dropped": checks.dropped,
            "first_dropped": checks.first,
        }
        for source in tables:
            for note, count in source.notes.items():
                report["dropped"][note] = report["dropped"].get(note, 0) + count
        step("merging")
        return _unified(nodes, names, edges, further, report)

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


def _checked_nodes(tables: list[SourceTables], listed: pd.DataFrame, checks: RowChecks) -> pd.DataFrame:
    nodes = []
    for table in tables:
        frame = checks.full_match(table.nodes, "id", _ID, _LOOKS)
        frame = checks.keep(frame, "name", frame["name"] != "", "is empty", "give the concept its preferred name")
        twice = frame["id"].duplicated()
        frame = checks.keep(frame, "id", ~twice, "appears twice", "keep one row per id; other names belong in names")
        nodes.append(frame)
    merged = pd.concat([*nodes, listed.drop_duplicates(["id", "type"])], ignore_index=True)
    known = merged["type"].isin(SEMANTIC_TYPES)
    merged = checks.keep(merged, "type", known, "is not a known type", f"use one of {', '.join(SEMANTIC_TYPES)}")
    first_type = merged.drop_duplicates("id").set_index("id")["type"]
    agrees = merged["type"] == merged["id"].map(first_type)
    return checks.keep(merged, "type", agrees, "contradicts an earlier source", "correct one of the two sources")


def _checked_names(
    tables: list[SourceTables], listed: pd.DataFrame, nodes: pd.DataFrame, checks: RowChecks
) -> pd.DataFrame:
    names = pd.concat([table.names for table in tables], ignore_index=True)
    names = checks.keep(names, "name", names["name"] != "", "is empty", "remove the row")
    known = among(names["id"], nodes["id"])
    names = checks.keep(names, "id", known, "is in no node table", "add the node or remove the name")
    first = ~nodes["id"].duplicated()
    ours = among(nodes["id"], pd.concat([table.nodes["id"] for table in tables]))
    parts = [
        nodes.loc[ours, ["id", "name"]].assign(preferred=True, listed=False),
        names[["id", "name"]].assign(preferred=False, listed=False),
        nodes.loc[first & ~ours, ["id", "name"]].assign(preferred=True, listed=True),
        listed[["id", "name"]].assign(preferred=False, listed=True),
    ]
    names = pd.concat(parts).drop_duplicates(["id", "name"], ignore_index=True)
    return names.assign(key=surface_keys(names["name"]))


def _checked_edges(tables: list[SourceTables], nodes: pd.DataFrame, checks: RowChecks) -> pd.DataFrame:
    edges = pd.concat([table.edges for table in tables], ignore_index=True)
    edges = checks.full_match(edges, "relation", _RELATION, _RELATIONS_LOOK)
    for end in ("head", "tail"):
        known = among(edges[end], nodes["id"])
        edges = checks.keep(edges, end, known, "dangles, it is in no node table", "add the node or remove the edge")
    return edges[["head", "relation", "tail"]].drop_duplicates(ignore_index=True)


def _referenced(
    tables: list[SourceTables], edges: pd.DataFrame, nodes: pd.DataFrame, checks: RowChecks
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All edges among nodes, and `head`, `tail` of the `same_as` that lead from a node to an id in no source."""
    found = pd.concat([table.references for table in tables], ignore_index=True)
    found = checks.full_match(found, "relation", _RELATION, _RELATIONS_LOOK)
    inner, outer = among(found["head"], nodes["id"]), among(found["tail"], nodes["id"])
    further = found[inner & ~outer & (found["relation"] == "same_as")]
    if outside := int((~(inner & outer)).sum()) - len(further):
        checks.dropped["edge of a list to what is in no source"] = outside
    columns = ["head", "relation", "tail"]
    edges = pd.concat([edges[columns], found.loc[inner & outer, columns]]).drop_duplicates(ignore_index=True)
    return edges, further[["head", "tail"]].drop_duplicates(ignore_index=True)


def _unified(
    nodes: pd.DataFrame, names: pd.DataFrame, edges: pd.DataFrame, further: pd.DataFrame, report: dict
) -> KnowledgeGraph:
    nodes = nodes.drop_duplicates("id")[COLUMNS["nodes"]].reset_index(drop=True)
    nodes["type"] = narrow_types(nodes, edges)
    families = unify(nodes.set_index("id")["type"], identity_links(nodes, names, edges, further))
    joined = families.members.set_index("id")
    other = joined.loc[joined.index != joined["preferred"], "preferred"]

    def prefer(ids: pd.Series) -> pd.Series:
        return ids.map(other).fillna(ids)

    members = pd.DataFrame({"id": nodes["id"], "preferred": prefer(nodes["id"])})
    equivalents = [other.reset_index(), further_ids(further, members)]
    of_genes = set(members.loc[members["id"].str.startswith("FPLX:"), "preferred"])
    nodes = nodes[~among(nodes["id"], other.index)].reset_index(drop=True)
    nodes["type"] = nodes["id"].map(joined["type"]).fillna(nodes["type"])
    nodes.loc[among(nodes["id"], of_genes), "type"] = "Family"
    names = names.assign(id=prefer(names["id"])).sort_values(
        ["preferred", "listed"], ascending=[False, True], kind="stable"
    )
    names = names.drop_duplicates(["id", "name"], ignore_index=True)
    edges = edges.assign(head=prefer(edges["head"]), tail=prefer(edges["tail"]))
    edges = edges[edges["head"] != edges["tail"]].drop_duplicates(ignore_index=True)
    names = pd.concat([names, _lent(nodes, names, edges)]).drop_duplicates(["id", "name"], ignore_index=True)
    report["unified"] = {
        "ids": len(other),
        "families": int(other.nunique()),
        "sizes": {int(size): int(count) for size, count in other.value_counts().value_counts().sort_index().items()},
        "further_ids": len(equivalents[1]),
        "links_not_followed": families.refused,
    }
    equivalents = pd.concat(equivalents).sort_values(["id", "preferred"], ignore_index=True)
    graph = KnowledgeGraph(nodes, names, edges, equivalents, report)
    report["graph"] = graph.counts()
    return graph


def _lent(nodes: pd.DataFrame, names: pd.DataFrame, edges: pd.DataFrame) -> pd.DataFrame:
    """Names of diseases that refer to a MeSH concept but are not it, as its names: MeSH does not tell them apart."""
    same = edges.loc[edges["relation"] == "same_as", ["head", "tail"]]
    pairs = pd.concat([same, same.rename(columns={"head": "tail", "tail": "head"})])
    diseases = set(nodes.loc[nodes["type"].isin(["Disease", "Phenotype"]), "id"])
    pairs = pairs[among(pairs["head"], diseases) & among(pairs["tail"], diseases)]
    pairs = pairs[pairs["tail"].str.startswith("MESH:") & ~pairs["head"].str.startswith("MESH:")]
    lent = names.merge(pairs, left_on="id", right_on="head")
    return lent.assign(id=lent["tail"], preferred=False)[names.columns]

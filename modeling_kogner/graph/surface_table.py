"""The surfaces of a knowledge graph: in authors' forms, without noise, ranked, within a budget."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from ..files.counting import Step, silent
from ..files.tables import among
from .everyday_names import everyday_names
from .identity import vocabulary_of
from .knowledge_folder import SEMANTIC_TYPES, Knowledge
from .knowledge_graph import KnowledgeGraph
from .link_names import further_names
from .noise import MAX_CHARACTERS, TOO_LONG, noise
from .rarity import NEAR_ORGANISMS, SYSTEMATIC, rare
from .surface_forms import author_forms, changes, surface_keys

CHOOSING = {  # as READING
    "writing names as authors do": 22.0,
    "leaving out what is no name": 24.0,
    "ranking names": 4.0,
    "names for linking": 3.0,
}
MAX_SURFACES = 4_000_000
MAX_CONCEPTS = 8  # of one key; the model keeps the first ones

# Vocabularies whose names cost more precision than they bring: families, domains, traits, anatomy of flies and worms.
_LEFT_OUT = {"InterPro", "Pfam", "Pfam.clan", "PATO", "SO", "MI", "FBbt", "WBbt", "ZFA", "EMAPA", "PO"}
_GENE_LISTS = {"MGI", "RGD", "ENSEMBL", "WB", "FB", "SGD"}  # left out where NCBI Gene does not have the gene
# Kinds of concepts. Lists of substances and taxa are full of genes ("HIF1-ALPHA"), diseases ("Cancer") and foods.
_KINDS = {
    "Protein": "Gene", "Family": "Gene", "Phenotype": "Disease", "Cell": "Anatomy", "CellLine": "Anatomy",
    "Component": "Anatomy",
}  # fmt: skip
_YIELDING = ["Chemical", "Species"]
# Whose ids come first where several concepts of a kind bear a name: those that corpora and databases are joined by.
_FIRST = {"Disease": "MESH", "Chemical": "MESH", "Species": "NCBITaxon"}


def build_knowledge(graph: KnowledgeGraph, max_surfaces: int = MAX_SURFACES, step: Step = silent) -> Knowledge:
    """Choose the written forms and number the concepts that own one.

    Args:
        graph: what to build from.
        max_surfaces: budget of rows.
        step: is told which of :data:`CHOOSING` begins.
    """
    step("writing names as authors do")
    dropped: Counter[str] = Counter()
    nodes = graph.nodes.assign(degree=_degrees(graph), organism=_organisms(graph))
    nodes["vocabulary"] = vocabulary_of(nodes["id"])
    nodes["near"] = nodes["organism"] < len(NEAR_ORGANISMS)
    forms = _forms(graph, dropped).join(nodes[["degree", "organism", "near", "vocabulary"]], on="node")
    step("leaving out what is no name")
    for reasons in (noise(forms), _ambiguous(forms), rare(forms)):
        forms = forms.assign(reason=reasons.where(~forms["everyday"]))
        dropped.update(forms["reason"].dropna().value_counts().to_dict())
        forms = forms[forms["reason"].isna()]
    step("ranking names")
    table = _ranked(forms, dropped)
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
    step("names for linking")
    further = further_names(graph.names, graph.edges, concepts, surfaces)
    return Knowledge(list(SEMANTIC_TYPES), concepts, surfaces, graph.edges, graph.equivalents, further, report=report)


def _degrees(graph: KnowledgeGraph) -> np.ndarray:
    counts = pd.concat([graph.edges["head"], graph.edges["tail"]]).value_counts()
    return graph.nodes["id"].map(counts).fillna(0).to_numpy(np.int64)


def _organisms(graph: KnowledgeGraph) -> pd.Series:
    """Place of each gene's organism among those that texts are most about; 0 for all that is no gene."""
    taxa = graph.edges[graph.edges["relation"] == "in_taxon"].drop_duplicates("head").set_index("head")["tail"]
    places = graph.nodes["id"].map(taxa).map({taxon: i for i, taxon in enumerate(NEAR_ORGANISMS)})
    return places.where(graph.nodes["type"] == "Gene", 0).fillna(len(NEAR_ORGANISMS)).astype(int)


def _forms(graph: KnowledgeGraph, dropped: Counter) -> pd.DataFrame:
    """`surface`, `key`, `node` (row of `graph.nodes`), `type`, `synonym`, `derived`, `listed`, `everyday`."""
    names = graph.names.assign(node=pd.Index(graph.nodes["id"]).get_indexer(graph.names["id"]))
    names["type"] = graph.nodes["type"].astype("category").array[names["node"]]
    vocabulary = vocabulary_of(graph.nodes["id"])
    unused = vocabulary.isin(_LEFT_OUT) | (vocabulary.isin(_GENE_LISTS) & (graph.nodes["type"] == "Gene"))
    unused = names["listed"] & unused.to_numpy()[names["node"]]
    long = names["name"].str.len() > 2 * MAX_CHARACTERS  # no rule makes it short enough
    dropped |= {"of a vocabulary left out": int(unused.sum()), TOO_LONG: int((long & ~unused).sum())}
    names = names[~unused & ~long].assign(synonym=~names["preferred"], everyday=False)
    columns = ["surface", "key", "node", "type", "synonym", "derived", "listed", "everyday"]
    change = changes(names["name"], names["type"])
    same = names[~change].rename(columns={"name": "surface"}).assign(derived=False)
    names = names[change]
    forms = [
        author_forms(name, kind) for name, kind in zip(names["name"].tolist(), names["type"].tolist(), strict=True)
    ]
    made = names.assign(surface=forms).explode("surface", ignore_index=True)
    keys = surface_keys(made["surface"])
    made = made.assign(key=keys, derived=keys != made["key"])
    return pd.concat([_everyday(graph)[columns], same[columns], made[columns]], ignore_index=True)


def _everyday(graph: KnowledgeGraph) -> pd.DataFrame:
    found = everyday_names(graph.nodes["id"], graph.equivalents)
    node = pd.Index(graph.nodes["id"]).get_indexer(found["id"])
    kinds = graph.nodes["type"].astype("category").array[node]
    found = found.assign(key=surface_keys(found["surface"]), node=node, type=kinds, everyday=True)
    return found.assign(synonym=False, derived=False, listed=False)


def _ambiguous(forms: pd.DataFrame) -> pd.Series:
    """Reason to leave out names that only lists have and that mean something else in the vocabularies."""
    kinds = forms["type"].astype(str).replace(_KINDS)
    rows = pd.DataFrame({"key": forms["key"], "kind": kinds})
    known = rows[~forms["listed"] & kinds.isin(["Gene", "Disease", "Anatomy", "Chemical", "Species"])].drop_duplicates()
    yielding = rows[forms["listed"] & kinds.isin(_YIELDING)].reset_index()
    met = yielding.merge(known, on="key", suffixes=("", "_known"))
    lost = met.loc[met["kind"] != met["kind_known"], "index"]
    return pd.Series("a name of another kind of thing", index=forms.index, dtype="str").where(forms.index.isin(lost))


def _ranked(table: pd.DataFrame, dropped: Counter) -> pd.DataFrame:
    """Keep one row for each key and concept, and the best concepts of a key.

    A known type comes before "Other", an everyday name before others, an id that corpora use (`_FIRST`) before other
    ids of its kind, a preferred name before a synonym, a vocabulary's form before a derived one, then genes of humans,
    mice and rats, then the concept with more edges, then the earlier one.
    """
    kinds = table["type"].astype(str).replace({"Phenotype": "Disease"})
    first = table["vocabulary"].astype(str) == kinds.map(_FIRST)
    held = table["key"] + " " + kinds
    lesser = kinds.isin(list(_FIRST)) & ~first & among(held, held[first])
    table = table.assign(
        other=table["type"] == "Other", plain=~table["everyday"], lesser=lesser, scarce=-table["degree"]
    )
    table = table.sort_values(["key", "other", "plain", "lesser", "synonym", "derived", "organism", "scarce", "node"])
    table = table.drop_duplicates(["key", "node"])
    table = table.assign(rank=table.groupby("key", sort=False).cumcount())
    excess = table["rank"] >= MAX_CONCEPTS
    dropped[f"beyond {MAX_CONCEPTS} concepts of one key"] += int(excess.sum())
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
    obscure &= table["surface"].str.contains(SYSTEMATIC, regex=True)
    order = table.assign(crowded=crowded, length=table["surface"].str.len().where(obscure, 0))
    order = order.sort_values(["crowded", "length", "rank", "derived", "synonym", "scarce"])
    dropped["over budget"] += len(table) - max_surfaces
    return table[table.index.isin(order.index[:max_surfaces])]

"""The surfaces of a knowledge graph: in authors' forms, without noise, ranked, within a budget."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import Literal

import numpy as np
import pandas as pd

from .index_tables import MAX_CANDIDATES
from .knowledge_folder import SEMANTIC_TYPES, Knowledge
from .knowledge_graph import KnowledgeGraph
from .surface_forms import author_forms, surface_key

MAX_SURFACES = 1_450_000
MAX_CHARACTERS = 60
MAX_WORDS = 12

# Heads that say only what kind of thing a mention is; alone they name nothing.
GENERIC = """
agent, allele, animal, antagonist, agonist, antibody, antigen, bacteria, bacterium, binding protein, cdna, cell,
cell line, chemical, chemicals and drugs, clone, component, compound, condition, disease, disorder, dna, drug, enzyme,
exon, factor, family, finding, fragment, function, gene, gene product, group, growth factor, hormone, inhibitor, ion,
isoform, kinase, ligand, material, medicine, membrane protein, metabolite, molecule, mrna, mutation, organ, organism,
other, part, pathway, patient, peptide, phenotype, plant, precursor, process, product, protein, receptor, region,
residue, rna, role, sample, sequence, solution, species, strain, structure, substance, subunit, symptom, syndrome,
system, tissue, transcription factor, trna, type, unknown, virus
"""

# Zipf value (log10 of occurrences in a billion words of English) from which a single word is no longer taken for
# a name. The index ignores case, so symbols such as REST and CAMP must go early; whole words such as insulin (3.8) are
# accepted for longer, longest in types whose members are everyday words: heart, mouse, pain.
_SYMBOL_LIMIT = {"Species": 4.5, "Chemical": 4.3, "Disease": 4.3, "Phenotype": 4.3, "Anatomy": 4.3}
_WORD_LIMIT = {"Species": 5.5, "Chemical": 5.4, "Disease": 5.1, "Phenotype": 5.1, "Anatomy": 6.0}
_WEAK_SYMBOL_LIMIT, _WEAK_WORD_LIMIT = 3.5, 4.45
# A vocabulary's preferred name is trusted most, a form that a rule here derives from a synonym least.
Evidence = Literal["preferred", "synonym", "derived"]
_MISTRUST = {"preferred": 0.0, "synonym": 0.6, "derived": 1.6}
_FUNCTION_WORD = 6.0  # the, of, all, was

_ROMAN_OR_NUMBER = re.compile(r"x{0,3}(?:ix|iv|v?i{0,3})|[\W\d_]*")
_AUTHOR = re.compile(r"\d{4}|\bet al\b|[\"\u201c\u201d&]|[a-z] \(?(?:[A-Z]\.|[A-Z][\w.]*[a-z.]\)?(?:$| ))")

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
    """Keep one row for each key and concept, and the best concepts of a key.

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


def noise(surface: str, semantic_type: str, evidence: Evidence = "preferred") -> str | None:
    """Return why a surface is kept out of the index, or `None`.

    Args:
        surface: a written form.
        semantic_type: of its concept.
        evidence: where the form comes from; the weaker it is, the sooner an English word is rejected.
    """
    if len(surface) > MAX_CHARACTERS or surface.count(" ") >= MAX_WORDS:
        return f"over {MAX_CHARACTERS} characters or {MAX_WORDS} words"
    key = surface_key(surface)
    if len(key) <= 2:
        return "one or two letters"
    if _ROMAN_OR_NUMBER.fullmatch(key):
        return "number, roman numeral or punctuation"
    if key in _generic_keys():
        return "generic head"
    if semantic_type == "Species" and " " in surface and _AUTHOR.search(surface):
        return "species name with its author"
    if _is_english(surface, key, semantic_type, evidence):
        return "ordinary English"
    return None


def _is_english(surface: str, key: str, semantic_type: str, evidence: Evidence) -> bool:
    first, *rest = surface.lower().split(" ", 2)
    if rest:  # "THE syndrome", "not shown", "ALL cell"
        return len(rest) == 1 and len(first) > 1 and _zipf(first) >= _FUNCTION_WORD
    if not key.isalpha():
        return False
    if sum(map(str.isupper, surface)) >= 2:
        limit = _SYMBOL_LIMIT.get(semantic_type, _WEAK_SYMBOL_LIMIT)
    else:
        limit = _WORD_LIMIT.get(semantic_type, _WEAK_WORD_LIMIT)
    # The key may have lost an "s"; both words are matched by it.
    return max(_zipf(key), _zipf(key + "s")) >= limit - _MISTRUST[evidence]


@cache
def _generic_keys() -> frozenset[str]:
    return frozenset(surface_key(head) for head in GENERIC.replace("\n", " ").split(","))


@cache
def _frequencies() -> dict[str, float]:
    from wordfreq import get_frequency_list

    # Bin number i of the list holds the words of frequency 10^(-i/100).
    return {word: 9 - i / 100 for i, words in enumerate(get_frequency_list("en", "large")) for word in words}


def _zipf(word: str) -> float:
    return _frequencies().get(word, 0.0)

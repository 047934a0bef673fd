"""Vocabularies that list more than one kind of thing: which branch is of which type."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd

# Only what lies below the root is of the type. The rest of HP is modifiers ("severe", "onset", "rare"), the rest of
# CHEBI roles ("antagonist"), the rest of MONDO characteristics ("inherited"), the rest of EFO traits and assays.
BRANCHES = {
    "HP": ("HP:0000118", "Phenotype"),
    "CHEBI": ("CHEBI:24431", "Chemical"),
    "MONDO": ("MONDO:0000001", "Disease"),
    "EFO": ("EFO:0000408", "Disease"),
}


def narrow_types(nodes: pd.DataFrame, edges: pd.DataFrame) -> pd.Series:
    """Return the type of each node, after giving "Other" to what lies outside the branch of its vocabulary.

    A vocabulary whose root is not in the graph keeps its types.
    """
    types = nodes["type"].copy()
    children = defaultdict(list)
    is_a = edges[edges["relation"] == "is_a"]
    for child, parent in zip(is_a["head"], is_a["tail"], strict=True):
        children[parent].append(child)
    present = set(nodes["id"])
    for vocabulary, (root, semantic_type) in BRANCHES.items():
        if root not in present:
            continue
        ours = nodes["id"].str.startswith(f"{vocabulary}:")
        types[ours] = "Other"
        types[ours & nodes["id"].isin(_descendants(root, children))] = semantic_type
    return types


def _descendants(root: str, children: dict[str, list[str]]) -> set[str]:
    seen, waiting = {root}, [root]
    while waiting:
        new = set(children[waiting.pop()]) - seen
        seen |= new
        waiting += new
    return seen

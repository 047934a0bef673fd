"""One concept under several ids, with one type: branches of vocabularies, and families of `same_as`."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from ..files.tables import among

# Corpora of linked entities use the first ones; what follows are the reference vocabularies of one kind of thing each.
VOCABULARIES = (
    "MESH", "NCBIGene", "HGNC", "NCBITaxon", "CHEBI", "GO", "CL", "UBERON", "MONDO", "DOID", "HP", "EFO", "BTO", "FPLX",
)  # fmt: skip
# Types whose own vocabulary comes before all others.
OWN_VOCABULARY = {
    "Gene": "NCBIGene", "Species": "NCBITaxon", "CellLine": "CVCL", "Anatomy": "UBERON", "Cell": "CL"
}  # fmt: skip
# Types that vocabularies give to one and the same thing. "Other" says nothing, so it goes with every type.
COMPATIBLE_TYPES = (
    frozenset({"Disease", "Phenotype"}),
    frozenset({"Gene", "Protein"}),
    frozenset({"Chemical", "Protein"}),
    frozenset({"Anatomy", "Cell", "CellLine", "Component"}),
    frozenset({"Process", "Function"}),
    frozenset({"Protein", "Component"}),
)

# Only what lies below the root is of the type. The rest of HP is modifiers ("severe", "onset", "rare"), the rest of
# CHEBI roles ("antagonist"), the rest of MONDO characteristics ("inherited"), the rest of EFO traits and assays.
BRANCHES = {
    "HP": ("HP:0000118", "Phenotype"),
    "CHEBI": ("CHEBI:24431", "Chemical"),
    "MONDO": ("MONDO:0000001", "Disease"),
    "EFO": ("EFO:0000408", "Disease"),
}


@dataclass
class Families:
    """Result of unifying.

    Args:
        members: `id`, `preferred`, `type`; one row for each id of a family of several, its family's id and type.
        refused: links that were not followed, by reason.
    """

    members: pd.DataFrame
    refused: dict[str, int]


def unify(types: pd.Series, links: pd.DataFrame) -> Families:
    """Join concepts along links, the surest links first.

    Cross-references are many-to-many (one general descriptor is mapped to by twenty special terms), so following all
    of them would fuse whole branches. A link is followed only while

    1. no vocabulary would have two ids in the family: a vocabulary lists different things under different ids;
    2. all types in the family are compatible (`COMPATIBLE_TYPES`).

    Links whose ends share a name come first, then those with the fewest rivals. A family is a gene or a cell line if a
    member is, else of the type of its first member whose type is known; its preferred id is that of the type's own
    vocabulary, else of the first one in `VOCABULARIES` (others after these, by id).

    Args:
        types: the semantic type of every id, by id.
        links: `head`, `tail`, `shares_name`.
    """
    links = links[links["head"] != links["tail"]]
    nodes = pd.DataFrame({"id": pd.unique(pd.concat([links["head"], links["tail"]]))})
    nodes["type"] = nodes["id"].map(types)
    nodes["vocabulary"] = nodes["id"].str.replace(r":.*", "", regex=True)
    nodes["rank"] = nodes["vocabulary"].map({name: i for i, name in enumerate(VOCABULARIES)}).fillna(len(VOCABULARIES))
    nodes = nodes.sort_values(["rank", "id"], ignore_index=True)
    place = pd.Index(nodes["id"])
    ends = np.sort(np.stack([place.get_indexer(links["head"]), place.get_indexer(links["tail"])], 1), axis=1)
    pairs = pd.DataFrame(ends, columns=["left", "right"]).assign(alien=~links["shares_name"].to_numpy(bool))
    pairs = pairs.sort_values("alien", kind="stable").drop_duplicates(["left", "right"])
    rivals = np.bincount(pairs[["left", "right"]].to_numpy().ravel(), minlength=len(nodes))
    pairs["doubt"] = rivals[pairs["left"]] * rivals[pairs["right"]]
    pairs = pairs.sort_values(["alien", "doubt", "left", "right"])
    family, refused = _join(pairs, nodes)
    return Families(_elected(nodes.assign(family=family)), refused)


def _join(pairs: pd.DataFrame, nodes: pd.DataFrame) -> tuple[list[int], dict[str, int]]:
    """Number of each node's family, and why links were not followed."""
    vocabularies = pd.factorize(nodes["vocabulary"])[0].tolist()
    members = {node: ([node], {vocabulary}) for node, vocabulary in enumerate(vocabularies)}
    family, known = list(range(len(nodes))), [frozenset({kind} - {"Other"}) for kind in nodes["type"]]
    compatible = cache(lambda kinds: len(kinds) < 2 or any(kinds <= group for group in COMPATIBLE_TYPES))
    refused: Counter[str] = Counter()
    for left, right in zip(pairs["left"].tolist(), pairs["right"].tolist(), strict=True):
        one, other = family[left], family[right]
        if one == other:
            continue
        if not members[one][1].isdisjoint(members[other][1]):
            refused["two ids of one vocabulary"] += 1
        elif not compatible(known[one] | known[other]):
            refused["incompatible types"] += 1
        else:
            joined = members.pop(other)
            members[one][0].extend(joined[0])
            members[one][1].update(joined[1])
            known[one] |= known[other]
            for node in joined[0]:
                family[node] = one
    return family, dict(refused)


def _elected(nodes: pd.DataFrame) -> pd.DataFrame:
    """Preferred id and type of every family of several."""
    nodes = nodes[nodes["family"].duplicated(keep=False)]
    typed = nodes.assign(other=nodes["type"] == "Other", special=~nodes["type"].isin(["Gene", "CellLine"]))
    typed = typed.sort_values(["family", "other", "special", "rank", "id"]).drop_duplicates("family")
    nodes = nodes.assign(type=nodes["family"].map(typed.set_index("family")["type"]))
    own = nodes["vocabulary"] == nodes["type"].map(OWN_VOCABULARY)
    first = nodes.assign(rank=nodes["rank"].where(~own, -1)).sort_values(["family", "rank", "id"])
    first = first.drop_duplicates("family").set_index("family")["id"]
    return nodes.assign(preferred=nodes["family"].map(first))[["id", "preferred", "type"]]


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
        types[ours & among(nodes["id"], _descendants(root, children))] = semantic_type
    return types


def _descendants(root: str, children: dict[str, list[str]]) -> set[str]:
    seen, waiting = {root}, [root]
    while waiting:
        new = set(children[waiting.pop()]) - seen
        seen |= new
        waiting += new
    return seen

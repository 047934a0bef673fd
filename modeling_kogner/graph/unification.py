"""One concept under several ids, with one type: branches of vocabularies, and families of `same_as`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

# Corpora of linked entities use the first three; what follows are the reference vocabularies of one kind of thing each.
VOCABULARIES = ("MESH", "HGNC", "NCBITaxon", "CHEBI", "GO", "CL", "UBERON", "MONDO", "DOID", "HP", "EFO", "BTO", "FPLX")
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
        preferred: maps every id that was unified into another one to that one.
        types: the semantic type of each preferred id whose family has more than one member.
        refused: links that were not followed, by reason.
    """

    preferred: dict[str, str]
    types: dict[str, str]
    refused: dict[str, int]


def unify(types: dict[str, str], links: pd.DataFrame, names_of: Callable[[str], set[str]]) -> Families:
    """Join concepts along `same_as` links, the surest links first.

    Cross-references are many-to-many (one general descriptor is mapped to by twenty special terms), so following all
    of them would fuse whole branches. A link is followed only while

    1. no vocabulary would have two ids in the family: a vocabulary lists different things under different ids;
    2. all types in the family are compatible (`COMPATIBLE_TYPES`).

    Links whose ends share a name come first, then those with the fewest rivals. The preferred id is that of the first
    vocabulary in `VOCABULARIES` (others after these, by id); its type is the family's, unless it is "Other" and a
    member has another.

    Args:
        types: the semantic type of every id.
        links: `head`, `tail`; the `same_as` edges.
        names_of: the names of an id in a normal form.
    """
    pairs = {tuple(sorted(pair)) for pair in zip(links["head"], links["tail"], strict=True) if pair[0] != pair[1]}
    rivals = Counter(concept for pair in pairs for concept in pair)

    def doubt(pair: tuple[str, str]) -> tuple:
        left, right = pair
        return (not names_of(left) & names_of(right), rivals[left] * rivals[right], _rank(left), _rank(right))

    family_of: dict[str, list[str]] = {concept: [concept] for concept in rivals}
    refused: Counter[str] = Counter()
    for left, right in sorted(pairs, key=doubt):
        one, other = family_of[left], family_of[right]
        if one is other:
            continue
        if reason := _conflict(one + other, types):
            refused[reason] += 1
            continue
        one += other
        for concept in other:
            family_of[concept] = one
    return _elect(family_of, types, dict(refused))


def _elect(family_of: dict[str, list[str]], types: dict[str, str], refused: dict[str, int]) -> Families:
    members = defaultdict(list)
    for concept, family in family_of.items():
        members[id(family)].append(concept)
    preferred, family_types = {}, {}
    for family in members.values():
        first, *rest = sorted(family, key=_rank)
        preferred |= dict.fromkeys(rest, first)
        if rest:
            family_types[first] = next((types[c] for c in (first, *rest) if types[c] != "Other"), "Other")
    return Families(preferred, family_types, refused)


def _conflict(family: list[str], types: dict[str, str]) -> str | None:
    vocabularies = Counter(map(_vocabulary, family))
    if max(vocabularies.values()) > 1:
        return "two ids of one vocabulary"
    known = {types[concept] for concept in family} - {"Other"}
    if len(known) > 1 and not any(known <= group for group in COMPATIBLE_TYPES):
        return "incompatible types"
    return None


def _vocabulary(concept: str) -> str:
    return concept.partition(":")[0]


def _rank(concept: str) -> tuple[int, str]:
    vocabulary = _vocabulary(concept)
    return (VOCABULARIES.index(vocabulary) if vocabulary in VOCABULARIES else len(VOCABULARIES), concept)


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

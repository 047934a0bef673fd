"""What linking reads of a graph's relations: organisms of genes, genes of one ancestor, broader concepts, siblings."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pandas as pd

from .knowledge_folder import Knowledge
from .link_names import MAIN_ORGANISMS, organism_of

MAX_ORGANISMS = 60
MAX_FAMILY = 40  # genes of one ancestor; larger families are of genes that no text takes for each other
_UP = ("is_a", "has_functional_parent", "is_conjugate_acid_of", "is_conjugate_base_of", "has_part")
_STEPS_UP, _MOST_BROADER = 4, 3
_TOO_BROAD = 3_000  # concepts directly below
_VOCABULARY = "MESH:"  # that corpora and databases join these types by
_DISEASES = frozenset({"Disease", "Phenotype"})
_SAME_KIND = dict.fromkeys(_DISEASES, _DISEASES) | {kind: {kind} for kind in ("Chemical", "Anatomy", "Cell")}
_SMALLEST_FAMILY, _LARGEST_FAMILY, _SIBLINGS = 2, 500, 6


def gene_organisms(knowledge: Knowledge) -> tuple[list[str], np.ndarray]:
    """Organisms of genes, the main ones and those with most genes; and of each concept 1 + its place, or 0: uint8."""
    taxa = organism_of(knowledge.concepts["id"], knowledge.edges)
    common = [taxon for taxon in taxa.value_counts().index if taxon.startswith("NCBITaxon:")]
    organisms = list(dict.fromkeys([*MAIN_ORGANISMS, *common]))[:MAX_ORGANISMS]
    places = {taxon: place for place, taxon in enumerate(organisms, start=1)}
    return organisms, taxa.map(places).fillna(0).to_numpy(np.uint8)


def orthologs(knowledge: Knowledge) -> np.ndarray:
    """Genes of which others of one ancestor are known: ``(G, 2)`` int32, concept and group, by concept."""
    family: dict[int, int] = {}

    def first(concept: int) -> int:
        while (above := family.setdefault(concept, concept)) != concept:
            family[concept] = concept = family[above]
        return concept

    for one, other in _pairs(knowledge, ["ortholog_of"]):
        family[first(one)] = first(other)
    groups = {concept: first(concept) for concept in sorted(family)}
    size = Counter(groups.values())
    return _table([pair for pair in groups.items() if size[pair[1]] <= MAX_FAMILY])


def broader_concepts(knowledge: Knowledge) -> np.ndarray:
    """Pairs of a concept without an id of MeSH and the nearest above it with one: ``(P, 2)`` int32, by concept."""
    above: dict[int, list[int]] = defaultdict(list)
    below: Counter[int] = Counter()
    for one, other in _pairs(knowledge, _UP):
        above[one].append(other)
        below[other] += 1
    ids, equivalents = knowledge.concepts["id"], knowledge.equivalents
    named = set(equivalents.loc[equivalents["id"].str.startswith(_VOCABULARY), "preferred"])
    has_id = (ids.str.startswith(_VOCABULARY) | ids.isin(named)).to_numpy()
    types = knowledge.concepts["type"].tolist()
    pairs = []
    for concept in sorted(above):
        if (kinds := _SAME_KIND.get(types[concept])) is None or has_id[concept]:
            continue
        level, seen, found = [concept], {concept}, []
        for _ in range(_STEPS_UP):
            level = list(dict.fromkeys(each for one in level for each in above.get(one, ()) if each not in seen))
            seen.update(level)
            if found := [each for each in level if has_id[each] and types[each] in kinds]:
                break
        pairs += [(concept, each) for each in found if below[each] < _TOO_BROAD][:_MOST_BROADER]
    return _table(pairs)


def siblings(knowledge: Knowledge, seed: int = 0) -> np.ndarray:
    """Some concepts with the same parent, or -1: ``(N, 6)`` int32. Their names are the hardest to tell apart."""
    draw = np.random.default_rng(seed)
    children, found = defaultdict(list), np.full((len(knowledge.concepts), _SIBLINGS), -1, np.int32)
    types = knowledge.concepts["type"].tolist()
    pairs = [(one, other) for one, other in _pairs(knowledge, ["is_a"]) if types[one] in _SAME_KIND]
    for child, parent in pairs:
        children[parent].append(child)
    for child, parent in pairs:
        others = children[parent]
        if _SMALLEST_FAMILY <= len(others) <= _LARGEST_FAMILY:
            chosen = [others[place] for place in draw.integers(len(others), size=_SIBLINGS // 2)]
            slots = draw.integers(_SIBLINGS, size=len(chosen))
            for slot, each in zip(slots, chosen, strict=True):
                if each != child:
                    found[child, slot] = each
    return found


def _pairs(knowledge: Knowledge, relations: list[str] | tuple[str, ...]) -> list[tuple[int, int]]:
    """Concept indices at both ends of relations, where both ends are concepts of the table."""
    index, edges = pd.Index(knowledge.concepts["id"]), knowledge.edges
    edges = edges[edges["relation"].isin(relations)]
    ends = np.stack([index.get_indexer(edges["head"]), index.get_indexer(edges["tail"])], 1)
    return list(map(tuple, ends[(ends >= 0).all(1)].tolist()))


def _table(pairs: list[tuple[int, int]]) -> np.ndarray:
    return np.array(sorted(pairs), np.int32).reshape(-1, 2)

"""What linking reads of a graph's relations: organisms of genes, genes of one ancestor, broader concepts, siblings."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from ..files.tables import among
from .knowledge_folder import Knowledge
from .link_names import MAIN_ORGANISMS, organism_of
from .surface_forms import surface_key, surface_keys

MAX_ORGANISMS = 60
MAX_FAMILY = 40  # genes of one ancestor; larger families are of genes that no text takes for each other
_UP = ("is_a", "has_functional_parent", "is_conjugate_acid_of", "is_conjugate_base_of", "has_part")
_STEPS_UP, _MOST_BROADER = 4, 3
_TOO_BROAD = 3_000  # concepts directly below
_VOCABULARY = "MESH:"  # that corpora and databases join these types by
# From a salt or hydrate to the substance that it is called after.
_MADE_OF = (*_UP[1:], "is_tautomer_of", "is_enantiomer_of")
_MOST_SUBSTANCES, _SHORTEST_SUBSTANCE = 2, 5
_SALT = re.compile(
    r"(?: (?:hydrochloride|dihydrochloride|sodium|disodium|calcium|potassium|magnesium|trihydrate|hydrate|monohydrate"
    r"|dihydrate|hemihydrate|bisulfate|sulfate|hemisulfate|phosphate|acetate|citrate|tartrate|bitartrate|maleate"
    r"|mesylate|fumarate|succinate|nitrate|bromide|chloride|hydrobromide|besylate|tosylate|anhydrous|salt|hydrogen"
    r"|lactate|gluconate|stearate|pamoate|iodide|malate|dimesylate))+$"
)
_DESCRIPTOR = "MESH:D"  # what is not, are thousands of salts that nobody means
_DISEASES = frozenset({"Disease", "Phenotype"})
_SAME_KIND = dict.fromkeys(_DISEASES, _DISEASES) | {kind: {kind} for kind in ("Anatomy", "Cell")}
_WITH_SIBLINGS = (*_DISEASES, "Chemical", "Anatomy", "Cell")
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
    """Pairs of a concept without an id of MeSH and what stands for it there: ``(P, 2)`` int32, by concept.

    That is the nearest concept above it, of a salt or hydrate the substance, and of a substance its salt where that is
    a descriptor: MeSH has quetiapine as Quetiapine Fumarate.
    """
    ids, equivalents = knowledge.concepts["id"], knowledge.equivalents
    named = set(equivalents.loc[equivalents["id"].str.startswith(_VOCABULARY), "preferred"])
    has_id = (ids.str.startswith(_VOCABULARY) | among(ids, named)).to_numpy()
    salts = salts_of(ids.tolist(), knowledge.concepts["name"].tolist(), knowledge.concepts["type"].tolist(), has_id)
    return _table([*_above(knowledge, has_id), *{*_substances(knowledge, has_id), *salts}])


def _above(knowledge: Knowledge, has_id: np.ndarray) -> list[tuple[int, int]]:
    """Diseases, anatomy and cells with the nearest concepts above them that have an id."""
    above: dict[int, list[int]] = defaultdict(list)
    below: Counter[int] = Counter()
    for one, other in _pairs(knowledge, _UP):
        above[one].append(other)
        below[other] += 1
    types = knowledge.concepts["type"].tolist()
    pairs = []
    for concept in sorted(above):
        if (kinds := _SAME_KIND.get(types[concept])) is None or has_id[concept]:
            continue
        for level in _levels(concept, above):
            if found := [each for each in level if has_id[each] and types[each] in kinds]:
                pairs += [(concept, each) for each in found if below[each] < _TOO_BROAD][:_MOST_BROADER]
                break
    return pairs


def _substances(knowledge: Knowledge, has_id: np.ndarray) -> list[tuple[int, int]]:
    """Salts and hydrates with the substances that have an id: by their relations and name, else by their name."""
    chemical = (knowledge.concepts["type"] == "Chemical").to_numpy()
    known, names = has_id & chemical, knowledge.concepts["name"].str.lower().tolist()
    parts: dict[int, list[int]] = defaultdict(list)
    for one, other in _pairs(knowledge, _MADE_OF):
        parts[one].append(other)
    surfaces = knowledge.surfaces[known[knowledge.surfaces["concept"].to_numpy()]]
    keys = surface_keys(surfaces["surface"]).tolist()
    of_key = dict(zip(reversed(keys), reversed(surfaces["concept"].tolist()), strict=True))  # the first counts
    pairs = []
    for concept in np.flatnonzero(chemical & ~has_id).tolist():
        name = names[concept]
        met = [each for level in _levels(concept, parts) for each in level if known[each]]
        found = [each for each in met if len(names[each]) >= _SHORTEST_SUBSTANCE and names[each] in name]
        if not found:
            bare = _SALT.sub("", name)
            found = [of_key[key]] if bare != name and (key := surface_key(bare)) in of_key else []
        pairs += [(concept, each) for each in found[:_MOST_SUBSTANCES]]
    return pairs


def salts_of(
    ids: Sequence[str], names: Sequence[str], types: Sequence[str], has_id: np.ndarray
) -> list[tuple[int, int]]:
    """Substances without an id with the one descriptor that is called after them and a salt: places of both.

    Args:
        ids: of all concepts.
        names: preferred ones.
        types: semantic types.
        has_id: ``(N,)`` bool, which concepts the vocabulary has.
    """
    salts: dict[str, list[int]] = defaultdict(list)
    chemicals = [(place, names[place].lower()) for place, kind in enumerate(types) if kind == "Chemical"]
    for place, name in chemicals:
        if ids[place].startswith(_DESCRIPTOR) and (bare := _SALT.sub("", name)) != name:
            salts[bare].append(place)
    return [(place, salts[name][0]) for place, name in chemicals if not has_id[place] and len(salts.get(name, ())) == 1]


def _levels(concept: int, above: dict[int, list[int]]) -> Iterator[list[int]]:
    """Concepts one, two, ... steps away, each once."""
    level, seen = [concept], {concept}
    for _ in range(_STEPS_UP):
        level = list(dict.fromkeys(each for one in level for each in above.get(one, ()) if each not in seen))
        seen.update(level)
        yield level


def siblings(knowledge: Knowledge, seed: int = 0) -> np.ndarray:
    """Some concepts with the same parent, or -1: ``(N, 6)`` int32. Their names are the hardest to tell apart."""
    draw = np.random.default_rng(seed)
    children, found = defaultdict(list), np.full((len(knowledge.concepts), _SIBLINGS), -1, np.int32)
    types = knowledge.concepts["type"].tolist()
    pairs = [(one, other) for one, other in _pairs(knowledge, ["is_a"]) if types[one] in _WITH_SIBLINGS]
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

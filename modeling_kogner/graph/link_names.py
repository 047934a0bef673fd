"""Names by which mentions are linked: those that texts are searched for, and further ones that would mark too much."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from .surface_forms import surface_keys

# Semantic types whose names may be confused with each other, and are searched together.
GROUPS: tuple[tuple[str, ...], ...] = (
    ("Disease", "Phenotype"),
    ("Chemical",),
    ("Gene", "Protein", "Family"),
    ("Species",),
    ("Anatomy", "Component", "Cell"),
    ("CellLine",),
)
_DISEASE, _CHEMICAL, _GENE, _SPECIES, _ANATOMY, _CELL_LINE = range(len(GROUPS))
NO_GROUP = 255
HUMAN_AND_MOUSE = ("NCBITaxon:9606", "NCBITaxon:10090")
# Organisms of experiments: of the genes of others, synonyms are numbers of a genome project.
MAIN_ORGANISMS = (
    *HUMAN_AND_MOUSE,
    "NCBITaxon:10116",
    "NCBITaxon:7227",
    "NCBITaxon:7955",
    "NCBITaxon:6239",
    "NCBITaxon:559292",
)
# Characters of a further name at most, by group: longer ones are no names that authors write.
_LONGEST = np.array([50, 30, 45, 25, 30, 10])

# What makes a name of each group no name, or one of a database alone; for the regular expressions of arrow.
_BRACKETS_OR_INVERTED = r"[\[\]();]|, "
_PART_OF_ORGANISM = (
    r" (?:BARK|BULB|FLESH|FLOWER|FRUIT|LEAF|NUT|PEEL|POLLEN|RESIN|RHIZOME|ROOT|SEED|STEM|TOP|WHOLE|WOOD|OIL|EXTRACT)\b"
)
_NUMBER_OF_GENE = (
    r"pseudogene|uncharacterized|predicted gene|RIKEN cDNA|hypothetical|expressed sequence|DNA segment|cDNA sequence"
    r"|novel transcript|^(?:LOC|CG|CR|RGD|FLJ|BC|AC)\d{4,}|^Gm\d{3,}$|^Dmel|Rik\d?$|^lncRNA:"
    r"|^(?:si|zgc|wu|im|sb|cb|fb|fc|fd):|^DKFZ|^RP\d+-|^CT[A-D]-|^[A-Z]{1,2}\d{5,6}(?:\.\d)?$|^OTT|protein, |MGC\d"
    r"|KIAA|^anon|^BEST:|^BcDNA|^EC |orf\d|^CG\d+-P|^EG:|^EP\(|^l\("
)
_BAD = (
    _BRACKETS_OR_INVERTED,
    rf"{_BRACKETS_OR_INVERTED}|{_PART_OF_ORGANISM}|\d.*\d.*\d",
    _NUMBER_OF_GENE,
    r"[^A-Za-z. -]",
    ", ",
    "",
)
# Names without a vector: the abbreviated genus stands for many, and numbers of strains are near each other.
_SHORT_GENUS, _STRAIN, _LONG_STRAIN = r"^[A-Z]\. [a-z]", r"\d", 12


def further_names(
    names: pd.DataFrame, edges: pd.DataFrame, concepts: pd.DataFrame, surfaces: pd.DataFrame
) -> pd.DataFrame:
    """Names of concepts of the table that are none of its written forms: English words, of many concepts, rare ones.

    Args:
        names: `id`, `name`, `key`; all that the sources give.
        edges: `head`, `relation`, `tail`.
        concepts: `id`, `type`.
        surfaces: `surface`, `concept`.

    Returns:
        `surface`, `concept`, as the table of written forms, one row for each key and concept.
    """
    concept = pd.Index(concepts["id"]).get_indexer(names["id"]).astype(np.int32)
    group = np.append(groups_of(concepts["type"]), NO_GROUP)[concept]
    found = names[["name", "key"]].assign(concept=concept, group=group)[group != NO_GROUP]
    length = found["name"].str.len()
    found = found[(length > 1) & (length <= _LONGEST[found["group"]])]
    is_main = organism_of(concepts["id"], edges).isin(MAIN_ORGANISMS).to_numpy()[found["concept"]]
    good = (found["group"] != _GENE).to_numpy() | is_main
    for kind, pattern in enumerate(_BAD):
        if pattern:
            good &= (found["group"] != kind).to_numpy() | ~_match(found["name"], pattern)
    found = found[good].drop_duplicates(["key", "concept"])
    known = pd.MultiIndex.from_arrays([surface_keys(surfaces["surface"]), surfaces["concept"]])
    new = ~pd.MultiIndex.from_frame(found[["key", "concept"]]).isin(known)
    return found.loc[new, ["name", "concept"]].rename(columns={"name": "surface"}).reset_index(drop=True)


def link_names(
    concepts: pd.DataFrame, edges: pd.DataFrame, surfaces: pd.DataFrame, further: pd.DataFrame
) -> pd.DataFrame:
    """Every name of a concept of :data:`GROUPS`, those that texts are searched for first.

    Returns:
        `surface`, `concept`, `key` (its number), `group`, and `embedded`: whether it gets a vector, one name a key.
    """
    table = pd.concat([surfaces.assign(further=False), further.assign(further=True)], ignore_index=True)
    concept = table["concept"].to_numpy()
    table["group"] = groups_of(concepts["type"])[concept]
    organism = organism_of(concepts["id"], edges)
    far = organism.notna() & ~organism.isin(MAIN_ORGANISMS)
    table["far"], table["near"] = far.to_numpy()[concept], organism.isin(HUMAN_AND_MOUSE).to_numpy()[concept]
    table = table[table["group"] != NO_GROUP].reset_index(drop=True)
    table["key"] = pd.factorize(surface_keys(table["surface"]))[0]
    group, surface = table["group"], table["surface"]
    strain = _match(surface, _STRAIN) & (surface.str.len() > _LONG_STRAIN)
    numbered = (group == _SPECIES) & (_match(surface, _SHORT_GENUS) | strain)
    own = (group != _CELL_LINE) & ~numbered & ~table["far"]
    extra = group.isin([_DISEASE, _CHEMICAL]) | ((group == _GENE) & table["near"])
    wanted = own.where(~table["further"], extra)
    table["embedded"] = wanted & ~table["key"].where(wanted).duplicated()
    return table[["surface", "concept", "key", "group", "embedded"]]


def groups_of(types: pd.Series) -> np.ndarray:
    """Row of :data:`GROUPS` for each semantic type, else :data:`NO_GROUP`: uint8."""
    places = {kind: place for place, kinds in enumerate(GROUPS) for kind in kinds}
    return types.astype(str).map(places).fillna(NO_GROUP).to_numpy(np.uint8)


def organism_of(ids: pd.Series, edges: pd.DataFrame) -> pd.Series:
    """Id of the organism of each concept, missing for what is in none."""
    taxa = edges[edges["relation"] == "in_taxon"].drop_duplicates("head").set_index("head")["tail"]
    return ids.map(taxa)


def _match(names: pd.Series, pattern: str) -> np.ndarray:
    return pc.match_substring_regex(pa.array(names, pa.string()), pattern).to_numpy(zero_copy_only=False)

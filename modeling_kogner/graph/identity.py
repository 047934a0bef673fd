"""Which ids mean the same: cross-references, shared registry numbers, official symbols and scientific names."""

from __future__ import annotations

import pandas as pd

from ..files.tables import among

# Numbers of registries. Under several ids of one vocabulary (salts, stereoisomers) they prove nothing.
REGISTRIES = ("CAS", "PUBCHEM", "ENSEMBL")
# What is known of a concept beyond the graph. Citations, web pages and database keys of other things are not ids.
FURTHER = {
    *REGISTRIES, "OMIM", "ORPHA", "UMLS", "SNOMEDCT", "ICD10CM", "ICD10", "ICD9", "NCIT", "GARD", "CHEMBL", "DRUGBANK",
    "HMDB", "UniProt", "MESH", "DOID", "MONDO", "HP", "EFO", "MGI", "FB", "WB", "SGD", "ZFIN", "RGD",
}  # fmt: skip
# Of these a concept has one id: a second would mean something else.
_SOLE = ["MESH", "MONDO", "DOID", "HP", "EFO"]
# Nomenclatures, in which one name means one thing: preferred names there, names in MeSH.
NOMENCLATURES = {"Species": "NCBITaxon", "Anatomy": "UBERON", "Cell": "CL"}
# MeSH's proteins: "TP53 protein, human".
_ORGANISMS = {
    "human": 9606, "mouse": 10090, "rat": 10116, "zebrafish": 7955, "Drosophila": 7227, "C elegans": 6239,
    "S cerevisiae": 559292, "Arabidopsis": 3702, "E coli": 511145,
}  # fmt: skip
_PROTEIN = rf"^(\S+) protein, ({'|'.join(_ORGANISMS)})$"


def vocabulary_of(ids: pd.Series) -> pd.Series:
    """The prefix of each id, as categories."""
    return ids.str.replace(r":.*", "", regex=True).astype("category")


def identity_links(
    nodes: pd.DataFrame, names: pd.DataFrame, edges: pd.DataFrame, references: pd.DataFrame
) -> pd.DataFrame:
    """Pairs of nodes that may be one concept: `head`, `tail`, `shares_name`.

    Args:
        nodes: `id`, `name`, `type`.
        names: `id`, `name`, `preferred`, `key`.
        edges: `head`, `relation`, `tail`; among nodes. `same_as` is followed, `in_taxon` says whose gene it is.
        references: `head`, `tail`; from nodes to ids that are in no source.
    """
    same = edges.loc[edges["relation"] == "same_as", ["head", "tail"]]
    taxa = edges[edges["relation"] == "in_taxon"].drop_duplicates("head").set_index("head")["tail"]
    links = [
        same,
        _shared(references, "tail"),
        *_genes(nodes, names, taxa),
        *_nomenclature(nodes, names),
        _cell_lines(names),
    ]
    found = pd.concat(links, ignore_index=True).drop_duplicates(ignore_index=True)
    return found.assign(shares_name=_share_name(found, names))


def further_ids(references: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Ids in no source as `id`, `preferred`; not of a vocabulary of which the concept has an id already.

    Args:
        references: `head`, `tail`; from nodes to ids that are in no source.
        members: `id`, `preferred`; every node and its concept.
    """
    concept = references["head"].map(members.set_index("id")["preferred"])
    found = pd.DataFrame({"id": references["tail"], "preferred": concept}).drop_duplicates()
    vocabulary = vocabulary_of(found["id"]).astype(str)
    held = vocabulary_of(members["id"]).astype(str) + " " + members["preferred"]
    place = vocabulary + " " + found["preferred"]
    several = vocabulary.isin(_SOLE) & place.duplicated(keep=False)
    return found[vocabulary.isin(FURTHER) & ~among(place, held) & ~several]


def _shared(table: pd.DataFrame, by: str | list[str]) -> pd.DataFrame:
    """Pairs of `head` that share a value which no second id of their vocabularies has."""
    if by == "tail":
        table = table[table["tail"].str.startswith(tuple(f"{name}:" for name in REGISTRIES))]
    columns = [by] if isinstance(by, str) else by
    table = table.assign(vocabulary=vocabulary_of(table["head"]).cat.codes)
    table = table[~table.duplicated([*columns, "vocabulary"], keep=False)]
    pairs = table.merge(table, on=columns)
    pairs = pairs[pairs["vocabulary_x"] < pairs["vocabulary_y"]]
    return pairs[["head_x", "head_y"]].set_axis(["head", "tail"], axis=1)


def _genes(nodes: pd.DataFrame, names: pd.DataFrame, taxa: pd.Series) -> list[pd.DataFrame]:
    """Equal official symbols of one organism, one to one, and MeSH's proteins that are called after a symbol."""
    genes = nodes[nodes["type"] == "Gene"]
    genes = pd.DataFrame({"head": genes["id"], "symbol": genes["name"], "taxon": genes["id"].map(taxa)})
    genes = genes.dropna().astype(str)
    mesh = names[names["id"].str.startswith("MESH:")]
    parts = mesh["name"].str.extract(_PROTEIN)
    proteins = pd.DataFrame({"tail": mesh["id"], "symbol": parts[0]})[parts[0].notna()]
    proteins["taxon"] = "NCBITaxon:" + parts[1].dropna().map(_ORGANISMS).astype(int).astype(str)
    official = genes[genes["head"].str.startswith("NCBIGene:")]
    official = official[~official.duplicated(["symbol", "taxon"], keep=False)]
    return [_shared(genes, ["symbol", "taxon"]), proteins.merge(official, on=["symbol", "taxon"])[["head", "tail"]]]


def _nomenclature(nodes: pd.DataFrame, names: pd.DataFrame) -> list[pd.DataFrame]:
    """MeSH's concepts and the terms of nomenclatures whose preferred name they bear, each with the best of these."""
    vocabulary = vocabulary_of(names["id"])
    types = names["id"].map(nodes.set_index("id")["type"])
    links = []
    for semantic_type, nomenclature in NOMENCLATURES.items():
        terms = names[(types == semantic_type) & (vocabulary == nomenclature)]
        ours = names[(types == semantic_type) & (vocabulary == "MESH")]
        if semantic_type != "Species":  # synonyms of tissues and cells are often broader
            ours = ours[ours["preferred"]]
        pairs = terms[terms["preferred"]].merge(ours, on="key", suffixes=("", "_mesh"))[["id", "id_mesh"]]
        shared = terms.merge(ours, on="key", suffixes=("", "_mesh")).groupby(["id", "id_mesh"]).size().rename("count")
        pairs = pairs.drop_duplicates().merge(shared.reset_index(), on=["id", "id_mesh"])
        best = pairs.sort_values("count", ascending=False, kind="stable").drop_duplicates("id_mesh")
        links.append(best[["id", "id_mesh"]].set_axis(["head", "tail"], axis=1))
    return links


def _cell_lines(names: pd.DataFrame) -> pd.DataFrame:
    """Cell lines of Cellosaurus, and those of BTO and MeSH that have such a name with "cell" after it, one to one.

    Where no line is named so in the first place, a further name of more than three characters does that no second has.
    """
    found = names[names["id"].str.startswith("CVCL:")]
    lines = pd.DataFrame({"head": found["id"], "spelled": _spelled(found["name"]), "preferred": found["preferred"]})
    lines = lines.sort_values("preferred", ascending=False, kind="stable").drop_duplicates(["head", "spelled"])
    is_first = lines.groupby("spelled")["preferred"].transform("any")
    lines = lines[lines["preferred"] | (~is_first & (lines["spelled"].str.len() > 3))]  # "Th2 cells" are no line
    lines = lines[~lines["spelled"].duplicated(keep=False)]
    named = names["name"].str.contains(r"^(?=.*[A-Z\d]).{2,} (?:cell|Cells)$")  # "G cell" is no line
    found = names[names["preferred"] & names["id"].str.startswith(("BTO:", "MESH:")) & named]
    cells = pd.DataFrame({"tail": found["id"], "vocabulary": vocabulary_of(found["id"]).astype(str)})
    cells["spelled"] = _spelled(found["name"].str.replace(r" (?:cell|Cells)$", "", regex=True))
    cells = cells[~cells.duplicated(["vocabulary", "spelled"], keep=False)]
    return lines.merge(cells, on="spelled")[["head", "tail"]]


def _spelled(names: pd.Series) -> pd.Series:
    """Letters and digits alone: the line "MAST" is not of mast cells."""
    return names.str.replace(r"[\W_]", "", regex=True)


def _share_name(links: pd.DataFrame, names: pd.DataFrame) -> pd.Series:
    keys = names[["id", "key"]].drop_duplicates()
    left = links.reset_index().merge(keys, left_on="head", right_on="id")[["index", "tail", "key"]]
    both = left.merge(keys, left_on=["tail", "key"], right_on=["id", "key"])
    return links.index.to_series().isin(both["index"])

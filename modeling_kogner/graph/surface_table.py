"""The surfaces of a knowledge graph: in authors' forms, without noise, ranked, within a budget."""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from .identity import vocabulary_of
from .knowledge_folder import SEMANTIC_TYPES, Knowledge
from .knowledge_graph import KnowledgeGraph
from .surface_forms import author_forms, changes, surface_key, surface_keys

MAX_SURFACES = 4_000_000
MAX_CONCEPTS = 16  # of one key; the model keeps the first ones
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
# A vocabulary's preferred name is trusted most, then its synonyms, what a rule here derives, and raw lists of names.
_MISTRUST = {"preferred": 0.0, "synonym": 0.6, "derived": 1.6, "listed": 1.6}
_FUNCTION_WORD = 6.0  # the, of, all, was

# For the regular expressions of arrow.
_ROMAN_OR_NUMBER = r"^(?:x{0,3}(?:ix|iv|v?i{0,3})|[^\pL]*)$"
_AUTHOR = r"\d{4}|\bet al\b|[\"\x{201c}\x{201d}&]|[a-z] \(?(?:[A-Z]\.|[A-Z][\w.]*[a-z.]\)?(?:$| ))"
_LONG = f"over {MAX_CHARACTERS} characters or {MAX_WORDS} words"

# Vocabularies whose names cost more precision than they bring: families, domains, traits, anatomy of flies and worms.
_LEFT_OUT = {"InterPro", "Pfam", "Pfam.clan", "PATO", "SO", "MI", "FBbt", "WBbt", "ZFA", "EMAPA", "PO"}
_GENE_LISTS = {"MGI", "RGD", "ENSEMBL", "WB", "FB", "SGD"}  # left out where NCBI Gene does not have the gene
# Kinds of concepts. Lists of substances and taxa are full of genes ("HIF1-ALPHA"), diseases ("Cancer") and foods.
_KINDS = {"Protein": "Gene", "Phenotype": "Disease", "Cell": "Anatomy", "CellLine": "Anatomy", "Component": "Anatomy"}
_YIELDING = ["Chemical", "Species"]
_ORGANISMS = ("NCBITaxon:9606", "NCBITaxon:10090", "NCBITaxon:10116")

# Systematic chemical names (locants, brackets) are typed once in a paper, if ever.
_SYSTEMATIC = r"\d.*[\[\](){},].*\d|[\[\](){}].*-.*-|(?:-.*){4}"


def build_knowledge(graph: KnowledgeGraph, max_surfaces: int = MAX_SURFACES) -> Knowledge:
    """Choose the written forms and number the concepts that own one.

    Args:
        graph: what to build from.
        max_surfaces: budget of rows.
    """
    dropped: Counter[str] = Counter()
    forms = _forms(graph, dropped)
    for reasons in (noise(forms), _ambiguous(forms)):
        forms = forms.assign(reason=reasons)
        dropped.update(forms["reason"].dropna().value_counts().to_dict())
        forms = forms[forms["reason"].isna()]
    nodes = graph.nodes.assign(degree=_degrees(graph), organism=_organisms(graph))
    nodes["mesh"] = nodes["id"].str.startswith("MESH:")
    table = forms.join(nodes[["degree", "organism", "mesh"]], on="node")
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


def _organisms(graph: KnowledgeGraph) -> pd.Series:
    """Place of each gene's organism among those that texts are most about; 0 for all that is no gene."""
    taxa = graph.edges[graph.edges["relation"] == "in_taxon"].drop_duplicates("head").set_index("head")["tail"]
    places = graph.nodes["id"].map(taxa).map({taxon: i for i, taxon in enumerate(_ORGANISMS)})
    return places.where(graph.nodes["type"] == "Gene", 0).fillna(len(_ORGANISMS)).astype(int)


def _forms(graph: KnowledgeGraph, dropped: Counter) -> pd.DataFrame:
    """`surface`, `key`, `node` (row of `graph.nodes`), `type`, `synonym`, `derived`, `listed`."""
    names = graph.names.assign(node=pd.Index(graph.nodes["id"]).get_indexer(graph.names["id"]))
    names["type"] = graph.nodes["type"].astype("category").array[names["node"]]
    vocabulary = vocabulary_of(graph.nodes["id"])
    unused = vocabulary.isin(_LEFT_OUT) | (vocabulary.isin(_GENE_LISTS) & (graph.nodes["type"] == "Gene"))
    unused = names["listed"] & unused.to_numpy()[names["node"]]
    long = names["name"].str.len() > 2 * MAX_CHARACTERS  # no rule makes it short enough
    dropped |= {"of a vocabulary left out": int(unused.sum()), _LONG: int((long & ~unused).sum())}
    names = names[~unused & ~long].assign(synonym=~names["preferred"])
    columns = ["surface", "key", "node", "type", "synonym", "derived", "listed"]
    change = changes(names["name"], names["type"])
    same = names[~change].rename(columns={"name": "surface"}).assign(derived=False)
    names = names[change]
    forms = [
        author_forms(name, kind) for name, kind in zip(names["name"].tolist(), names["type"].tolist(), strict=True)
    ]
    made = names.assign(surface=forms).explode("surface", ignore_index=True)
    keys = surface_keys(made["surface"])
    made = made.assign(key=keys, derived=keys != made["key"])
    return pd.concat([same[columns], made[columns]], ignore_index=True)


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

    A known type comes before "Other", a disease of MeSH before others, a preferred name before a synonym, a
    vocabulary's form before a derived one, then genes of humans, mice and rats, then the concept with more edges, then
    the earlier one.
    """
    disease = table["type"].isin(["Disease", "Phenotype"])
    lesser = disease & ~table["mesh"] & table["key"].isin(table.loc[disease & table["mesh"], "key"])
    table = table.assign(other=table["type"] == "Other", lesser=lesser, scarce=-table["degree"])
    table = table.sort_values(["key", "other", "lesser", "synonym", "derived", "organism", "scarce", "node"])
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
    obscure &= table["surface"].str.contains(_SYSTEMATIC, regex=True)
    order = table.assign(crowded=crowded, length=table["surface"].str.len().where(obscure, 0))
    order = order.sort_values(["crowded", "length", "rank", "derived", "synonym", "scarce"])
    dropped["over budget"] += len(table) - max_surfaces
    return table[table.index.isin(order.index[:max_surfaces])]


def noise(forms: pd.DataFrame) -> pd.Series:
    """Reason why each form is kept out of the index, or a missing value.

    Args:
        forms: `surface`, `key`, `type` of its concept; `synonym`, `derived`, `listed`: where the form comes from. The
            weaker that is, the sooner an English word is rejected.
    """
    surface, key = pa.array(forms["surface"], pa.string()), pa.array(forms["key"], pa.string())
    length, words = pc.utf8_length(surface), pc.add(pc.count_substring(surface, " "), 1)
    author = pc.and_(pc.greater(words, 1), pc.match_substring_regex(surface, _AUTHOR))
    reasons = {
        _LONG: pc.or_(pc.greater(length, MAX_CHARACTERS), pc.greater(words, MAX_WORDS)),
        "one or two letters": pc.less_equal(pc.utf8_length(key), 2),
        "number, roman numeral or punctuation": pc.match_substring_regex(key, _ROMAN_OR_NUMBER),
        "generic head": forms["key"].isin(_generic_keys()),
        "species name with its author": (forms["type"] == "Species").to_numpy() & np.asarray(author),
        "ordinary English": _english(forms, np.asarray(words)),
    }
    found = np.select([np.asarray(bad, bool) for bad in reasons.values()], list(reasons), "")
    return pd.Series(found, index=forms.index, dtype="str").replace("", pd.NA)


def _english(forms: pd.DataFrame, words: np.ndarray) -> np.ndarray:
    types, key = forms["type"].astype(str), forms["key"]
    # "THE syndrome", "not shown", "ALL cell"
    first = forms["surface"].where(words == 2, "").str.replace(r" .*", "", regex=True).str.lower()
    function = (first.str.len() > 1) & (_zipf(first) >= _FUNCTION_WORD)
    evidence = np.select(
        [forms["derived"], forms["listed"], forms["synonym"]], ["derived", "listed", "synonym"], "preferred"
    )
    mistrust = pd.Series(evidence, index=forms.index).map(_MISTRUST)
    symbol = forms["surface"].str.count("[A-Z]") >= 2
    strict = forms["listed"] & ~forms["derived"]
    limit = types.map(_WORD_LIMIT).fillna(_WEAK_WORD_LIMIT).where(~strict, _WEAK_WORD_LIMIT)
    limit = limit.where(~symbol | strict, types.map(_SYMBOL_LIMIT).fillna(_WEAK_SYMBOL_LIMIT))
    # The key may have lost an "s"; both words are matched by it.
    common = np.maximum(_zipf(key), _zipf(key + "s")) >= limit - mistrust
    return np.where(words > 1, function, common & key.str.isalpha())


def _zipf(words: pd.Series) -> pd.Series:
    return words.map(_frequencies()).fillna(0.0).astype(float)


@cache
def _generic_keys() -> frozenset[str]:
    return frozenset(surface_key(head) for head in GENERIC.replace("\n", " ").split(","))


@cache
def _frequencies() -> dict[str, float]:
    from wordfreq import get_frequency_list

    # Bin number i of the list holds the words of frequency 10^(-i/100).
    return {word: 9 - i / 100 for i, words in enumerate(get_frequency_list("en", "large")) for word in words}

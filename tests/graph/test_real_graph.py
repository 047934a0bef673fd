"""What a user looks up first, in a part of the real graph: diseases, and whatever bears one of the names."""

import pandas as pd
import pytest

from modeling_kogner.files.tables import among
from modeling_kogner.graph.knowledge_graph import KnowledgeGraph
from modeling_kogner.graph.surface_forms import surface_key, surface_keys
from modeling_kogner.graph.surface_table import build_knowledge

pytestmark = pytest.mark.slow
LOOKED_UP = [
    "TP53", "BRCA1", "Herceptin", "trastuzumab", "NaCl", "sodium chloride", "CCl4", "carbon tetrachloride", "HeLa",
    "Homo sapiens", "mice", "mouse", "rat", "yeast", "rabbit", "liver",
]  # fmt: skip


@pytest.fixture(scope="module")
def built(data_folder, tmp_path_factory):
    """Knowledge of a part of both folders: ten seconds instead of minutes."""
    folder = data_folder / "kg" / "more"
    if not folder.is_dir():
        pytest.skip("kg/more is not there")
    sources = {
        path: pd.read_parquet(path) for path in [*(data_folder / "kg").glob("*.parquet"), *folder.glob("*.parquet")]
    }
    names = pd.concat([table for path, table in sources.items() if {"id", "name"} <= set(table.columns)])
    found = names["name"].str.lower().isin([name.lower() for name in LOOKED_UP])
    found |= names["name"].str.startswith("ADVAIR ")
    wanted = set(names.loc[found | names["type"].isin(["Disease", "Phenotype"]), "id"])
    links = folder / "hgnc_to_ncbigene.parquet"
    wanted |= set(sources[links].loc[among(sources[links]["hgnc"], wanted), "ncbigene"])
    wanted |= {"NCBITaxon:9606", "NCBITaxon:10090"}
    for path, table in sources.items():
        key = next(column for column in ("id", "head", "hgnc") if column in table.columns)
        kept = table[among(table[key], wanted)]
        if path.name == "edges.parquet":
            kept = kept[among(kept["tail"], wanted)]
        target = tmp_path_factory.getbasetemp() / "part" / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        kept.to_parquet(target)
    return build_knowledge(KnowledgeGraph.read([target.parents[1] / "kg", target.parents[1] / "more"]))


def candidates(knowledge, name):
    rows = surface_keys(knowledge.surfaces["surface"]) == surface_key(name)
    return knowledge.concepts["id"].to_numpy()[knowledge.surfaces.loc[rows, "concept"]].tolist()


def test_names_reach_their_concepts_first(built):
    """Another organism's gene, or a brand nobody knows, is what a user sees first."""
    expected = {
        "TP53": "NCBIGene:7157",
        "BRCA1": "NCBIGene:672",
        "Herceptin": "MESH:D000068878",
        "NaCl": "MESH:D012965",
        "HeLa": "CVCL:0030",
        "CCl4": "MESH:D002251",
        "Humans": "NCBITaxon:9606",
        "patients": "NCBITaxon:9606",
        "mice": "NCBITaxon:10090",
        "rats": "NCBITaxon:10116",
        "rabbit": "NCBITaxon:9986",
        "cancer": "MESH:D009369",
        "liver": "UBERON:0002107",
    }
    assert {name: candidates(built, name)[0] for name in expected} == expected


def test_a_brand_of_two_substances_reaches_both(built):
    """Advair is fluticasone and salmeterol."""
    names = built.concepts.set_index("id")["name"]
    found = " ".join(names[candidates(built, "Advair")]).lower()
    assert "fluticasone" in found
    assert "salmeterol" in found


def test_concepts_do_not_chain(built):
    """Under cancer there were neural tube defects, and two descriptors in one concept."""
    ids = pd.concat([built.concepts[["id"]].assign(preferred=built.concepts["id"]), built.equivalents])
    mesh = ids[ids["id"].str.startswith("MESH:")].drop_duplicates()
    assert not mesh["preferred"].duplicated().any()
    others = built.equivalents.set_index("id")["preferred"]
    cancer = others.get("MONDO:0004992", "MONDO:0004992")
    children = built.edges[built.edges["relation"] == "is_a"].groupby("tail")["head"].agg(list)
    below, waiting = {cancer}, [cancer]
    while waiting:
        new = set(children.get(waiting.pop(), [])) - below
        below |= new
        waiting += new
    names = built.concepts.set_index("id")["name"]
    assert 1000 < len(below) < 9000
    assert not [name for name in names[names.index.isin(below)] if "neural tube" in name.lower()]


def test_other_vocabularies_reach_a_concept(built):
    """Corpora with OMIM's ids, and hospitals with ICD's, could not join."""
    parkinson = set(built.equivalents.loc[built.equivalents["preferred"] == "MESH:D010300", "id"])
    assert {"MONDO:0005180", "DOID:14330", "OMIM:PS168600", "UMLS:C0030567", "ICD10CM:G20"} <= parkinson

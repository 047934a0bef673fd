"""Names that are left out because texts hardly ever have them."""

import pandas as pd
import pytest

from modeling_kogner.graph.everyday_names import everyday_names
from modeling_kogner.graph.rarity import rare
from modeling_kogner.graph.surface_forms import surface_key

FLY, MOUSE = {"vocabulary": "NCBIGene", "near": False}, {"vocabulary": "NCBIGene", "near": True}
MESH, UNII, CHEBI = {"vocabulary": "MESH"}, {"vocabulary": "UNII"}, {"vocabulary": "CHEBI"}


def form(surface, semantic_type, evidence="preferred", vocabulary="MESH", near=True):
    origin = {name: name in evidence.split() for name in ("synonym", "derived", "listed")}
    row = {"surface": surface, "key": surface_key(surface), "type": semantic_type, "vocabulary": vocabulary}
    return row | {"near": near} | origin


@pytest.mark.parametrize(
    ("surface", "semantic_type", "evidence", "origin", "reason"),
    [
        ("white rabbit", "Gene", "listed synonym", FLY, "another organism"),
        ("dpp", "Gene", "listed", FLY, None),
        ("tyrosine kinase", "Gene", "listed synonym", MOUSE, "only lists"),
        ("Cox2", "Gene", "listed synonym", MOUSE, None),
        ("Gm12345", "Gene", "listed", MOUSE, "number of a gene"),
        ("predicted gene 7", "Gene", "listed", MOUSE, "number of a gene"),
        ("CR1", "Gene", "preferred", MOUSE, None),
        ("2-[(4-chlorophenyl)methyl]-1,3-thiazole", "Chemical", "preferred", CHEBI, "systematic"),
        ("2-[(4-chlorophenyl)methyl]-1,3-thiazole", "Chemical", "preferred", MESH, None),
        ("RHEUM OFFICINALE ROOT", "Chemical", "listed", UNII, "substance"),
        ("HERCEPTIN", "Chemical", "listed synonym", UNII, None),
        ("negative regulation of very long biological processes", "Process", "synonym", MESH, "long synonym"),
        ("a disease with a name of more than forty characters", "Disease", "preferred", MESH, None),
        ("HAP1 ABCD clone 12", "CellLine", "listed", {"vocabulary": "CVCL"}, "three words"),
        ("Vibrio cholerae 1587", "Species", "listed", {"vocabulary": "NCBITaxon"}, "strain"),
        ("influenza A virus", "Species", "listed", {"vocabulary": "NCBITaxon"}, None),
    ],
)
def test_rare(surface, semantic_type, evidence, origin, reason):
    """Too lax, and the release is too large; too strict, and brands and symbols are lost."""
    found = rare(pd.DataFrame([form(surface, semantic_type, evidence, **origin)]))[0]
    assert pd.isna(found) if reason is None else reason in found


def test_what_a_vocabulary_calls_a_gene_stays_a_synonym_in_lists():
    """The mouse's interleukins would go, which lists alone spell out."""
    rows = [form("interleukin", "Protein", "preferred"), form("interleukin", "Gene", "listed synonym", **MOUSE)]
    assert rare(pd.DataFrame(rows)).isna().all()


def test_everyday_names_follow_the_concept_into_its_preferred_id():
    """A name on an id that was unified into another would be lost."""
    same = pd.DataFrame({"id": ["MESH:D002251"], "preferred": ["CHEBI:27385"]})
    found = everyday_names(pd.Series(["CHEBI:27385", "NCBITaxon:10090"]), same)
    assert found.groupby("id")["surface"].agg(set).to_dict() == {
        "CHEBI:27385": {"CCl4"},
        "NCBITaxon:10090": {"mice", "mouse", "murine"},
    }

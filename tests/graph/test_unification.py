"""Unifying must not chain different things together."""

import pandas as pd

from modeling_kogner.graph.identity import identity_links
from modeling_kogner.graph.surface_forms import surface_keys
from modeling_kogner.graph.unification import unify


def families(types, pairs, names=None):
    links = pd.DataFrame(pairs, columns=["head", "tail"])
    names = names or {}
    shared = [bool(names.get(head, set()) & names.get(tail, set())) for head, tail in pairs]
    return unify(pd.Series(types), links.assign(shares_name=shared))


def preferred(result):
    members = result.members[result.members["id"] != result.members["preferred"]]
    return dict(zip(members["id"], members["preferred"], strict=True))


def test_one_id_of_each_vocabulary_and_the_same_name_wins():
    """A descriptor that twenty special terms point to would swallow them all."""
    types = dict.fromkeys(["MONDO:1", "MONDO:2", "MESH:D1"], "Disease")
    names = {"MONDO:2": {"meningioma"}, "MESH:D1": {"meningioma"}}
    result = families(types, [("MONDO:1", "MESH:D1"), ("MONDO:2", "MESH:D1")], names)
    assert preferred(result) == {"MONDO:2": "MESH:D1"}
    assert result.refused == {"two ids of one vocabulary": 1}


def test_incompatible_types_stay_apart_even_through_other():
    """An untyped EFO id between a disease and a gene would make them one concept."""
    types = {"MESH:D1": "Disease", "EFO:1": "Other", "HGNC:1": "Gene"}
    result = families(types, [("MESH:D1", "EFO:1"), ("EFO:1", "HGNC:1")])
    assert len(preferred(result)) == 1
    assert result.refused == {"incompatible types": 1}


def test_family_takes_the_known_type_of_a_member():
    """A disease that its preferred vocabulary calls Other would give no evidence."""
    result = families({"MESH:D1": "Other", "MONDO:1": "Disease"}, [("MONDO:1", "MESH:D1")])
    assert result.members["type"].tolist() == ["Disease", "Disease"]


def test_direction_order_and_doubles_of_links_change_nothing():
    """Two builds of the same graph would otherwise give different ids."""
    types = dict.fromkeys(["MESH:D1", "MONDO:1", "DOID:1", "DOID:2"], "Disease")
    pairs = [("MESH:D1", "MONDO:1"), ("MONDO:1", "DOID:1"), ("DOID:2", "MESH:D1")]
    flipped = [(tail, head) for head, tail in reversed(pairs)] + pairs
    assert preferred(families(types, pairs)) == preferred(families(types, flipped))


def test_types_with_a_vocabulary_of_their_own_prefer_it():
    """A user joins genes on NCBI Gene and organs on UBERON; MeSH's ids would come first."""
    types = {"MESH:C1": "Protein", "HGNC:1": "Gene", "NCBIGene:1": "Gene", "MESH:D1": "Anatomy", "UBERON:1": "Anatomy"}
    pairs = [("HGNC:1", "NCBIGene:1"), ("MESH:C1", "NCBIGene:1"), ("MESH:D1", "UBERON:1")]
    result = families(types, pairs)
    assert preferred(result) == {"MESH:C1": "NCBIGene:1", "HGNC:1": "NCBIGene:1", "MESH:D1": "UBERON:1"}
    assert set(result.members["type"]) == {"Gene", "Anatomy"}


def test_cell_lines_of_three_vocabularies_are_one_by_their_name():
    """HEK-293 would be three concepts, and CHO, whose name is a word, would have no id of Cellosaurus."""
    lines = [("CVCL:1", "CHO"), ("CVCL:2", "HEK293"), ("CVCL:3", "H9c2(2-1)"), ("CVCL:3", "H9c2"), ("CVCL:4", "MAST")]
    lines += [("CVCL:5", "S2"), ("CVCL:6", "S-2"), ("CVCL:7", "UE6E7T-2"), ("CVCL:7", "Th2"), ("CVCL:8", "G")]
    cells = [("BTO:1", "CHO cell"), ("BTO:2", "HEK-293 cell"), ("MESH:D2", "HEK293 Cells"), ("BTO:3", "H9c2 cell")]
    cells += [("MESH:D4", "Mast Cells"), ("BTO:5", "S2 cell"), ("MESH:D7", "Th2 Cells"), ("BTO:8", "G cell")]
    names = pd.DataFrame(lines + cells, columns=["id", "name"])
    names["preferred"], names["key"] = ~names["id"].duplicated(), surface_keys(names["name"])
    kind = {"CVCL": "CellLine", "BTO": "CellLine", "MESH": "Cell"}
    nodes = names[names["preferred"]].assign(type=names["id"].str.partition(":")[0].map(kind))
    edges, references = pd.DataFrame(columns=["head", "relation", "tail"]), pd.DataFrame(columns=["head", "tail"])
    links = identity_links(nodes, names, edges, references.astype(str))
    assert set(zip(links["head"], links["tail"], strict=True)) == {
        ("CVCL:1", "BTO:1"), ("CVCL:2", "BTO:2"), ("CVCL:2", "MESH:D2"), ("CVCL:3", "BTO:3")
    }  # fmt: skip
    result = unify(nodes.set_index("id")["type"], links)
    assert preferred(result) == {"BTO:1": "CVCL:1", "BTO:2": "CVCL:2", "MESH:D2": "CVCL:2", "BTO:3": "CVCL:3"}
    assert set(result.members["type"]) == {"CellLine"}

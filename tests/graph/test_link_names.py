"""Names for linking alone, and what linking reads of a graph's relations."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_knowledge_graph import write

from modeling_kogner.graph.index_tables import build_tables
from modeling_kogner.graph.knowledge_folder import Knowledge
from modeling_kogner.graph.knowledge_graph import KnowledgeGraph
from modeling_kogner.graph.link_names import link_names
from modeling_kogner.graph.link_relations import broader_concepts, gene_organisms, orthologs, salts_of, siblings
from modeling_kogner.graph.link_rows import link_rows, rows_of
from modeling_kogner.graph.surface_table import build_knowledge

HUMAN, FROG = "NCBITaxon:9606", "NCBITaxon:8355"
NODES = [
    ("NCBIGene:1", "RSTX1", "Gene", "G"),
    ("NCBIGene:2", "Rstx1", "Gene", "G"),
    ("NCBIGene:3", "rstx1.L", "Gene", "G"),
    (HUMAN, "Homo sapiens", "Species", "T"),
    (FROG, "Xenopus laevis", "Species", "T"),
    ("MONDO:1", "kridolitis", "Disease", "M"),
    ("MONDO:2", "kridolitis of newborns", "Disease", "M"),
    ("MONDO:3", "kridolitis of adults", "Disease", "M"),
    ("MESH:D1", "Organ Diseases", "Disease", "M"),
    ("GO:1", "kridolation", "Process", "G"),
    ("MESH:D2", "zorvine", "Chemical", "M"),
    ("CHEBI:1", "zorvine sulfate dihydrate", "Chemical", "C"),
    ("CHEBI:2", "(R)-zorvine zwitterion", "Chemical", "C"),
    ("CHEBI:3", "pelamite sulfate", "Chemical", "C"),
]
NAMES = [
    ("NCBIGene:1", "REST"),  # English: no text is searched for it, yet a mention of a gene may be it
    ("NCBIGene:1", "LOC12345"),
    ("NCBIGene:3", "CAT"),  # of a frog
    ("MONDO:1", "RAN"),
    ("MONDO:1", "Fever, said (of organs)"),
    ("GO:1", "THE"),
]
EDGES = [
    ("NCBIGene:1", "in_taxon", HUMAN),
    ("NCBIGene:3", "in_taxon", FROG),
    ("NCBIGene:1", "ortholog_of", "NCBIGene:2"),
    ("NCBIGene:2", "ortholog_of", "NCBIGene:3"),
    ("MONDO:2", "is_a", "MONDO:1"),
    ("MONDO:3", "is_a", "MONDO:1"),
    ("MONDO:1", "is_a", "MESH:D1"),
    ("CHEBI:2", "is_tautomer_of", "MESH:D2"),
    ("CHEBI:3", "has_part", "MESH:D2"),  # not called after it
]


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory):
    folder = tmp_path_factory.mktemp("graph")
    return build_knowledge(KnowledgeGraph.read([write(folder, NODES, NAMES, EDGES)]))


def row(knowledge, concept):
    return knowledge.concepts["id"].tolist().index(concept)


def test_english_words_are_names_for_linking_alone(knowledge):
    """In the written forms "rest" would mark half of all texts; without it no mention of REST finds its gene."""
    assert not {"REST", "RAN"} & set(knowledge.surfaces["surface"])
    found = {(name, knowledge.concepts["id"][concept]) for name, concept in knowledge.further.to_numpy().tolist()}
    assert found == {("REST", "NCBIGene:1"), ("RAN", "MONDO:1")}


def test_the_files_of_the_written_forms_do_not_change(knowledge, tmp_path):
    """A model reads its tables by their digest: another byte would build another index."""
    knowledge.save(tmp_path / "a")
    replace(knowledge, further=knowledge.further[:0]).save(tmp_path / "b")
    for name in ("concepts", "surfaces", "edges", "equivalents"):
        assert (tmp_path / "a" / f"{name}.parquet").read_bytes() == (tmp_path / "b" / f"{name}.parquet").read_bytes()
    assert Knowledge.load(tmp_path / "a").further.equals(knowledge.further)
    assert Knowledge.load(tmp_path / "b").further.empty


def test_older_folders_have_no_further_names(knowledge, tmp_path):
    """A folder of an earlier version must still be read."""
    knowledge.save(tmp_path / "k")
    (tmp_path / "k" / "further.parquet").unlink()
    manifest = tmp_path / "k" / "knowledge.json"
    lines = [line for line in manifest.read_text().split("\n") if "further" not in line]
    manifest.write_text("\n".join(lines).replace('"equivalents": 0,\n', '"equivalents": 0\n'))
    assert Knowledge.load(tmp_path / "k").further.empty


def test_one_name_of_each_key_gets_a_vector(knowledge):
    """Two vectors of one key would crowd others out of the nearest names; a frog's symbols would too."""
    names = link_names(knowledge.concepts, knowledge.edges, knowledge.surfaces, knowledge.further)
    embedded = names[names["embedded"]]
    assert embedded["key"].is_unique
    assert {"REST", "RAN", "kridolitis", "RSTX1"} <= set(embedded["surface"])
    assert not {"rstx1.L", "kridolation", "X. laevis"} & set(embedded["surface"])


def test_relations_of_genes_and_broader_concepts(knowledge):
    """A wrong number would give a mention the gene of another organism."""
    organisms, of_gene = gene_organisms(knowledge)
    assert organisms[of_gene[row(knowledge, "NCBIGene:1")] - 1] == HUMAN
    assert organisms[of_gene[row(knowledge, "NCBIGene:3")] - 1] == FROG
    assert of_gene[row(knowledge, "MONDO:1")] == 0
    groups = dict(orthologs(knowledge).tolist())
    assert sorted(groups) == sorted(row(knowledge, f"NCBIGene:{n}") for n in (1, 2, 3))
    assert len(set(groups.values())) == 1
    above = dict(broader_concepts(knowledge).tolist())
    diseases = {row(knowledge, f"MONDO:{n}"): row(knowledge, "MESH:D1") for n in (1, 2, 3)}
    assert above == diseases | {row(knowledge, f"CHEBI:{n}"): row(knowledge, "MESH:D2") for n in (1, 2)}
    near = siblings(knowledge)
    assert set(near[row(knowledge, "MONDO:2")]) <= {-1, row(knowledge, "MONDO:3")}
    assert (near >= 0).any()


def test_a_substance_without_an_id_is_its_salt():
    """Quetiapine would have no link: MeSH has Quetiapine Fumarate alone."""
    rows = [
        ("CHEBI:1", "quetiapine", "Chemical", False), ("MESH:D1", "Quetiapine Fumarate", "Chemical", True),
        ("CHEBI:2", "citrate", "Chemical", False), ("MESH:C9", "starch acetate", "Chemical", True),
        ("CHEBI:3", "starch", "Chemical", False), ("MESH:D2", "Lithium Carbonate", "Chemical", True),
        ("CHEBI:4", "iron", "Chemical", False), ("MESH:D3", "Iron Sulfate", "Chemical", True),
        ("MESH:D4", "Iron Lactate", "Chemical", True), ("CHEBI:5", "zinc", "Chemical", True),
        ("MESH:D5", "Zinc Acetate", "Chemical", True), ("X:1", "quetiapine", "Disease", False),
    ]  # fmt: skip
    ids, names, types, has_id = zip(*rows, strict=True)
    assert salts_of(ids, names, types, np.array(has_id)) == [(0, 1)]


def test_counted_names_come_first_and_known_rows_are_left_out():
    """A row of the index again would cost space; without its count a name of training documents is lost."""
    names = pd.DataFrame({"hash": [5, 5, 7, 9], "concept": [1, 2, 3, 4]})
    index = pd.DataFrame({"hash": [5, 9], "concept": [1, 4]})
    counted = pd.DataFrame({"hash": [9, 9, 5], "concept": [4, 4, 3]})
    rows = link_rows(names, counted, index)
    assert rows.to_numpy().tolist() == [[5, 3, 1], [5, 2, 0], [7, 3, 0], [9, 4, 2]]
    places = rows_of(pd.Series([9, 7, 6]).to_numpy(), index["hash"].to_numpy(), rows["hash"].to_numpy())
    assert places.tolist() == [1, 2 + 2, -1]


def test_the_index_is_the_same_with_further_names(knowledge, wordpiece):
    """They must not become written forms of the model."""
    _, tables = build_tables(knowledge, wordpiece)
    _, plain = build_tables(replace(knowledge, further=knowledge.further[:0]), wordpiece)
    assert all((tables[name] == plain[name]).all() for name in plain)

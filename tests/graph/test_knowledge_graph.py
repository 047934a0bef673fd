"""What the graph stage must not let through, and what it must not lose."""

import pandas as pd
import pytest

from modeling_kogner.graph.knowledge_graph import KnowledgeGraph
from modeling_kogner.graph.surface_table import build_knowledge

NODES = [
    ("MESH:D1", "Carcinoma, Basal Cell", "Disease", "MeSH"),
    ("MONDO:1", "basal cell carcinoma", "Disease", "MONDO"),
    ("MONDO:2", "rodent ulcer", "Disease", "MONDO"),
    ("MESH:D2", "Selegiline", "Chemical", "MeSH"),
    ("HGNC:1", "TP53", "Gene", "HGNC"),
]
NAMES = [("MESH:D2", "Deprenyl"), ("HGNC:1", "NA"), ("MONDO:1", "BCC")]
EDGES = [
    ("MESH:D1", "same_as", "MONDO:1"),
    ("MESH:D1", "same_as", "MONDO:2"),
    ("MESH:D2", "treats", "MONDO:1"),
    ("MESH:D2", "treats", "MESH:D1"),
]


def write(folder, nodes=NODES, names=NAMES, edges=EDGES, suffix="tsv"):
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "nodes": pd.DataFrame(nodes, columns=["id", "name", "type", "source"]),
        "names": pd.DataFrame(names, columns=["id", "name"]),
        "edges": pd.DataFrame(edges, columns=["head", "relation", "tail"]),
    }
    for name, frame in tables.items():
        if suffix == "parquet":
            frame.to_parquet(folder / f"{name}.parquet")
        else:
            frame.to_csv(folder / f"{name}.{suffix}", sep="\t" if suffix == "tsv" else ",", index=False)
    return folder


@pytest.mark.parametrize("suffix", ["tsv", "csv", "parquet"])
def test_every_table_format_gives_the_same_graph(tmp_path, suffix):
    """A gene called NA would silently become a missing value in CSV and TSV."""
    graph = KnowledgeGraph.read([write(tmp_path / "kg", suffix=suffix)])
    assert set(graph.names["name"]) >= {"NA", "Deprenyl", "Carcinoma, Basal Cell"}
    assert sorted(graph.nodes["id"]) == ["HGNC:1", "MESH:D1", "MESH:D2", "MONDO:2"]


def test_same_as_leaves_one_id_and_its_edges(tmp_path):
    """A concept under two ids would split its names and its edges, and a user would get either id."""
    graph = KnowledgeGraph.read([write(tmp_path / "kg")])
    assert graph.equivalents.to_numpy().tolist() == [["MONDO:1", "MESH:D1"]]
    assert "BCC" in set(graph.names[graph.names["id"] == "MESH:D1"]["name"])
    assert "rodent ulcer" in set(graph.names[graph.names["id"] == "MESH:D1"]["name"])  # MeSH's term for it
    treats = graph.edges[graph.edges["relation"] == "treats"]
    assert treats.to_numpy().tolist() == [["MESH:D2", "treats", "MESH:D1"]]


def test_sources_merge_and_edges_may_cross_them(tmp_path):
    """Were sources checked one by one, every edge between two of them would count as dangling."""
    first = write(tmp_path / "a")
    second = write(tmp_path / "b", [("X:1", "glarb", "Process", "X")], [], [("X:1", "part_of", "HGNC:1")])
    graph = KnowledgeGraph.read([first, second])
    assert ["X:1", "part_of", "HGNC:1"] in graph.edges.to_numpy().tolist()


BROKEN = {
    "dangling edge": ({"edges": [*EDGES, ("MESH:D2", "treats", "MESH:D9")]}, ["edges.tsv", "row 5", "tail", "MESH:D9"]),
    "duplicate id": ({"nodes": [*NODES, NODES[3]]}, ["nodes.tsv", "row 6", "id", "MESH:D2"]),
    "unknown type": ({"nodes": [*NODES, ("X:1", "x", "Drug", "X")]}, ["nodes.tsv", "row 6", "type", "'Drug'"]),
    "malformed id": ({"nodes": [*NODES, ("D12", "x", "Gene", "X")]}, ["nodes.tsv", "row 6", "id", "'D12'"]),
    "malformed relation": ({"edges": [("MESH:D2", "is a", "MESH:D1")]}, ["edges.tsv", "row 1", "relation", "'is a'"]),
    "empty name": ({"names": [*NAMES, ("MESH:D2", " ")]}, ["names.tsv", "row 4", "name"]),
    "name of nobody": ({"names": [("MESH:D8", "x")]}, ["names.tsv", "row 1", "id", "MESH:D8"]),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_row_ends_with_its_place_and_can_be_dropped(tmp_path, fault):
    """A bad row that is dropped in silence is missing from the model and nobody knows."""
    tables, words = BROKEN[fault]
    folder = write(tmp_path / "kg", **tables)
    with pytest.raises(ValueError, match="--drop-invalid") as error:
        KnowledgeGraph.read([folder])
    assert all(word in str(error.value) for word in words), error.value
    graph = KnowledgeGraph.read([folder], drop_invalid=True)
    assert list(graph.report["dropped"].values()) == [1]
    assert words[1] in next(iter(graph.report["first_dropped"].values()))


def test_one_id_of_two_types_is_an_error(tmp_path):
    """The later source would silently lose to the earlier one."""
    other = write(tmp_path / "b", [("MESH:D2", "Selegiline", "Disease", "X")], [], [])
    with pytest.raises(ValueError, match=r"b/nodes.tsv, row 1, field type: 'Disease' contradicts"):
        KnowledgeGraph.read([write(tmp_path / "a"), other])


def test_structure_errors_name_the_mend(tmp_path):
    """A missing table or column must not read as an empty one."""
    folder = write(tmp_path / "kg")
    (folder / "names.tsv").write_text("id\tlabel\n")
    with pytest.raises(ValueError, match=r"names.tsv, field name: the column is missing, found id, label"):
        KnowledgeGraph.read([folder])
    (folder / "names.tsv").unlink()
    with pytest.raises(ValueError, match=r"no names\{"):
        KnowledgeGraph.read([folder])
    with pytest.raises(ValueError, match="no such folder"):
        KnowledgeGraph.read([tmp_path / "absent"])


def test_branches_outside_the_root_are_not_of_its_type(tmp_path):
    """HP's "Severe" and "Onset" would be found as phenotypes all over the text."""
    nodes = [
        ("HP:0000118", "Phenotypic abnormality", "Phenotype", "HP"),
        ("HP:1", "Ataxia", "Phenotype", "HP"),
        ("HP:2", "Severe", "Phenotype", "HP"),
    ]
    graph = KnowledgeGraph.read([write(tmp_path / "kg", nodes, [], [("HP:1", "is_a", "HP:0000118")])])
    assert graph.nodes.set_index("id")["type"].to_dict() == {
        "HP:0000118": "Phenotype",
        "HP:1": "Phenotype",
        "HP:2": "Other",
    }


def test_knowledge_numbers_only_concepts_with_surfaces_and_ranks_candidates(tmp_path):
    """A shifted concept index would give every mention the id of its neighbour."""
    nodes = [
        ("A:1", "x", "Chemical", "A"),  # one letter: owns no surface
        ("A:2", "blorine", "Chemical", "A"),
        ("A:3", "kridol", "Disease", "A"),
    ]
    names = [("A:2", "kridol"), ("A:2", "Blo-rine")]
    graph = KnowledgeGraph.read([write(tmp_path / "kg", nodes, names, [("A:2", "treats", "A:3")])])
    knowledge = build_knowledge(graph)
    ids = knowledge.concepts["id"].to_numpy()[knowledge.surfaces["concept"]]
    assert list(zip(knowledge.surfaces["surface"], ids, strict=True)) == [
        ("blorine", "A:2"),  # "Blo-rine" has the same key
        ("kridol", "A:3"),  # preferred name before synonym
        ("kridol", "A:2"),
    ]
    assert knowledge.report["surfaces"]["dropped"] == {"one or two letters": 1}


def test_ids_that_corpora_use_come_first_and_everyday_names_before_all(tmp_path):
    """Links would go to ids that nobody joins on, and "patients" to none."""
    nodes = [
        ("CHEBI:1", "aspirin", "Chemical", "ChEBI"),
        ("MESH:D1", "Acetylsalicylic acid", "Chemical", "MeSH"),
        ("MESH:D2", "rodent", "Species", "MeSH"),
        ("NCBITaxon:10088", "Mus", "Species", "NCBI"),
        ("NCBITaxon:10090", "Mus musculus", "Species", "NCBI"),
        ("NCBITaxon:9606", "Homo sapiens", "Species", "NCBI"),
        ("FPLX:1", "RAS", "Protein", "FamPlex"),
    ]
    names = [("MESH:D1", "aspirin"), ("NCBITaxon:10088", "mice"), ("NCBITaxon:10088", "rodent")]
    knowledge = build_knowledge(KnowledgeGraph.read([write(tmp_path / "kg", nodes, names, [])]))

    def found(name):
        rows = knowledge.surfaces["surface"].str.lower() == name
        return knowledge.concepts["id"].to_numpy()[knowledge.surfaces.loc[rows, "concept"]].tolist()

    assert found("aspirin") == ["MESH:D1", "CHEBI:1"]
    assert found("rodent") == ["NCBITaxon:10088", "MESH:D2"]
    assert found("mice") == ["NCBITaxon:10090", "NCBITaxon:10088"]
    assert found("patient") == ["NCBITaxon:9606"]  # the index sees through the plural
    assert knowledge.concepts.set_index("id")["type"]["FPLX:1"] == "Family"


def test_budget_drops_systematic_chemicals_first(tmp_path):
    """Over budget, IUPAC strings would push out the names that authors use."""
    nodes = [
        ("A:1", "2-[(1S)-1-methyl]-4-oxa(13)ene", "Chemical", "A"),
        ("A:2", "zorvine", "Chemical", "A"),
        ("A:3", "frable", "Process", "A"),
    ]
    graph = KnowledgeGraph.read([write(tmp_path / "kg", nodes, [], [])])
    assert sorted(build_knowledge(graph, max_surfaces=2).surfaces["surface"]) == ["frable", "zorvine"]


def listed(folder):
    """What `kg/more` holds, in miniature."""
    folder.mkdir(parents=True)
    tables = {
        "genes.names": "id\tname\ttype\tsource\n"
        "NCBIGene:7157\tTP53\tGene\tNCBI\nNCBIGene:7157\tp53 antigen\tGene\tNCBI\nMGI:1\tTrp53\tGene\tMGI\n"
        "UNII:1\tHERCEPTIN\tChemical\tUNII\nUNII:1\tTP53\tChemical\tUNII\n",
        "genes.edges": "head\trelation\ttail\nNCBIGene:7157\tsame_as\tOMIM:191170\nX:1\tis_a\tX:2\n",
        "cross_references": "id\txref\tsource\nMESH:D2\tCAS:1\tmesh\nUNII:1\tCAS:1\tunii\nMONDO:1\tMESH:D9\tm\n"
        "MONDO:2\tOMIMPS:9\tmondo\nMONDO:2\tPMID:1\tmondo\n",
        "hgnc_to_ncbigene": "hgnc\tsymbol\tncbigene\tensembl\tuniprot\nHGNC:1\tTP53\tNCBIGene:7157\tENSEMBL:E1\t\n",
    }
    for name, content in tables.items():
        (folder / f"{name}.tsv").write_text(content)
    return folder


def test_lists_of_names_join_the_graph(tmp_path):
    """Genes and substances would be there twice, and other vocabularies' ids nowhere."""
    graph = KnowledgeGraph.read([write(tmp_path / "kg"), listed(tmp_path / "more")])
    others = graph.equivalents.groupby("preferred")["id"].agg(set).to_dict()
    assert others["NCBIGene:7157"] == {"HGNC:1", "OMIM:191170", "ENSEMBL:E1"}
    assert others["MESH:D2"] == {"UNII:1", "CAS:1"}  # one substance by its CAS number
    assert others["MESH:D1"] == {"MONDO:1"}  # a second MeSH id would mean something else
    assert others["MONDO:2"] == {"OMIM:PS9"}
    assert graph.report["dropped"] == {"edge of a list to what is in no source": 2}  # X:1 and the taxon
    surfaces = build_knowledge(graph).surfaces["surface"].tolist()
    assert "HERCEPTIN" in surfaces
    assert surfaces.count("TP53") == 1  # the list of substances has it too
    assert "Trp53" not in surfaces  # no gene of NCBI's


def test_a_number_under_two_ids_of_a_vocabulary_proves_nothing(tmp_path):
    """Salts and stereoisomers that share a CAS number would become one substance."""
    folder = listed(tmp_path / "more")
    with (folder / "cross_references.tsv").open("a") as file:
        file.write("MESH:D3\tCAS:1\tmesh\n")
    nodes = [*NODES, ("MESH:D3", "Selegiline salt", "Chemical", "MeSH")]
    graph = KnowledgeGraph.read([write(tmp_path / "kg", nodes), folder])
    assert "UNII:1" in set(graph.nodes["id"])


def test_a_bad_row_of_a_list_names_its_place(tmp_path):
    """A list's own format must not be less checked than the graph's."""
    folder = listed(tmp_path / "more")
    (folder / "genes.names.tsv").write_text("id\tname\ttype\tsource\nNCBIGene:7157\tTP53\tDrug\tNCBI\n")
    with pytest.raises(ValueError, match=r"genes.names.tsv, row 1, field type: 'Drug' is not a known type"):
        KnowledgeGraph.read([folder])
    (folder / "genes.names.tsv").write_text("id\tname\tsource\n")
    with pytest.raises(ValueError, match=r"genes.names.tsv, field type: the column is missing"):
        KnowledgeGraph.read([folder])

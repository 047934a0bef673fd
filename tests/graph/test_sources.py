"""OBO files, through the same checks as tables."""

import pytest

from modeling_kogner.graph.knowledge_graph import KnowledgeGraph

pytest.importorskip("pronto")

OBO = """format-version: 1.2
ontology: toy

[Term]
id: TOY:1
name: flurbitis
namespace: ills
synonym: "flurb inflammation" EXACT []
synonym: "flurbs" BROAD []
xref: TOO:9
xref: UMLS:C1

[Term]
id: TOY:2
name: acute flurbitis
namespace: ills
is_a: TOY:1
relationship: located_in TOY:3

[Term]
id: TOY:3
name: flurb
namespace: parts

[Term]
id: TOY:4
name: old flurb
namespace: parts
is_obsolete: true

[Typedef]
id: located_in
name: located in
"""


@pytest.fixture
def toy(tmp_path):
    path = tmp_path / "toy.obo"
    path.write_text(OBO)
    return path


def test_terms_names_edges_and_cross_references(toy, tmp_path):
    """Obsolete terms and broad synonyms would add wrong names, and lost relations an empty graph."""
    other = tmp_path / "too.obo"
    other.write_text("format-version: 1.2\nontology: too\n\n[Term]\nid: TOO:9\nname: flurb disease\n")
    graph = KnowledgeGraph.read([f"{toy}:ills=Disease,parts=Anatomy", f"{other}:Disease"])
    assert graph.nodes.set_index("id")["type"].to_dict() == {
        "TOO:9": "Disease",  # unified with TOY:1: of two unranked vocabularies the first by id
        "TOY:2": "Disease",
        "TOY:3": "Anatomy",
    }
    assert set(graph.names["name"]) == {"flurbitis", "flurb inflammation", "flurb disease", "acute flurbitis", "flurb"}
    assert sorted(map(tuple, graph.edges.to_numpy())) == [
        ("TOY:2", "is_a", "TOO:9"),
        ("TOY:2", "located_in", "TOY:3"),
    ]
    assert graph.report["dropped"] == {"OBO synonyms that are not exact": 1, "obsolete OBO terms": 1}


@pytest.mark.parametrize(
    ("types", "message"),
    [("", "does not say which semantic type"), (":Ills", "'Ills' is none of"), (":ills=Disease", "parts=TYPE")],
)
def test_type_of_an_obo_file_must_be_given(toy, types, message):
    """Guessing would give a whole vocabulary the wrong type."""
    with pytest.raises(ValueError, match=message):
        KnowledgeGraph.read([f"{toy}{types}"])


def test_broken_or_absent_obo(toy):
    """A parser's own traceback does not name the file."""
    toy.write_text("format-version: 1.2\n\n[Term\nid TOY:1\n")
    with pytest.raises(ValueError, match=r"toy.obo: not a valid OBO file"):
        KnowledgeGraph.read([f"{toy}:Disease"])
    toy.unlink()
    with pytest.raises(ValueError, match="no such file"):
        KnowledgeGraph.read([f"{toy}:Disease"])

"""What belongs to a branch of the graph, and how it is named."""

from dataclasses import replace

import pandas as pd
import pytest

from modeling_kogner.files.errors import InputError
from modeling_kogner.graph.branch import branch_of


@pytest.fixture(scope="module")
def graph(knowledge):
    """Leukemia has a child, which has one that the graph does not name; a relation leads to something else."""
    edges = [("MONDO:2", "is_a", "MONDO:1"), ("X:1", "is_a", "MONDO:2"), ("MESH:D001241", "treats", "MONDO:1")]
    circle = [("MONDO:1", "is_a", "X:1")]
    return replace(
        knowledge,
        edges=pd.DataFrame(edges + circle, columns=["head", "relation", "tail"]),
        equivalents=pd.DataFrame([("MESH:D015", "MONDO:2"), ("OMIM:7", "MONDO:1")], columns=["id", "preferred"]),
    )


@pytest.mark.parametrize("wanted", ["MONDO:1", "mondo:1", "OMIM:7", "Leukemia"])
def test_a_branch_has_all_ids_of_all_that_is_below(graph, wanted):
    """Ids of other vocabularies left out would not be counted; a circle of edges would never end."""
    branch = branch_of(graph, wanted)
    assert (branch.id, branch.name) == ("MONDO:1", "leukemia")
    assert branch.ids == {"MONDO:1", "MONDO:2", "X:1", "MESH:D015", "OMIM:7"}


def test_a_written_form_names_a_branch(graph):
    """`acetylsalicylic acid` is no preferred name."""
    assert branch_of(graph, "acetylsalicylic acid").ids == {"MESH:D001241"}


def test_an_unknown_name_is_said(graph):
    """An empty summary would look like a finding."""
    with pytest.raises(InputError, match=r"--under: the graph has no concept 'neoplasm'"):
        branch_of(graph, "neoplasm")

"""The node table against sums written out."""

import pytest
import torch
from torch.testing import assert_close

from modeling_kogner import KognerConfig
from modeling_kogner.node_table import NodeTable


@pytest.fixture
def table():
    torch.manual_seed(0)
    table = NodeTable(KognerConfig(num_concepts=7, num_codebooks=3, codebook_size=256, concept_dim=5))
    table.codes.copy_(torch.randint(0, 256, (7, 3), dtype=torch.uint8))
    table.codes[0] = 255  # a signed byte would read -1
    table.codebooks.copy_(torch.randn(3, 256, 5))
    return table


def test_vector_is_the_sum_of_its_codebook_entries(table):
    """An offset by one codebook would give every concept a stranger's vector, of the right size and shape."""
    for concept in range(7):
        expected = sum(table.codebooks[stage, table.codes[concept, stage].item()] for stage in range(3))
        assert_close(table(torch.tensor([concept]))[0], expected)


def test_shape_follows_the_indices_and_minus_one_is_zero(table):
    """An unlinked token would read the vector of concept 0."""
    concepts = torch.tensor([[[0, -1], [-1, 6]]])
    vectors = table(concepts)
    assert vectors.shape == (1, 2, 2, 5)
    assert (vectors[concepts < 0] == 0).all()
    assert_close(vectors[0, 1, 1], table(torch.tensor([6]))[0])


def test_table_is_stored_and_frozen(table):
    """Trained in tagging it would memorise the concepts of the corpus; unsaved it would load as noise."""
    assert not list(table.parameters())
    assert set(table.state_dict()) == {"codes", "codebooks"}

"""The student."""

import torch
from torch.testing import assert_close

from modeling_kogner.distillation.student import Neighbours, Student, neighbour_loss, part_cosines


def small_student() -> Student:
    torch.manual_seed(0)
    student = Student([4, 3], width=5, stages=2, size=8, hidden=6)
    student.quantiser.fit(torch.randn(100, 5), torch.Generator().manual_seed(0))
    return student


def random_neighbours() -> Neighbours:
    triples = torch.randint(30, (40, 3), generator=torch.Generator().manual_seed(0))
    return Neighbours.from_triples(triples)


def test_a_batch_sees_what_the_whole_graph_would_show_it():
    """A missing edge would train the student on other vectors than it is used with."""
    student, neighbours = small_student(), random_neighbours()
    z0 = torch.randn(30, 5)
    batch = torch.tensor([7, 0, 19])
    nodes, edges, places = neighbours.into(batch, 30)
    assert_close(student.propagate(z0[nodes], edges)[places], student.propagate(z0, neighbours.edge_index)[batch])


def test_edges_run_both_ways_once():
    """A pair joined by several relations would otherwise speak several times."""
    triples = torch.tensor([[0, 0, 1], [1, 5, 0], [0, 3, 1], [2, 0, 2], [1, 0, 2]])
    assert Neighbours.from_triples(triples).edge_index.T.tolist() == [[0, 1], [1, 0], [1, 2], [2, 1]]


def test_distil_gives_codes_whose_vectors_are_those_that_ship():
    """The shipped table knows only codes and codebooks: z0 must be their sum, in chunks or not."""
    student, neighbours = small_student(), random_neighbours()
    h = torch.randn(30, 7)
    codes, z0, z1 = student.distil(h, neighbours.edge_index, chunk=7)
    books = student.quantiser.codebooks.detach()
    assert codes.dtype == torch.uint8
    assert_close(z0, books[0][codes[:, 0].long()] + books[1][codes[:, 1].long()])
    assert_close(z1, student.propagate(z0, neighbours.edge_index))


def test_reproduced_parts_have_length_one():
    """Z, Z' and Z'' weigh the same in H; a longer part would drown the others in its cosine."""
    parts = small_student().reproduce(torch.randn(6, 5)).split([4, 3], dim=1)
    for part in parts:
        assert_close(part.norm(dim=1), torch.ones(6))


def test_part_cosines_by_hand():
    """Parts of one and two columns: cosines -1 and 0.6."""
    h, other = torch.tensor([[2.0, 3.0, 4.0]]), torch.tensor([[-1.0, 1.0, 0.0]])
    assert_close(part_cosines(h, other, [1, 2]), torch.tensor([[-1.0, 0.6]]))


def test_neighbour_loss_is_zero_for_equal_neighbours_and_grows_when_they_change():
    """Cosines do not see scale: a student that only shrinks H has kept every neighbour."""
    h = torch.randn(12, 4, generator=torch.Generator().manual_seed(0))
    assert_close(neighbour_loss(h, 3 * h), torch.tensor(0.0), atol=1e-5, rtol=0)
    assert neighbour_loss(h, h[torch.arange(11, -1, -1)]) > 0.5

"""Residual quantisation."""

import pytest
import torch
from torch.testing import assert_close

from modeling_kogner.distillation.residual_quantiser import ResidualQuantiser


def test_no_more_vectors_than_entries_are_coded_exactly():
    """A lost centre would blur small graphs, where every concept can have an entry of its own."""
    vectors = torch.randn(20, 5, generator=torch.Generator().manual_seed(0))
    quantiser = ResidualQuantiser(5, stages=2, size=32)
    quantiser.fit(vectors, torch.Generator().manual_seed(0))
    assert_close(quantiser.decode(quantiser.encode(vectors)), vectors)


def test_each_stage_lowers_the_error():
    """A stage that codes the vectors instead of the residual would raise it."""
    vectors = torch.randn(500, 6, generator=torch.Generator().manual_seed(0))
    quantiser = ResidualQuantiser(6, stages=4, size=16)
    quantiser.fit(vectors, torch.Generator().manual_seed(0))
    codes, books = quantiser.encode(vectors), quantiser.codebooks.detach()
    partial, errors = torch.zeros_like(vectors), []
    for stage in range(4):
        partial = partial + books[stage][codes[:, stage].long()]
        errors.append((vectors - partial).square().mean().item())
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.35 * errors[0]


def test_gradient_reaches_vectors_and_codebooks():
    """Without the straight-through term the compressor would stop learning once codes are used."""
    vectors = torch.randn(8, 3, requires_grad=True)
    quantiser = ResidualQuantiser(3, stages=2, size=4)
    quantiser.fit(vectors.detach(), torch.Generator().manual_seed(0))
    quantiser(vectors).sum().backward()
    assert_close(vectors.grad, torch.ones(8, 3))
    assert_close(quantiser.codebooks.grad.sum((1, 2)), torch.full((2,), 24.0))


def test_more_entries_than_a_byte_holds_are_refused():
    """uint8 would wrap round and decode to other concepts' vectors."""
    with pytest.raises(ValueError, match="one byte"):
        ResidualQuantiser(3, stages=1, size=257)

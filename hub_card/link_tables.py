"""What linking reads beside the index of written forms: further names, organisms of genes, orthologs, the choice."""

import torch
from torch import Tensor, nn

from .configuration_kogner import KognerConfig
from .link_feature_names import LINK_FEATURES, ORGANISM_CLASSES, WORD_ROWS


class LinkTables(nn.Module):
    """Further names for linking alone, and what is known of genes.

    Names that would mark too much text ("CAT", "REST"), that many concepts have, or by which an annotated training
    document calls a concept help to say which concept a mention is, not where mentions are.

    Shapes:
        - **name_hash**, **name_concept**, **name_count**: ``(R,)`` long, int32 and uint8, sorted by hash; how many
          training documents use the name so, 0 for a vocabulary's.
        - **organism**: ``(N,)`` uint8, 1 + place in the configuration's ``organisms``; 0 for what is no gene.
        - **ortholog**: ``(G, 2)`` int32, concept and group of genes of one ancestor, sorted by concept.
        - **broader**: ``(P, 2)`` int32, concept without an id of the vocabulary that its type is joined by, and the
          nearest concept above it that has one.
    """

    name_hash: Tensor
    name_concept: Tensor
    name_count: Tensor
    organism: Tensor
    ortholog: Tensor
    broader: Tensor

    def __init__(self, config: KognerConfig):
        super().__init__()
        rows = config.num_link_names
        self.register_buffer("name_hash", torch.zeros(rows, dtype=torch.long))
        self.register_buffer("name_concept", torch.zeros(rows, dtype=torch.int32))
        self.register_buffer("name_count", torch.zeros(rows, dtype=torch.uint8))
        self.register_buffer("organism", torch.zeros(config.num_concepts, dtype=torch.uint8))
        self.register_buffer("ortholog", torch.zeros(config.num_orthologs, 2, dtype=torch.int32))
        self.register_buffer("broader", torch.zeros(config.num_broader, 2, dtype=torch.int32))


class LinkChoice(nn.Module):
    r"""Probability of each candidate of a mention, and of none of them.

    .. math:: p = \mathrm{softmax}([s(f_1), \ldots, s(f_C),\; s_0(\max_i f_i)])

    Several small networks that differ in their start alone, because one alone ranks close candidates by chance.

    Shapes:
        - **features**: ``(M, C, F)`` float, ``C`` at least 1; **mask**: ``(M, C)`` bool, where a candidate is real.
        - **output**: ``(E, M, C + 1)`` float log-probabilities, the last that of no candidate.
        - **organism_words**: ``(8192, 4)`` float, what words of a document, hashed, say of whose genes it is about; not
          in older checkpoints.

    Args:
        width: of the hidden layer.
        members: networks.
        features: that it reads, the first of :data:`LINK_FEATURES`.
    """

    organism_words: Tensor

    def __init__(self, width: int = 48, members: int = 4, features: int = len(LINK_FEATURES)):
        super().__init__()

        def scorer() -> nn.Sequential:
            return nn.Sequential(nn.Linear(features, width), nn.GELU(), nn.Linear(width, 1))

        self.score = nn.ModuleList(scorer() for _ in range(members))
        self.none = nn.ModuleList(scorer() for _ in range(members))
        if "organism_words" in LINK_FEATURES[:features]:
            self.register_buffer("organism_words", torch.zeros(WORD_ROWS, ORGANISM_CLASSES))

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """Log-probabilities of each member: ``(E, M, C + 1)``; a candidate that is not there has none."""
        low = torch.finfo(features.dtype).min
        best = features.masked_fill(~mask[..., None], 0).amax(1)  # (M, F)
        found = []
        for score, none in zip(self.score, self.none, strict=True):
            each = score(features)[..., 0].masked_fill(~mask, low)  # (M, C)
            found.append(torch.cat([each, none(best)], -1).log_softmax(-1))
        return torch.stack(found)

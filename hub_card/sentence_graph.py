"""The sentence graph: tokens and the mentions they belong to, linked concepts, and a gate in front of it all."""

import torch
from torch import Tensor, nn

from .configuration_kogner import KognerConfig
from .student_gnn import DenseTransformerConv
from .surface_index import Links


class ConceptAttention(nn.Module):
    r"""Read one vector for each mention from the concepts its surface form may name, as the context suggests.

    A learned *nil* logit competes for the same probability mass, so a mention that names no concept reads nothing:

    .. math:: \alpha = \mathrm{softmax}([h W_q E_c^\top / \sqrt{d_k};\ b_{nil}]), \quad z = \alpha_{1:C} E_c

    Source: the sentinel of Yang & Mitchell, ACL 2017 (arXiv:1902.09091); ours is one learned logit.

    Shapes:
        - **hidden**: ``(B, T, d_h)`` float, encoder output at the mention's first token.
        - **vectors**: ``(B, T, C, d_k)`` float, candidates' vectors.
        - **known**: ``(B, T, C)`` bool, ``True`` where a candidate is real.
        - **output**: ``(B, T, d_k)`` float, zeros where no candidate exists.
    """

    def __init__(self, config: KognerConfig):
        super().__init__()
        self.query = nn.Linear(config.hidden_size, config.concept_dim)
        self.nil = nn.Parameter(torch.zeros(1))

    def weigh(self, hidden: Tensor, vectors: Tensor, known: Tensor) -> Tensor:
        """Attention over the candidates, ``(B, T, C)``; what is missing to 1 is the share of nil."""
        score = torch.einsum("btk,btck->btc", self.query(hidden), vectors) / vectors.shape[-1] ** 0.5
        score = score.masked_fill(~known, torch.finfo(score.dtype).min)
        weight = torch.cat([score, self.nil.to(score.dtype).expand(*score.shape[:2], 1)], -1).softmax(-1)[..., :-1]
        return weight * known

    def forward(self, hidden: Tensor, vectors: Tensor, known: Tensor) -> Tensor:
        """Mix the candidates."""
        return torch.einsum("btc,btck->btk", self.weigh(hidden, vectors, known), vectors)


class SentenceGraph(nn.Module):
    r"""Let tokens read the mentions that cover them, after the mentions have read each other.

    Mentions related in the knowledge graph have similar distilled vectors; those pairs exchange messages through the
    student's layer. Each token then adds a gated message, which is zero where no surface form covers it:

    .. math:: h_t' = h_t + \sigma(W_g [h_t; m_t]) \odot m_t, \qquad m_t = W_2\, \mathrm{GELU}(W_1 [e_t; z_{s(t)}])

    Source: paper, stage 2 (entity-aware augmentation). The paper adds concept vectors without a gate; with one, text
    that the graph does not know passes unchanged, and the model can learn when the graph is wrong.

    Shapes:
        - **hidden**: ``(B, T, d_h)`` float.
        - **links**: see :class:`surface_index.Links`.
        - **vectors**: ``(B, T, C, d_k)`` float or None (evidence of types alone).
        - **output**: enriched tokens ``(B, T, d_h)``, gate ``(B, T, d_h)``, mention vectors ``(B, T, d_k)``.
    """

    def __init__(self, config: KognerConfig):
        super().__init__()
        self.related_cosine = config.related_cosine
        self.concept_dropout = config.concept_dropout
        self.concept_dim = config.concept_dim
        self.attention = ConceptAttention(config)
        self.student = DenseTransformerConv(config.concept_dim, config.student_heads)
        self.read = nn.Linear(2 * config.num_types + config.concept_dim, config.hidden_size, bias=False)
        self.message = nn.Linear(config.hidden_size, config.hidden_size, bias=False)
        self.gate = nn.Linear(2 * config.hidden_size, config.hidden_size)

    def forward(
        self, hidden: Tensor, links: Links, vectors: Tensor | None = None, pass_messages: bool = True
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Enrich the tokens of a batch."""
        evidence = links.evidence.to(hidden.dtype)  # (B, T, 2K)
        concept = hidden.new_zeros(*hidden.shape[:2], self.concept_dim)  # (B, T, d_k)
        if vectors is not None:
            concept = self._concepts(hidden, links, vectors.to(hidden.dtype), pass_messages)
        own = concept.gather(1, links.start[..., None].expand_as(concept)) * links.covered[..., None]
        message = self.message(nn.functional.gelu(self.read(torch.cat([evidence, own], -1))))  # (B, T, d_h)
        gate = torch.sigmoid(self.gate(torch.cat([hidden, message], -1)))  # (B, T, d_h)
        return hidden + gate * message, gate, concept

    def _concepts(self, hidden: Tensor, links: Links, vectors: Tensor, pass_messages: bool) -> Tensor:
        """One vector for each mention, at its first token: ``(B, T, d_k)``."""
        concept = self.attention(hidden, vectors, links.candidates >= 0)
        if self.training:
            kept = torch.rand(concept.shape[:2], device=concept.device) >= self.concept_dropout
            concept = concept * kept[..., None]
        if pass_messages:
            concept = concept + self.student(concept, self._related(concept.detach()))
        return concept

    def _related(self, concept: Tensor) -> Tensor:
        """Pairs of different mentions of a sentence with similar vectors: ``(B, T, T)`` bool."""
        unit = nn.functional.normalize(concept, dim=-1)
        alike = unit @ unit.transpose(-1, -2) >= self.related_cosine
        return alike & ~torch.eye(concept.shape[1], dtype=torch.bool, device=concept.device)

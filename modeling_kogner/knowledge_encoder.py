"""Encoder, linker, node table and sentence graph: from token ids to token representations that know the graph.

Letters in shape comments are those of `modeling_kogner.py`.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedModel
from transformers.modeling_outputs import ModelOutput
from transformers.utils import logging

from .concept_catalogue import ConceptCatalogue
from .configuration_kogner import KognerConfig
from .fusion_layer import FusionLayer
from .link_tables import LinkChoice, LinkTables
from .name_vectors import NameAdapter, NameTable
from .node_table import NodeTable
from .sentence_graph import ConceptAttention, SentenceGraph
from .surface_index import Links, SurfaceIndex
from .table_checksums import TABLES, checksum, damaged_tables


@dataclass
class KognerModelOutput(ModelOutput):
    """Token representations and what the knowledge path did.

    Shapes:
        - **last_hidden_state**: ``(B, T, d_h)`` float, after fusion.
        - **encoder_hidden_state**: ``(B, T, d_h)`` float, before it.
        - **hidden_states**, **attentions**: the encoder's, if asked for.
        - **gate**: ``(B, T, d_h)`` float in [0, 1], None without knowledge.
        - **mention_vectors**: ``(B, T, d_k)`` float at the first token of each mention, None without knowledge.
        - **links**: the linked surface forms, None without knowledge.
    """

    last_hidden_state: torch.FloatTensor | None = None
    encoder_hidden_state: torch.FloatTensor | None = None
    hidden_states: tuple | None = None
    attentions: tuple | None = None
    gate: torch.FloatTensor | None = None
    mention_vectors: torch.FloatTensor | None = None
    links: Links | None = None


class EvidenceOdds(nn.Linear):
    """Log-odds that type evidence adds directly to a tagging decision, past the encoder; 0 at first."""


@contextmanager
def _no_bar_in_a_pipe() -> Iterator[None]:
    """No bar of weights read or downloaded where standard error is a file or a pipe."""
    unwanted = logging.is_progress_bar_enabled() and not sys.stderr.isatty()
    if unwanted:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        if unwanted:
            logging.enable_progress_bar()


class KognerPreTrainedModel(PreTrainedModel):
    """Loading, saving and initialisation shared by the two models."""

    config_class = KognerConfig
    base_model_prefix = "kogner"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if isinstance(module, ConceptAttention):
            nn.init.zeros_(module.nil)
        if isinstance(module, EvidenceOdds):
            nn.init.zeros_(module.weight)

    @property
    def tables(self) -> dict[str, Tensor]:
        """The knowledge tables by their name in the body."""
        return {name: table for name, table in self.base_model.named_buffers() if name.startswith(TABLES)}

    def save_pretrained(self, *args: Any, **kwargs: Any) -> None:
        """Save as every ``PreTrainedModel``, with checksums of the tables in the configuration."""
        self.config.table_checksums = {name: checksum(table) for name, table in self.tables.items()}
        super().save_pretrained(*args, **kwargs)

    @classmethod
    def from_pretrained(cls, *args: Any, **kwargs: Any) -> Any:
        """Load as every ``PreTrainedModel``, without a bar where standard error is a file or a pipe.

        Raises:
            ValueError: a knowledge table is damaged.
        """
        with _no_bar_in_a_pipe():
            loaded = super().from_pretrained(*args, **kwargs)
        model = loaded[0] if isinstance(loaded, tuple) else loaded
        if damaged := damaged_tables(model.tables, model.config.table_checksums or {}):
            raise ValueError(
                f"{model.name_or_path}: knowledge tables are damaged ({', '.join(damaged)}: not the checksum that "
                "config.json, field table_checksums, says); download or copy the model again"
            )
        return loaded


class KognerModel(KognerPreTrainedModel):
    """Text encoder, linker, node table and sentence graph.

    Source: paper, stage 2. With ``evidence="none"``, and in every sentence without a match, the output is that of
    encoder and fusion layers alone.
    """

    catalogue: Tensor

    def __init__(self, config: KognerConfig):
        super().__init__(config)
        config.check_evidence()
        self.encoder = AutoModel.from_config(config.encoder_config)
        if getattr(self.encoder, "pooler", None) is not None:
            self.encoder.pooler = None  # a sentence vector that is not used
        embedding_width = self.encoder.get_input_embeddings().embedding_dim
        self.input_evidence = nn.Linear(2 * config.num_types, embedding_width, bias=False)
        self.index = SurfaceIndex(config)
        self.nodes = NodeTable(config)
        self.graph = SentenceGraph(config)
        # Row 0 is no convention at all.
        self.conventions: nn.Embedding | None = None
        self.input_conventions: nn.Embedding | None = None
        if config.conventions:
            self.conventions = nn.Embedding(len(config.conventions) + 1, config.hidden_size, padding_idx=0)
            if config.input_conventions:
                self.input_conventions = nn.Embedding(len(config.conventions) + 1, embedding_width, padding_idx=0)
        heads = max(1, config.hidden_size // 64)
        while config.hidden_size % heads:
            heads -= 1
        self.fusion = nn.ModuleList(FusionLayer(config.hidden_size, heads) for _ in range(config.fusion_layers))
        # Name vectors and what else serves linking alone; older checkpoints have none.
        has_names, has_links = bool(config.num_name_vectors), bool(config.organisms)
        self.name_adapter = NameAdapter(self.encoder, config.adapter_rank, config.name_dim) if has_names else None
        self.names = NameTable(config) if has_names else None
        self.linking = LinkTables(config) if has_links else None
        self.link_choice = LinkChoice(features=config.link_features) if has_links else None
        self.register_buffer("catalogue", torch.zeros(config.catalog_bytes, dtype=torch.uint8))
        self._concepts: ConceptCatalogue | None = None
        self.post_init()

    def get_input_embeddings(self) -> nn.Embedding:
        """Word embeddings of the encoder."""
        return self.encoder.get_input_embeddings()

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the word embeddings of the encoder."""
        self.encoder.set_input_embeddings(value)

    @property
    def concepts(self) -> ConceptCatalogue:
        """Ids and names by concept index, unpacked on first use."""
        if self._concepts is None:
            self._concepts = ConceptCatalogue.from_bytes(self.catalogue.cpu().numpy().tobytes())
        return self._concepts

    def forward(
        self,
        input_ids: torch.LongTensor,
        attention_mask: Tensor | None = None,
        token_type_ids: torch.LongTensor | None = None,
        convention: torch.LongTensor | None = None,
        output_hidden_states: bool | None = None,
        output_attentions: bool | None = None,
        ngram_concepts: torch.LongTensor | None = None,
    ) -> KognerModelOutput:
        """Encode, link, let tokens read their mentions, and mix.

        Args:
            input_ids: ``(B, T)`` long.
            attention_mask: ``(B, T)``, 0 at padding.
            token_type_ids: ``(B, T)`` long, for encoders that have them.
            convention: ``(B,)`` long, the convention to follow: 1 + place in the configuration's ``conventions``, 0
                for none.
            output_hidden_states: also return the encoder's hidden states.
            output_attentions: also return the encoder's attentions.
            ngram_concepts: ``(B, T, n, C)`` long, of the index's ``lookup`` for the batch, if the caller has it.
        """
        optional = {
            "token_type_ids": token_type_ids,
            "position_ids": self._positions(attention_mask),
            "output_hidden_states": output_hidden_states,
            "output_attentions": output_attentions,
        }
        links = self.link(input_ids, attention_mask, ngram_concepts) if self.config.has_knowledge else None
        text = self._input(input_ids, links, convention)
        given = {name: value for name, value in optional.items() if value is not None}
        encoded = self.encoder(**text, attention_mask=attention_mask, **given)
        hidden = encoded.last_hidden_state  # (B, T, d_h)
        gate = vectors = None
        if links is not None:
            table = self.nodes(links.candidates) if self.config.evidence in ("concepts", "graph") else None
            hidden, gate, vectors = self.graph(hidden, links, table, self.config.evidence == "graph")
        if convention is not None and self.conventions is not None:
            hidden = hidden + self.conventions(convention)[:, None]
        for layer in self.fusion:
            hidden = layer(hidden, attention_mask)
        return KognerModelOutput(
            last_hidden_state=hidden,
            encoder_hidden_state=encoded.last_hidden_state,
            hidden_states=encoded.get("hidden_states"),
            attentions=encoded.get("attentions"),
            gate=gate,
            mention_vectors=vectors,
            links=links,
        )

    @torch.no_grad()
    def link(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, ngram_concepts: Tensor | None = None
    ) -> Links:
        """Link a batch to the knowledge graph; in training some sentences are read without evidence."""
        keep = None
        if self.training and self.config.sentence_dropout:
            keep = torch.rand(len(input_ids), device=input_ids.device) >= self.config.sentence_dropout  # (B,)
        return self.index(input_ids, attention_mask, keep, ngram_concepts)

    def _positions(self, attention_mask: Tensor | None) -> Tensor | None:
        """Absolute positions ``(B, T)`` that count text alone, so that padding in front of it shifts none.

        None where the encoder has relative positions; each family would number padding in its own way.
        """
        table = getattr(getattr(self.encoder, "embeddings", None), "position_embeddings", None)
        if attention_mask is None or not isinstance(table, nn.Embedding):
            return None
        first = 0 if table.padding_idx is None else table.padding_idx + 1
        return first + ((attention_mask != 0).cumsum(-1) - 1).clamp(min=0)

    def _input(self, input_ids: Tensor, links: Links | None, convention: Tensor | None) -> dict[str, Tensor]:
        """What the encoder reads: ids, or embeddings ``(B, T, d)`` to which evidence and convention are added."""
        read = input_ids if links is None else self._masked(input_ids, links)
        added: Tensor | None = None
        if links is not None and self.config.input_evidence:
            added = self.input_evidence(links.evidence.to(self.input_evidence.weight.dtype))  # (B, T, d)
        if convention is not None and self.input_conventions is not None:
            own = self.input_conventions(convention)[:, None]  # (B, 1, d)
            added = own if added is None else added + own
        return {"input_ids": read} if added is None else {"inputs_embeds": self.get_input_embeddings()(read) + added}

    def _masked(self, input_ids: Tensor, links: Links) -> Tensor:
        """In training, hide the letters of some linked mentions: evidence and context must suffice for unseen names."""
        if not (self.training and self.config.mention_masking):
            return input_ids
        draw = torch.rand(input_ids.shape, device=input_ids.device).gather(1, links.start)
        return input_ids.masked_fill(links.covered & (draw < self.config.mention_masking), self.config.mask_token_id)


KognerModel.register_for_auto_class("AutoModel")

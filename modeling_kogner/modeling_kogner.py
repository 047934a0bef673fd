"""KoGNER: a token classifier that reads a distilled knowledge graph.

Letters in shape comments, here and in the sibling files: ``B`` batch, ``T`` tokens, ``C`` candidate concepts of a
mention, ``N`` concepts, ``K`` semantic types of the graph, ``L`` labels, ``d_h`` encoder width, ``d_k`` concept width.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import AutoModel, PreTrainedModel
from transformers.modeling_outputs import ModelOutput, TokenClassifierOutput

from .concept_catalogue import ConceptCatalogue
from .configuration_kogner import KognerConfig, bio_labels
from .fusion_layer import FusionLayer
from .losses import bio_loss, distillation_loss
from .node_table import NodeTable
from .sentence_graph import ConceptAttention, SentenceGraph
from .surface_index import Links, SurfaceIndex


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


class KognerPreTrainedModel(PreTrainedModel):
    """Loading, saving and initialisation shared by the two models."""

    config_class = KognerConfig
    base_model_prefix = "kogner"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True

    @torch.no_grad()
    def _init_weights(self, module):
        super()._init_weights(module)
        if isinstance(module, ConceptAttention):
            nn.init.zeros_(module.nil)


class KognerModel(KognerPreTrainedModel):
    """Text encoder, linker, node table and sentence graph.

    Source: paper, stage 2. With ``evidence="none"``, and in every sentence without a match, the output is that of
    encoder and fusion layers alone.
    """

    def __init__(self, config: KognerConfig):
        super().__init__(config)
        config.check_evidence()
        self.encoder = AutoModel.from_config(config.encoder_config)
        if getattr(self.encoder, "pooler", None) is not None:
            self.encoder.pooler = None  # a sentence vector nobody reads
        embedding_width = self.encoder.get_input_embeddings().embedding_dim
        self.input_evidence = nn.Linear(2 * len(config.semantic_types), embedding_width, bias=False)
        self.index = SurfaceIndex(config)
        self.nodes = NodeTable(config)
        self.graph = SentenceGraph(config)
        heads = max(1, config.hidden_size // 64)
        while config.hidden_size % heads:
            heads -= 1
        self.fusion = nn.ModuleList(FusionLayer(config.hidden_size, heads) for _ in range(config.fusion_layers))
        self.register_buffer("catalogue", torch.zeros(config.catalog_bytes, dtype=torch.uint8))
        self._concepts: ConceptCatalogue | None = None
        self.post_init()

    def get_input_embeddings(self):
        """Word embeddings of the encoder."""
        return self.encoder.get_input_embeddings()

    def set_input_embeddings(self, value):
        """Replace the word embeddings of the encoder."""
        self.encoder.set_input_embeddings(value)

    @property
    def concepts(self) -> ConceptCatalogue:
        """Ids and names by concept index, unpacked on first use."""
        if self._concepts is None:
            self._concepts = ConceptCatalogue.from_bytes(self.catalogue)
        return self._concepts

    def forward(
        self,
        input_ids: torch.LongTensor,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.LongTensor | None = None,
        output_hidden_states: bool | None = None,
        output_attentions: bool | None = None,
    ) -> KognerModelOutput:
        """Encode, link, let tokens read their mentions, and mix. ``input_ids``: ``(B, T)`` long."""
        optional = {
            "token_type_ids": token_type_ids,
            "output_hidden_states": output_hidden_states,
            "output_attentions": output_attentions,
        }
        links = self.link(input_ids, attention_mask) if self.config.has_knowledge else None
        read = input_ids if links is None else self._masked(input_ids, links)
        text = {"input_ids": read}
        if links is not None and self.config.input_evidence:
            embeddings = self.get_input_embeddings()(read)  # (B, T, d_h)
            text = {"inputs_embeds": embeddings + self.input_evidence(links.evidence.to(embeddings.dtype))}
        given = {name: value for name, value in optional.items() if value is not None}
        encoded = self.encoder(**text, attention_mask=attention_mask, **given)
        hidden = encoded.last_hidden_state  # (B, T, d_h)
        gate = vectors = None
        if links is not None:
            table = self.nodes(links.candidates) if self.config.evidence in ("concepts", "graph") else None
            hidden, gate, vectors = self.graph(hidden, links, table, self.config.evidence == "graph")
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
    def link(self, input_ids, attention_mask=None) -> Links:
        """Link a batch to the knowledge graph; in training some of the evidence is hidden at random."""
        return self.index(input_ids, attention_mask, self._kept(input_ids) if self.training else None)

    def _masked(self, input_ids, links: Links):
        """In training, hide the letters of some linked mentions: evidence and context must do for names never seen."""
        if not (self.training and self.config.mention_masking):
            return input_ids
        draw = torch.rand(input_ids.shape, device=input_ids.device).gather(1, links.start)
        return input_ids.masked_fill(links.covered & (draw < self.config.mention_masking), self.config.mask_token_id)

    def _kept(self, input_ids):
        """Evidence dropout of whole sentences, types of a sentence and matches: ``(B, T, K)`` bool."""
        config, kinds = self.config, len(self.config.semantic_types)

        def keep(probability, *shape):
            return torch.rand(*shape, device=input_ids.device) >= probability

        batch, tokens = input_ids.shape
        sentence = keep(config.sentence_dropout, batch, 1, 1)
        mention = keep(config.mention_dropout, batch, tokens, 1)
        return sentence & mention & keep(config.type_dropout, batch, 1, kinds)


class KognerForTokenClassification(KognerPreTrainedModel):
    """KoGNER with one begin/inside/outside decision for each entity type.

    The logits are log-odds against outside, whose own logit is 0, so that softmax and argmax over
    ``[O, B-x, I-x, ...]`` are what a stock ``pipeline("ner")`` needs.
    """

    def __init__(self, config: KognerConfig):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.kogner = KognerModel(config)
        self.dropout = nn.Dropout(config.classifier_dropout)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels - 1)
        self.span_projection = nn.Linear(config.hidden_size, config.concept_dim)
        self.post_init()

    @classmethod
    def from_encoder(
        cls,
        encoder: str | PreTrainedModel,
        entity_types: list[str],
        tables: dict[str, torch.Tensor] | None = None,
        revision: str | None = None,
        **fields: Any,
    ) -> "KognerForTokenClassification":
        """Start a new model from a pretrained encoder: its weights, fresh layers for the rest.

        Args:
            encoder: folder or Hub id that ``AutoModel.from_pretrained`` reads, or an encoder already loaded.
            entity_types: types the tagger is to learn.
            tables: state of the knowledge buffers by their name in the model, made with ``fields``.
            revision: revision of the encoder on the Hub.
            fields: further fields of :class:`KognerConfig`.

        Raises:
            OSError: the encoder is not there.
            ValueError: ``tables`` are of another version of the model.
        """
        pretrained = encoder
        if not isinstance(encoder, PreTrainedModel):
            pretrained = AutoModel.from_pretrained(encoder, revision=revision, dtype=torch.float32)
        labels = bio_labels(entity_types)
        config = KognerConfig(
            encoder_config=pretrained.config.to_dict(),
            id2label=dict(enumerate(labels)),
            label2id={label: i for i, label in enumerate(labels)},
            **fields,
        )
        model = cls(config)
        model.kogner.encoder.load_state_dict(pretrained.state_dict(), strict=False)
        if tables and (unknown := model.load_state_dict(tables, strict=False).unexpected_keys):
            raise ValueError(f"no such tables in this model: {', '.join(unknown)}; distil the knowledge folder again")
        return model

    def forward(
        self,
        input_ids: torch.LongTensor,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.LongTensor | None = None,
        labels: torch.LongTensor | None = None,
        type_mask: torch.Tensor | None = None,
        output_hidden_states: bool | None = None,
        output_attentions: bool | None = None,
        return_dict: bool | None = None,
    ) -> TokenClassifierOutput | tuple:
        """Tag a batch.

        Args:
            input_ids: ``(B, T)`` long.
            attention_mask: ``(B, T)``, 0 at padding.
            token_type_ids: ``(B, T)`` long, for encoders that have them.
            labels: ``(B, T)`` long, see :func:`losses.bio_loss`; with them the output has a loss.
            type_mask: ``(B, L // 2)`` bool, entity types that supervise a sentence; None for all.
            output_hidden_states: also return the encoder's hidden states.
            output_attentions: also return the encoder's attentions.
            return_dict: False for a tuple.
        """
        output = self.kogner(input_ids, attention_mask, token_type_ids, output_hidden_states, output_attentions)
        odds = self.classifier(self.dropout(output.last_hidden_state))  # (B, T, L - 1)
        logits = nn.functional.pad(odds, (1, 0))  # (B, T, L), outside is 0
        loss = None
        if labels is not None:
            loss = bio_loss(logits, labels, type_mask) + self._distillation(output)
        result = TokenClassifierOutput(
            loss=loss, logits=logits, hidden_states=output.hidden_states, attentions=output.attentions
        )
        return result if return_dict is not False else result.to_tuple()

    def _distillation(self, output: KognerModelOutput):
        """Weighted L_dist over the mentions that have a vector; 0 where the knowledge path carries none."""
        if self.config.evidence not in ("concepts", "graph") or output.links is None:
            return 0.0
        spans = self.project_spans(output.encoder_hidden_state, output.links)
        known = output.links.is_mention & (output.mention_vectors.abs().sum(-1) > 0)
        return self.config.distillation_weight * distillation_loss(spans, output.mention_vectors, known)

    def project_spans(self, hidden, links: Links):
        """Mean of each mention's tokens in the space of concept vectors, at its first token: ``(B, T, d_k)``."""
        member = links.start.masked_fill(~links.covered, -1)  # (B, T)
        slots = torch.arange(member.shape[1], device=member.device)
        share = (member[:, None] == slots[:, None]).to(hidden.dtype)  # (B, T mentions, T)
        spans = share @ hidden / share.sum(-1, keepdim=True).clamp(min=1)  # (B, T, d_h)
        return self.span_projection(spans)


KognerConfig.register_for_auto_class()
KognerModel.register_for_auto_class("AutoModel")
KognerForTokenClassification.register_for_auto_class("AutoModelForTokenClassification")

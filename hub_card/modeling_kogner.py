"""KoGNER: a token classifier that reads a distilled knowledge graph.

Letters in shape comments, here and in the sibling files: ``B`` batch, ``T`` tokens, ``C`` candidate concepts of a
mention, ``N`` concepts, ``K`` semantic types of the graph, ``L`` labels, ``d_h`` encoder width, ``d_k`` concept width.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedModel
from transformers.modeling_outputs import TokenClassifierOutput

from .configuration_kogner import KognerConfig, bio_labels
from .knowledge_encoder import EvidenceOdds, KognerModel, KognerModelOutput, KognerPreTrainedModel
from .losses import bio_loss, distillation_loss
from .surface_index import Links
from .transitions import path_odds


class KognerForTokenClassification(KognerPreTrainedModel):
    """KoGNER with one begin/inside/outside decision for each entity type.

    The logits are log-odds against outside, whose own logit is 0, so that softmax and argmax over
    ``[O, B-x, I-x, ...]`` are what a stock ``pipeline("ner")`` needs. Outside of training they are those of whole
    paths, if the configuration asks for it: an inside then follows a begin or an inside of its type, and a word is
    tagged as a whole.
    """

    # Checkpoints of 0.1 have none; it is 0 there.
    _keys_to_ignore_on_load_missing = [r"^evidence_odds\."]

    def __init__(self, config: KognerConfig):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.kogner = KognerModel(config)
        self.dropout = nn.Dropout(config.classifier_dropout)
        num_odds = len(config.id2label or {}) - 1
        self.classifier = nn.Linear(config.hidden_size, num_odds)
        self.evidence_odds = EvidenceOdds(2 * config.num_types, num_odds, bias=False)
        self.span_projection = nn.Linear(config.hidden_size, config.concept_dim)
        self.post_init()

    @classmethod
    def from_encoder(
        cls,
        encoder: str | PreTrainedModel,
        entity_types: list[str],
        tables: dict[str, Tensor] | None = None,
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
        if isinstance(encoder, PreTrainedModel):
            pretrained = encoder
        else:
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
        attention_mask: Tensor | None = None,
        token_type_ids: torch.LongTensor | None = None,
        labels: torch.LongTensor | None = None,
        type_mask: Tensor | None = None,
        convention: torch.LongTensor | None = None,
        output_hidden_states: bool | None = None,
        output_attentions: bool | None = None,
        return_dict: bool | None = None,
        ngram_concepts: torch.LongTensor | None = None,
    ) -> TokenClassifierOutput | tuple:
        """Tag a batch.

        Args:
            input_ids: ``(B, T)`` long.
            attention_mask: ``(B, T)``, 0 at padding.
            token_type_ids: ``(B, T)`` long, for encoders that have them.
            labels: ``(B, T)`` long, see :func:`losses.bio_loss`; with them the output has a loss.
            type_mask: ``(B, L // 2)`` or ``(B, T, L // 2)`` bool, entity types that supervise a sentence or a token;
                None for all.
            convention: ``(B,)`` long, the annotation convention to follow, see :class:`KognerModel`.
            output_hidden_states: also return the encoder's hidden states.
            output_attentions: also return the encoder's attentions.
            return_dict: False for a tuple.
            ngram_concepts: ``(B, T, n, C)`` long, of the index's ``lookup`` for the batch, if the caller has it.
        """
        output = self.kogner(
            *(input_ids, attention_mask, token_type_ids, convention),
            *(output_hidden_states, output_attentions, ngram_concepts),
        )
        odds = self.classify(output)  # (B, T, L - 1)
        loss = None
        if labels is not None:
            loss = bio_loss(nn.functional.pad(odds, (1, 0)), labels, type_mask) + self._distillation(output)
        if not self.training:
            odds = self.decide(odds, input_ids, attention_mask, convention)
        logits = nn.functional.pad(odds, (1, 0))  # (B, T, L), outside is 0
        result = TokenClassifierOutput(
            loss=loss, logits=logits, hidden_states=output.hidden_states, attentions=output.attentions
        )
        return result if return_dict is not False else result.to_tuple()

    def classify(self, output: KognerModelOutput) -> Tensor:
        """Log-odds of begin and inside of each entity type: ``(B, T, L - 1)``."""
        # The head may be kept in a higher precision than the rest.
        odds = self.classifier(self.dropout(output.last_hidden_state).to(self.classifier.weight.dtype))
        if output.links is None:
            return odds
        return odds + self.evidence_odds(output.links.evidence.to(odds.dtype))

    def decide(
        self, odds: Tensor, input_ids: Tensor, attention_mask: Tensor | None = None, convention: Tensor | None = None
    ) -> Tensor:
        """Log-odds outside of training: shifted as the configuration says, then those of whole paths.

        ``odds``: ``(B, T, L - 1)`` of :meth:`classify`, for the inputs of :meth:`forward`.
        """
        if rows := self.config.shift_rows():
            shifts = odds.new_tensor(rows)  # (1 + conventions, L - 1)
            odds = odds + (shifts[0] if convention is None else shifts[convention][:, None])
        if not self.config.constrained_decoding:
            return odds
        continues = self.kogner.index.continues(input_ids) if self.config.whole_words else None
        return path_odds(odds, attention_mask, continues)

    def _distillation(self, output: KognerModelOutput) -> Tensor | float:
        """Weighted L_dist over the mentions that have a vector; 0 where the knowledge path carries none."""
        hidden, links, vectors = output.encoder_hidden_state, output.links, output.mention_vectors
        if self.config.evidence not in ("concepts", "graph") or hidden is None or links is None or vectors is None:
            return 0.0
        known = links.is_mention & (vectors.abs().sum(-1) > 0)
        loss = distillation_loss(self.project_spans(hidden, links), vectors, known)
        return self.config.distillation_weight * loss

    def project_spans(self, hidden: Tensor, links: Links) -> Tensor:
        """Mean of each mention's tokens in the space of concept vectors, at its first token: ``(B, T, d_k)``."""
        member = links.start.masked_fill(~links.covered, -1)  # (B, T)
        slots = torch.arange(member.shape[1], device=member.device)
        share = (member[:, None] == slots[:, None]).to(hidden.dtype)  # (B, T mentions, T)
        spans = share @ hidden / share.sum(-1, keepdim=True).clamp(min=1)  # (B, T, d_h)
        return self.span_projection(spans)


KognerConfig.register_for_auto_class()
KognerForTokenClassification.register_for_auto_class("AutoModelForTokenClassification")

"""Configuration of a KoGNER model: one field per line, everything else derived."""

from typing import Any, ClassVar, Literal

from transformers import AutoConfig, PreTrainedConfig

from .surface_keys import MAX_MENTION_TOKENS

EVIDENCE_LEVELS = ("none", "types", "concepts", "graph")
NO_CONVENTION = "none"
# Fields of older checkpoints that acted in training alone; they are dropped when a configuration is read.
REMOVED_FIELDS = ("mention_dropout", "type_dropout")


class KognerConfig(PreTrainedConfig):
    """Shapes of the tables, the encoder's own configuration and the switches of the knowledge path.

    Table sizes are fields because the model is built on the meta device: every buffer gets its shape from here.

    Args:
        encoder_config: configuration of the text encoder, any ``AutoModel`` family; a dict needs ``model_type``.
        evidence: what the tagger may read. ``none``: the plain encoder path. ``types``: coarse semantic types of
            matched surface forms. ``concepts``: also the distilled vector of each linked concept. ``graph``: also
            the student's message passing among the mentions of a sentence.
        semantic_types: names of the ``K`` coarse semantic types of the knowledge graph.
        num_token_keys: rows of the table that spells every token id, the tokenizer's length; 0 in older checkpoints
            without knowledge.
        num_surfaces: rows of the surface index, one for each pair of surface form and concept.
        num_concepts: concepts ``N`` in the node table.
        concept_dim: width ``d_k`` of a distilled concept vector.
        num_codebooks: residual codebooks, that is bytes per concept, of the node table.
        codebook_size: entries of one codebook.
        catalog_bytes: length of the compressed catalogue of concept ids and names.
        max_mention_tokens: longest surface form, in tokens.
        max_candidates: concepts considered for one surface form.
        student_heads: attention heads of the student's graph layer.
        related_cosine: two mentions of a sentence are neighbours if their concept vectors are at least this similar.
        input_evidence: whether type evidence is also added to the encoder's input embeddings.
        conventions: names of the corpora whose annotation conventions the model distinguishes; None for one convention.
        convention_dropout: probability that a training sentence does not say whose convention it follows; the model
            itself never hides one, training does.
        input_conventions: whether the convention's vector is also added to the encoder's input embeddings.
        guideline: for each entity type the corpora whose guideline the model follows without a convention; None where
            each corpus taught all of its types.
        context_tokens: tokens of the longest run of neighbouring sentences in a training window, so that corpora of
            single sentences are read alike; 0 if sentences were read one by one.
        fusion_layers: transformer layers after the fusion, present with and without knowledge.
        sentence_dropout: probability that a training sentence is read without any evidence.
        concept_dropout: probability that a mention's concept vector is hidden in training.
        mention_masking: probability that the letters of a match are hidden in training, not its evidence.
        mask_token_id: what hides them; needed for that only.
        classifier_dropout: dropout before the tagging head.
        constrained_decoding: whether logits outside of training are those of whole paths, see
            :func:`transitions.path_odds`; False in older checkpoints.
        whole_words: whether those paths take or leave all pieces of a word, so that a stock pipeline gives whole words;
            False in older checkpoints. It needs the table that spells tokens.
        decision_shifts: what is added to the log-odds of begin and inside outside of training, before the paths, by
            convention (``none`` without one) and entity type; chosen on validation splits. 0 where nothing is said.
        distillation_weight: factor of the distillation loss in the joint loss.
        adapter_rank: rank of the adapter with which the encoder embeds names; 0 without name vectors.
        name_dim: width ``d_n`` of a name vector.
        name_bytes: bytes of a name in the table of name vectors.
        name_cells: cells of that table.
        num_name_vectors: names in it.
        name_scale: cosines of names times this, plus ``name_shift``, are as those that the choice was fitted with.
        name_shift: see ``name_scale``.
        num_link_names: rows of the names that serve linking alone.
        num_orthologs: genes of which others of one ancestor are known.
        num_broader: pairs of a concept and the one above it that stands for it in the preferred vocabulary.
        link_features: what the choice among candidates reads, the first of the known features; 75 in older checkpoints.
        organisms: ids of the organisms of genes, in the order of their numbers.
        own_concepts: how many of the concepts, the last ones, a user has added; linking prefers their names.
        link_threshold: probability from which a concept is a mention's.
        link_thresholds: the same for single entity types, chosen on validation.
        tokenizer_fingerprint: digest of the vocabulary that the encoder and the surface index were made for.
        table_checksums: of each knowledge table by its name in the body, written by ``save_pretrained`` and compared
            by ``from_pretrained``; None in older checkpoints.
    """

    model_type = "kogner"
    sub_configs: ClassVar[dict[str, Any]] = {"encoder_config": AutoConfig}

    encoder_config: dict | PreTrainedConfig | None = None
    evidence: Literal["none", "types", "concepts", "graph"] = "graph"
    semantic_types: list[str] | None = None
    num_token_keys: int = 0
    num_surfaces: int = 0
    num_concepts: int = 0
    concept_dim: int = 32
    num_codebooks: int = 7
    codebook_size: int = 256
    catalog_bytes: int = 0
    max_mention_tokens: int = MAX_MENTION_TOKENS
    max_candidates: int = 4
    student_heads: int = 2
    related_cosine: float = 0.5
    input_evidence: bool = True
    conventions: list[str] | None = None
    convention_dropout: float = 0.5
    input_conventions: bool = False
    guideline: dict[str, list[str]] | None = None
    context_tokens: int = 0
    fusion_layers: int = 1
    sentence_dropout: float = 0.0
    concept_dropout: float = 0.3
    mention_masking: float = 0.0
    mask_token_id: int | None = None
    constrained_decoding: bool = False
    whole_words: bool = False
    decision_shifts: dict[str, dict[str, float]] | None = None
    classifier_dropout: float = 0.1
    distillation_weight: float = 0.1
    adapter_rank: int = 0
    name_dim: int = 128
    name_bytes: int = 16
    name_cells: int = 0
    num_name_vectors: int = 0
    name_scale: float = 1.0
    name_shift: float = 0.0
    num_link_names: int = 0
    num_orthologs: int = 0
    num_broader: int = 0
    link_features: int = 75
    organisms: list[str] | None = None
    own_concepts: int = 0
    link_threshold: float = 0.5
    link_thresholds: dict[str, float] | None = None
    tokenizer_fingerprint: str | None = None
    table_checksums: dict[str, str] | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        self.check_evidence()
        if isinstance(self.encoder_config, dict):
            encoder = dict(self.encoder_config)
            # A checkpoint must not pull in a second repository's code, nor its attention kernel.
            for field in ("auto_map", "trust_remote_code", "attn_implementation", "_attn_implementation"):
                encoder.pop(field, None)
            self.encoder_config = AutoConfig.for_model(encoder.pop("model_type"), **encoder)
        elif self.encoder_config is None:
            self.encoder_config = AutoConfig.for_model("bert")
        self.semantic_types = list(self.semantic_types or [])
        super().__post_init__(**{name: value for name, value in kwargs.items() if name not in REMOVED_FIELDS})
        self.shift_rows()

    def check_evidence(self) -> None:
        """Refuse an evidence level that does not exist or that the tables cannot give.

        ``from_pretrained(..., evidence=...)`` sets the field after construction, so the model asks again.

        Raises:
            ValueError: it is unknown, or needs distilled vectors where there are none.
        """
        if self.evidence not in EVIDENCE_LEVELS:
            raise ValueError(f"evidence is {self.evidence!r}; choose one of {', '.join(EVIDENCE_LEVELS)}")
        if self.evidence in ("concepts", "graph") and self.num_surfaces and not self.num_codebooks:
            raise ValueError(f"evidence is {self.evidence!r}, but there are no distilled vectors; choose types or none")

    def convention_id(self, name: str | None) -> int:
        """Number of a convention as the model takes it; 0 for None.

        Raises:
            ValueError: the model was not trained on that corpus's convention.
        """
        if name is None:
            return 0
        known = self.conventions or []
        if name not in known:
            raise ValueError(f"convention {name!r} is not known to the model; it knows {', '.join(known) or 'none'}")
        return 1 + known.index(name)

    def shift_rows(self) -> list[list[float]] | None:
        """Numbers added to the log-odds, ``[1 + conventions][L - 1]``, the first row without a convention; or None.

        Raises:
            ValueError: a convention or type of :attr:`decision_shifts` is not one of the model's.
        """
        if not self.decision_shifts:
            return None
        names, types = [NO_CONVENTION, *(self.conventions or ())], self.entity_types
        given = {kind for row in self.decision_shifts.values() for kind in row}
        if unknown := sorted(self.decision_shifts.keys() - set(names)) + sorted(given - set(types)):
            known = f"the model has the conventions {', '.join(names)} and the types {', '.join(types)}"
            raise ValueError(f"decision_shifts names {', '.join(unknown)}; {known}")
        rows = [self.decision_shifts.get(name, {}) for name in names]
        return [[row.get(kind, 0.0) for kind in types for _ in "BI"] for row in rows]

    @property
    def hidden_size(self) -> int:
        """Width ``d_h`` of the encoder's token representations."""
        encoder: Any = self.encoder_config
        return encoder.hidden_size

    @property
    def num_types(self) -> int:
        """Number ``K`` of the graph's semantic types."""
        return len(self.semantic_types or [])

    @property
    def has_knowledge(self) -> bool:
        """Whether the tables are there and may be read."""
        return self.evidence != "none" and self.num_surfaces > 0

    @property
    def entity_types(self) -> list[str]:
        """The ``K_e`` entity types of the tagger, read off the label names ``O, B-x, I-x, ...``."""
        return [label[2:] for _, label in sorted((self.id2label or {}).items()) if label.startswith("B-")]


def bio_labels(entity_types: list[str]) -> list[str]:
    """Label names in the order of the logits: ``["O", "B-x", "I-x", ...]``."""
    return ["O"] + [f"{prefix}-{entity_type}" for entity_type in entity_types for prefix in "BI"]

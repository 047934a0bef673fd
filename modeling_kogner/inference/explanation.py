"""Why a mention was tagged and linked: names found, the gate, the answer without knowledge, concepts considered."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import torch

from ..corpora.mention import Candidate, Mention
from ..corpora.text_windows import Window, make_windows
from ..files.errors import InputError
from ..modeling_kogner import KognerForTokenClassification
from .annotator import Annotator
from .link_reasons import ConsideredConcept, considered
from .torch_tagger import TorchTagger

Hits = dict[tuple[int, int], list[int]]  # concepts of every known n-gram, by its first and last token


@dataclass
class Surface:
    """A name of the knowledge graph that shares characters with a mention.

    Args:
        start: first character in the text.
        end: the character after its last.
        text: as it is written there.
        is_read: whether it is the longest match at its start; only its concepts are read, the others' types may be.
        candidates: concepts of that name, better ones first.
        nil_weight: attention that went to no concept; with the candidates' weights it adds up to 1.
    """

    start: int
    end: int
    text: str
    is_read: bool
    candidates: list[Candidate]
    nil_weight: float | None = None


@dataclass
class ExplainedMention:
    """A mention and what the knowledge graph had to do with it.

    Args:
        mention: as :class:`Annotator` gives it.
        surfaces: in order of their start, longer ones first.
        gate: how far the gate opened in [0, 1], mean over those tokens of the mention that a name covers and over the
            width; None where no name does. Types also enter at the input, before the gate: that part shows in
            ``without_knowledge`` alone.
        without_knowledge: what the same weights find at this place with knowledge switched off.
        considered: the concept that the mention is linked to and the next three, with what speaks for each.
    """

    mention: Mention
    surfaces: list[Surface]
    gate: float | None
    without_knowledge: list[Mention]
    considered: list[ConsideredConcept] = field(default_factory=list)


@dataclass
class Explanation:
    """A text's mentions, explained; ``dataclasses.asdict`` of it is plain Python that ``json`` takes.

    Args:
        text: the text.
        mentions: found with knowledge.
        only_without_knowledge: found with knowledge switched off, where nothing is found with it.
    """

    text: str
    mentions: list[ExplainedMention]
    only_without_knowledge: list[Mention]


def explain(annotator: Annotator, text: str) -> Explanation:
    """Find the mentions of a text and say for each where it comes from.

    Args:
        annotator: it is not changed.
        text: of any length.

    Raises:
        InputError: the annotator's model is an exported one, which gives only its answer.
    """
    model = annotator.model
    if not isinstance(model, KognerForTokenClassification):
        raise InputError("an exported model gives only its answer", fix="load the model it was made from")
    other = copy.copy(annotator)
    other.tagger = TorchTagger(without_knowledge(model))
    document, plain = annotator(text), other(text).mentions
    mentions, features = document.mentions, annotator.linker.features(document)
    (windows,) = make_windows([text], annotator.text_tokenizer, annotator.max_length, annotator.stride)
    readings = [_Reading(model, window) for window in windows] if model.config.has_knowledge else []
    explained = []
    for mention, known in zip(mentions, features, strict=True):
        surfaces, gate = _evidence(model, text, mention, readings)
        others = [other for other in plain if _meet(mention, other)]
        explained.append(ExplainedMention(mention, surfaces, gate, others, considered(mention, text, known)))
    lost = [other for other in plain if not any(_meet(mention, other) for mention in mentions)]
    return Explanation(text, explained, lost)


def without_knowledge(model: KognerForTokenClassification) -> KognerForTokenClassification:
    """A twin that shares all weights and reads no evidence; the model itself stays as it is for other threads."""
    twin, body = copy.copy(model), copy.copy(model.kogner)
    twin._modules = dict(model._modules)  # a shallow copy would share the table of sub-modules
    twin.kogner = body
    twin.config = body.config = copy.deepcopy(model.config)
    body.config.evidence = "none"
    return twin


class _Reading:
    """What the knowledge path made of one window.

    Args:
        model: reads the window.
        window: of the text.
    """

    @torch.inference_mode()
    def __init__(self, model: KognerForTokenClassification, window: Window):
        input_ids = torch.tensor([window.input_ids], device=model.device)  # (1, T)
        mask = torch.ones_like(input_ids)
        body = model.kogner.eval()
        ngrams = body.index.lookup(input_ids, mask)  # (1, T, n, C)
        output = body(input_ids, mask, ngram_concepts=ngrams)
        self.window = window
        self.hits = _known_ngrams(ngrams[0])
        self.is_mention: list[bool] = output.links.is_mention[0].tolist()
        self.covered: list[bool] = output.links.covered[0].tolist()
        self.gate: list[float] = output.gate[0].float().mean(-1).tolist()
        self.concepts: list[list[int]] = output.links.candidates[0].tolist()
        self.weights: list[list[float]] | None = None
        if model.config.evidence in ("concepts", "graph"):
            hidden, candidates = output.encoder_hidden_state, output.links.candidates
            vectors = body.nodes(candidates).to(hidden.dtype)  # (1, T, C, d_k)
            self.weights = body.graph.attention.weigh(hidden, vectors, candidates >= 0)[0].tolist()

    def tokens(self, mention: Mention) -> list[int]:
        """Positions in the window of the mention's tokens."""
        return [
            self.window.lead + i
            for i, (start, end) in enumerate(self.window.offsets)
            if start < mention.end and mention.start < end
        ]

    def room(self, mention: Mention) -> tuple[int, int]:
        """How well the window shows a mention: tokens of it, then distance to the nearer end."""
        tokens = self.tokens(mention)
        return (len(tokens), min(tokens[0], len(self.window.input_ids) - tokens[-1])) if tokens else (0, 0)


def _evidence(
    model: KognerForTokenClassification, text: str, mention: Mention, readings: list[_Reading]
) -> tuple[list[Surface], float | None]:
    """Names that share characters with a mention, and its gate, from the window that shows it best."""
    if not readings:
        return [], None
    reading = max(readings, key=lambda reading: reading.room(mention))
    tokens = reading.tokens(mention)
    met = [(first, last) for first, last in reading.hits if first <= tokens[-1] and tokens[0] <= last]
    longest = dict(sorted(reading.hits))  # of the n-grams that start at a token, the last wins
    surfaces = []
    for first, last in sorted(met, key=lambda ngram: (ngram[0], -ngram[1])):
        is_read = reading.is_mention[first] and longest[first] == last
        surfaces.append(_surface(model, text, reading, first, last, is_read))
    opened = [reading.gate[token] for token in tokens if reading.covered[token]]
    return surfaces, sum(opened) / len(opened) if opened else None


def _surface(
    model: KognerForTokenClassification, text: str, reading: _Reading, first: int, last: int, is_read: bool
) -> Surface:
    """One n-gram of a window with its concepts."""
    offsets, lead = reading.window.offsets, reading.window.lead
    start, end = offsets[first - lead][0], offsets[last - lead][1]
    start = end - len(text[start:end].lstrip())  # a byte-level piece may hold the space before it
    weights: dict[int, float] = {}
    if is_read and reading.weights is not None:
        weights = dict(zip(reading.concepts[first], reading.weights[first], strict=True))
    catalogue, index, names = model.kogner.concepts, model.kogner.index, model.config.semantic_types
    candidates = [
        Candidate(
            catalogue.ids[concept],
            catalogue.names[concept],
            names[int(index.concept_type[concept])],
            weight=weights.get(concept),
        )
        for concept in reading.hits[first, last]
    ]
    nil = 1 - sum(candidate.weight or 0.0 for candidate in candidates) if weights else None
    return Surface(start, end, text[start:end], is_read, candidates, nil)


def _meet(one: Mention, other: Mention) -> bool:
    return one.start < other.end and other.start < one.end


def _known_ngrams(concepts: torch.Tensor) -> Hits:
    """Concepts of every known n-gram of a window, ``(T, n, C)`` long; free slots may come first."""
    found = (concepts >= 0).any(-1)  # (T, n)
    return {
        (first, first + size): [concept for concept in candidates if concept >= 0]
        for (first, size), candidates in zip(found.nonzero().tolist(), concepts[found].tolist(), strict=True)
    }

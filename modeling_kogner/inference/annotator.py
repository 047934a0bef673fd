"""Text in, mentions with types, scores and concepts out."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from ..corpora.text_windows import Window, Word, make_windows, words_of
from ..modeling_kogner import KognerForTokenClassification
from .abbreviations import find_abbreviations
from .concept_choice import Hits, known_ngrams
from .linker import Candidate, Linker, is_link
from .load_model import check_tokenizer_matches

ALTERNATIVES = 4  # with the concept chosen they are the five that accuracy@5 counts
_HALF_PAIRS = re.compile("[\ud800-\udfff]")  # no characters, which tokenizers refuse; Python's strings can hold them
TEXTS_A_BATCH = 16  # texts held in memory at once, in batches: enough to fill batches with windows of like length

# More windows take a CPU longer each, a quarter at 32: what passes between layers is no longer kept in its cache.
CPU_BATCH = 8


@dataclass
class Mention:
    """An entity named in a text.

    Args:
        start: first character; ``text[start:end]`` is the mention, without space around it.
        end: the character after its last.
        text: the mention.
        type: entity type.
        score: mean over its words of the probability of the type, begin and inside together.
        concept_id: concept that the mention stands for; None where none of a fitting type is close enough.
        concept_name: preferred name of the concept.
        semantic_type: of the concept, in the knowledge graph.
        link_score: 1 where the mention is a written form of the concept, else how alike their spelling is.
        equivalents: ids of the concept in other vocabularies.
        alternatives: further concepts, best first; where ``concept_id`` is None, the ones that were not close enough.
    """

    start: int
    end: int
    text: str
    type: str
    score: float
    concept_id: str | None = None
    concept_name: str | None = None
    semantic_type: str | None = None
    link_score: float | None = None
    equivalents: list[str] = field(default_factory=list)
    alternatives: list[Candidate] = field(default_factory=list)


@dataclass
class _Reading:
    """What the model says about one window: probabilities ``(T, L)`` of its pieces and its known n-grams."""

    probabilities: np.ndarray
    hits: Hits


class Annotator:
    """Find the entities of texts of any length and link them to concepts.

    A long text is read in windows that overlap; every word is read where it lies farthest from a cut. A word has the
    label of its first piece; an inside label that continues nothing opens a mention.

    Args:
        model: a tagger; its device is used. Linking works with evidence ``none`` too, if the model has tables.
        tokenizer: the fast tokenizer saved with the model.
        max_length: pieces a window, special tokens included.
        stride: pieces that neighbouring windows share.
        vocabulary: link to ids of this vocabulary only, such as ``MESH``; see :class:`Linker`.
        convention: corpus whose way to annotate is followed, of those that the configuration lists; by default none.

    Raises:
        ValueError: the tokenizer is slow or another one than the model's, the stride does not fit, or the model knows
            no id of the vocabulary, or not the convention.
    """

    def __init__(
        self,
        model: KognerForTokenClassification,
        tokenizer: PreTrainedTokenizerBase,
        max_length: int = 256,
        stride: int = 64,
        vocabulary: str | None = None,
        convention: str | None = None,
    ):
        if not tokenizer.is_fast:
            raise ValueError(f"{tokenizer.name_or_path}: a slow tokenizer has no offsets; use its fast version")
        check_tokenizer_matches(model, tokenizer)
        # Settings that a call would reset, which threads must not do to each other.
        tokenizer.backend_tokenizer.no_truncation()
        tokenizer.backend_tokenizer.no_padding()
        self.model, self.tokenizer = model.eval(), tokenizer
        self.max_length, self.stride = min(max_length, tokenizer.model_max_length), stride
        room = self.max_length - tokenizer.num_special_tokens_to_add()
        if not 0 <= stride < room:
            raise ValueError(f"stride {stride} does not fit windows of {room} pieces; give one from 0 to {room - 1}")
        self.linker = Linker(model, tokenizer, vocabulary)
        self.convention = model.config.convention_id(convention)

    def annotate(
        self, texts: Sequence[str], types: Sequence[str] | None = None, threshold: float = 0.0, batch_size: int = 32
    ) -> list[list[Mention]]:
        """Mentions of each text, in order of their start.

        Args:
            texts: of any length, empty ones included.
            types: entity types to find, as if the model knew no others; all by default.
            threshold: mentions with a lower score are left out.
            batch_size: windows a step, at most; a CPU reads eight or fewer.

        Raises:
            ValueError: a text is no string, or the model does not know a type.
        """
        if isinstance(texts, str):
            raise ValueError("texts is one string; give a list of texts, [text]")
        for row, text in enumerate(texts):
            if not isinstance(text, str):
                raise ValueError(f"text {row} is {type(text).__name__}, not a string; leave it out or give '' for it")
        allowed = self._allowed(types)
        mentions: list[list[Mention]] = []
        size = TEXTS_A_BATCH * batch_size
        for first in range(0, len(texts), size):
            part = list(texts[first : first + size])
            readable = [_HALF_PAIRS.sub("\N{REPLACEMENT CHARACTER}", text) for text in part]
            windows = make_windows(readable, self.tokenizer, self.max_length, self.stride)
            readings = self._read([window for group in windows for window in group], allowed, batch_size)
            for text, group in zip(part, windows, strict=True):
                found = self._mentions(text, group, readings)
                mentions.append([mention for mention in found if mention.score >= threshold])
        return mentions

    def _allowed(self, types: Sequence[str] | None) -> torch.Tensor:
        """``(L,)`` bool, labels that may be given."""
        known = self.model.config.entity_types
        if unknown := sorted(set(types or []) - set(known)):
            raise ValueError(f"the model does not know the type {', '.join(unknown)}; it knows {', '.join(known)}")
        labels = [label for _, label in sorted(self.model.config.id2label.items())]
        wanted = known if types is None else types
        return torch.tensor([label == "O" or label[2:] in wanted for label in labels], device=self.model.device)

    @torch.inference_mode()
    def _read(self, windows: list[Window], allowed: torch.Tensor, batch_size: int) -> dict[int, _Reading]:
        """Readings by the identity of their window; windows of like length share a batch."""
        readings: dict[int, _Reading] = {}
        if self.model.device.type == "cpu":
            batch_size = min(batch_size, CPU_BATCH)
        order = sorted(windows, key=lambda window: len(window.input_ids))
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            width = len(chosen[-1].input_ids)
            padding = self.tokenizer.pad_token_id or 0
            ids = [window.input_ids + [padding] * (width - len(window.input_ids)) for window in chosen]
            input_ids = torch.tensor(ids, device=self.model.device)  # (B, T)
            sizes = torch.tensor([len(window.input_ids) for window in chosen], device=self.model.device)
            mask = (torch.arange(width, device=self.model.device) < sizes[:, None]).long()  # (B, T)
            told = {"convention": torch.full_like(sizes, self.convention)} if self.convention else {}
            hits: list[Hits] = [{} for _ in chosen]
            if self.model.config.num_surfaces:
                concepts = self.model.kogner.index.lookup(input_ids, mask)  # (B, T, n, C)
                hits = known_ngrams(concepts)
                if isinstance(self.model, KognerForTokenClassification):  # an exported one looks up for itself
                    told["ngram_concepts"] = concepts
            logits = self.model(input_ids=input_ids, attention_mask=mask, **told).logits.float()  # (B, T, L)
            probabilities = logits.masked_fill(~allowed, -torch.inf).softmax(-1).cpu().numpy()
            for window, rows, found in zip(chosen, probabilities, hits, strict=True):
                readings[id(window)] = _Reading(rows, found)
        return readings

    def _mentions(self, text: str, windows: list[Window], readings: dict[int, _Reading]) -> Iterator[Mention]:
        """Join the words of one text to mentions."""
        labels = self.model.config.id2label
        abbreviations = find_abbreviations(text)
        group: list[tuple[Word, np.ndarray]] = []
        kind = None
        for word in words_of(text, windows):
            row = readings[id(word.window)].probabilities[word.window.lead + word.first - word.window.first]  # (L,)
            prefix, _, word_kind = labels[int(row.argmax())].partition("-")
            if group and (prefix != "I" or word_kind != kind):
                yield self._mention(text, kind, group, windows, readings, abbreviations)
                group = []
            if prefix != "O":
                group.append((word, row))
                kind = word_kind
        if group:
            yield self._mention(text, kind, group, windows, readings, abbreviations)

    def _mention(self, text, kind, group: list[tuple[Word, np.ndarray]], windows, readings, abbreviations) -> Mention:
        begin = self.model.config.label2id[f"B-{kind}"]
        inside = self.model.config.label2id[f"I-{kind}"]
        first, last = group[0][0], group[-1][0]
        score = float(np.mean([row[begin] + row[inside] for _, row in group]))
        mention = Mention(first.start, last.end, text[first.start : last.end], kind, score)
        known = _candidates(first.first, last.last, windows, readings)
        self._link(mention, self.linker.candidates(mention.text, kind, abbreviations, known, ALTERNATIVES + 1))
        return mention

    def _link(self, mention: Mention, candidates: list[Candidate]) -> None:
        """Set the concept of a mention and the further ones."""
        if is_link(candidates):
            chosen, *candidates = candidates
            mention.concept_id, mention.concept_name, mention.semantic_type = chosen.id, chosen.name, chosen.type
            mention.link_score, mention.equivalents = chosen.score, chosen.equivalents
        mention.alternatives = candidates[:ALTERNATIVES]


def _candidates(first: int, last: int, windows: list[Window], readings: dict[int, _Reading]) -> list[int]:
    """Concepts of exactly these pieces, from the last window that holds the first of them: it reaches farthest."""
    window = windows[bisect_right(windows, first, key=lambda each: each.first) - 1]
    if last >= window.end:
        return []
    offsets, shift = window.offsets[first - window.first : last + 1 - window.first], window.lead - window.first
    for extra, (start, _) in enumerate(offsets):
        if start != offsets[0][0]:
            break  # a sentencepiece mark alone lies on the letter after it; the index does not count it
        if found := readings[id(window)].hits.get((first + extra + shift, last + shift)):
            return found
    return []

"""From a mention to ranked concepts of the knowledge graph, or to none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from ..concept_catalogue import ConceptCatalogue
from ..corpora.mention import Candidate
from ..files.errors import UsageError
from ..modeling_kogner import KognerForTokenClassification
from .near_names import NearNames, name_similarity

# Semantic types whose names a corpus annotates as an entity type; one that is not listed fits its namesake only.
FITTING_TYPES: dict[str, tuple[str, ...]] = {
    "Disease": ("Disease", "Phenotype"),
    "Cancer": ("Disease",),
    "Gene": ("Gene", "Protein", "Family"),
    "GeneFamily": ("Family", "Protein", "Gene"),
    # Corpora of anatomy annotate cells, their parts and tumours too.
    "Anatomy": ("Anatomy", "Component", "Cell", "CellLine", "Disease"),
    "Cell": ("Cell",),
    "CellLine": ("CellLine", "Cell"),
    "CellularComponent": ("Component",),
}
# What a mention may be linked to beyond that: insulin is annotated as a chemical, though not all proteins are.
ALSO_LINKED = {"Chemical": ("Protein",)}

Hits = dict[tuple[int, int], list[int]]
# A name less similar is not taken for the mention's. Chosen on the validation splits of NCBI-disease and BC5CDR: mean
# F1 of the links over three types, with ids of MeSH alone and with all ids. 0.75: .764 and .648, 0.80: .765 and .648,
# 0.85: .762 and .651, 0.90: .758 and .649, exact forms only: .758 and .645.
NIL_THRESHOLD = 0.85
CANDIDATES = 20
_SEARCHES_KEPT = 50_000


class Linker:
    """Rank the concepts that a mention may stand for, those of exactly its written form before others.

    Several concepts of one written form are ranked by the similarity of spelling between mention and preferred name,
    then in the order of the index. Next come the most similar preferred names. The mention's type restricts both
    (:func:`fitting_types`). Where the text defines the mention as an abbreviation, its long form is linked in its place
    and the short form's own concepts come after.

    Args:
        model: a tagger with knowledge tables.
        tokenizer: the fast tokenizer saved with the model.
        vocabulary: prefix of ids, such as ``MESH``, in any case; concepts without an id of it are left out. By default
            all are considered, under the graph's preferred id.

    Raises:
        UsageError: the model knows no id of the vocabulary.
    """

    def __init__(
        self,
        model: KognerForTokenClassification,
        tokenizer: PreTrainedTokenizerBase,
        vocabulary: str | None = None,
    ):
        self.model, self.tokenizer, self.vocabulary = model, tokenizer, vocabulary
        self._prefix = vocabulary and vocabulary.casefold()
        self._catalogue = ConceptCatalogue([], [])
        self._refresh()

    def candidates(
        self,
        text: str,
        entity_type: str,
        abbreviations: Mapping[str, str] | None = None,
        known: Sequence[int] | None = None,
        limit: int = CANDIDATES,
    ) -> list[Candidate]:
        """Concepts that a mention may stand for, best first; the first is its concept if :func:`is_link` says so.

        Args:
            text: the mention.
            entity_type: its type.
            abbreviations: short form -> long form, of the text around it.
            known: concepts of exactly its written form, if the caller has looked them up.
            limit: most candidates to return.
        """
        self._refresh()
        if not len(self._types):
            return []
        long = (abbreviations or {}).get(text)
        exact = self._exact(long, entity_type, None) if long else []
        exact += self._exact(text, entity_type, known)
        scores = dict.fromkeys(exact, 1.0)
        for concept, score in self._near(long or text, entity_type) if len(scores) < limit else ():
            scores.setdefault(concept, score)
        return [self._candidate(concept, score) for concept, score in list(scores.items())[:limit]]

    def _refresh(self) -> None:
        """Start again where the model's catalogue has changed because names were added."""
        catalogue = self.model.kogner.concepts
        if catalogue is self._catalogue:
            return
        self._catalogue = catalogue
        self._types = self.model.kogner.index.concept_type.cpu().numpy()  # (N,)
        self._allowed = np.ones(len(self._types), dtype=bool)
        if self.vocabulary is not None:
            self._allowed[:] = [self._id(concept) is not None for concept in range(len(catalogue))]
        if self.vocabulary is not None and not self._allowed.any():
            known = sorted({concept.partition(":")[0] for concept in (*catalogue.ids, *catalogue.owners)})
            raise UsageError(
                f"the model knows no id of the vocabulary {self.vocabulary!r}",
                fix=f"it knows {', '.join(known) or 'none'}",
            )
        self._names: dict[str, tuple[list[int], NearNames]] = {}
        self._near = lru_cache(_SEARCHES_KEPT)(self._search)
        self._fits = lru_cache()(self._fitting)

    def _id(self, concept: int) -> str | None:
        """Id of a concept in the vocabulary asked for, None if it has none."""
        family = self._family(concept)
        if self._prefix is None:
            return family[0]
        return next((each for each in family if each.partition(":")[0].casefold() == self._prefix), None)

    def _family(self, concept: int) -> list[str]:
        """All ids of a concept, the graph's preferred one first."""
        preferred = self._catalogue.ids[concept]
        return [preferred, *self._catalogue.further_ids(preferred)]

    def _fitting(self, entity_type: str) -> np.ndarray:
        """``(N,)`` bool, concepts that a mention of an entity type may be linked to."""
        types, kinds = fitting_types(entity_type), self.model.config.semantic_types
        return self._allowed & np.isin(self._types, [code for code, kind in enumerate(kinds) if kind in types])

    def _exact(self, text: str, entity_type: str, known: Sequence[int] | None) -> list[int]:
        """Fitting concepts of exactly this written form."""
        found = self._look_up(text) if known is None else known
        fitting = [concept for concept in found if self._fits(entity_type)[concept]]
        if len(fitting) > 1:
            fitting.sort(key=lambda concept: -name_similarity(text, self._catalogue.names[concept]))
        return fitting

    @torch.inference_mode()
    def _look_up(self, text: str) -> list[int]:
        """Concepts of a text as a whole."""
        ids = torch.tensor([self.tokenizer(text, add_special_tokens=False)["input_ids"]], dtype=torch.long)
        index = self.model.kogner.index
        ids = ids.to(index.token_length.device)  # (1, T)
        spelled = index.token_length[ids[0]].nonzero()[:, 0].tolist()  # a mention starts and ends with letters
        if not spelled or spelled[-1] - spelled[0] >= index.max_tokens:
            return []
        return known_ngrams(index.lookup(ids))[0].get((spelled[0], spelled[-1]), [])

    def _search(self, text: str, entity_type: str) -> list[tuple[int, float]]:
        """Concepts of the most similar names, with the similarity."""
        if entity_type not in self._names:
            concepts, names = np.flatnonzero(self._fits(entity_type)).tolist(), self._catalogue.names
            self._names[entity_type] = (concepts, NearNames([names[c] for c in concepts]))
        concepts, near = self._names[entity_type]
        return [(concepts[row], score) for row, score in near.search(text, CANDIDATES)]

    def _candidate(self, concept: int, score: float) -> Candidate:
        chosen = self._id(concept) or self._catalogue.ids[concept]
        others = [each for each in self._family(concept) if each != chosen]
        kind = self.model.config.semantic_types[self._types[concept]]
        return Candidate(chosen, self._catalogue.names[concept], kind, score, [chosen, *others])


def is_link(candidates: Sequence[Candidate]) -> bool:
    """Whether the first candidate is close enough to be the mention's concept (:data:`NIL_THRESHOLD`)."""
    return bool(candidates) and (candidates[0].score or 0.0) >= NIL_THRESHOLD


def known_ngrams(concepts: torch.Tensor) -> list[Hits]:
    """Concepts of every known n-gram, by its first and last token; one dict for each row of the batch.

    Args:
        concepts: ``(B, T, n, C)`` long, what the index's ``lookup`` gives.
    """
    hits: list[Hits] = [{} for _ in concepts]
    found = (concepts >= 0).any(-1)  # (B, T, n); the last rows of the table may leave the first slots empty
    for (row, first, size), candidates in zip(found.nonzero().tolist(), concepts[found].tolist(), strict=True):
        hits[row][first, first + size] = [concept for concept in candidates if concept >= 0]
    return hits


def fitting_types(entity_type: str) -> tuple[str, ...]:
    """Semantic types that a mention of an entity type may be linked to."""
    return FITTING_TYPES.get(entity_type, (entity_type,)) + ALSO_LINKED.get(entity_type, ())

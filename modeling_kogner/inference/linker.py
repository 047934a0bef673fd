"""From a mention to ranked concepts of the knowledge graph, or to none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import ThreadpoolController

from ..corpora.document import Document
from ..corpora.mention import Candidate, Mention
from ..corpora.text_tokenizer import TextTokenizer
from ..files.errors import UsageError
from .abbreviations import find_abbreviations
from .bracketed_names import agreed
from .cell_lines import lines_in_cells
from .composite_mentions import likeliest, names_several, says_more, with_parts
from .concept_choice import ConceptChoice, Ranked
from .explained_organisms import explained, whole_names
from .fitting_types import fitting_types
from .link_query import LinkedText, linkable, title_end
from .name_lookup import NameLookup
from .organism_names import OrganismNames
from .spelled_concepts import CANDIDATES, SpelledConcepts
from .tables import Tables
from .tagger import Tagger, as_tagger

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from ..modeling_kogner import KognerForTokenClassification

# A name less similar is not taken for the mention's. Chosen on the validation splits of NCBI-disease and BC5CDR: mean
# F1 of the links over three types, with ids of MeSH alone and with all ids. 0.75: .764 and .648, 0.80: .765 and .648,
# 0.85: .762 and .651, 0.90: .758 and .649, exact forms only: .758 and .645.
NIL_THRESHOLD = 0.85
_DESCRIBED_KEPT = 50_000


class Linker:
    """Say which concepts the mentions of documents stand for.

    A model with tables for linking chooses in context (:class:`ConceptChoice`): among the concepts of exact names, of
    other forms of the mention, of its long form where the document defines it, and of the nearest names by vectors.
    Another model ranks by spelling alone (:class:`SpelledConcepts`). The mention's type restricts both
    (:func:`fitting_types`).

    Args:
        model: with knowledge tables; or a tagger that runs otherwise.
        tokenizer: saved with the model.
        vocabulary: prefix of ids, such as ``MESH``, in any case; concepts without an id of it are left out. By default
            all are considered, under the graph's preferred id.
        threshold: probability from which a concept is a mention's; by default the model's own, for each type that from
            which nineteen of twenty links were right on validation.

    Raises:
        UsageError: the model knows no id of the vocabulary.
    """

    def __init__(
        self,
        model: KognerForTokenClassification | Tagger,
        tokenizer: PreTrainedTokenizerBase | TextTokenizer,
        vocabulary: str | None = None,
        threshold: float | None = None,
    ):
        self.tagger, self.tokenizer = as_tagger(model), TextTokenizer.of(tokenizer)
        self.vocabulary, self.threshold = vocabulary, threshold
        self._prefix = vocabulary and vocabulary.casefold()
        self._tables: Tables | None = None
        self._refresh()

    def link(
        self,
        documents: Sequence[Document],
        long_forms: Sequence[Mapping[str, str]] | None = None,
        alternatives: int = 4,
    ) -> None:
        """Set concept, score and further concepts of all mentions, but for variants, which no graph lists.

        A mention that joins several names ("breast or ovarian cancer") and is no sure name itself gets their concepts.

        Args:
            documents: with mentions that have places and types.
            long_forms: of each document; found in its text if None.
            alternatives: further concepts of each mention, at most.
        """
        self._refresh()
        long_forms = [find_abbreviations(each.text) for each in documents] if long_forms is None else long_forms
        if not len(self._types):
            return
        if self._choice is None:
            for document, forms in zip(documents, long_forms, strict=True):
                for mention in linkable(document):
                    spelled = self.candidates(mention.text, mention.type, forms, limit=alternatives + 1)
                    self._set(mention, spelled, self.threshold or NIL_THRESHOLD, alternatives)
            return
        asked = [
            with_parts(document, forms, self._whole_names(document))
            for document, forms in zip(documents, long_forms, strict=True)
        ]
        # numpy's products are small here: its threads would wait for each other, on cores that other processes need.
        with _blas().limit(limits=1, user_api="blas"):
            chosen = self._choice.rank([given for given, _ in asked])
        for document, (given, groups), ranked in zip(documents, asked, chosen, strict=True):
            found = agreed(document.text, given.mentions, ranked)
            of = {id(mention): each for mention, each in zip(given.mentions, found, strict=True)}
            for mention, own, pieces in groups:
                threshold = self._threshold(mention.type)
                several = [max((of[id(form)] for form in piece), key=likeliest) for piece in pieces]
                whole = max((of[id(form)] for form in own), key=likeliest)[: alternatives + 1]
                self._set(mention, [self._candidate(*each) for each in whole], threshold, alternatives)
                if several and (
                    says_more(several, mention.link_score or 0.0, threshold)
                    or (
                        names_several(document.text, mention, several)
                        and not self._is_of_vocabulary(mention.text, whole)
                    )
                ):
                    self._join(mention, several)
            told = chain(explained(document.text, document.mentions), lines_in_cells(document.mentions))
            for mention, other in told:
                _take_concept(mention, other, alternatives)

    def _is_of_vocabulary(self, text: str, ranked: Ranked) -> bool:
        """Whether a vocabulary gives the first concept this name."""
        first = ranked[0][0] if ranked else None
        named = self._lookup.exact([text]).get(text, ())
        return any(each.concept == first and each.is_of_vocabulary for each in named)

    def _whole_names(self, document: Document) -> dict[str, str]:
        """Names of species that are no name in themselves, or shortened -> names that the model knows."""
        forms = whole_names(document.text, document.mentions)
        if not forms:
            return {}
        exact = self._lookup.exact([*forms, *(form for each in forms.values() for form in each)])
        fits = self._fits("Species")
        known = {form for form, found in exact.items() if any(fits[each.concept] for each in found)}
        return {
            text: form
            for text, each in forms.items()
            if (form := next((f for f in each if f in known and f != text), None))
            and (text not in known or "." in text)
        }

    def features(self, document: Document) -> list[dict[str, dict[str, float]]] | list[None]:
        """For each mention what the choice knows of its candidates, by id and name; None where spelling decides."""
        self._refresh()
        if self._choice is None:
            return [None for _ in document.mentions]
        given = LinkedText(document.text, title_end(document), document.mentions, find_abbreviations(document.text))
        ids = self._catalogue.ids
        return [
            {self._id(concept) or ids[concept]: known for concept, known in found.items()}
            for found in self._choice.explain(given)
        ]

    def _threshold(self, entity_type: str) -> float:
        """Probability from which a concept is a mention's."""
        config = self.tagger.config
        if self.threshold is not None:
            return self.threshold
        return (config.link_thresholds or {}).get(entity_type, config.link_threshold)

    @staticmethod
    def _set(mention: Mention, candidates: list[Candidate], threshold: float, alternatives: int) -> None:
        """Set the concept of a mention, if it is likely enough, and the further ones."""
        if candidates and (candidates[0].score or 0.0) >= threshold:
            chosen, *candidates = candidates
            mention.id, mention.name, mention.semantic_type = chosen.id, chosen.name, chosen.type
            mention.link_score, mention.ids, mention.organism = chosen.score, chosen.ids, chosen.organism
        mention.alternatives = candidates[:alternatives]

    def _join(self, mention: Mention, several: list[Ranked]) -> None:
        """Give a mention the concepts of its parts."""
        chosen = list({found[0][0]: self._candidate(*found[0]) for found in several}.values())
        mention.id, mention.name = ("|".join(column) for column in zip(*((c.id, c.name) for c in chosen), strict=True))
        mention.semantic_type = chosen[0].type
        mention.link_score = min(each.score or 0.0 for each in chosen)
        mention.ids = [each for candidate in chosen for each in candidate.ids]

    def candidates(
        self,
        text: str,
        entity_type: str,
        abbreviations: Mapping[str, str] | None = None,
        known: Sequence[int] | None = None,
        limit: int = CANDIDATES,
    ) -> list[Candidate]:
        """Concepts that a text may stand for by its spelling alone, best first.

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
        ranked = self._spelled.rank(text, entity_type, (abbreviations or {}).get(text), known, limit)
        return [self._candidate(*each) for each in ranked]

    def _refresh(self) -> None:
        """Start again where the model's tables have changed because names were added."""
        tables = self.tagger.tables
        if tables is self._tables:
            return
        self._tables, self._catalogue = tables, tables.catalogue
        self._types = tables.index["concept_type"]  # (N,)
        self._allowed = np.ones(len(self._types), dtype=bool)
        if self.vocabulary is not None:
            self._allowed = self._catalogue.of_vocabulary(self.vocabulary)
            if not self._allowed.any():
                known = sorted(
                    {concept.partition(":")[0] for concept in (*self._catalogue.ids, *self._catalogue.owners)}
                )
                raise UsageError(
                    f"the model knows no id of the vocabulary {self.vocabulary!r}",
                    fix=f"it knows {', '.join(known) or 'none'}",
                )
        self._organisms = OrganismNames(tables, self.tagger.config.organisms)
        self._lookup = NameLookup(self.tagger, self.tokenizer)
        has_choice = "link_choice" in tables.parts
        self._choice = ConceptChoice(self._lookup, self._fitting_once) if has_choice else None
        self._spelled = SpelledConcepts(self._lookup, self._fitting_once)
        self._fits = lru_cache()(self._fitting)
        self._known = lru_cache(_DESCRIBED_KEPT)(self._describe)

    def _id(self, concept: int) -> str | None:
        """Id of a concept in the vocabulary asked for, None if it has none."""
        family = self._family(concept)
        if self._prefix is None:
            return family[0]
        return next((each for each in family if each.partition(":")[0].casefold() == self._prefix), None)

    def _family(self, concept: int) -> list[str]:
        """All ids of a concept, the graph's preferred one first."""
        return [self._catalogue.ids[concept], *self._catalogue.further_ids(concept)]

    def _fitting_once(self, entity_type: str) -> np.ndarray:
        return self._fits(entity_type)

    def _fitting(self, entity_type: str) -> np.ndarray:
        """``(N,)`` bool, concepts that a mention of an entity type may be linked to."""
        types, kinds = fitting_types(entity_type), self.tagger.config.semantic_types
        return self._allowed & np.isin(self._types, [code for code, kind in enumerate(kinds) if kind in types])

    def _candidate(self, concept: int, score: float) -> Candidate:
        chosen, name, kind, ids, organism = self._known(concept)
        return Candidate(chosen, name, kind, score, [*ids], organism=organism)

    def _describe(self, concept: int) -> tuple[str, str, str, list[str], str | None]:
        family = self._family(concept)
        chosen = self._id(concept) or family[0]
        kind = self.tagger.config.semantic_types[self._types[concept]]
        ids = [chosen, *(each for each in family if each != chosen)]
        return chosen, self._catalogue.names[concept], kind, ids, self._organisms.of(concept)


@cache
def _blas() -> ThreadpoolController:
    """The threads of numpy's linear algebra."""
    return ThreadpoolController()


def _take_concept(mention: Mention, other: Mention, alternatives: int) -> None:
    """Give a mention the concept of another one; its own becomes one of the further ones."""
    if own := mention.linked:
        mention.alternatives = [own, *mention.alternatives][:alternatives]
    mention.id, mention.name, mention.semantic_type = other.id, other.name, other.semantic_type
    mention.link_score, mention.ids, mention.organism = other.link_score, [*other.ids], other.organism
    mention.alternatives = [each for each in mention.alternatives if each.id != other.id]

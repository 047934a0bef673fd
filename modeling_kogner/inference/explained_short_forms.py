"""What the short forms and formulas of a document stand for, as it says itself or as is taken to be known."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from itertools import chain

import numpy as np

from .abbreviations import initials, long_form
from .link_query import Query
from .name_lookup import NameLookup
from .short_forms import is_short_form, written_out

_NAMED = ("Disease", "Chemical")  # of genes the letters mislead: EGF is not EGFR


class ExplainedShortForms:
    """Explains the short forms among mentions.

    Args:
        lookup: names of the model.
        fits: entity type -> ``(N,)`` bool, concepts that it may be linked to.
    """

    def __init__(self, lookup: NameLookup, fits: Callable[[str], np.ndarray]):
        self.lookup, self.fits = lookup, fits
        self.first_own = len(lookup.tables.index["concept_type"]) - lookup.tagger.config.own_concepts

    def explain(self, queries: Collection[Query], long_forms: Mapping[str, str]) -> None:
        """Set long forms that the document has, and read formulas and common short forms as if they were written out.

        Args:
            queries: all mention texts of a document, which may have a long form.
            long_forms: short form -> long form of its definitions.
        """
        for query in queries:
            short = query.text.removesuffix("s")
            if not query.long and is_short_form(short) and short.isalpha():
                query.long = long_forms.get(short) or self._named_in_full(query, short, queries)
        self._write_out([query for query in queries if not query.long], queries)

    def _named_in_full(self, query: Query, short: str, queries: Collection[Query]) -> str | None:
        """Another mention of its type whose initials it is, or whose letters where no vocabulary calls anything so."""
        others = [each.text for each in queries if each.kind == query.kind and len(each.text) > len(query.text)]
        if named := next((text for text in others if initials(text) == short.casefold()), None):
            return named
        if query.kind not in _NAMED or len(short) < 3 or self._is_listed(query):
            return None
        return next((text for text in others if long_form(short, text) == text), None)

    def _is_listed(self, query: Query) -> bool:
        """Whether a vocabulary or the table of common short forms has it, in its case: CPA is not CpA."""
        fits, text = self.fits(query.kind), query.text
        named = (each for each in self.lookup.exact([text]).get(text, ()) if fits[each.concept] and each.is_listed)
        names = (self.lookup.tables.catalogue.names[each.concept] for each in named)
        return any(name == text or name.casefold() != text.casefold() for name in names) or bool(
            written_out(text, query.kind)
        )

    def _write_out(self, asked: Collection[Query], queries: Collection[Query]) -> None:
        """Formulas and common short forms, unless the document has a name of something else that they may stand for.

        "DM" is no diabetes beside "myotonic dystrophy", which has its letters.
        """
        written = [(query, names) for query in asked if (names := written_out(query.text, query.kind))]
        if not written:
            return
        texts = {text for query in queries for text in (query.text, query.long) if text}
        exact = self.lookup.exact([*texts, *chain.from_iterable(names for _, names in written)])
        found = {text: {named.concept for named in each} for text, each in exact.items()}
        for query, names in written:
            fits, own, letters = self.fits(query.kind), found.get(query.text, set()), sorted(query.text.casefold())
            name = next((name for name in names if any(fits[concept] for concept in found.get(name, ()))), None)
            if not name or any(concept >= self.first_own for concept in own):  # the user says what it stands for
                continue
            others = (text for text in found.keys() & texts if text.casefold() != query.text.casefold())
            explained = chain.from_iterable(
                found[text] if len(letters) > 1 and sorted(initials(text)) == letters else found[text] & own
                for text in others
            )
            if any(fits[concept] for concept in {*explained} - found[name]):
                continue
            if len(query.text) > 1 and query.kind in _NAMED:
                query.text = name
            else:
                query.long = name  # "P" stands for more than the names that it has

"""What the short forms and formulas of a document stand for, as it says itself or as is taken to be known."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from itertools import chain

import numpy as np

from .abbreviations import initials, long_form
from .link_query import Query
from .name_lookup import NameLookup
from .short_forms import is_short_form, written_out

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
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
        by_initials: dict[tuple[str, str], str] = {}
        by_first: dict[tuple[str, str], list[str]] = {}
        for query in queries:
            by_initials.setdefault((query.kind, initials(query.text)), query.text)
            by_first.setdefault((query.kind, query.text[:1].lower()), []).append(query.text)
        for query in queries:
            short = query.text.removesuffix("s")
            if query.long or not is_short_form(short) or not short.isalpha():
                continue
            query.long = long_forms.get(short) or by_initials.get((query.kind, short.casefold()))
            if not query.long and query.kind in _NAMED and len(short) > 2 and not self._is_listed(query):
                others = (text for text in by_first[query.kind, short[0].lower()] if len(text) > len(query.text))
                query.long = next((text for text in others if long_form(short, text) == text), None)
        self._write_out(queries)
        if long_forms:
            self._expand([query for query in queries if query.kind == "Disease" and not query.long], long_forms)

    def _expand(self, queries: Collection[Query], long_forms: Mapping[str, str]) -> None:
        """Short forms within the names of diseases that no concept has: the "IOP rise" of intraocular pressure."""
        written = {query.text: with_long_forms(query.text, long_forms) for query in queries}
        named = self.lookup.exact([text for text, long in written.items() if long != text])
        fits = self.fits("Disease")
        for query in queries:
            long = written[query.text]
            if long != query.text and not any(fits[each.concept] for each in named.get(query.text, ())):
                query.long = long

    def _is_listed(self, query: Query) -> bool:
        """Whether the table of common short forms or a vocabulary has it, in its case: CPA is not CpA."""
        if written_out(query.text, query.kind):
            return True
        fits, text = self.fits(query.kind), query.text
        named = (each for each in self.lookup.exact([text]).get(text, ()) if fits[each.concept] and each.is_listed)
        names = (self.lookup.tables.catalogue.names[each.concept] for each in named)
        return any(name == text or name.casefold() != text.casefold() for name in names)

    def _write_out(self, queries: Collection[Query]) -> None:
        """Formulas and common short forms, unless the document has a name of something else that they may stand for.

        "DM" is no diabetes beside "myotonic dystrophy", which has its letters.
        """
        asked = [query for query in queries if not query.long]
        written = [(query, names) for query in asked if (names := written_out(query.text, query.kind))]
        if not written:
            return
        texts = list(dict.fromkeys(text for query in queries for text in (query.text, query.long) if text))
        exact = self.lookup.exact([*texts, *chain.from_iterable(names for _, names in written)])
        found = {text: {named.concept for named in each} for text, each in exact.items()}
        names_of: dict[int, set[str]] = {}  # how the document calls each concept
        by_letters: dict[str, set[int]] = {}  # concepts by the initials of their names, sorted
        for text in texts:
            for concept in found.get(text, ()):
                names_of.setdefault(concept, set()).add(text.casefold())
            by_letters.setdefault("".join(sorted(initials(text))), set()).update(found.get(text, ()))
        for query, names in written:
            fits, own = self.fits(query.kind), found.get(query.text, set())
            name = next((name for name in names if any(fits[concept] for concept in found.get(name, ()))), None)
            if not name or any(concept >= self.first_own for concept in own):  # the user says what it stands for
                continue
            explained = {concept for concept in own if len(names_of[concept]) > 1}
            if len(query.text) > 1:
                explained |= by_letters.get("".join(sorted(query.text.casefold())), set())
            if any(fits[concept] for concept in explained - found[name]):
                continue
            if len(query.text) > 1 and query.kind in _NAMED:
                query.text = name
            else:
                query.long = name  # "P" stands for more than the names that it has


def with_long_forms(name: str, long_forms: Mapping[str, str]) -> str:
    """A name with the long forms of the words in it, but for those that it has itself: "factor V (FV) deficiency"."""

    def written(word: re.Match[str]) -> str:
        long = long_forms.get(word[0]) if is_short_form(word[0]) and word[0] != name else None
        return long if long and long.casefold() not in name.casefold() else word[0]

    return _WORD.sub(written, name)

"""One text, read with and without knowledge, as the visitor chooses and with names of the visitor's own."""

from __future__ import annotations

import copy
import dataclasses
import json
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from ..corpora.document import Document
from ..corpora.mention import Mention
from ..corpora.writers import TSV
from ..files.errors import InputError
from ..files.tables import read_table
from ..inference.annotator import Annotator
from ..inference.explanation import ExplainedMention, explain
from ..inference.own_names import AddedNames, add_concepts

MOST_CHARACTERS, MOST_NAMES = 10_000, 2_000  # a page should answer in seconds
MOST_CHOICES = 4  # annotators kept for choices made before


@dataclasses.dataclass
class Choice:
    """What the visitor chose: entity types, a convention and a vocabulary; None for the model's own."""

    types: list[str] | None = None
    convention: str | None = None
    vocabulary: str | None = None


class Reader:
    """Read texts for the page, one at a time.

    Args:
        annotator: its model is not changed: own names go to a copy.
    """

    def __init__(self, annotator: Annotator):
        self.annotator = annotator
        self._named: tuple[str, Annotator, AddedNames] | None = None  # of the names pasted last
        self._followed: dict[tuple[Annotator, str | None, str | None], Annotator] = {}
        self._one_at_a_time = threading.Lock()

    def vocabularies(self) -> list[str]:
        """Vocabularies that the model has ids of, that with most ids first."""
        catalogue = self.annotator.tagger.tables.catalogue
        return [name for name, _ in Counter(map(_vocabulary, (*catalogue.ids, *catalogue.owners))).most_common()]

    def read(self, text: str, names: str = "", choice: Choice | None = None) -> dict[str, Any]:
        """Mentions of a text with knowledge and without, explained; plain Python that ``json`` takes.

        Args:
            text: at most ``MOST_CHARACTERS``.
            names: tab-separated with the columns ``id``, ``name``, ``type``; empty for none.
            choice: what is found, and how.

        Raises:
            InputError: the text or the list is too long, or a row of the list is bad; the message names row and field.
            UsageError: the model does not know a type, the convention or the vocabulary.
        """
        if len(text) > MOST_CHARACTERS:
            raise InputError(
                f"the text has {len(text):,} characters; the page takes {MOST_CHARACTERS:,}",
                fix="use `kogner annotate`",
            )
        with self._one_at_a_time:
            annotator, added = self._with_names(names) if names.strip() else (self.annotator, None)
            explanation = explain(self._following(annotator, choice or Choice()), text)
        known = [_explained(each) for each in explanation.mentions]
        others = [each for mention in explanation.mentions for each in mention.without_knowledge]
        every = others + explanation.only_without_knowledge
        plain = {(each.start, -each.end, each.type): each.to_dict() for each in every}
        unknown = [plain[place] for place in sorted(plain)]
        for found, other in ((known, unknown), (unknown, known)):
            places = {(each["start"], each["end"], each["type"]) for each in other}
            for each in found:
                each["differs"] = (each["start"], each["end"], each["type"]) not in places
        return {
            "text": text,
            "with": known,
            "without": unknown,
            "added": None if added is None else dataclasses.asdict(added),
            "exports": _exports(text, [each.mention for each in explanation.mentions]),
        }

    def _following(self, annotator: Annotator, choice: Choice) -> Annotator:
        """An annotator that does as chosen; the last few are kept, because each one collects names that it compares."""
        key = (annotator, choice.convention, choice.vocabulary)
        if choice.convention or choice.vocabulary:
            if key not in self._followed:
                how = {"convention": choice.convention, "vocabulary": choice.vocabulary}
                made = Annotator(annotator.model, annotator.tokenizer, **how)
                while len(self._followed) >= MOST_CHOICES:
                    del self._followed[next(iter(self._followed))]
                self._followed[key] = made
            annotator = self._followed[key]
        annotator = copy.copy(annotator)
        annotator.types = choice.types
        return annotator

    def _with_names(self, names: str) -> tuple[Annotator, AddedNames]:
        """An annotator whose copy of the model knows the names."""
        if self._named is None or self._named[0] != names:
            if (count := names.count("\n")) > MOST_NAMES:
                raise InputError(f"{count:,} names; the page takes {MOST_NAMES:,}", fix="use `kogner graph add`")
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "names.tsv"
                path.write_text(names.strip("\n") + "\n", encoding="utf-8", errors="replace")
                try:
                    table = read_table(path, ["id", "name", "type"])
                    model = copy.deepcopy(self.annotator.model)
                    added = add_concepts(model, self.annotator.tokenizer, table)
                except ValueError as error:
                    raise InputError(
                        str(error).replace(str(path), "own names").split(", or leave such rows out")[0]
                    ) from None
            self._named = (names, Annotator(model, self.annotator.tokenizer), added)
            self._followed.clear()  # they would keep models whose names are no longer in use
        return self._named[1:]


def _explained(explained: ExplainedMention) -> dict[str, Any]:
    """A mention with what the graph had to do with it."""
    surfaces = [dataclasses.asdict(surface) for surface in explained.surfaces]
    why = explained.considered[0].reasons if explained.mention.id and explained.considered else []
    return explained.mention.to_dict() | {"gate": explained.gate, "surfaces": surfaces, "why": why}


def _exports(text: str, mentions: list[Mention]) -> dict[str, str]:
    """The document as the files that the page offers."""
    document = dataclasses.replace(Document.of(text, "text"), mentions=mentions)
    return {
        "tsv": TSV.whole([document]),
        "json": json.dumps(document.to_dict(), ensure_ascii=False, indent=1) + "\n",
        "brat": document.to_brat(),
        "text": text,
        "pubtator": document.to_pubtator(),
        "html": document.to_html(),
    }


def _vocabulary(concept_id: str) -> str:
    return concept_id.partition(":")[0]

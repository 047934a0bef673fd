"""What mentions stand for that a text does not write out: formulas, and names that are taken to be known."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from .chemical_formulas import formula_names

SHORT_FORMS = Path(__file__).with_name("short_forms.tsv")


@cache
def known_short_forms() -> dict[tuple[str, str], str]:
    """Entity type and short or everyday form -> name, of `short_forms.tsv`.

    What means several things as often ("CD", "DOX") is left out. Many chemicals and viruses are short forms that
    five or more open articles define, seven of eight or more of them as the same concept.
    """
    with SHORT_FORMS.open(encoding="utf-8", newline="") as stream:
        return {(row["type"], row["short form"]): row["name"] for row in csv.DictReader(stream, delimiter="\t")}


def is_short_form(text: str) -> bool:
    """Whether a text looks like one of at most five signs: "PUFA", "T2DM"."""
    return 1 < len(text) <= 5 and text.isupper()


def written_out(text: str, entity_type: str) -> list[str]:
    """Names that a mention may stand for, the one that vocabularies prefer first; none for what is no short form.

    Args:
        text: of a mention, in the case that it has.
        entity_type: of the mention.
    """
    common = known_short_forms()
    for form in (text, text[:1].lower() + text[1:]):
        for single in (form, form.removesuffix("s")):
            if name := common.get((entity_type, single)):
                return [name]
    return formula_names(text) if entity_type == "Chemical" else []

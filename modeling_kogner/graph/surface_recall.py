"""How many gold mentions the written forms cover."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .surface_forms import surface_key


def gold_mentions(tokens: Iterable[list[str]], tags: Iterable[list[str]]) -> Iterator[tuple[str, str]]:
    """Yield (mention, entity type) of sentences in IOB2; a mention's tokens are joined by spaces."""
    for words, labels in zip(tokens, tags, strict=True):
        start, current = 0, None
        for position, label in enumerate([*labels, "O"]):
            if current and label != f"I-{current}":
                yield " ".join(words[start:position]), current
                current = None
            if label.startswith("B-"):
                start, current = position, label[2:]


def recall(mentions: list[str], surfaces: Iterable[str], as_listed: bool = False) -> float:
    """Return the share of mentions that are among the surfaces.

    Args:
        mentions: written forms from a corpus, repeated as often as they occur.
        surfaces: the forms to look them up in.
        as_listed: compare letter by letter, ignoring only case and white space (a tokenised corpus has lost it),
            instead of by the key of the surface index.
    """
    normal = _without_space if as_listed else surface_key
    known = set(map(normal, surfaces))
    return sum(normal(mention) in known for mention in mentions) / max(len(mentions), 1)


def _without_space(text: str) -> str:
    return "".join(text.lower().split())

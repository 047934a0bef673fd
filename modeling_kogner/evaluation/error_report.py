"""The errors of a model on a corpus: counts by kind and type, what is most often wrong, and examples."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from ..corpora.mention import Mention
from ..corpora.tag_schemes import mention_spans
from .encoded_split import EncodedSplit
from .error_kinds import KINDS, Error, errors

EXAMPLES, FREQUENT = 30, 10  # of each kind and type, at most


def report_errors(
    encoded: EncodedSplit, predictions: Sequence[Sequence[str]], examples: int = EXAMPLES
) -> dict[str, Any]:
    """Compare tags; plain Python that ``json`` takes.

    Args:
        encoded: a split with its gold tags.
        predictions: tags of each of its sentences.
        examples: of each kind and type, at most, spread over the split.
    """
    sentences = encoded.sentences
    gold, found = (
        [_mentions(words, tags) for words, tags in zip(sentences, rows, strict=True)]
        for rows in (encoded.references, predictions)
    )
    found = [[mention for mention in row if mention.type in encoded.types] for row in found]
    groups: defaultdict[tuple[str, str], list[Error]] = defaultdict(list)
    for error in errors(gold, found):
        groups[error.kind, error.mention.type].append(error)
    marked = [{(m.start, m.end, m.type) for m in row} for row in gold]
    right = Counter(
        m.type for row, known in zip(found, marked, strict=True) for m in row if (m.start, m.end, m.type) in known
    )
    wanted = Counter(mention.type for row in gold for mention in row)
    return {
        "corpus": encoded.name,
        "sentences": len(sentences),
        "types": [
            {
                "type": kind,
                "gold": wanted[kind],
                "right": right[kind],
                "errors": {name: len(groups[name, kind]) for name in KINDS},
            }
            for kind in encoded.types
        ],
        "groups": [
            {
                "kind": name,
                "type": kind,
                "count": len(groups[name, kind]),
                "frequent": Counter(_told(error) for error in groups[name, kind]).most_common(FREQUENT),
                "examples": [
                    _example(each, sentences[each.document]) for each in _spread(groups[name, kind], examples)
                ],
            }
            for name in KINDS
            for kind in encoded.types
            if groups[name, kind]
        ],
    }


def _mentions(words: Sequence[str], tags: Sequence[str]) -> list[Mention]:
    """The mentions of a sentence, in characters of its words with spaces between."""
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word) + 1)
    text = " ".join(words)
    places = ((starts[first], starts[last] - 1, kind) for kind, first, last in mention_spans(tags))
    return [Mention(start, end, text[start:end], kind) for start, end, kind in places]


def _told(error: Error) -> str:
    """An error in short, for counting the same ones; a border shows what is right."""
    other = error.other
    if error.kind == "border" and other:
        return f"{error.mention.text} → {other.text}"
    return f"{error.mention.text} ({other.type})" if other else error.mention.text


def _spread(group: list[Error], count: int) -> list[Error]:
    """So many of a group, at equal distances: the first ones alone would be of a few documents."""
    step = max(len(group) / count, 1) if count else len(group) + 1
    return [group[int(i * step)] for i in range(min(count, len(group)))]


def _example(error: Error, words: Sequence[str]) -> dict[str, Any]:
    is_missed = error.kind.startswith("missed")
    sides = (error.mention, error.other) if is_missed else (error.other, error.mention)
    gold, found = ({"start": m.start, "end": m.end, "type": m.type} if m else None for m in sides)
    return {"sentence": error.document + 1, "text": " ".join(words), "gold": gold, "found": found}

"""A mention, the concepts that it may stand for, and the passage that it stands in."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Candidate:
    """A concept that a mention, or a written form, may stand for.

    Args:
        id: of the concept, in the vocabulary asked for if one was, such as ``MESH:D012640``.
        name: preferred name.
        type: semantic type in the knowledge graph.
        score: probability of the concept; of a model without a linker how similar the spelling is, 1 if the same.
        ids: all ids of the concept, ``id`` first.
        weight: attention that the model paid to the concept, in [0, 1]; None where it read none or was not asked.
        organism: of a gene, the scientific name of its species.
    """

    id: str
    name: str
    type: str
    score: float | None = None
    ids: list[str] = field(default_factory=list)
    weight: float | None = None
    organism: str | None = None


@dataclass
class Mention:
    """A biomedical entity named in a text, predicted or annotated by hand.

    Args:
        start: first character; ``text[start:end]`` is the mention, without space around it.
        end: the character after its last.
        text: the mention.
        type: entity type.
        score: mean over its words of the probability of the type, begin and inside together; None if annotated by hand.
        id: of the concept that the mention stands for; None where no concept of a fitting type is likely enough. ``|``
            stands between the ids of several concepts ("breast and ovarian cancer"). Of a mention annotated by hand,
            the id as written in the file.
        name: preferred name of the concept; of several with ``|`` between.
        semantic_type: of the concept, in the knowledge graph.
        link_score: probability of the concept; of a model without a linker how similar the spelling is, 1 if the same.
        ids: all ids of the concept, ``id`` first; of several concepts one after the other.
        alternatives: further concepts, best first; where ``id`` is None, those that were not likely enough.
        organism: of a gene, the scientific name of its species.
    """

    start: int
    end: int
    text: str
    type: str
    score: float | None = None
    id: str | None = None
    name: str | None = None
    semantic_type: str | None = None
    link_score: float | None = None
    ids: list[str] = field(default_factory=list)
    alternatives: list[Candidate] = field(default_factory=list)
    organism: str | None = None

    @property
    def linked(self) -> Candidate | None:
        """What the mention is linked to, as one of its candidates."""
        if self.id is None:
            return None
        kind, name = self.semantic_type or self.type, self.name or ""
        return Candidate(self.id, name, kind, self.link_score, self.ids, organism=self.organism)

    @property
    def concepts(self) -> list[tuple[str, str]]:
        """Id and name of each concept that the mention is linked to."""
        return concepts_of(self.id, self.name)

    def to_dict(self) -> dict[str, Any]:
        """Plain Python that ``json`` takes."""
        fields = asdict(self)
        for candidate in fields["alternatives"]:
            del candidate["weight"]  # only explanations have it
        return fields


def concepts_of(ids: str | None, names: str | None) -> list[tuple[str, str]]:
    """Id and name of each concept, of fields that may hold several; the id where a name is missing."""
    parts = [part for part in (ids or "").split("|") if part]
    called = (names or "").split("|") if len(parts) > 1 else [names or ""]
    called += [""] * (len(parts) - len(called))
    return [(part, name or part) for part, name in zip(parts, called, strict=False)]


@dataclass
class Passage:
    """A part of a document that is read separately, such as its title.

    Args:
        text: as written.
        offset: its first character in the document.
        infons: what BioC says about it.
    """

    text: str
    offset: int = 0
    infons: dict[str, Any] = field(default_factory=dict)

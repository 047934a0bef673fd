"""KoGNER as a component of a spaCy pipeline; needs the extra ``spacy``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans, minibatch
from transformers.utils import logging

from ..corpora.mention import Mention
from ..inference.annotator import Annotator
from ..inference.load import load


class KognerComponent:
    """Fill ``doc.ents`` with labels and, as ``kb_id_``, concept ids.

    ``span._.kogner_score`` and ``span._.kogner_name`` hold the score and the concept's preferred name. Entities that
    earlier components set stay where they meet no mention.

    Args:
        model: folder or Hub id, loaded when the first text is read, so that a saved pipeline opens where the folder
            it was made from is gone.
        name: of the component.
        types: entity types to find; all if None.
        threshold: mentions with a lower score are left out.
        alignment_mode: what happens to a mention whose boundaries are not boundaries of spaCy's tokens, as in
            ``Doc.char_span``: ``expand`` to the tokens it touches, ``contract`` to those it holds whole, or ``strict``:
            leave it out. Of mentions that then overlap the longest stays.
        batch_size: windows per step of the model.
        device: such as ``cpu`` or ``cuda``.
    """

    def __init__(
        self,
        model: str,
        name: str = "kogner",
        types: list[str] | None = None,
        threshold: float = 0.0,
        alignment_mode: Literal["strict", "contract", "expand"] = "expand",
        batch_size: int = 32,
        device: str = "cpu",
    ):
        if alignment_mode not in ("strict", "contract", "expand"):
            raise ValueError(f"alignment_mode is {alignment_mode!r}; choose one of strict, contract, expand")
        self.source, self.name, self.types, self.threshold = model, name, types, threshold
        self.alignment_mode, self.batch_size, self.device = alignment_mode, batch_size, device
        self._annotator: Annotator | None = None

    @property
    def annotator(self) -> Annotator:
        """Model and tokenizer, loaded on first use.

        Raises:
            InputError: there is no such model, see :func:`load`.
        """
        if self._annotator is None:
            logging.disable_progress_bar()
            self._annotator = load(self.source, device=self.device, types=self.types)
        return self._annotator

    def __call__(self, doc: Doc) -> Doc:
        """Annotate one document."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Annotate a stream, ``batch_size`` documents at a time."""
        for docs in minibatch(stream, batch_size):
            texts = [doc.text for doc in docs]
            found = self.annotator.annotate(texts, threshold=self.threshold, batch_size=self.batch_size)
            for doc, document in zip(docs, found, strict=True):
                self._set_entities(doc, document.mentions)
                yield doc

    def _set_entities(self, doc: Doc, mentions: list[Mention]) -> None:
        spans = [self._span(doc, mention) for mention in mentions]
        kept = filter_spans([span for span in spans if span])
        taken = {token.i for span in kept for token in span}
        doc.ents = [*kept, *(span for span in doc.ents if not taken & set(range(span.start, span.end)))]

    def _span(self, doc: Doc, mention: Mention) -> Span | None:
        """The mention in spaCy's tokens; None or empty where they cannot hold it."""
        span = doc.char_span(
            mention.start,
            mention.end,
            label=mention.type,
            kb_id=mention.id or "",
            alignment_mode=self.alignment_mode,
        )
        if span:
            span._.kogner_score, span._.kogner_name = mention.score, mention.name
        return span

    def to_disk(self, path: str | Path, exclude: Iterable[str] = ()) -> None:
        """Save model and tokenizer, so that the pipeline's folder is complete."""
        self.annotator.model.save_pretrained(path)
        self.annotator.tokenizer.save_pretrained(path)

    def from_disk(self, path: str | Path, exclude: Iterable[str] = ()) -> KognerComponent:
        """Read from the pipeline's folder from now on, instead of the model that the configuration names."""
        self.source, self._annotator = str(path), None
        return self


@Language.factory(
    "kogner",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type", "token.ent_kb_id"],
    default_config={
        "types": None,
        "threshold": 0.0,
        "alignment_mode": "expand",
        "batch_size": 32,
        "device": "cpu",
    },
)
def make_kogner(
    nlp: Language,
    name: str,
    model: str,
    types: list[str] | None,
    threshold: float,
    alignment_mode: str,
    batch_size: int,
    device: str,
) -> KognerComponent:
    """Make the component of ``nlp.add_pipe("kogner", config={"model": FOLDER_OR_HUB_ID})``."""
    for extension in ("kogner_score", "kogner_name"):
        if not Span.has_extension(extension):
            Span.set_extension(extension, default=None)
    return KognerComponent(model, name, types, threshold, alignment_mode, batch_size, device)

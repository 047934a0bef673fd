"""From records to annotated documents, one step at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TextIO

from ..corpora.document import Document
from ..corpora.record import Record
from ..corpora.writers import OutputFormat
from ..files.errors import InputError
from .annotator import CHARACTERS_AT_ONCE, Annotator
from .resumable_file import Counts, ResumableFile


class StreamOutput:
    """Documents to a stream, without resuming."""

    def __init__(self, stream: TextIO, form: OutputFormat):
        self.stream, self.form, self.counts = stream, form, Counts()

    def append(self, rendered: list[str], counts: Counts) -> None:
        """Write the documents of one step."""
        for number, part in enumerate(rendered, start=self.counts.documents):
            self.stream.write((self.form.separator if number else self.form.head) + part)
        self.stream.flush()
        self.counts = counts

    def finish(self) -> None:
        """Write what ends the file."""
        self.stream.write(("" if self.counts.documents else self.form.head) + self.form.tail)
        self.stream.flush()


@dataclass
class AnnotationRun:
    """Annotate records in steps that are written one by one.

    Args:
        annotator: which model.
        output: where the documents go.
        types: entity types to find; all by default.
        threshold: lowest score.
        batch_size: windows the model reads at once; a step has four times as many documents.
        on_skip: called with what is wrong with a record, which is then left out; if None, the run stops there.
        on_step: called with the counts and the position in the input after each step.
    """

    annotator: Annotator
    output: ResumableFile | StreamOutput
    types: Sequence[str] | None
    threshold: float
    batch_size: int
    on_skip: Callable[[str], None] | None
    on_step: Callable[[Counts, int | None], None]

    def run(self, records: Iterable[Record]) -> Counts:
        """Read to the end.

        Raises:
            InputError: a record is wrong and may not be skipped; what came before it is written.
        """
        counts = replace(self.output.counts)
        waiting: list[Document] = []
        size = 0
        for record in records:
            try:
                document = record.parse()
            except InputError as error:
                if self.on_skip is None:
                    self._step(waiting, counts, record.position)
                    error.fix = f"{error.fix}; or continue with --on-error skip"
                    raise
                self.on_skip(str(error))
                counts.skipped += 1
            else:
                waiting.append(document)
                size += len(document.text)
            counts.records += 1
            if len(waiting) >= 4 * self.batch_size or size > CHARACTERS_AT_ONCE:
                self._step(waiting, counts, record.position)
                waiting, size = [], 0
        self._step(waiting, counts, None)
        self.output.finish()
        return counts

    def _step(self, documents: list[Document], counts: Counts, position: int | None) -> None:
        rendered = []
        for document in self.annotator.annotate(documents, self.types, self.threshold, self.batch_size):
            counts.mentions += len(document.mentions)
            rendered.append(self.output.form.render(document))
        counts.documents += len(documents)
        self.output.append(rendered, replace(counts))
        self.on_step(counts, position)

"""A run of annotation as steps: some records are read, annotated and written before the next ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..corpora.document import Document
from ..corpora.record import Record
from ..files.errors import InputError
from .resumable_file import Done, ResumableFile, StreamOutput

if TYPE_CHECKING:
    from .annotator import Annotator

# What a step holds at most: of short texts enough to fill batches with windows of similar length, and of long ones
# little enough that progress shows and that a stop loses seconds.
BATCHES_A_STEP, CHARACTERS_A_STEP, RECORDS_A_STEP = 4, 200_000, 5_000
FIRST_STEP = 4  # texts that one process annotates before there are others
Rendered = tuple[list[str], int]  # documents as the output format writes them, and the number of their mentions


@dataclass
class Step:
    """Documents that are written together, and how far the input is read with them.

    Args:
        documents: read, not annotated.
        records: of the input, from its start.
        skipped: of those, the ones that are left out.
        position: bytes of the input, None at its end.
        start: bytes of the input before it.
    """

    documents: list[Document]
    records: int
    skipped: int
    position: int | None
    start: int


def annotate_records(
    annotator: Annotator,
    records: Iterable[Record],
    output: ResumableFile | StreamOutput,
    on_skip: Callable[[str], None] | None,
    on_step: Callable[[Done, int | None], None],
    threshold: float = 0.0,
    batch_size: int = 32,
    jobs: int = 1,
    prepare: Callable[[int], None] | None = None,
) -> None:
    """Annotate records to the end, in steps that are written one by one, in their order.

    Args:
        annotator: which model.
        records: those that the output does not count yet.
        output: where the documents go.
        on_skip: called with what is wrong with a record, which is left out; None to stop there.
        on_step: called with the counts and the position in the input after each step.
        threshold: mentions with a lower score are left out.
        batch_size: windows that the model reads at once.
        jobs: processes or threads that annotate; more than one share this one's memory, see :mod:`jobs`.
        prepare: called first in each of several processes, with its number; this one then annotates nothing.

    Raises:
        InputError: a record is wrong and may not be skipped; what came before it is written.
    """

    def render(step: Step, on_part: Callable[[int], None] | None = None) -> Rendered:
        found = list(annotator.annotate(step.documents, None, threshold, batch_size, on_part))
        return list(map(output.form.render, found)), sum(len(document.mentions) for document in found)

    def render_here(step: Step) -> Rendered:
        return render(step, lambda read: on_step(output.counts, step.start + read))

    most = batch_size if jobs > 1 else BATCHES_A_STEP * batch_size  # little for each, so that all end together
    steps = _steps(records, output.counts, most, on_skip, min(most, FIRST_STEP) if jobs > 1 else most)
    annotated: Iterator[tuple[Step, Rendered]]
    if jobs == 1:
        annotated = ((step, render_here(step)) for step in steps)
    else:
        from .jobs import MOST_THREADS, annotate_in_jobs, annotate_in_threads

        if jobs <= MOST_THREADS and not prepare:
            annotator.tagger.share(jobs)
            annotated = annotate_in_threads(steps, render_here, render, jobs)
        else:
            here = render_here if annotator.tagger.can_be_forked and not prepare else None
            annotated = annotate_in_jobs(steps, here, render, jobs, output, prepare)
    for step, (rendered, mentions) in annotated:
        before = output.counts
        counts = Done(step.records, before.documents + len(rendered), step.skipped, before.mentions + mentions)
        output.append(rendered, counts)
        on_step(replace(counts), step.position)
    output.finish()


def _steps(
    records: Iterable[Record], done: Done, most: int, on_skip: Callable[[str], None] | None, first: int
) -> Iterator[Step]:
    """Records with at most ``most`` texts a step, and ``first`` in the first one."""
    limit = first
    waiting: list[Document] = []
    count, skipped, size, filled, start = done.records, done.skipped, 0, 0, 0
    for record in records:
        try:
            waiting.append(record.parse())
            length = sum(len(passage.text) for passage in waiting[-1].passages)
            size, filled = size + length, filled + bool(length)
        except InputError as error:
            if on_skip is None:
                yield Step(waiting, count, skipped, record.position, start)
                error.fix = (f"{error.fix}; or " if error.fix else "") + "continue with --on-error skip"
                raise
            on_skip(str(error))
            skipped += 1
        count += 1
        if filled >= limit or size > CHARACTERS_A_STEP or len(waiting) >= RECORDS_A_STEP:
            yield Step(waiting, count, skipped, record.position, start)
            waiting, size, filled, start, limit = [], 0, 0, record.position, most
    yield Step(waiting, count, skipped, None, start)

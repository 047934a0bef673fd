"""`kogner annotate`: texts and files of documents in, mentions and the concepts they name out."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from functools import partial

from ..corpora.document import Document
from ..inference.annotate_files import AnnotationOptions, FileAnnotation
from ..inference.find_model import find_model
from ..inference.model_folder import is_exported
from .main import WRONG_DATA, script
from .options import knowledge_of
from .progress import document_progress, quiet, reading


def annotate(options: AnnotationOptions) -> int:
    r"""Find the biomedical entities in texts and the concepts that they name.

    kogner annotate --example
    kogner annotate "Aspirin reduced the fever"
    kogner annotate --input abstracts.jsonl --output annotated.parquet --threshold 0.5

    Formats read: lines (.txt: one document per line), text (one per file), jsonl, parquet, pubtator, bioc (BioC JSON,
    .json), and by their outermost element (.xml) bioc-xml, jats (full text of PubMed Central; also .nxml) and pubmed;
    each also compressed (.gz). Written: csv, tsv, excel (.xlsx), jsonl, parquet, pubtator, bioc (.json), bioc-xml
    (.xml), brat (a folder, or .zip) and html (one page that opens anywhere).

    The same command resumes after a kill, and does nothing once all is done. The exit code is 1 if documents were
    skipped; standard error lists them.

    On several processes or GPUs, each of which reads its share and writes its own file:

    accelerate launch --multi_gpu --num_processes 2 --num_machines 1 -m modeling_kogner.commands.annotate \
        --input abstracts.jsonl --output annotated.jsonl
    """
    draw = partial(_draw, shows_text=options.text is None)  # what was typed is still to be seen
    run = FileAnnotation(replace(options, knowledge=knowledge_of(options.knowledge)), draw)
    quiet(is_exported(find_model(options.model)))
    with reading(options.model):
        run.load()
        coverage = run.coverage
    if coverage is not None:
        _say(str(coverage))
    began, before = time.monotonic(), run.counts.documents
    with document_progress(run.size, before, run.output is not None) as on_step:
        run.run(lambda wrong: _say(f"skipped: {wrong}"), on_step)
    counts = run.counts
    if run.output is not None:
        new = counts.documents - before
        rate = f"({new:,} now, {new / max(time.monotonic() - began, 1e-9):,.1f}/s)" if new else "(it was complete)"
        _say(
            f"{_count(counts.documents, 'document')}, {_count(counts.mentions, 'mention')}, {counts.skipped:,} skipped "
            f"-> {run.output} {rate}"
        )
    return WRONG_DATA if counts.skipped else 0


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def _draw(document: Document, shows_text: bool) -> str:
    from .tables import draw_mentions

    return draw_mentions(document, shows_text)


def _say(message: str) -> None:
    print(f"kogner annotate: {message}", file=sys.stderr)


if __name__ == "__main__":
    script("annotate")

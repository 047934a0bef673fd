"""`kogner annotate`: texts and files of documents in, mentions and the concepts they name out.

On several processes or GPUs, each of which reads its share and writes a file of its own:

    accelerate launch --multi_gpu --num_processes 2 --num_machines 1 -m modeling_kogner.commands.annotate \
        --input abstracts.jsonl --output annotated.jsonl
"""

from __future__ import annotations

import enum
import errno
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from ..corpora.document import Document
from ..corpora.formats import OUTPUTS, READERS, format_of, input_files, read_records
from ..corpora.record import Fields, Record
from ..corpora.writers import OutputFormat
from ..files.errors import is_out_of_memory
from ..inference.annotation_run import AnnotationRun, StreamOutput
from ..inference.load import bundled_model, file_version, load, model_version
from ..inference.resumable_file import Counts, ResumableFile
from ..inference.shards import share_of, this_share
from .document_progress import document_progress
from .mention_table import draw_table
from .progress import quiet, reading

STANDARD_INPUT = Path("-")
SKIPPED, WRONG, FAILED, INTERRUPTED = 1, 2, 3, 130  # exit codes; the help of the command says what they mean

_Reader = enum.Enum("_Reader", {name: name for name in READERS}, type=str)
_Writer = enum.Enum("_Writer", {name: name for name in ("table", *OUTPUTS)}, type=str)
_OnError = enum.Enum("_OnError", {name: name for name in ("stop", "skip")}, type=str)
_Knowledge = enum.Enum("_Knowledge", {name: name for name in ("on", "off")}, type=str)


@dataclass
class _Choices:
    """All that decides what is written: a run that is taken up again must have the same."""

    model: str
    knowledge: str
    vocabulary: str | None
    convention: str | None
    types: list[str] | None
    threshold: float
    fields: Fields
    target: str
    shard: tuple[int, int]


def annotate(
    text: Annotated[str | None, typer.Argument(help="Text to read; standard input if no --input is given.")] = None,
    inputs: Annotated[
        list[Path] | None,
        typer.Option("--input", help="File or folder of documents, or - for standard input; repeat it for several."),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="File to write; standard output if left out.")] = None,
    source: Annotated[
        _Reader | None, typer.Option("--from", help="Format of the input, where its name does not tell it.")
    ] = None,
    target: Annotated[
        _Writer | None, typer.Option("--to", help="Format of the output, where its name does not tell it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Short for --to jsonl.")] = False,
    text_column: Annotated[str, typer.Option("--text_column", help="Of JSON lines and parquet.")] = "text",
    id_column: Annotated[str, typer.Option("--id_column", help="Of JSON lines and parquet, if there is one.")] = "id",
    model: Annotated[
        str | None, typer.Option(help="Folder or Hub id of a model, or what kogner export wrote; else the bundled one.")
    ] = None,
    knowledge: Annotated[_Knowledge, typer.Option(help="off: tag without the knowledge graph.")] = _Knowledge.on,
    vocabulary: Annotated[str | None, typer.Option(help="Link to ids of this vocabulary only, such as MESH.")] = None,
    convention: Annotated[
        str | None, typer.Option(help="Corpus whose way to annotate is followed, such as BC2GM; by default none.")
    ] = None,
    types: Annotated[str | None, typer.Option(help="Entity types to find, as if there were no others: A,B,C.")] = None,
    threshold: Annotated[float, typer.Option(min=0, max=1, help="Leave out mentions with a lower score.")] = 0.0,
    batch_size: Annotated[int, typer.Option("--batch_size", min=1, help="Windows read at once.")] = 32,
    on_error: Annotated[_OnError, typer.Option("--on_error", help="At a document that is wrong.")] = _OnError.stop,
    shard: Annotated[str | None, typer.Option(help="Read a share only: 1/4 to 4/4; each writes its own file.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1, ...; a GPU if there is one.")] = None,
    compiled: Annotated[
        bool, typer.Option("--compile", help="Fuse kernels: a minute at first, faster then; for long runs on a GPU.")
    ] = False,
) -> None:
    """Find the biomedical entities of texts and the concepts they name.

    kogner annotate "Aspirin reduced the fever"

    kogner annotate --input abstracts.jsonl --output annotated.parquet --threshold 0.5

    Formats: lines (.txt: a document a line), text (a document a file), jsonl, parquet, pubtator, bioc (BioC JSON,
    .json); to write also tsv and table. The same command goes on after a kill, and does nothing once all is done.

    Exit codes: 0 all is annotated; 1 all but skipped documents, which standard error lists; 2 wrong usage, model or
    input; 3 a file could not be read or written: mend that and repeat; 130 interrupted: repeat to go on.
    """
    quiet()
    try:
        files = _input(text, inputs, source and source.value)
        kind = _target(output, "jsonl" if as_json else target and target.value, bool(inputs))
        choices = _Choices(
            bundled_model() if model is None else model,
            knowledge.value,
            vocabulary,
            convention,
            None if types is None else [name.strip() for name in types.split(",")],
            threshold,
            Fields(text_column, id_column),
            kind,
            this_share(shard),
        )
        counts = _run(choices, text, files, output, batch_size, on_error is _OnError.skip, device, compiled)
    except ValueError as error:
        _end(str(error), WRONG)
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise  # the reader, such as head, has enough; click ends quietly
        _end(f"{error}; mend that and repeat the command", FAILED)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        _end(f"out of memory; repeat the command with --batch_size {max(1, batch_size // 4)} to go on", FAILED)
    except KeyboardInterrupt:
        _end("interrupted; with --output the same command goes on from here", INTERRUPTED)
    raise typer.Exit(SKIPPED if counts.skipped else 0)


def _run(
    choices: _Choices,
    text: str | None,
    files: list[tuple[Path, str]],
    output: Path | None,
    batch_size: int,
    skip: bool,
    device: str | None,
    compiled: bool,
) -> Counts:
    with reading(choices.model):
        annotator = load(
            choices.model,
            knowledge="none" if choices.knowledge == "off" else None,
            convention=choices.convention,
            device=device,
            types=choices.types,
            vocabulary=choices.vocabulary,
            compiled=compiled,
        )
    form = OutputFormat(draw_table) if choices.target == "table" else OUTPUTS[choices.target]
    if output is None:
        out: StreamOutput | ResumableFile = StreamOutput(sys.stdout, form)
    else:
        output = share_of(output, choices.shard)
        out = ResumableFile(output, form, _settings(choices, files))
    began, before = time.monotonic(), out.counts
    if not (isinstance(out, ResumableFile) and out.complete):
        total = 0 if text is not None else sum(path.stat().st_size for path, _ in files if path != STANDARD_INPUT)
        with document_progress(total, before, output is not None) as on_step:
            run = AnnotationRun(
                annotator, out, choices.types, choices.threshold, batch_size, _report if skip else None, on_step
            )
            run.run(_records(choices, text, files, before.records))
    if output is not None:
        new, seconds = out.counts.documents - before.documents, time.monotonic() - began
        _say(
            f"{out.counts.documents:,} documents, {out.counts.mentions:,} mentions, {out.counts.skipped:,} skipped "
            f"-> {output} ({new:,} now, {new / max(seconds, 1e-9):,.1f}/s)"
        )
    return out.counts


def _records(choices: _Choices, text: str | None, files: list[tuple[Path, str]], done: int) -> Iterator[Record]:
    if text is not None:
        return iter([Record("text", None, 0, lambda: replace(Document.of(text), record={"text": text}))])
    stream = sys.stdin.buffer if files[0][0] == STANDARD_INPUT else None
    return read_records(files, choices.fields, stream, done, choices.shard)


def _settings(choices: _Choices, files: list[tuple[Path, str]]) -> dict[str, Any]:
    weights = model_version(choices.model)
    model = Path(choices.model).name if weights else choices.model
    read = [[*(["-"] if path == STANDARD_INPUT else file_version(path)), kind] for path, kind in files]
    return asdict(replace(choices, model=model)) | {"input": read, "weights": weights}


def _input(text: str | None, inputs: list[Path] | None, kind: str | None) -> list[tuple[Path, str]]:
    if text is not None:
        if inputs:
            raise ValueError("both a text and --input; give one of them")
        if os.path.isfile(text):
            raise ValueError(f"{text} is a file; read it with --input {text}")
        return []
    if inputs and STANDARD_INPUT not in inputs:
        return input_files(inputs, kind)
    if len(inputs or []) > 1:
        raise ValueError("--input - stands for all input; give it alone")
    if sys.stdin is None or sys.stdin.isatty():
        raise ValueError('no text; give one, as in kogner annotate "aspirin reduced fever", or pipe one in')
    return [(STANDARD_INPUT, kind or "text")]


def _target(output: Path | None, kind: str | None, many: bool) -> str:
    if output is None:
        if kind == "parquet":
            raise ValueError("parquet needs a file; name it with --output")
        return kind or ("jsonl" if many else "table")
    if kind == "table":
        raise ValueError("a table is drawn on the terminal; choose --to tsv for a file, or leave --output out")
    return kind or format_of(output, OUTPUTS, "--to")


def _report(wrong: str) -> None:
    _say(f"skipped: {wrong}")


def _say(message: str) -> None:
    print(f"kogner annotate: {message}", file=sys.stderr)


def _end(message: str, code: int) -> NoReturn:
    _say(message)
    raise typer.Exit(code) from None


if __name__ == "__main__":
    typer.run(annotate)

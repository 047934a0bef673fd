"""Texts and files in, annotated documents out: what `kogner annotate` runs, from its options to the last document."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..corpora.document import Document
from ..corpora.formats import OUTPUTS, READERS, format_of, input_files, read_records
from ..corpora.record import Fields, Record
from ..corpora.writers import OutputFormat
from ..files.errors import InputError, UsageError, is_out_of_memory
from .resumable_file import Counts, ResumableFile

STANDARD_INPUT = Path("-")


@dataclass
class AnnotationOptions:
    """What is annotated, how, and where the documents go."""

    text: str | None = field(
        default=None, metadata={"help": "Text to read; standard input if no --input is given.", "positional": True}
    )
    inputs: list[Path] | None = field(
        default=None, metadata={"help": "Files or folders of documents, or - for standard input.", "flag": "input"}
    )
    output: Path | None = field(default=None, metadata={"help": "File to write; standard output if left out."})
    source: str | None = field(
        default=None,
        metadata={
            "help": "Format of the input, if its name does not say.",
            "flag": "from",
            "choices": tuple(READERS),
        },
    )
    target: str | None = field(
        default=None,
        metadata={
            "help": "Format of the output, if its name does not say.",
            "flag": "to",
            "choices": ("table", *OUTPUTS),
        },
    )
    json: bool = field(default=False, metadata={"help": "Short for --to jsonl."})
    text_column: str = field(default="text", metadata={"help": "Field of the text in JSON lines and parquet."})
    id_column: str = field(
        default="id", metadata={"help": "Field of the id in JSON lines and parquet, if there is one."}
    )
    model: str | None = field(
        default=None,
        metadata={"help": "Folder or Hub id of a model, or what kogner export wrote; the bundled one if left out."},
    )
    knowledge: str | None = field(
        default=None,
        metadata={"help": "Knowledge folder to read instead of the model's own graph, or none: no graph at all."},
    )
    vocabulary: str | None = field(
        default=None, metadata={"help": "Link to ids of this vocabulary only, such as MESH."}
    )
    convention: str | None = field(
        default=None, metadata={"help": "Corpus whose annotation convention is followed, such as BC2GM."}
    )
    types: list[str] | None = field(
        default=None, metadata={"help": "Entity types to find; the others do not compete.", "commas": True}
    )
    threshold: float = field(
        default=0.0, metadata={"help": "Leave out mentions with a lower score.", "least": 0, "most": 1}
    )
    batch_size: int = field(default=32, metadata={"help": "Windows read at once.", "least": 1})
    on_error: str = field(
        default="stop",
        metadata={"help": "What to do with a document that cannot be read.", "choices": ("stop", "skip")},
    )
    shard: str | None = field(
        default=None, metadata={"help": "Read a share only: 1/4 to 4/4; each writes its own file."}
    )
    device: str | None = field(default=None, metadata={"help": "cpu, cuda, cuda:1, ...; a GPU if there is one."})
    compile: bool = field(
        default=False, metadata={"help": "Fuse kernels: a minute at first, then faster; for long runs on a GPU."}
    )


class FileAnnotation:
    """A run of annotation; what is wrong with its options shows before a model is loaded.

    Args:
        options: of the run.
        draw_table: shows a document on a terminal.

    Raises:
        UsageError: the options do not go together.
        InputError: an input cannot be read.
    """

    def __init__(self, options: AnnotationOptions, draw_table: Callable[[Document], str]):
        self.options, self.counts = options, Counts()
        self.files = _input(options)
        self.target = _target(options)
        self.share = this_share(options.shard)
        self.output = options.output and share_of(options.output, self.share)
        self._form = OutputFormat(draw_table) if self.target == "table" else OUTPUTS[self.target]

    @property
    def size(self) -> int:
        """Bytes of the input; 0 if nobody knows."""
        return sum(path.stat().st_size for path, _ in self.files if path != STANDARD_INPUT)

    def load(self) -> None:
        """Load the model, and open the output where an earlier run left it.

        Raises:
            InputError: the model cannot be read, or the output is not to be written.
        """
        from .annotation_run import StreamOutput
        from .load import bundled_model, load

        given = self.options
        self.options = given = replace(given, model=given.model or bundled_model())
        choices = {name: getattr(given, name) for name in ("knowledge", "convention", "device", "types", "vocabulary")}
        self._annotator = load(given.model, **choices, compiled=given.compile)
        if self.target not in ("jsonl", "parquet"):
            self._annotator.alternatives = 0  # the other formats have no place for them
        if self.output is None:
            self._out: StreamOutput | ResumableFile = StreamOutput(sys.stdout, self._form)
        else:
            self._out = ResumableFile(self.output, self._form, self._settings())
        self.counts = self._out.counts

    def run(self, on_skip: Callable[[str], None], on_step: Callable[[Counts, int | None], None]) -> None:
        """Annotate what no earlier run has; ``on_skip`` is told what is wrong with a document that is left out.

        Raises:
            InputError: a document is wrong and may not be skipped, or memory ran out; what came before it is written.
        """
        from .annotation_run import AnnotationRun

        if isinstance(self._out, ResumableFile) and self._out.complete:
            return
        given = self.options
        skip = on_skip if given.on_error == "skip" else None
        run = AnnotationRun(self._annotator, self._out, given.types, given.threshold, given.batch_size, skip, on_step)
        try:
            self.counts = run.run(self._records())
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            fix = f"repeat the command with --batch-size {max(1, given.batch_size // 4)} to continue"
            raise InputError("out of memory", fix=fix) from error

    def _records(self) -> Iterator[Record]:
        if (text := self.options.text) is not None:
            return iter([Record("text", None, 0, lambda: replace(Document.of(text), record={"text": text}))])
        stream = sys.stdin.buffer if self.files[0][0] == STANDARD_INPUT else None
        fields = Fields(self.options.text_column, self.options.id_column)
        return read_records(self.files, fields, stream, self.counts.records, self.share)

    def _settings(self) -> dict[str, Any]:
        """All that decides what is written: a run that goes on must have the same."""
        from .load import file_version, model_version

        given, model = self.options, str(self.options.model)
        same = ("knowledge", "vocabulary", "convention", "types", "threshold", "text_column", "id_column")
        weights = model_version(model)
        return {
            **{name: getattr(given, name) for name in same},
            "model": Path(model).name if weights else model,
            "weights": weights,
            "target": self.target,
            "shard": self.share,
            "input": [[*(["-"] if path == STANDARD_INPUT else file_version(path)), kind] for path, kind in self.files],
        }


def _input(given: AnnotationOptions) -> list[tuple[Path, str]]:
    """Files and their formats; none for a text."""
    text, inputs = given.text, given.inputs or []
    if text is not None:
        if inputs:
            raise UsageError("both a text and --input", fix="give one of them")
        if os.path.isfile(text):
            raise UsageError(f"{text} is a file", fix=f"read it with --input {text}")
        return []
    if inputs and STANDARD_INPUT not in inputs:
        return input_files(inputs, given.source)
    if len(inputs) > 1:
        raise UsageError("--input - stands for all input", fix="give it alone")
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("no text", fix='give one, as in kogner annotate "aspirin reduced fever", or pipe one in')
    return [(STANDARD_INPUT, given.source or "text")]


def _target(given: AnnotationOptions) -> str:
    """Format of the output."""
    kind = "jsonl" if given.json else given.target
    if given.output is None:
        if kind == "parquet":
            raise UsageError("parquet needs a file", fix="name it with --output")
        return kind or ("jsonl" if given.inputs else "table")
    if kind == "table":
        raise UsageError("a table is drawn on the terminal", fix="choose --to tsv for a file, or leave --output out")
    return kind or format_of(given.output, OUTPUTS, "--to")


def this_share(given: str | None) -> tuple[int, int]:
    """Number from 0 and count of shares: ``given`` as ``1/4``, split once more among the processes of a launcher.

    Raises:
        UsageError: it is not a share.
    """
    index, count = 0, 1
    if given is not None:
        parts = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", given)
        index, count = (int(parts[1]) - 1, int(parts[2])) if parts else (-1, 0)
        if not 0 <= index < count:
            raise UsageError(f"--shard {given} is not a share", fix="write 1/4, 2/4, 3/4 and 4/4 for four")
    rank, processes = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    return index * processes + rank, count * processes


def share_of(path: Path, share: tuple[int, int]) -> Path:
    """The file of a share; one process alone writes the file itself."""
    index, count = share
    return path if count == 1 else path.with_name(f"{path.stem}-{index + 1:05}-of-{count:05}{path.suffix}")

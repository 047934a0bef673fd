"""Texts and files in, annotated documents out: what `kogner annotate` runs, from its options to the last document."""

from __future__ import annotations

import gc
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..corpora.document import Document
from ..corpora.formats import OUTPUTS, READERS, format_of, input_files, read_records
from ..corpora.output_format import OutputFormat
from ..corpora.record import Fields, Record
from ..files.errors import InputError, UsageError, is_out_of_memory
from ..files.option import option
from .annotation_steps import annotate_records
from .memory import settle
from .resumable_file import Done, ResumableFile, StreamOutput

if TYPE_CHECKING:
    from .annotator import Annotator
    from .torch_tagger import TorchTagger
    from .vocabulary_coverage import Coverage

logger = logging.getLogger(__name__)
STANDARD_INPUT = Path("-")
LARGE_INPUT = 1_000_000  # bytes, from which several jobs pay
EXAMPLE = Path(__file__).with_name("example.txt")


@dataclass
class AnnotationOptions:
    """What is annotated, how, and where the documents go."""

    text: str | None = option("Text to read; standard input if no --input is given.", None, positional=True)
    inputs: list[Path] | None = option("Files or folders of documents, or - for standard input.", None, flag="input")
    example: bool = option("Read two short texts that come with the package.", False)
    output: Path | None = option("File to write; standard output if left out.", None)
    source: str | None = option(
        "Format of the input, if its name does not say.", None, flag="from", choices=tuple(READERS)
    )
    target: str | None = option(
        "Format of the output, if its name does not say.", None, flag="format", choices=("table", *OUTPUTS)
    )
    json: bool = option("Short for --format jsonl.", False)
    text_column: str = option("Field of the text in JSON lines and parquet.", "text")
    id_column: str = option("Field of the id in JSON lines and parquet, if there is one.", "id")
    model: str | None = option(
        "Folder, Hub id or package of a model, or what kogner export wrote; the installed one if left out.", None
    )
    knowledge: str | None = option(
        "Knowledge folder to read instead of the model's own graph, or none: no graph at all.", None
    )
    vocabulary: str | None = option("Link to ids of this vocabulary only, such as MESH.", None)
    link_threshold: float | None = option(
        "Probability from which a concept is a mention's; by default the model's, by type.", None
    )
    convention: str | None = option("Corpus whose annotation convention is followed, such as BC2GM.", None)
    types: list[str] | None = option("Entity types to find; the others do not compete.", None, commas=True)
    threshold: float = option("Leave out mentions with a lower score.", 0.0, least=0, most=1)
    batch_size: int = option("Windows read at once.", 32, least=1)
    jobs: int | None = option(
        "Jobs that annotate side by side; for inputs of more than 1 MB one for each core, if left out.", None, least=1
    )
    on_error: str = option("What to do with a document that cannot be read.", "stop", choices=("stop", "skip"))
    shard: str | None = option("Read a share only: 1/4 to 4/4; each writes its own file.", None)
    device: str | None = option("cpu, cuda, cuda:1, ...; a GPU if there is one.", None)
    backend: str | None = option(
        "What runs the model; onnx and openvino run what kogner export wrote. The fastest, if left out.",
        None,
        choices=("torch", "onnx", "openvino"),
    )
    precision: str | None = option(
        "Number format; bf16 on a CPU that calculates in it, else fp32, if left out.",
        None,
        choices=("fp32", "bf16", "int8"),
    )
    compile: bool = option("Fuse kernels: a minute at first, then faster; for long runs on a GPU.", False)


class FileAnnotation:
    """A run of annotation; what is wrong with its options shows before a model is loaded.

    Args:
        options: of the run.
        draw_table: shows a document on a terminal.

    Raises:
        UsageError: the options do not go together.
        InputError: an input cannot be read.
        ModuleNotFoundError: the output's format needs a package that is not installed.
    """

    def __init__(self, options: AnnotationOptions, draw_table: Callable[[Document], str]):
        self.options, self.counts = options, Done()
        self.files = _input(options)
        self.target = _target(options)
        self.share = this_share(options.shard)
        self.output = options.output and share_of(options.output, self.share)
        self._form = OutputFormat(draw_table) if self.target == "table" else OUTPUTS[self.target]
        if self._form.needs:
            import_module(self._form.needs)  # now, not after hours

    @property
    def size(self) -> int:
        """Bytes of the input; 0 if nobody knows."""
        return sum(path.stat().st_size for path, _ in self.files if path != STANDARD_INPUT)

    def load(self) -> None:
        """Load the model, and open the output where an earlier run left it.

        Raises:
            InputError: the model cannot be read, or the output is not to be written.
        """
        from .find_model import find_model
        from .jobs import gpus_of
        from .load import load
        from .model_folder import is_exported

        given = self.options
        self.options = given = replace(given, model=find_model(given.model))
        same = ("knowledge", "convention", "device", "types", "vocabulary", "link_threshold", "backend", "precision")
        fields = {name: getattr(given, name) for name in same}
        in_one = given.jobs == 1 or given.precision == "int8" or is_exported(str(given.model))
        gpus = [] if in_one else gpus_of(given.device)
        if gpus and self._jobs(shared=True) > 1:
            fields |= {"device": "cpu", "precision": "fp32"}  # from where each process takes the model to its GPU
        self._annotator: Annotator = load(given.model, **fields, compiled=given.compile)
        self.jobs = self._jobs(self._annotator.tagger.on_cpu)
        self._gpus = gpus if self.jobs > 1 else []
        if self.target not in ("jsonl", "parquet"):
            self._annotator.alternatives = 0  # the other formats have no place for them
        if self.output is None:
            self._out: StreamOutput | ResumableFile = StreamOutput(sys.stdout, self._form)
        else:
            self._out = ResumableFile(self.output, self._form, self._settings())
        self.counts = self._out.counts

    @property
    def coverage(self) -> Coverage | None:
        """What the vocabulary asked for has ids of, of a loaded model; None if none was."""
        if self.options.vocabulary is None:
            return None
        from .vocabulary_coverage import vocabulary_coverage

        tagger = self._annotator.tagger
        return vocabulary_coverage(tagger.tables, tagger.config.semantic_types, self.options.vocabulary)

    def run(self, on_skip: Callable[[str], None], on_step: Callable[[Done, int | None], None]) -> None:
        """Annotate what no earlier run has; ``on_skip`` is told what is wrong with a document that is left out.

        Raises:
            InputError: a document is wrong and may not be skipped, or memory ran out; what came before it is written.
        """
        if isinstance(self._out, ResumableFile) and self._out.complete:
            return
        given = self.options
        settle()
        try:
            annotate_records(
                *(self._annotator, self._records(), self._out),
                on_skip if given.on_error == "skip" else None,
                on_step,
                threshold=given.threshold,
                batch_size=given.batch_size,
                jobs=self.jobs,
                prepare=self._take_gpu if self._gpus else None,
            )
            self.counts = self._out.counts
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            fix = f"repeat the command with --batch-size {max(1, given.batch_size // 4)} to continue"
            raise InputError("out of memory", fix=fix) from error
        finally:
            gc.unfreeze()

    def _records(self) -> Iterator[Record]:
        if (text := self.options.text) is not None:
            return iter([Record("text", None, 0, lambda: replace(Document.of(text), record={"text": text}))])
        stream = sys.stdin.buffer if self.files[0][0] == STANDARD_INPUT else None
        fields = Fields(self.options.text_column, self.options.id_column)
        return read_records(self.files, fields, stream, self.counts.records, self.share)

    def _jobs(self, shared: bool) -> int:
        """Processes or threads that annotate: as asked for, if the model can be shared."""
        from .jobs import can_fork, default_jobs

        given = self.options.jobs
        shared = shared and can_fork() and not self.options.compile  # what compiles has threads, which a fork loses
        if given is None:  # a share is one of several runs, perhaps on this machine
            return default_jobs() if shared and self.size > LARGE_INPUT and self.share[1] == 1 else 1
        if given > 1 and not shared:
            logger.warning("--jobs needs Linux, a CPU or CUDA, and no --compile; annotating in one process")
        return given if shared else 1

    def _take_gpu(self, process: int) -> None:
        """In one of several processes: take the model to one of the GPUs, in turns."""
        tagger = cast("TorchTagger", self._annotator.tagger)
        tagger.to(self._gpus[process % len(self._gpus)], self.options.precision)

    def _settings(self) -> dict[str, Any]:
        """All that decides what is written: a run that goes on must have the same."""
        from .load import file_version, model_version

        given, model = self.options, str(self.options.model)
        same = (
            "knowledge",
            "vocabulary",
            "link_threshold",
            "convention",
            "types",
            "threshold",
            "text_column",
            "id_column",
        )
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
    if sum((text is not None, bool(inputs), given.example)) > 1:
        raise UsageError("more than one of a text, --input and --example", fix="give one of them")
    if given.example:
        return [(EXAMPLE, "lines")]
    if text is not None:
        if os.path.isfile(text):
            raise UsageError(f"{text} is a file", fix=f"read it with --input {text}")
        return []
    if inputs and STANDARD_INPUT not in inputs:
        return input_files(inputs, given.source)
    if len(inputs) > 1:
        raise UsageError("--input - stands for all input", fix="give it alone")
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("no text", fix='give one, as in kogner annotate "aspirin reduced fever", or --example')
    return [(STANDARD_INPUT, given.source or "text")]


def _target(given: AnnotationOptions) -> str:
    """Format of the output."""
    kind = "jsonl" if given.json else given.target
    if given.output is None:
        if kind and kind != "table" and OUTPUTS[kind].pack:
            raise UsageError(f"{kind} needs a file", fix="name it with --output")
        return kind or ("jsonl" if given.inputs else "table")
    if kind == "table":
        raise UsageError(
            "a table is drawn on the terminal", fix="choose --format tsv for a file, or leave --output out"
        )
    return kind or format_of(given.output, OUTPUTS, "--format")


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

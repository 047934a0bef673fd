"""Where documents are written: to a stream, or to a file that appears whole; after a kill, its run resumes."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from ..corpora.output_format import OutputFormat
from ..files.errors import InputError
from ..files.whole import whole_file, whole_folder

try:
    import fcntl
except ImportError:  # Windows: two runs at once are not noticed there
    fcntl = None  # type: ignore[assignment]


@dataclass
class Done:
    """What a run has done: ``records`` of the input, ``documents`` of them written, ``skipped`` of them not."""

    records: int = 0
    documents: int = 0
    skipped: int = 0
    mentions: int = 0


class StreamOutput:
    """Documents to a stream, without resuming."""

    def __init__(self, stream: TextIO, form: OutputFormat):
        self.stream, self.form, self.counts = stream, form, Done()

    def append(self, rendered: list[str], counts: Done) -> None:
        """Write the documents of one step."""
        self.stream.write(self.form.joined(rendered, self.counts.documents))
        self.stream.flush()
        self.counts = counts

    def finish(self) -> None:
        """Write what ends the file."""
        self.stream.write(self.form.end(self.counts.documents))
        self.stream.flush()


class ResumableFile:
    """Append in steps to ``NAME.partial``; ``NAME.run.json`` says what of it counts, and what made it.

    A step is on the disk before it counts, and what does not count is removed when the next run begins, so no kill
    loses, doubles or halves a record. The whole file takes its name in one move.

    Args:
        path: the file to make.
        form: its format.
        settings: JSON-able; a run resumes only with the same ones.

    Raises:
        InputError: the file exists already, was begun with other settings, or is being written by another process.
    """

    def __init__(self, path: Path, form: OutputFormat, settings: dict[str, Any]):
        self.path, self.form, self.settings = path, form, settings
        self.partial = path.with_name(f"{path.name}.partial")
        self.state_file = path.with_name(f"{path.name}.run.json")
        self.counts, self.complete = Done(), False
        path.parent.mkdir(parents=True, exist_ok=True)
        size = self._read_state()
        if self.complete and not self.partial.exists():
            return
        self._open(size)
        if self.complete:
            self._publish()

    def append(self, rendered: list[str], counts: Done) -> None:
        """Write the documents of one step."""
        text = self.form.joined(rendered, self.counts.documents)
        self.counts = counts
        self._write(text)

    def finish(self) -> None:
        """Give the file its name."""
        self.complete = True
        self._write(self.form.end(self.counts.documents))
        self._publish()

    def _read_state(self) -> int:
        """Bytes that count."""
        try:
            state = json.loads(self.state_file.read_text(encoding="utf-8"))
            settings, size, complete, counts = (state[key] for key in ("settings", "bytes", "complete", "counts"))
        except FileNotFoundError:
            if self.path.exists():
                raise self._exists() from None
            return 0
        except (ValueError, KeyError, TypeError):
            raise InputError("damaged", file=self.state_file, fix=self._anew()) from None
        wanted = json.loads(json.dumps(self.settings))
        if changed := sorted(key for key in wanted.keys() | settings.keys() if wanted.get(key) != settings.get(key)):
            if not complete and not counts["records"]:
                return 0  # nothing to keep: an option was corrected
            raise InputError(
                f"a run with other settings wrote it ({', '.join(changed)})",
                file=self.path,
                fix=f"repeat its command to continue, or {self._anew()}",
            )
        published = self.path.exists()
        if not (self.partial.exists() or (complete and published)):
            raise InputError(
                f"is missing, though {self.state_file.name} counts on it", file=self.partial, fix=self._anew()
            )
        if published and not complete:
            raise self._exists()
        self.complete, self.counts = complete, Done(**counts)
        return size

    def _open(self, size: int) -> None:
        self.stream = self.partial.open("ab")
        if fcntl:
            try:
                fcntl.flock(self.stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InputError(
                    "another process is writing it", file=self.path, fix="wait or choose another --output"
                ) from None
            size = self._read_state()  # the other may have written since, and ended
        if self.stream.tell() < size:
            raise InputError(f"shorter than {self.state_file.name} says", file=self.partial, fix=self._anew())
        self.stream.truncate(size)
        self._write("")

    def _write(self, text: str) -> None:
        self.stream.write(text.encode("utf-8"))
        self.stream.flush()
        os.fsync(self.stream.fileno())
        state = {"complete": self.complete, "bytes": self.stream.tell(), "counts": asdict(self.counts)}
        with whole_file(self.state_file) as draft, draft.open("w", encoding="utf-8") as stream:
            json.dump(state | {"settings": self.settings}, stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())

    def _publish(self) -> None:
        if self.form.pack:
            is_folder = self.form.is_folder and self.path.suffix.lower() != ".zip"
            with whole_folder(self.path, bool) if is_folder else whole_file(self.path) as packed:
                self.form.pack(self.partial, packed)
            self.partial.unlink()
        else:
            self.partial.replace(self.path)
        self.stream.close()

    def _exists(self) -> InputError:
        return InputError("exists already", file=self.path, fix="remove it or choose another --output")

    def _anew(self) -> str:
        own = (self.path, self.partial, self.state_file)
        return f"to start again remove {', '.join(path.name for path in own)}"

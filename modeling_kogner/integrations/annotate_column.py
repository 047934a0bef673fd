"""A column of texts -> a column of mentions, for ``datasets`` and Ray Data."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from ..corpora.parquet import MENTIONS
from ..inference.annotator import Annotator
from ..inference.find_model import find_model
from ..inference.load import load, model_version
from ..inference.model_folder import is_exported


class AnnotateColumn:
    """Add the column ``mentions`` to Arrow tables, with one type for all tables, also where no mention is found.

    A call holds its own rows only. What is pickled are the settings, never the model: workers load their own on the
    first call, and ``datasets`` keeps one cache for each version of the model.

    Args:
        model: folder, Hub id or name of a model package, or folder of ``kogner export``.
        column: of texts; no text (null) has no mentions.
        types: entity types to find; all if None.
        threshold: mentions with a lower score are left out.
        vocabulary: link to ids of this vocabulary only, such as ``MESH``.
        convention: corpus whose annotation convention is followed; by default none.
        batch_size: windows per step of the model.
        device: such as ``cpu`` or ``cuda``; a GPU if there is one.
        backend: what runs an exported model, see :func:`load`.
        precision: number format, see :func:`load`.
    """

    def __init__(
        self,
        model: str,
        column: str = "text",
        types: list[str] | None = None,
        threshold: float = 0.0,
        vocabulary: str | None = None,
        convention: str | None = None,
        batch_size: int = 32,
        device: str | None = None,
        backend: str | None = None,
        precision: str | None = None,
    ):
        self.model, self.column, self.types, self.threshold = str(model), column, types, threshold
        self.vocabulary, self.convention, self.batch_size, self.device = vocabulary, convention, batch_size, device
        self.backend, self.precision = backend, precision
        self.version = model_version(model)
        self._annotator: Annotator | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_annotator": None}

    def __call__(self, table: pa.Table) -> pa.Table:
        """Annotate the rows of a table; an older column of mentions is replaced.

        Raises:
            ValueError: it is not an Arrow table, there is no such column of strings, or the model cannot be read.
        """
        if not isinstance(table, pa.Table):
            raise ValueError(
                f"rows come as {type(table).__name__}, not as an Arrow table; write "
                "dataset.with_format('arrow').map(..., batched=True), or batch_format='pyarrow' in Ray"
            )
        if "mentions" in table.column_names:
            table = table.drop_columns("mentions")
        return table.append_column("mentions", pa.array(self._mentions(self._texts(table)), MENTIONS))

    def _texts(self, table: pa.Table) -> list[str]:
        if self.column not in table.column_names:
            raise ValueError(f"no column {self.column!r}; it has {', '.join(table.column_names)}; name one as column")
        column = table[self.column]
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            raise ValueError(f"column {self.column!r} is {column.type}, not string; name the column of texts")
        return [text or "" for text in column.to_pylist()]

    def _mentions(self, texts: list[str]) -> list[list[dict]]:
        if self._annotator is None:
            if not is_exported(find_model(self.model)):
                from transformers.utils import logging  # which an exported model does without

                logging.disable_progress_bar()
            self._annotator = load(
                self.model,
                device=self.device,
                vocabulary=self.vocabulary,
                convention=self.convention,
                types=self.types,
                backend=self.backend,
                precision=self.precision,
            )
        found = self._annotator.annotate(texts, threshold=self.threshold, batch_size=self.batch_size)
        return [[mention.to_dict() for mention in document.mentions] for document in found]

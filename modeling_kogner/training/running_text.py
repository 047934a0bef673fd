"""Running text -> one stream of token ids, without the sentences that are test sentences somewhere."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from datasets import Dataset, load_dataset
from datasets.fingerprint import Hasher
from transformers import PreTrainedTokenizerBase

from ..corpora.overlap import sentence_key
from ..files.errors import InputError, first_line
from ..graph.token_keys import tokenizer_fingerprint

BUILDERS = {".parquet": "parquet", ".jsonl": "json", ".json": "json", ".txt": "text"}
DOCUMENTS_A_BATCH = 200
# Split wherever a sentence may end; a test sentence with an abbreviation inside is then a run of fragments.
_FRAGMENT_END = re.compile(r"(?<=[.!?])\s+|\n+")
LONGEST_RUN = 4


def find_text_files(sources: Sequence[str]) -> list[Path] | None:
    """Files of the sources, folders searched in depth; None if the one source is not a path but a Hub id.

    Raises:
        InputError: a path is not there, or holds no text file.
    """
    if len(sources) == 1 and not Path(sources[0]).exists() and Path(sources[0]).suffix not in BUILDERS:
        return None
    files: list[Path] = []
    for source in map(Path, sources):
        found = sorted(p for p in source.rglob("*") if p.suffix in BUILDERS) if source.is_dir() else [source]
        if not found or not found[0].is_file() or found[0].suffix not in BUILDERS:
            fix = f"give {', '.join(BUILDERS)} files, a folder of them or a Hub id"
            raise InputError("no text there", file=source, fix=fix)
        files += found
    return files


def load_documents(sources: Sequence[str], columns: Sequence[str]) -> list[Dataset]:
    """Rows of text, one data set for each group of files with the same columns.

    Raises:
        InputError: nothing can be read there, or a file has none of the columns.
    """
    files = find_text_files(sources)
    if files is None:
        repository, _, config = sources[0].partition(":")
        try:
            return [_with_columns(load_dataset(repository, config or None, split="train"), columns, sources[0])]
        except (OSError, ValueError) as error:
            problem = f"no such path, and no Hub data set ({first_line(error)})"
            raise InputError(problem, file=sources[0], fix="check it") from error
    groups: dict[Any, list[str]] = {}
    for file in files:
        builder = BUILDERS[file.suffix]
        shape = tuple(pq.read_schema(file).names) if builder == "parquet" else ()
        groups.setdefault((builder, shape), []).append(str(file))
    return [
        _with_columns(load_dataset(builder, data_files=group, split="train"), columns, group[0])
        for (builder, _), group in groups.items()
    ]


def joined_texts(sources: Sequence[str], columns: Sequence[str]) -> Iterator[str]:
    """Each document of :func:`load_documents` as one text."""
    for documents in load_documents(sources, columns):
        for row in documents:
            yield " ".join(_parts(row[name] for name in columns if name in row))


def token_stream(
    documents: Dataset, tokenizer: PreTrainedTokenizerBase, tests: Collection[str]
) -> tuple[np.ndarray, dict[str, int]]:
    """Token ids of all documents in one row; kept in the cache of `datasets`, so that a second run starts at once.

    Args:
        documents: columns of strings or of lists of strings.
        tokenizer: a fast one.
        tests: keys of sentences to drop, see :func:`overlap.sentence_key`.

    Returns:
        ``(tokens,)`` int32, and the number of ``sentences`` and of those ``dropped``.
    """
    settings = [documents._fingerprint, tokenizer_fingerprint(tokenizer), sorted(tests), LONGEST_RUN]
    encoded = documents.map(
        lambda batch: _encode(batch, tokenizer, tests),
        batched=True,
        batch_size=DOCUMENTS_A_BATCH,
        remove_columns=documents.column_names,
        new_fingerprint=Hasher.hash(settings),
        desc="Reading the text",
    )
    chunks = [chunk.flatten().to_numpy() for chunk in encoded.data.column("input_ids").chunks]
    return np.concatenate(chunks), {name: sum(encoded[name]) for name in ("sentences", "dropped")}


def drop_test_sentences(fragments: Sequence[str], tests: Collection[str]) -> tuple[list[str], int]:
    """Fragments of a text less the runs that are a test sentence, and the number of those runs."""
    keys = [sentence_key(fragment) for fragment in fragments]
    dropped: set[int] = set()
    runs = 0
    for first in range(len(keys)):
        for end in range(first + 1, min(first + LONGEST_RUN, len(keys)) + 1):
            if "".join(keys[first:end]) in tests:
                dropped.update(range(first, end))
                runs += 1
    return [fragment for number, fragment in enumerate(fragments) if number not in dropped], runs


def _with_columns(dataset: Dataset, columns: Sequence[str], where: str) -> Dataset:
    kept = [name for name in columns if name in dataset.column_names]
    if not kept:
        problem = f"none of the columns {', '.join(columns)}, only {', '.join(dataset.column_names)}"
        raise InputError(problem, file=where, fix="pass --text-column")
    return dataset.select_columns(kept)


def _parts(values: Iterable[str | list[str] | None]) -> list[str]:
    """Texts of the columns of a document, and of the lists in them."""
    return [part for value in values for part in ([value] if isinstance(value, str) else value or []) if part]


def _encode(batch: dict[str, list], tokenizer: PreTrainedTokenizerBase, tests: Collection[str]) -> dict[str, list]:
    texts, report = [], {"sentences": [], "dropped": []}
    for document in zip(*batch.values(), strict=True):
        fragments = [piece for part in _parts(document) for piece in _FRAGMENT_END.split(part) if piece]
        kept, dropped = drop_test_sentences(fragments, tests)
        report["sentences"].append(len(fragments))
        report["dropped"].append(dropped)
        texts.append(kept)
    flat = [fragment for text in texts for fragment in text]
    ids = tokenizer(flat, add_special_tokens=False, verbose=False)["input_ids"] if flat else []
    ends = np.cumsum([len(text) for text in texts])
    rows = [
        np.array([token for row in ids[end - len(text) : end] for token in row], dtype=np.int32)
        for text, end in zip(texts, ends, strict=True)
    ]
    return {"input_ids": rows, **report}

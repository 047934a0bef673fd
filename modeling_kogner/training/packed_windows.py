"""Windows of equal length, packed from running text: made, stored, read."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from ..corpora.overlap import keys_of_tests
from ..corpora.text_tokenizer import TextTokenizer
from ..files.errors import InputError
from ..files.whole import whole_file
from ..graph.token_keys import tokenizer_fingerprint
from .arguments import TextArguments
from .running_text import find_text_files, load_documents, token_stream

COLUMN = "input_ids"
METADATA = b"kogner"
_PACK_AGAIN = "pack the text again with --windows"


def split_windows(windows: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """All but a random share of the windows (at least one), and that share; the same ones in every run."""
    order = np.random.default_rng(0).permutation(len(windows))
    held_out = max(1, round(share * len(windows)))
    return windows[np.sort(order[held_out:])], windows[order[:held_out]]


def collate(windows: Sequence[np.ndarray]) -> dict[str, torch.Tensor]:
    """Stack windows: ``input_ids`` ``(B, T)`` long."""
    return {COLUMN: torch.from_numpy(np.stack(windows).astype(np.int64))}


def prepare_windows(
    text: TextArguments, tokenizer: PreTrainedTokenizerBase, tests: Mapping[str, Dataset]
) -> tuple[np.ndarray, dict[str, Any]]:
    """Pack running text, or read what was packed before.

    Args:
        text: where it lies and how long a window is.
        tokenizer: a fast one.
        tests: test splits by corpus name, whose sentences are dropped.

    Returns:
        Windows without padding, ``(n, T)`` unsigned integers, in the order of the text; and a report: ``tokens``,
        ``sentences``, ``dropped`` (test sentences).

    Raises:
        InputError: the text cannot be read, is too short, or was packed for another tokenizer or with test sentences.
    """
    if not 8 <= text.max_length <= tokenizer.model_max_length:
        fix = f"the encoder reads at most {tokenizer.model_max_length}, and at least 8 make sense"
        raise InputError(f"windows of {text.max_length} ids do not fit", field="--max-length", fix=fix)
    files = find_text_files(text.text)
    packed = [file for file in files or [] if file.suffix == ".parquet" and COLUMN in pq.read_schema(file).names]
    if packed:
        if len(packed) < len(files):
            problem = "holds packed windows, which cannot be mixed with text"
            raise InputError(problem, file=packed[0], fix="pack all with --windows")
        return _read(packed, tokenizer, text.max_length, tests)
    keys = keys_of_tests(tests)
    every = frozenset().union(*keys.values())
    report: dict[str, Any] = {"sentences": 0, "dropped": 0, "excluded_tests_of": sorted(keys)}
    streams = []
    for documents in load_documents(text.text, text.text_column):
        ids, counts = token_stream(documents, tokenizer, every)
        streams.append(ids)
        for name, count in counts.items():
            report[name] += count
    windows = pack(np.concatenate(streams), tokenizer, text.max_length)
    return windows, report | {"tokens": windows.size}


def pack(stream: np.ndarray, tokenizer: PreTrainedTokenizerBase, length: int) -> np.ndarray:
    """Cut a stream of ids into windows with the tokenizer's special tokens around: ``(n, length)``.

    Raises:
        InputError: the stream does not fill two windows.
    """
    before, after = TextTokenizer.of(tokenizer).special_tokens
    room = length - len(before) - len(after)
    count = len(stream) // room
    if count < 2:
        raise InputError(f"the text has {len(stream)} tokens, not two windows of {length}", fix="give more text")
    kind = np.uint16 if len(tokenizer) <= 2**16 else np.uint32
    windows = np.empty((count, length), dtype=kind)
    windows[:, : len(before)], windows[:, length - len(after) :] = before, after
    windows[:, len(before) : length - len(after)] = stream[: count * room].reshape(count, room)
    return windows


def write_windows(path: Path, windows: np.ndarray, report: dict[str, Any], tokenizer: PreTrainedTokenizerBase) -> None:
    """Write windows with their report as a parquet file, whole or not at all."""
    ids = pa.FixedSizeListArray.from_arrays(pa.array(windows.ravel()), windows.shape[1])
    about = {"tokenizer_fingerprint": tokenizer_fingerprint(tokenizer), "report": report}
    table = pa.table({COLUMN: ids}).replace_schema_metadata({METADATA: json.dumps(about)})
    # Plain ids in long pages, in the order of the text, which repeats itself: a quarter smaller than otherwise.
    pages = {"use_dictionary": False, "data_page_size": 2**26}
    with whole_file(path) as partial:
        pq.write_table(table, partial, compression="zstd", compression_level=19, **pages)


def _read(
    files: Sequence[Path], tokenizer: PreTrainedTokenizerBase, length: int, tests: Collection[str]
) -> tuple[np.ndarray, dict[str, Any]]:
    parts, report = [], {}
    for file in files:
        table = pq.read_table(file)
        about = json.loads((table.schema.metadata or {}).get(METADATA, b"{}"))
        if about.get("tokenizer_fingerprint") != tokenizer_fingerprint(tokenizer):
            raise InputError("windows packed for another tokenizer", file=file, fix=_PACK_AGAIN)
        if within := sorted(set(tests) - set(about["report"].get("excluded_tests_of", []))):
            problem = f"the windows may contain test sentences of {', '.join(within)}"
            raise InputError(problem, file=file, fix=f"{_PACK_AGAIN} and --exclude-tests-of")
        column = table[COLUMN].combine_chunks()
        flat = column.flatten().to_numpy()
        if len(flat) != length * len(column):
            problem = f"windows of {len(flat) // len(column)} ids, not {length}"
            raise InputError(problem, file=file, fix="ask for windows of that length")
        parts.append(flat.reshape(-1, length))
        report[file.name] = about["report"]
    ids = np.concatenate(parts)
    return ids, {"files": report, "tokens": ids.size}

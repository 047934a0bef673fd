"""The tables of an exported model: one file, mapped into memory and ready at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from ..concept_catalogue import ConceptCatalogue
from ..files.errors import InputError, first_line
from .tables import Tables

TABLES_FILE = "tables.safetensors"
EXPORT_VERSION = "3"  # 1 looked up names within the graph of operators, 2 linked by spelling
EXPORT_AGAIN = "export the model again: kogner export MODEL --output FOLDER"
_TYPES = {"I64": np.int64, "I32": np.int32, "U8": np.uint8, "F32": np.float32}


@dataclass
class ExportedConfig:
    """What annotating reads of a :class:`KognerConfig`; an exported model follows no convention."""

    entity_types: list[str]
    semantic_types: list[str]
    has_knowledge: bool
    num_surfaces: int
    max_mention_tokens: int
    max_candidates: int
    organisms: list[str] | None
    own_concepts: int
    link_threshold: float
    link_thresholds: dict[str, float] | None
    tokenizer_fingerprint: str | None
    name_dim: int
    name_scale: float = 1.0
    name_shift: float = 0.0
    conventions: None = None

    @classmethod
    def of(cls, config: Any) -> ExportedConfig:
        """The fields of a model's configuration."""
        return cls(**{field.name: getattr(config, field.name) for field in fields(cls) if field.name != "conventions"})


def tables_to_write(
    tables: Tables, config: ExportedConfig, precision: str
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Arrays and metadata of the file."""
    arrays = {f"{part}.{name}": array for part, held in tables.parts.items() for name, array in held.items()}
    arrays |= {f"catalogue.{name}": array for name, array in tables.catalogue.to_arrays().items()}
    about = {"version": EXPORT_VERSION, "precision": precision, "config": json.dumps(asdict(config))}
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}, about


def read_tables(path: Path) -> tuple[Tables, ExportedConfig, str]:
    """Tables, configuration and precision of an exported model.

    Raises:
        InputError: there is no such file, it is damaged, or of another version.
    """
    try:
        arrays, about = _mapped(path)
        version = about.get("version", "1")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"cannot be read ({first_line(error)})", file=path, fix=EXPORT_AGAIN) from error
    if version != EXPORT_VERSION:
        problem = f"an export of version {version}, where this program reads version {EXPORT_VERSION}"
        raise InputError(problem, file=path.parent, fix=EXPORT_AGAIN)
    parts: dict[str, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        part, _, rest = name.partition(".")
        parts.setdefault(part, {})[rest] = array
    catalogue = ConceptCatalogue.from_arrays(parts.pop("catalogue"))
    return Tables(parts, catalogue), ExportedConfig(**json.loads(about["config"])), about["precision"]


def _mapped(path: Path) -> tuple[dict[str, np.ndarray], Mapping[str, str]]:
    """Arrays of a safetensors file as views of it, and its metadata; the library's own reader copies them."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(min(size, path.stat().st_size)))
    about = header.pop("__metadata__", {})
    data = np.memmap(path, np.uint8, "r", offset=8 + size)
    arrays = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        arrays[name] = np.asarray(data[start:end]).view(_TYPES[entry["dtype"]]).reshape(entry["shape"])
    return arrays, about

"""The knowledge folder: what the graph stage hands to distillation, to the surface index and to training."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from ..files.errors import InputError
from ..files.tables import read_parquet
from ..files.tensor_file import write_tensors
from ..files.whole import set_aside, whole_folder

FORMAT_VERSION = 1
SEMANTIC_TYPES: tuple[str, ...] = (
    "Chemical",
    "Species",
    "Protein",
    "Disease",
    "Gene",
    "Process",
    "Other",
    "Phenotype",
    "Anatomy",
    "Function",
    "Component",
    "CellLine",
    "Cell",
    "Procedure",
    "Family",
)
_COLUMNS = {
    "concepts": ["id", "name", "type"],
    "surfaces": ["surface", "concept"],
    "edges": ["head", "relation", "tail"],
    "equivalents": ["id", "preferred"],
    "further": ["surface", "concept"],
}
_MANIFEST = "knowledge.json"
_TENSORS = "distilled.safetensors"
_FILES = {_MANIFEST, _TENSORS, *(f"{table}.parquet" for table in _COLUMNS)}
_REBUILD = "build it again with `kogner graph build`, or copy the whole folder again"
_DISTIL = "distil again with `kogner graph distill`"


@dataclass
class Knowledge:
    """Concepts, their written forms, their relations and, once distilled, their vectors.

    Args:
        semantic_types: coarse types in a fixed order; `concepts.type` holds only these.
        concepts: `id`, `name`, `type`; the row number is the concept index; each concept owns at least one surface.
        surfaces: `surface`, `concept` (int32, concept index); rows of equal key stand together, best candidate first.
        edges: `head`, `relation`, `tail`; ids, which may name concepts without surfaces.
        equivalents: `id`, `preferred`; every id that was unified into another one.
        further: `surface`, `concept`; names for linking alone, see :func:`further_names`; none in older folders.
        codes: residual-quantisation codes of the concepts.
        codebooks: the vector of concept `i` is the sum over `s` of `codebooks[s, codes[i, s]]`.
        student: state dict of the student's graph layer.
        report: counts, dropped rows and why, sources, metrics; JSON-able.

    Shapes:
        - **codes**: ``(N, S)`` uint8.
        - **codebooks**: ``(S, 256, d_k)`` float32.
    """

    semantic_types: list[str]
    concepts: pd.DataFrame
    surfaces: pd.DataFrame
    edges: pd.DataFrame
    equivalents: pd.DataFrame
    further: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame({"surface": pd.Series(dtype="str"), "concept": pd.Series(dtype="int32")})
    )
    codes: torch.Tensor | None = None
    codebooks: torch.Tensor | None = None
    student: dict[str, torch.Tensor] | None = None
    report: dict = field(default_factory=dict)

    def save(self, folder: str | Path) -> None:
        """Write the folder whole or not at all; files in it that are not part of the format are kept.

        Raises:
            InputError: the tables contradict each other.
            OSError: the folder cannot be written.
        """
        folder = Path(folder)
        self._check(folder)
        with whole_folder(folder, _FILES.__contains__) as partial:
            for table in _COLUMNS:
                frame = getattr(self, table)[_COLUMNS[table]]
                frame.to_parquet(partial / f"{table}.parquet", index=False, compression="zstd")
            if tensors := self._tensors():
                write_tensors(partial / _TENSORS, tensors, {})
            manifest = {
                "format_version": FORMAT_VERSION,
                "semantic_types": self.semantic_types,
                "rows": {table: len(getattr(self, table)) for table in _COLUMNS},
                "checksums": {path.name: _digest(path) for path in sorted(partial.iterdir())},
                "distilled": bool(tensors),
                "report": self.report,
            }
            (partial / _MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path) -> Knowledge:
        """Read a knowledge folder.

        Raises:
            InputError: it is not one, lacks a file, or a file is damaged.
        """
        folder = Path(folder)
        manifest = _read_manifest(folder)
        names = [table for table in _COLUMNS if table in manifest["rows"] or table != "further"]
        tables = {table: _read_table(folder, table, manifest["rows"].get(table)) for table in names}
        tensors = _read_tensors(folder / _TENSORS) if manifest["distilled"] else {}
        student = {name.removeprefix("student."): t for name, t in tensors.items() if name.startswith("student.")}
        knowledge = cls(
            semantic_types=manifest["semantic_types"],
            **tables,
            codes=tensors.get("codes"),
            codebooks=tensors.get("codebooks"),
            student=student or None,
            report=manifest["report"],
        )
        knowledge._check(folder)
        return knowledge

    def summary(self) -> dict[str, Any]:
        """Counts of the tables as they are, and what building and distilling them reported; JSON-able."""
        report = self.report
        concept_types = self.concepts["type"]
        concepts = concept_types.value_counts()
        surfaces = concept_types.iloc[self.surfaces["concept"]].value_counts()
        left_out = dict(report.get("dropped", {}))
        for what, part, key in (
            ("written form", "surfaces", "dropped"),
            ("same_as not followed", "unified", "links_not_followed"),
        ):
            counts = report.get(part, {}).get(key, {})
            left_out |= {f"{what}: {reason}": count for reason, count in counts.items()}
        return {
            "concepts": len(self.concepts),
            "written_forms": len(self.surfaces),
            "names_for_linking": len(self.further),
            "edges": len(self.edges),
            "unified_ids": len(self.equivalents),
            "types": {
                kind: {"concepts": int(count), "written_forms": int(surfaces.get(kind, 0))}
                for kind, count in concepts.items()
            },
            "relations": {name: int(count) for name, count in self.edges["relation"].value_counts().items()},
            "left_out": left_out,
            "first_left_out": report.get("first_dropped", {}),
            "distillation": report.get("distillation"),
        }

    def _tensors(self) -> dict[str, torch.Tensor]:
        named = {"codes": self.codes, "codebooks": self.codebooks}
        named |= {f"student.{name}": tensor for name, tensor in (self.student or {}).items()}
        return {name: tensor.detach().cpu().contiguous() for name, tensor in named.items() if tensor is not None}

    def _check(self, folder: Path) -> None:
        """Refuse tables that would index past each other later, where the cause would no longer show."""
        unknown = ~self.concepts["type"].isin(self.semantic_types)
        if unknown.any():
            row = int(unknown.to_numpy().argmax())
            problem = f"{self.concepts['type'].iloc[row]!r} is none of {', '.join(self.semantic_types)}"
            raise InputError(problem, file=folder / "concepts.parquet", row=row + 1, field="type", fix=_REBUILD)
        count = len(self.concepts)
        for table in ("surfaces", "further"):
            index = getattr(self, table)["concept"]
            if len(index) and not (index.min() >= 0 and index.max() < count):
                problem = f"runs from {index.min()} to {index.max()}, but concepts.parquet has {count} rows"
                fix = f"the two files are from different builds: {_REBUILD}"
                raise InputError(problem, file=folder / f"{table}.parquet", field="concept", fix=fix)
        if (self.codes is None) != (self.codebooks is None):
            problem = "codes and codebooks belong together, one is missing"
            raise InputError(problem, file=folder / _TENSORS, fix=_REBUILD)
        if self.codes is None or self.codebooks is None:
            return
        if self.codes.shape != (count, self.codebooks.shape[0]):
            shapes = f"codes {tuple(self.codes.shape)} do not fit {count} concepts and {tuple(self.codebooks.shape)}"
            raise InputError(f"{shapes} codebooks", file=folder / _TENSORS, fix=_DISTIL)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read_manifest(folder: Path) -> dict[str, Any]:
    path, aside = folder / _MANIFEST, set_aside(folder.absolute())
    if aside.exists() and not folder.exists():
        fix = f"rename {aside} to {folder.name}"
        raise InputError("a run was interrupted while it replaced this folder", file=folder, fix=fix)
    if not path.is_file():
        problem = f"no {_MANIFEST}, so this is not a knowledge folder"
        raise InputError(problem, file=folder, fix="name the --output folder of `kogner graph build`")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"not readable as JSON ({error})", file=path, fix=_REBUILD) from error
    if (version := manifest.get("format_version")) != FORMAT_VERSION:
        problem = f"is {version!r}, this version of kogner reads {FORMAT_VERSION}"
        raise InputError(problem, file=path, field="format_version", fix=_REBUILD)
    if missing := {"semantic_types", "rows", "distilled", "report"} - manifest.keys():
        raise InputError("is missing", file=path, field=sorted(missing)[0], fix=_REBUILD)
    for name, expected in manifest.get("checksums", {}).items():  # older folders have none
        if (folder / name).is_file() and _digest(folder / name) != expected:
            problem = f"damaged, its checksum is not that of {_MANIFEST}"
            raise InputError(problem, file=folder / name, fix=_REBUILD)
    return manifest


def _read_table(folder: Path, table: str, rows: int | None) -> pd.DataFrame:
    path = folder / f"{table}.parquet"
    frame = read_parquet(path, _REBUILD).select(_COLUMNS[table]).to_pandas()
    if len(frame) != rows:
        raise InputError(f"{len(frame)} rows, {_MANIFEST} promises {rows}", file=path, fix=_REBUILD)
    return frame


def _read_tensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise InputError(f"missing or damaged ({error})", file=path, fix=_DISTIL) from error

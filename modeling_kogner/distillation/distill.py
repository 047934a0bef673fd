"""Stage 1: from a knowledge folder to a small table of concept vectors and a light graph layer."""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import torch
import torch_geometric
import transformers
from accelerate import Accelerator
from torch import Tensor

from ..files.tables import among
from ..files.tensor_file import kept_tensors
from ..graph.knowledge_folder import Knowledge
from .name_encoder import encode_names
from .settings import DistillSettings
from .student import Neighbours, Student
from .student_training import measure_student, train_student
from .teacher import PARTS, Teacher
from .triples import Triples, neighbourhood


def distill(knowledge: Knowledge, settings: DistillSettings, cache_folder: str | Path | None = None) -> Knowledge:
    """Fill codes, codebooks, student and ``report["distillation"]``.

    Args:
        knowledge: Concepts and edges; not changed.
        settings: What to distil with.
        cache_folder: Keeps name vectors and H, so that an interrupted run, or one with another student, resumes
            from there.

    Returns:
        The knowledge, restricted to a part of the graph if ``max_concepts`` asks for one.
    """
    torch.set_float32_matmul_precision("high")  # TF32: graph attention is bound by memory, ranks do not need more
    accelerator = Accelerator()
    seconds: dict[str, float] = {}
    cache = Path(cache_folder) if cache_folder else None
    if settings.max_concepts and settings.max_concepts < len(knowledge.concepts):
        rows = neighbourhood(knowledge.edges, knowledge.concepts, settings.max_concepts, settings.seed)
        knowledge = restrict(knowledge, rows)
    triples = Triples.from_tables(knowledge.concepts, knowledge.edges)

    with _timed(seconds, "names"):
        text = _name_vectors(knowledge, settings.encoder, accelerator.device, cache)
    with _timed(seconds, "teacher"):
        h, widths, teacher_report = _teach(text, triples, settings, accelerator, cache)
    with _timed(seconds, "student"):
        neighbours = Neighbours.from_triples(triples.index.to(accelerator.device))
        student, held = train_student(h, widths, neighbours, settings.student, accelerator, settings.seed)
        measured = measure_student(student, h, held, neighbours, settings.seed)
        codes = student.distil(h, neighbours.edge_index)[0]

    outside = teacher_report["parameters_outside_entity_table"]
    measured["parameters_over_teacher"] = round(measured["parameters"]["all"] / outside, 4)
    codebooks, layer = centre(student.quantiser.codebooks.detach().cpu(), codes.cpu(), _shipped_layer(student))
    report = {
        "teacher": teacher_report,
        "student": measured,
        "parts_of_h": dict(zip(PARTS, widths, strict=True)),
        "settings": asdict(settings) | {"encoder": Path(settings.encoder).name},
        "seconds": seconds,
        "versions": _versions(accelerator.device),
    }
    report = knowledge.report | {"distillation": report}
    return replace(knowledge, codes=codes.cpu(), codebooks=codebooks, student=layer, report=report)


def centre(codebooks: Tensor, codes: Tensor, layer: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
    """Move the origin to the mean concept; the graph layer takes the shift into its biases and computes the same.

    Vectors share a large common part, which makes any two concepts look alike. Without it cosines tell related ones.

    Args:
        codebooks: ``(S, size, d_k)``.
        codes: ``(N, S)`` uint8.
        layer: weights of the graph layer.

    Returns:
        Codebooks and weights.
    """
    mean = sum(codebook[column.long()].mean(0) for codebook, column in zip(codebooks, codes.T, strict=True))
    codebooks, layer = codebooks.clone(), dict(layer)
    codebooks[0] -= mean  # every vector holds one entry of each codebook
    for name in ("lin_key", "lin_query", "lin_value"):
        layer[f"{name}.bias"] = layer[f"{name}.bias"] + layer[f"{name}.weight"] @ mean
    return codebooks, layer


def restrict(knowledge: Knowledge, rows: list[int]) -> Knowledge:
    """Keep some concepts, their surfaces and the edges among them."""
    concepts = knowledge.concepts.iloc[rows].reset_index(drop=True)
    place = {row: new for new, row in enumerate(rows)}
    surfaces, further = (_renumbered(table, place) for table in (knowledge.surfaces, knowledge.further))
    inside = among(knowledge.edges["head"], concepts["id"]) & among(knowledge.edges["tail"], concepts["id"])
    same = knowledge.equivalents[among(knowledge.equivalents["preferred"], concepts["id"])].reset_index(drop=True)
    edges = knowledge.edges[inside].reset_index(drop=True)
    return replace(knowledge, concepts=concepts, surfaces=surfaces, edges=edges, equivalents=same, further=further)


def _renumbered(names: pd.DataFrame, place: dict[int, int]) -> pd.DataFrame:
    names = names[names["concept"].isin(place)].reset_index(drop=True)
    return names.assign(concept=names["concept"].map(place).astype("int32"))


def _name_vectors(knowledge: Knowledge, encoder: str, device: torch.device, cache: Path | None) -> Tensor:
    names = knowledge.concepts["name"].tolist()
    tensors, _ = _kept(
        cache, "name_vectors", (encoder, names), lambda: ({"Z": encode_names(names, encoder, device)}, {})
    )
    return tensors["Z"].to(device)


def _teach(text: Tensor, triples: Triples, settings: DistillSettings, accelerator: Accelerator, cache: Path | None):
    """H, the widths of its parts, and the teacher's report; from the cache if nothing changed."""

    def compute() -> tuple[dict[str, Tensor], dict]:
        teacher = Teacher(text, triples, settings.teacher, accelerator, settings.seed)
        teacher.fit()
        return dict(zip(PARTS, teacher.parts(), strict=True)), teacher.report()

    depends_on = (text, triples.index, triples.relations, settings.teacher, settings.seed)
    tensors, facts = _kept(cache, "teacher", depends_on, compute)
    parts = [tensors[name].to(accelerator.device) for name in PARTS]
    return torch.cat(parts, dim=1), [part.shape[1] for part in parts], facts


def _kept(cache: Path | None, phase: str, depends_on: tuple, compute: Callable[[], tuple[dict, dict]]):
    """Tensors and facts of a finished phase, so that an interrupted run resumes from there."""
    if cache is None:
        return compute()
    cache.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    for thing in depends_on:  # tensors, or anything with a stable repr
        digest.update(thing.cpu().numpy().tobytes() if isinstance(thing, Tensor) else repr(thing).encode())
    return kept_tensors(cache / f"{phase}.safetensors", digest.hexdigest(), compute)


def _shipped_layer(student: Student) -> dict[str, Tensor]:
    """Weights of the graph layer; torch_geometric keeps a skip projection that ``root_weight=False`` never uses."""
    state = student.graph_layer.state_dict()
    return {key: value.cpu().clone() for key, value in state.items() if not key.startswith("lin_skip")}


@contextmanager
def _timed(seconds: dict[str, float], phase: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    seconds[phase] = round(time.perf_counter() - started, 1)


def _versions(device: torch.device) -> dict[str, str]:
    return {
        "python": platform.python_version(),
        **{library.__name__: library.__version__ for library in (torch, torch_geometric, transformers)},
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU",
    }

"""Sizes and schedules of the distillation; without torch, so that help takes no time."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class TeacherSettings:
    """Size and schedule of the teacher.

    Attributes:
        held_out: Share of connected pairs for validation, and the same again for test.
        transr_width: Width of Z''.
        transr_steps: Training steps.
        transr_batch: Triples a step, before inverses; at most a tenth of the graph.
        transr_rate: Peak learning rate of relations; concept vectors take a third, so that rare ones are not memorised.
        transformer_width: Width of Z'.
        transformer_layers: Graph layers.
        transformer_steps: Training steps.
        transformer_batch: Triples predicted a step; they are hidden from the messages of that step.
        transformer_messages: Triples that carry messages in a step; all do at inference.
        transformer_rate: Peak learning rate; the pair forms take a third.
        negatives: Candidates a relation and step.
    """

    held_out: float = 0.01
    transr_width: int = 128
    transr_steps: int = 3_000
    transr_batch: int = 32_768
    transr_rate: float = 5e-3
    transformer_width: int = 256
    transformer_layers: int = 2
    transformer_steps: int = 1_300
    transformer_batch: int = 32_768
    transformer_messages: int = 500_000
    transformer_rate: float = 3e-3
    negatives: int = 512


@dataclass
class StudentSettings:
    """Size and schedule of the student.

    Attributes:
        width: ``d_k``.
        bytes: Codes a concept.
        hidden: Width of the hidden layers of compressor and decoder.
        heads: Attention heads of the graph layer.
        steps: Training steps; the first two fifths without quantisation.
        batch: Concepts a step.
        rate: Peak learning rate.
        neighbour_weight: Weight of the neighbour loss.
        held_out: Share of concepts kept out of every training loss and of the codebooks' start.
    """

    width: int = 32
    bytes: int = 7
    hidden: int = 256
    heads: int = 2
    steps: int = 3_000
    batch: int = 4_096
    rate: float = 3e-3
    neighbour_weight: float = 0.05
    held_out: float = 0.05


@dataclass
class DistillSettings:
    """What to distil with.

    Attributes:
        encoder: Folder or Hub id of the text encoder.
        seed: Of every random choice. On the CPU a run repeats exactly; on CUDA up to the order of atomic additions.
        max_concepts: Distil a connected part of the graph of this size; none takes all.
        teacher: Size and schedule of the teacher.
        student: Size and schedule of the student.
    """

    encoder: str
    seed: int = 13
    max_concepts: int | None = None
    teacher: TeacherSettings = field(default_factory=TeacherSettings)
    student: StudentSettings = field(default_factory=StudentSettings)

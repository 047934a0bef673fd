"""Sizes and schedules of the distillation; without torch, so that help takes no time."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class TeacherSettings:
    """Size and schedule of the teacher."""

    held_out: float = 0.01  # share of connected pairs for validation, and the same again for test
    transr_width: int = 128  # width of Z''
    transr_steps: int = 3_000  # training steps
    transr_batch: int = 32_768  # triples a step, before inverses; at most a tenth of the graph
    transr_rate: float = 5e-3  # peak, of relations; concept vectors take a third, so that rare ones are not memorised
    transformer_width: int = 256  # width of Z'
    transformer_layers: int = 2  # graph layers
    transformer_steps: int = 1_300  # training steps
    transformer_batch: int = 32_768  # triples predicted a step; they are hidden from the messages of that step
    transformer_messages: int = 500_000  # triples that carry messages in a step; all do at inference
    transformer_rate: float = 3e-3  # peak learning rate; the pair forms take a third
    negatives: int = 512  # candidates a relation and step


@dataclass
class StudentSettings:
    """Size and schedule of the student."""

    width: int = 32  # ``d_k``
    bytes: int = 7  # codes a concept
    hidden: int = 256  # width of the hidden layers of compressor and decoder
    heads: int = 2  # attention heads of the graph layer
    steps: int = 3_000  # training steps; the first two fifths without quantisation
    batch: int = 4_096  # concepts a step
    rate: float = 3e-3  # peak learning rate
    neighbour_weight: float = 0.05  # weight of the neighbour loss
    held_out: float = 0.05  # share of concepts kept out of every training loss and of the codebooks' start


@dataclass
class DistillSettings:
    """What to distil with."""

    encoder: str  # folder or Hub id of the text encoder
    seed: int = 13  # of every random choice; exact on one thread of a CPU, else up to the order of additions
    max_concepts: int | None = None  # distil a connected part of the graph of this size; all if None
    teacher: TeacherSettings = field(default_factory=TeacherSettings)
    student: StudentSettings = field(default_factory=StudentSettings)


@dataclass
class NameSettings:
    """Size and schedule of the training of name vectors."""

    width: int = 128  # ``d_n``
    rank: int = 32  # of the adapter
    bytes: int = 16  # of a name in the table
    cells: int = 4_096  # of the table, at most
    seconds: float = 200.0  # of training, without the search for hard negatives
    steps: int | None = None  # of training, in place of the time
    batch: int = 1_536  # pairs a step
    mentions: float = 0.15  # share of pairs of a mention in a training document and a name
    dropped: float = 0.0  # share of the first names of pairs, of three pieces or more, that lose one
    siblings: float = 0.3  # share of names whose negative is a name of a sibling in the hierarchy
    distillation: float = 0.1  # weight of the loss that pulls a name towards its concept's distilled vector
    temperature: float = 0.05
    rate: float = 7e-4
    projection_rate: float = 1e-3
    rounds: int = 2  # searches for hard negatives
    mined: int = 100_000  # names of each group that get hard negatives in a round
    seed: int = 1

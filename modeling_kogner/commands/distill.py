"""`kogner graph distill`: distil a knowledge folder into a small table of concept vectors."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..distillation.distill import DistillSettings
from ..distillation.distill import distill as run
from ..distillation.student_training import StudentSettings
from ..distillation.teacher import TeacherSettings
from ..files.errors import is_out_of_memory
from ..graph.knowledge_folder import Knowledge
from .graph_summary import show_distillation
from .progress import waiting


def distill(
    knowledge: Annotated[Path, typer.Option(help="Folder that `kogner graph build` wrote.")],
    encoder: Annotated[str, typer.Option(help="Folder or Hub id of the text encoder.")],
    output: Annotated[Path, typer.Option(help="Folder to write; it may be the input folder.")],
    cache: Annotated[Path | None, typer.Option(help="Keeps name vectors and H for a later run.")] = None,
    max_concepts: Annotated[int | None, typer.Option("--max_concepts", help="Distil a part of the graph.")] = None,
    transr_steps: Annotated[int, typer.Option("--transr_steps")] = TeacherSettings.transr_steps,
    transformer_steps: Annotated[int, typer.Option("--transformer_steps")] = TeacherSettings.transformer_steps,
    student_steps: Annotated[int, typer.Option("--student_steps")] = StudentSettings.steps,
    teacher_width: Annotated[int, typer.Option("--teacher_width", help="Width of Z'; Z'' is half as wide.")] = 256,
    teacher_batch: Annotated[int, typer.Option("--teacher_batch", help="Triples predicted a step.")] = 32_768,
    messages: Annotated[int, typer.Option(help="Triples that carry messages in a step.")] = 500_000,
    negatives: Annotated[int, typer.Option(help="Candidates a relation and step.")] = TeacherSettings.negatives,
    student_batch: Annotated[int, typer.Option("--student_batch", help="Concepts a step.")] = StudentSettings.batch,
    width: Annotated[int, typer.Option(help="Width of concept vectors.")] = StudentSettings.width,
    seed: Annotated[int, typer.Option(help="Of every random choice.")] = DistillSettings.seed,
) -> None:
    """Train teacher and student on a knowledge folder; write it again with the distilled table.

    Example: kogner graph distill --knowledge built --encoder my-encoder --output distilled
    """
    teacher = TeacherSettings(
        transr_width=teacher_width // 2,
        transr_steps=transr_steps,
        transr_batch=teacher_batch,
        transformer_width=teacher_width,
        transformer_steps=transformer_steps,
        transformer_batch=teacher_batch,
        transformer_messages=messages,
        negatives=negatives,
    )
    settings = DistillSettings(
        encoder=encoder,
        seed=seed,
        max_concepts=max_concepts,
        teacher=teacher,
        student=StudentSettings(width=width, steps=student_steps, batch=student_batch),
    )
    with waiting("reading the graph"):
        graph = Knowledge.load(knowledge)
    try:
        distilled = run(graph, settings, cache)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        kept = f"finished phases are in {cache}" if cache else "with --cache finished phases are kept"
        raise ValueError(
            f"out of memory; give smaller --teacher_batch, --messages or --student_batch, or --max_concepts; {kept}"
        ) from error
    with waiting("saving"):
        distilled.save(output)
    console = Console()
    show_distillation(distilled.report["distillation"], console)
    console.print(f"{len(distilled.concepts):,} concepts distilled -> {output}")

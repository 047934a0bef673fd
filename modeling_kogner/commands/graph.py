"""`kogner graph`: sources -> a knowledge folder -> a distilled one, and names added to a model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..distillation.settings import DistillSettings, StudentSettings, TeacherSettings
from ..files.counting import steps
from ..files.errors import InputError, UsageError, is_out_of_memory
from ..files.option import option
from .progress import loading_model, quiet, waiting

SAVING = 1.0  # percent of the time of a build


@dataclass
class BuildOptions:
    """Options."""

    source: list[str] = option(
        "Folder with nodes, names and edges (.parquet, .tsv or .csv), or with lists of names (X.names) and what "
        "belongs to them (X.edges, cross_references, hgnc_to_ncbigene), or an OBO file with the semantic type of its "
        "terms: mondo.obo:Disease, go.obo:biological_process=Process,Function. Several are merged."
    )
    output: Path = option("Knowledge folder to write; an older one is replaced.")
    drop_invalid: bool = option("Leave out rows that break a rule and count them.", False)
    max_surfaces: int | None = option("Written forms to keep at most; by default 4 million.", None, least=1)


def build(options: BuildOptions) -> None:
    """Read, check and merge sources, unify equivalent concepts, choose the written forms.

    kogner graph build --source my-graph mondo.obo:Disease --output built
    """
    from ..graph.knowledge_graph import READING, KnowledgeGraph
    from ..graph.surface_table import CHOOSING, MAX_SURFACES, build_knowledge
    from .tables import show_summary

    with steps(READING | CHOOSING | {"saving": SAVING}) as step:
        graph = KnowledgeGraph.read(options.source, options.drop_invalid, step)
        knowledge = build_knowledge(graph, options.max_surfaces or MAX_SURFACES, step)
        step("saving")
        knowledge.save(options.output)
    show_summary(knowledge.summary())
    print(f"-> {options.output}")


@dataclass
class DistillOptions:
    """Options."""

    knowledge: Path = option("Folder that `kogner graph build` wrote.")
    encoder: str = option("Folder or Hub id of the text encoder, or of a KoGNER model, whose encoder is taken.")
    output: Path = option("Folder to write; it may be the input folder.")
    cache: Path | None = option("Keeps name vectors and H for a later run.", None)
    max_concepts: int | None = option("Distil a part of the graph.", None)
    transr_steps: int = option("Training steps of TransR.", TeacherSettings.transr_steps)
    transformer_steps: int = option("Training steps of the graph transformer.", TeacherSettings.transformer_steps)
    student_steps: int = option("Training steps of the student.", StudentSettings.steps)
    teacher_width: int = option("Width of Z'; Z'' is half as wide.", TeacherSettings.transformer_width)
    teacher_batch: int = option("Triples predicted per step.", TeacherSettings.transformer_batch)
    messages: int = option("Triples that carry messages in a step.", TeacherSettings.transformer_messages)
    negatives: int = option("Candidates for each relation in a step.", TeacherSettings.negatives)
    student_batch: int = option("Concepts per step.", StudentSettings.batch)
    width: int = option("Width of concept vectors.", StudentSettings.width)
    seed: int = option("Seed of every random choice.", DistillSettings.seed)

    def settings(self) -> DistillSettings:
        """The same for :func:`distill`."""
        teacher = TeacherSettings(
            transr_width=self.teacher_width // 2,
            transr_steps=self.transr_steps,
            transr_batch=self.teacher_batch,
            transformer_width=self.teacher_width,
            transformer_steps=self.transformer_steps,
            transformer_batch=self.teacher_batch,
            transformer_messages=self.messages,
            negatives=self.negatives,
        )
        student = StudentSettings(width=self.width, steps=self.student_steps, batch=self.student_batch)
        return DistillSettings(self.encoder, self.seed, self.max_concepts, teacher, student)


def distill(options: DistillOptions) -> None:
    """Train teacher and student on a knowledge folder; write it again with the distilled table.

    kogner graph distill --knowledge built --encoder my-encoder --output distilled
    """
    from ..distillation.distill import distill
    from ..graph.knowledge_folder import Knowledge
    from ..inference.find_model import find_model
    from .tables import show_distillation

    quiet()
    options.encoder = find_model(options.encoder)
    with waiting("reading the graph"):
        knowledge = Knowledge.load(options.knowledge)
    try:
        distilled = distill(knowledge, options.settings(), options.cache)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        cache = options.cache
        kept = f"finished phases are in {cache}" if cache else "with --cache finished phases are kept"
        smaller = "give smaller --teacher-batch, --messages or --student-batch, or --max-concepts"
        raise InputError("out of memory", fix=f"{smaller}; {kept}") from error
    with waiting("saving"):
        distilled.save(options.output)
    show_distillation(distilled.report["distillation"])
    print(f"{len(distilled.concepts):,} concepts distilled -> {options.output}")


@dataclass
class StatsOptions:
    """Options."""

    knowledge: Path = option("Folder that `kogner graph build` or `distill` wrote.", positional=True)
    json: bool = option("Print one JSON object instead of tables.", False)


def stats(options: StatsOptions) -> None:
    """Count concepts and relations of a knowledge folder; show what was left out and how well it was distilled.

    kogner graph stats distilled
    """
    from ..graph.knowledge_folder import Knowledge
    from .tables import show_distillation, show_summary

    summary = Knowledge.load(options.knowledge).summary()
    if options.json:
        print(json.dumps(summary, ensure_ascii=False))
        return
    show_summary(summary)
    if summary["distillation"]:
        show_distillation(summary["distillation"])


@dataclass
class AddOptions:
    """Options."""

    output: Path = option("Folder to write; it must not exist.")
    model: str | None = option(
        "Folder, Hub id or package of a KoGNER model; the installed one if left out.", None, positional=True
    )
    names: list[Path] | None = option("Tab-separated or parquet files with the columns id, name, type.", None)
    obo: list[str] | None = option("OBO files with the semantic type of their terms: cell.obo:Cell.", None)
    equivalents: Path | None = option(
        "Table with the columns id, preferred: other vocabularies' ids of concepts of the model.", None
    )
    drop_invalid: bool = option("Leave out rows that break a rule and count them.", False)


def add(options: AddOptions) -> None:
    """Add names and concepts to a trained model, without training.

    kogner graph add my-model --names my-names.tsv --output my-new-model

    The model finds and links them at once. A model's folder is written whole or not at all.
    """
    import pandas as pd

    from ..files.tables import RowChecks, read_table
    from ..files.whole import whole_folder
    from ..graph.sources import read_obo_names
    from ..inference.own_names import add_concepts, add_equivalents

    if not (options.names or options.obo or options.equivalents):
        raise UsageError("nothing to add", fix="give --names, --obo or --equivalents")
    if options.output.exists():
        raise UsageError(f"{options.output} exists already", fix="name a new folder with --output")
    quiet()
    tables = [read_table(path, ["id", "name", "type"]) for path in options.names or []]
    tables += [read_obo_names(source) for source in options.obo or []]
    links = read_table(options.equivalents, ["id", "preferred"]) if options.equivalents else None
    checks = RowChecks(options.drop_invalid)
    tagger, tokenizer = loading_model(options.model)
    if links is not None:
        print(f"{add_equivalents(tagger, links):,} ids of other vocabularies")
    if tables:
        with waiting("adding names"):
            added = add_concepts(tagger, tokenizer, pd.concat(tables, ignore_index=True), checks)
        print(f"{added.concepts:,} new concepts, {added.forms:,} written forms that texts are searched for")
        if added.unspelled:
            print(f"{added.unspelled:,} written forms are too long or not spelled by the tokenizer")
    for reason, count in checks.dropped.items():
        print(f"left out, {reason}: {count:,} ({checks.first[reason]})")
    with waiting("saving"), whole_folder(options.output, lambda name: False) as partial:
        tagger.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
    print(f"-> {options.output}")

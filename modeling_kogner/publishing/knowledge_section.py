"""Sections of the card on the graph within the model, its size and its speed, and on licences."""

from __future__ import annotations

from .attribution import RELATION_LICENCE, RELATION_SOURCES, SOURCES, UNKNOWN
from .card_inputs import CardInputs, JsonFile
from .card_scores import markdown_table

_UNSHIPPED = ("README.md", "training.json", "pretraining.json")


def knowledge(inputs: CardInputs) -> str:
    """What the model holds of the graph, where that comes from, and how well it was distilled."""
    config = inputs.config
    if not config.has_knowledge:
        return ""
    vectors = (
        f" Each concept has a distilled vector of {config.concept_dim} numbers, stored in {config.num_codebooks} bytes."
        if config.num_codebooks
        else " Concepts have no vectors."
    )
    parts = [
        f"The model holds {config.num_concepts:,} concepts (ids, preferred names, {len(config.semantic_types)} "
        f"semantic types) and {config.num_surfaces:,} pairs of a written form and a concept, found by hash.{vectors}"
    ]
    if inputs.knowledge:
        parts += [_sources(inputs), _left_out(inputs), _distillation(inputs)]
    return "## Knowledge graph\n\n" + "\n\n".join(filter(None, parts))


def _sources(inputs: CardInputs) -> str:
    """Sources of the concepts with their licences, and of the relations."""
    graph = JsonFile(inputs.knowledge.path, inputs.knowledge.field("report", "graph", kind=dict))
    concepts, edges = (graph.field(name, kind=int) for name in ("concepts", "edges"))
    rows = []
    for name, count in graph.field("sources", kind=dict).items():
        credit = SOURCES.get(name, UNKNOWN)
        rows.append([name, f"{count:,}", credit.who, credit.licence])
    found = {
        source: None
        for relation in graph.field("relations", kind=dict)
        for source in RELATION_SOURCES.get(relation, ())
    }
    further = f"\n\nRelations also from {', '.join(found)} ({RELATION_LICENCE})." if found else ""
    header = ["source", "concepts of the graph", "what", "licence"]
    return (
        f"Built from {concepts:,} concepts and {edges:,} relations; concepts without a written form "
        f"worth finding are not in the model.\n\n{markdown_table(header, rows)}{further}"
    )


def _left_out(inputs: CardInputs) -> str:
    dropped = inputs.knowledge.field("report", "surfaces", "dropped", kind=dict)
    return "Written forms left out: " + ", ".join(f"{count:,} {reason}" for reason, count in dropped.items()) + "."


def _distillation(inputs: CardInputs) -> str:
    """Teacher and student on what they had not seen; empty if the graph was not distilled."""
    file = inputs.knowledge
    if "distillation" not in file.field("report", kind=dict):
        return ""
    teacher, student = ("report", "distillation", "teacher"), ("report", "distillation", "student")
    test, cosine = file.field(*teacher, "test", kind=dict), file.field(*student, "cosine", kind=dict)
    ranks = [
        [name, *(f"{file.field(*teacher, 'test', name, 'both', score):.3f}" for score in ("mrr", "hits@10"))]
        for name in test
    ]
    overlap = file.field(*student, "neighbour_overlap@10", kind=dict)
    share = file.field(*student, "parameters_over_teacher")
    similar = ", ".join(f"{file.field(*student, 'cosine', name, 'whole'):.3f} ({name})" for name in cosine)
    return (
        "Teacher: link prediction on held-out relations, mean over heads and tails (ranks: "
        f"{file.field(*teacher, 'ranks', kind=str)}).\n\n{markdown_table(['', 'MRR', 'Hits@10'], ranks)}\n\n"
        f"Student: cosine to the teacher on {file.field(*student, 'held_out_concepts', kind=int):,} held-out concepts "
        f"{similar}; neighbour overlap@10 {', '.join(f'{value:.3f} ({name})' for name, value in overlap.items())}; "
        f"{share:.3f} of the teacher's parameters outside tables."
    )


def size_and_speed(inputs: CardInputs) -> str:
    """Bytes on disk, parameters, and what was timed."""
    model = inputs.model
    files = [path for path in inputs.folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    sizes = {path: path.stat().st_size for path in files if path.name not in _UNSHIPPED}
    weights = sum(size for path, size in sizes.items() if path.suffix == ".safetensors")
    count = sum(parameter.numel() for parameter in model.parameters())
    encoder = sum(parameter.numel() for parameter in model.kogner.encoder.parameters())
    tables = sum(buffer.numel() * buffer.element_size() for buffer in model.buffers())
    total = f"{sum(sizes.values()) / 1e6:.1f} MB"
    size = (
        f"{count / 1e6:.1f} M parameters, {encoder / 1e6:.1f} M of them the encoder "
        f"({inputs.config.encoder_config.model_type}); tables of the graph {tables / 1e6:.1f} MB in memory. On disk "
        f"the weights and tables take {weights / 1e6:.1f} MB, all files but this card {total}."
    )
    return "## Size" + (f" and speed\n\n{size}\n\n{_speed(inputs)}" if inputs.speed else f"\n\n{size}")


def _speed(inputs: CardInputs) -> str:
    file = inputs.speed
    rows = []
    for batch in (name for name in file.content if name.startswith("batch ")):
        speed = file.field(batch, "sentences a second", "tag, knowledge")
        ratios = [file.field(batch, name) for name in ("speed over plain, text to tags", "speed over bare encoder")]
        rows.append([batch.removeprefix("batch "), f"{speed:,.0f}", *(f"{ratio:.2f}" for ratio in ratios)])
    header = ["batch", "sentences a second, text to tags", "over knowledge off", "forward pass over the bare encoder"]
    about = f"{file.field('sentences', kind=int):,} sentences on {file.field('device', kind=str)}"
    loading = f"{file.field('loading time over bare encoder'):.2f}"
    return f"{markdown_table(header, rows)}\n\nMedians on {about}. Loading takes {loading} of the encoder's time."


def licences(inputs: CardInputs) -> str:
    """Terms of the weights, and of what the tables hold."""
    names = (
        " Concept ids and preferred names in the tables keep the licences of their sources"
        f"{', listed above' if inputs.knowledge else ''}."
        if inputs.config.has_knowledge
        else ""
    )
    return f"## Licence\n\nWeights and code: Apache-2.0.{names}"

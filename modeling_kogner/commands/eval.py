"""`kogner eval`: a model and corpora in, scores out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..files.counting import counting
from ..files.errors import UsageError
from ..files.option import option
from ..training.arguments import EVIDENCE
from .main import script
from .options import knowledge_of
from .progress import loading_model, quiet

WINDOWS = ("max_length", "stride", "batch_size")


@dataclass
class EvalOptions:
    """Options."""

    model: str | None = option("Folder, Hub id or package of a KoGNER model; the installed one if left out.", None)
    dataset: list[str] = option("Corpora: folders, files or Hub ids.", [])
    documents: list[str] = option("PubTator or BioC files, annotated as whole documents.", [])
    map: list[str] | None = option(
        "Types of those files under the model's names, such as SNP=Variant.", None, commas=True
    )
    linking: list[str] = option("PubTator files whose gold mentions to link.", [])
    vocabulary: str | None = option("Link to ids of this vocabulary only, such as MESH.", None)
    split: str = option("Split to score.", "test")
    output: Path = option("File of the scores.", Path("metrics.json"))
    types: list[str] | None = option("Score only these of the corpus's types.", None, commas=True)
    knowledge: str | None = option("Knowledge folder to read instead of the model's own graph, or none.", None)
    evidence: str | None = option("What to read of the knowledge; by default as in training.", None, choices=EVIDENCE)
    convention: str = option("Annotation convention to follow: none, own (the corpus's) or a corpus.", "none")
    batch_size: int = option("Sentences per step.", 64, least=1)
    max_length: int = option("Tokens per window; longer sentences get several.", 256)
    stride: int = option("Tokens that neighbouring windows share.", 32)
    device: str | None = option("cpu or cuda; a GPU if there is one.", None)


def evaluate(options: EvalOptions) -> None:
    """Score a KoGNER model on one or several corpora.

    kogner eval --model MODEL --dataset CORPUS [CORPUS ...] --split test --output metrics.json

    Strict entity-level precision, recall and F1, micro-averaged and by type, of the types that the corpus annotates.
    `--knowledge none` switches the evidence off in the same weights; a fair baseline is a model trained without it.
    One H100: about two seconds per corpus; two CPU cores: about two minutes.

    kogner eval --model MODEL --documents FILE.pubtator [FILE.json ...] --map SNP=Variant --output documents.json

    Whole documents as `kogner annotate` gives them, by offsets in characters and type, for types that the file marks.
    Half a minute for 64 abstracts on a CPU.

    kogner eval --model MODEL --linking FILE.pubtator [FILE.pubtator ...] --vocabulary MESH --output linking.json

    Concept linking of gold mentions: accuracy@1 and @5, candidate recall, and the share of gold ids that the graph
    holds. Half a minute per file on a CPU.
    """
    if not (options.dataset or options.documents or options.linking):
        raise UsageError("nothing to score", fix="name corpora with --dataset, or files with --documents or --linking")
    mapped = _pairs(options.map or [])
    graph = knowledge_of(options.knowledge)
    if options.evidence and graph not in (None, "none"):
        raise UsageError("--evidence is about the model's own graph", fix="leave it out, or --knowledge FOLDER")
    from ..evaluation.documents import score_documents
    from ..evaluation.linking import PRINTED, evaluate_linking
    from ..evaluation.report import followed_convention, header_of, score_corpus
    from ..files.whole import write_whole
    from ..inference.annotator import Annotator
    from ..inference.find_model import find_model
    from ..inference.linker import NIL_THRESHOLD, Linker
    from ..inference.load import device_of

    quiet()
    source = find_model(options.model)
    model, tokenizer = loading_model(source, options.evidence, graph)
    model.to(device_of(options.device))
    scores, linked = {}, {}
    how = {name: getattr(options, name) for name in ("split", "types", "convention", *WINDOWS)}
    for corpus in options.dataset:
        name, scores[name] = score_corpus(model, tokenizer, corpus, **how, counting=counting)
        _show(name, scores[name]["strict"])
    whole = {}
    for path in options.documents:
        name = Path(path).stem
        convention = followed_convention(options.convention, name.partition("_")[0], model.config)
        annotator = Annotator(model, tokenizer, convention=convention)
        whole[name] = score_documents(annotator, path, options.types, mapped, partial(counting, doing=name))
        _show(name, whole[name]["strict"])
    for path in options.linking:
        name, linker = Path(path).stem, Linker(model, tokenizer, options.vocabulary)
        linked[name] = evaluate_linking(path, linker, partial(counting, doing=name))
        for kind, row in linked[name].items():
            print(f"{name:24} {kind:12} " + "  ".join(f"{each} {row[each]:.4f}" for each in PRINTED))
    report = header_of(source, model)
    report |= {"knowledge": "off" if graph == "none" else "on", "convention": options.convention, "datasets": scores}
    if whole:
        report["documents"] = whole
    if linked:
        report["linking"] = {"vocabulary": options.vocabulary, "nil_threshold": NIL_THRESHOLD, "files": linked}
    write_whole(options.output, json.dumps(report, indent=1) + "\n")


def _show(name: str, strict: dict[str, Any]) -> None:
    for kind, row in {"all": strict, **strict["types"]}.items():
        figures = f"P {row['precision']:.4f}  R {row['recall']:.4f}  F1 {row['f1']:.4f}"
        print(f"{name:16} {kind:12} {figures}  ({row['correct']}/{row['gold']} found, {row['predicted']} predicted)")


def _pairs(words: list[str]) -> dict[str, str]:
    """SOURCE=TYPE as a dictionary."""
    pairs = dict(word.partition("=")[::2] for word in words)
    if wrong := [word for word in words if not all(word.partition("="))]:
        raise UsageError(f"{wrong[0]!r} of --map is no pair", fix="write SOURCE=TYPE, such as SNP=Variant")
    return pairs


if __name__ == "__main__":
    script("eval")

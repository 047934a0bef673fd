"""`kogner eval`: a model and corpora in, scores out."""

from __future__ import annotations

import csv
import io
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
    ids: bool = option("Score the concepts of those documents too.", False)
    linking: list[str] = option("PubTator or BioC files whose gold mentions to link.", [])
    seen: list[str] | None = option("Training files: concepts and documents in none of them are scored apart.", None)
    wrong_links: Path | None = option("File for the wrong links of --linking, as tab-separated values.", None)
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

    kogner eval --model MODEL --documents FILE.pubtator [FILE.json ...] --map SNP=Variant --ids --output documents.json

    Whole documents as `kogner annotate` gives them, by offsets in characters and type, for types that the file marks.
    With `--ids` also F1 of mentions with the right concept, and of the set of concepts of each document. Gold ids may
    be of any vocabulary that the graph knows. With `--seen`, documents whose ids are in none of those files are also
    scored alone, as FILE_unseen. Half a minute for 64 abstracts on a CPU.

    kogner eval --model MODEL --linking FILE.pubtator [FILE.json ...] --seen TRAIN.pubtator --output linking.json

    Concept linking of gold mentions in their documents: accuracy@1 and @5 with ids out of reach counted as wrong, and
    the precision of links at the default threshold. Half a minute per file on a CPU.
    """
    if not (options.dataset or options.documents or options.linking):
        raise UsageError("nothing to score", fix="name corpora with --dataset, or files with --documents or --linking")
    mapped = _pairs(options.map or [])
    graph = knowledge_of(options.knowledge)
    if options.evidence and graph not in (None, "none"):
        raise UsageError("--evidence is about the model's own graph", fix="leave it out, or --knowledge FOLDER")
    from ..evaluation.report import header_of
    from ..files.whole import write_whole
    from ..inference.find_model import find_model
    from ..inference.load_model import device_of

    quiet()
    source = find_model(options.model)
    model, tokenizer = loading_model(source, options.evidence, graph)
    model.to(device_of(options.device))
    report = header_of(source, model, links=bool(options.linking or options.ids))
    report |= {"knowledge": "off" if graph == "none" else "on", "convention": options.convention}
    report["datasets"] = _corpora(options, model, tokenizer)
    if options.documents:
        report["documents"] = _documents(options, model, tokenizer, mapped)
    if options.linking:
        seen = [Path(path).name for path in options.seen or ()] or None
        report["linking"] = {"vocabulary": options.vocabulary, "seen": seen}
        report["linking"]["files"] = _linking(options, model, tokenizer, mapped)
    write_whole(options.output, json.dumps(report, indent=1) + "\n")


def _corpora(options: EvalOptions, model, tokenizer) -> dict[str, Any]:
    from ..evaluation.report import score_corpus

    how = {name: getattr(options, name) for name in ("split", "types", "convention", *WINDOWS)}
    scores = {}
    for corpus in options.dataset:
        name, scores[name] = score_corpus(model, tokenizer, corpus, **how, counting=counting)
        _show(name, scores[name]["strict"])
    return scores


def _documents(options: EvalOptions, model, tokenizer, mapped: dict[str, str]) -> dict[str, Any]:
    from ..evaluation.documents import documents_in, score_documents
    from ..evaluation.report import followed_convention
    from ..inference.annotator import Annotator

    scores, seen = {}, documents_in(options.seen or [])
    for path in options.documents:
        name = Path(path).stem
        convention = followed_convention(options.convention, name.partition("_")[0], model.config)
        annotator = Annotator(model, tokenizer, convention=convention, vocabulary=options.vocabulary)
        track = partial(counting, doing=name)
        score = partial(score_documents, annotator, path, options.types, mapped, track, options.ids)
        scores[name] = score()
        unseen = score(seen=seen)
        if unseen["left_out"] and unseen["documents"]:
            scores[f"{name}_unseen"] = unseen
    for name, found in scores.items():
        _show(name, found["strict"])
        for what, row in found.get("ids", {}).items():
            _show(f"{name}, {what}", row)
    return scores


def _linking(options: EvalOptions, model, tokenizer, mapped: dict[str, str]) -> dict[str, Any]:
    from ..evaluation.linking import PRINTED, WRONG, concepts_in, judge_links, scores_of, wrong_links
    from ..files.whole import write_whole
    from ..inference.linker import Linker

    linker, scores = Linker(model, tokenizer, options.vocabulary), {}
    seen = concepts_in(options.seen or [], linker, mapped)
    table = io.StringIO()
    wrong = csv.DictWriter(table, ["file", *WRONG], delimiter="\t", lineterminator="\n")
    wrong.writeheader()
    for path in options.linking:
        name = Path(path).stem
        judged = judge_links(path, linker, mapped, seen, partial(counting, doing=name))
        wrong.writerows({"file": name, **row} for row in wrong_links(judged))
        scores[name] = scores_of(judged, bool(seen))
        print(" ".join([f"{name:30}", *(f"{each:>10}" for each in PRINTED)]))
        for kind, found in scores[name].items():
            for part, row in found["parts"].items():
                figures = (f"{row[each]:10}" if each == "mentions" else f"{row[each]:10.4f}" for each in PRINTED)
                print(" ".join([f"  {kind:16} {part:11}", *figures]))
    if options.wrong_links:
        write_whole(options.wrong_links, table.getvalue())
    return scores


def _show(name: str, strict: dict[str, Any]) -> None:
    for kind, row in {"all": strict, **strict["types"]}.items():
        figures = f"P {row['precision']:.4f}  R {row['recall']:.4f}  F1 {row['f1']:.4f}"
        print(f"{name:30} {kind:12} {figures}  ({row['correct']}/{row['gold']} found, {row['predicted']} predicted)")


def _pairs(words: list[str]) -> dict[str, str]:
    """SOURCE=TYPE as a dictionary."""
    pairs = dict(word.partition("=")[::2] for word in words)
    if wrong := [word for word in words if not all(word.partition("="))]:
        raise UsageError(f"{wrong[0]!r} of --map is no pair", fix="write SOURCE=TYPE, such as SNP=Variant")
    return pairs


if __name__ == "__main__":
    script("eval")

"""Score a KoGNER model on one or several corpora.

    kogner eval --model MODEL --dataset CORPUS [CORPUS ...] --split test --output metrics.json

Strict entity-level precision, recall and F1, micro-averaged and by type, of the types that the corpus annotates.
`--knowledge off` switches the evidence off in the same weights; a fair baseline is a model trained without it.
One H100: about two seconds a corpus; two CPU cores: about two minutes.

    kogner eval --model MODEL --linking FILE.pubtator [FILE.pubtator ...] --vocabulary MESH --output linking.json

Concept linking of gold mentions: accuracy@1 and @5, candidate recall, and the share of gold ids that the graph holds.
Half a minute a file on a CPU.

Exit codes: 0 done; 1 data or model are wrong; 2 wrong options, or a package is missing.
"""

import hashlib
import json
import logging
import platform
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
import transformers

from .. import __version__
from ..corpora.corpus import load_corpus
from ..evaluation.encoded_split import EncodedSplit, predict_logits
from ..evaluation.linking import PRINTED, evaluate_linking
from ..files.whole import write_whole
from ..inference.linker import NIL_THRESHOLD, Linker
from .progress import counting, loading, quiet
from .script import UsageError, read_arguments, run_script


@dataclass
class EvalArguments:
    """What is scored, and where the scores go."""

    model: str = field(metadata={"help": "KoGNER model: a folder or a Hub id."})
    dataset: list[str] = field(default_factory=list, metadata={"help": "Corpora: folders, files or Hub ids."})
    linking: list[str] = field(default_factory=list, metadata={"help": "PubTator files whose gold mentions to link."})
    vocabulary: str | None = field(default=None, metadata={"help": "Link to ids of this vocabulary only, as MESH."})
    split: str = field(default="test", metadata={"help": "Split to score."})
    output: str = field(default="metrics.json", metadata={"help": "File of the scores."})
    types: list[str] | None = field(default=None, metadata={"help": "Score only these of the corpus's types."})
    knowledge: str = field(default="on", metadata={"help": "on or off.", "choices": ["on", "off"]})
    convention: str = field(
        default="none", metadata={"help": "Annotation convention to follow: none, own (the corpus's) or a corpus."}
    )
    batch_size: int = field(default=64, metadata={"help": "Sentences a step."})
    max_length: int = field(default=256, metadata={"help": "Pieces a window; longer sentences get several."})
    stride: int = field(default=32, metadata={"help": "Pieces that neighbouring windows share."})
    device: str | None = field(default=None, metadata={"help": "cpu or cuda; a GPU if there is one."})


def score_corpus(args: EvalArguments, source: str, model, tokenizer) -> tuple[str, dict]:
    """Scores of one corpus, once for its own types alone and once with all types of the model competing."""
    corpus = load_corpus(source)
    config = model.config
    asked = args.types or config.entity_types
    types = [kind for kind in corpus.entity_types if kind in asked and kind in config.entity_types]
    if not types:
        known, annotated = ", ".join(config.entity_types), ", ".join(corpus.entity_types)
        raise ValueError(f"{source}: annotates {annotated}; the model knows {known}: no type of --types to score")
    rows = load_corpus(source, types).split(args.split)
    told = {"none": None, "own": corpus.name}.get(args.convention, args.convention)
    windowing = (args.max_length, args.stride, config.convention_id(told) or None)
    split = EncodedSplit.from_split(corpus.name, rows, types, tokenizer, config.label2id, *windowing)
    track = partial(counting, doing=corpus.name)
    logits = predict_logits(
        model,
        split.windows,
        tokenizer,
        args.batch_size,
        track,
    )
    return corpus.name, {
        "split": args.split,
        "sentences": len(rows),
        "types": types,
        "strict": split.score(logits, config.id2label),
        "strict_every_type": split.score(logits, config.id2label, every_type=True),
    }


def main(arguments: list[str] | None = None, program: str | None = None) -> None:
    """Load, score, print, write."""
    logging.basicConfig(level=logging.WARNING)
    (args,) = read_arguments((EvalArguments,), __doc__, arguments, program)
    if not (args.dataset or args.linking):
        raise UsageError("nothing to score; name corpora with --dataset or PubTator files with --linking")
    quiet()
    model, tokenizer = loading(args.model, "none" if args.knowledge == "off" else None)
    model.to(args.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    scores = {}
    for source in args.dataset:
        name, scores[name] = score_corpus(args, source, model, tokenizer)
        for kind, row in {"all": scores[name]["strict"], **scores[name]["strict"]["types"]}.items():
            counts = f"{row['correct']}/{row['gold']} found, {row['predicted']} predicted"
            print(
                f"{name:16} {kind:12} P {row['precision']:.4f}  R {row['recall']:.4f}  F1 {row['f1']:.4f}  ({counts})"
            )
    linked = {}
    for path in args.linking:
        name, linker = Path(path).stem, Linker(model, tokenizer, args.vocabulary)
        linked[name] = evaluate_linking(path, linker, partial(counting, doing=name))
        for kind, row in linked[name].items():
            print(f"{name:24} {kind:12} " + "  ".join(f"{each} {row[each]:.4f}" for each in PRINTED))
    versions = {"kogner": __version__, "torch": torch.__version__, "transformers": transformers.__version__}
    header = {"model": args.model, "revision": revision_of(args.model, getattr(model.config, "_commit_hash", None))}
    header["evidence"] = model.config.evidence
    header |= {"knowledge": args.knowledge, "convention": args.convention}
    report = {**header, "versions": {**versions, "python": platform.python_version()}, "datasets": scores}
    if linked:
        report["linking"] = {"vocabulary": args.vocabulary, "nil_threshold": NIL_THRESHOLD, "files": linked}
    write_whole(Path(args.output), json.dumps(report, indent=1) + "\n")


def revision_of(model: str, commit: str | None) -> str:
    """Which weights were scored: the Hub's commit, or what `cat model*.safetensors | sha256sum` says of a folder."""
    if commit:
        return commit
    digest = hashlib.sha256()
    for path in sorted(Path(model).glob("model*.safetensors")):
        digest.update(path.read_bytes())
    return f"sha256:{digest.hexdigest()}"


if __name__ == "__main__":
    run_script("eval")

"""What training the bundled model further brings and costs: fifty sentences of a new type, and the types it had.

    python benchmarks/further.py --data DATA --output benchmarks/results/further.jsonl --seeds 0 1 2 [--known-weight 2]

Trains with `kogner train` on sentences of BioNLP13CG that mention a cellular component. Scores before and after: the
new type and the old ones on that corpus's validation sentences, the old ones on whole documents as `kogner annotate`
gives them: documents whose annotations the release has not learned, as it loses in any training what it knows by
heart. One CPU core: ten minutes a seed, of which training is about five.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

from comparison import markdown
from report import write_between

from modeling_kogner.commands.main import call
from modeling_kogner.corpora.corpus import load_corpus, train_subset
from modeling_kogner.evaluation.documents import score_documents
from modeling_kogner.evaluation.report import read_corpus
from modeling_kogner.files.counting import counting
from modeling_kogner.inference.annotator import Annotator
from modeling_kogner.inference.find_model import find_model
from modeling_kogner.inference.load_model import load_model

TYPE, CORPUS, SENTENCES = "CellularComponent", "data/ner/BioNLP13CG", 50
MOST = 64  # documents of a file
DOCUMENTS = ("data/more/BioRED_validation", "data/pubtator/NCBI-disease_test", "data/pubtator/BC5CDR_test")
DISEASES = dict.fromkeys(("SpecificDisease", "DiseaseClass", "Modifier", "CompositeMention"), "Disease")


def write_conll(path: Path, data: Path, seed: int) -> None:
    """Sentences that mention the new type, with its tags alone."""
    chosen = train_subset(load_corpus(str(data / CORPUS)).only([TYPE]).split("train"), 1.0, seed, SENTENCES)
    rows = zip(chosen["tokens"], chosen["ner_tags"], strict=True)
    path.write_text("\n".join("".join(f"{w}\t{t}\n" for w, t in zip(*row, strict=True)) for row in rows))


def scores(folder: Path, data: Path) -> dict[str, float]:
    """Strict F1 of a model, in percent: of types alone and competing on the corpus's sentences, of documents."""
    model, tokenizer = load_model(folder)
    labels, found = model.config.id2label, {}
    encoded, logits = read_corpus(
        model, tokenizer, str(data / CORPUS), "validation", None, "none", (256, 32, 16), counting
    )
    for name, types in ((TYPE, {TYPE} & {*encoded.types}), ("other types", {*encoded.types} - {TYPE})):
        if types:
            alone = replace(encoded, types=sorted(types))
            found[f"{name}, BioNLP13CG"] = alone.score(logits, labels)["f1"]
            found[f"{name}, BioNLP13CG, all types competing"] = alone.score(logits, labels, every_type=True)["f1"]
    annotator = Annotator(model, tokenizer)
    for path in DOCUMENTS:
        with tempfile.NamedTemporaryFile("w", suffix=".pubtator") as part:
            whole = (data / f"{path}.pubtator").read_text(encoding="utf-8")
            part.write("\n\n".join(whole.strip().split("\n\n")[:MOST]) + "\n")
            part.flush()
            strict = score_documents(annotator, part.name, mapped=DISEASES)["strict"]
        found[f"other types, {Path(path).name.partition('_')[0]} documents"] = strict["f1"]
    return {name: round(100 * f1, 2) for name, f1 in found.items()}


def measure(args: argparse.Namespace, options: list[str]) -> None:
    """Score the bundled model, then train and score one model for each seed; a line each."""
    model = Path(find_model(args.model))
    with args.output.open("a") as lines, tempfile.TemporaryDirectory() as folder:
        lines.write(json.dumps({"model": "before", "scores": scores(model, args.data)}) + "\n")
        for seed in args.seeds:
            lines.flush()
            corpus, output = Path(folder, "my.conll"), Path(folder, f"seed-{seed}")
            write_conll(corpus, args.data, seed)
            began = time.process_time()
            start = ["--checkpoint", str(model), "--dataset", str(corpus), "--output-dir", str(output)]
            call("train", [*start, "--seed", str(seed), "--use-cpu", *options])
            line = {"model": "after", "seed": seed, "options": options, "seconds": round(time.process_time() - began)}
            line["steps"] = json.loads((output / "training.json").read_text())["log"][-1]["step"]
            lines.write(json.dumps(line | {"scores": scores(output, args.data)}) + "\n")


def table(path: Path) -> str:
    """What changed, of the newest scores before and the runs since then without further options."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    newest = max(place for place, row in enumerate(rows) if row["model"] == "before")
    before = rows[newest]["scores"]
    runs = [row for row in rows[newest + 1 :] if not row["options"]]
    lines = []
    for name in runs[0]["scores"]:
        after = [run["scores"][name] for run in runs]
        spread = f"{mean(after):.1f} ± {stdev(after):.1f}" if len(after) > 1 else f"{after[0]:.1f}"
        change = f"{mean(after) - before[name]:+.1f}" if name in before else ""
        cells = [f"{before[name]:.1f}" if name in before else "-", " · ".join(f"{f1:.1f}" for f1 in after)]
        lines.append([name.replace("_", " "), *cells, spread, change])
    draws = f"after, {len(runs)} draws of {SENTENCES} sentences"
    head = ["strict F1", "before", draws, "mean ± standard deviation", "mean change"]
    seconds = ", ".join(str(run["seconds"]) for run in runs)
    return f"{markdown(head, lines)}\n\n{runs[0]['steps']} steps each, {seconds} seconds of one CPU core."


def main() -> None:
    """Measure, or write what was measured into a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the corpora; without it nothing is measured")
    parser.add_argument("--output", type=Path, required=True, help="JSON lines, to which results are appended")
    parser.add_argument("--page", type=Path, help="page that gets the table")
    parser.add_argument("--model", help="by default the installed or bundled one")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    args, options = parser.parse_known_args()
    if args.data:
        measure(args, options)
    if args.page:
        write_between(args.page, "further", table(args.output))


if __name__ == "__main__":
    main()

"""Which types a model confuses, as a picture.

    python benchmarks/confusion.py --model hub_card --dataset CORPUS [CORPUS ...] \
        --output docs/confusion.png

All types of the model compete, as in the pipeline. A gold mention is paired with the prediction that shares most words
with it, whatever its boundaries; without any it is missed. A prediction that touches no gold mention is spurious if the
corpus annotates its type: about other types the corpus says nothing. Counts go to a JSON file beside the picture.
Two CPU cores: about a minute for each corpus; a GPU: seconds. Needs the extra `benchmark`.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

import torch

from modeling_kogner.corpora.corpus import load_corpus
from modeling_kogner.corpora.tag_schemes import mention_spans
from modeling_kogner.evaluation.encoded_split import EncodedSplit, predict_logits
from modeling_kogner.files.whole import write_whole
from modeling_kogner.inference.load import load_model

MISSED, SPURIOUS = "missed", "spurious"
Counts = Counter[tuple[str, str]]  # (gold type or SPURIOUS, predicted type or MISSED)


def confusions(gold: Sequence[str], predicted: Sequence[str], annotated: Collection[str]) -> Counts:
    """Pairs of types in one sentence.

    Args:
        gold: IOB2 tags of the words.
        predicted: the same of a model.
        annotated: types that the corpus annotates.
    """
    truths, guesses, counts = list(mention_spans(gold)), list(mention_spans(predicted)), Counter()
    for kind, first, last in truths:
        # If two share as many words, one of the right type counts.
        shared = [(min(last, end) - max(first, start), guess == kind, guess) for guess, start, end in guesses]
        most, _, best = max(shared, default=(0, False, MISSED))
        counts[kind, best if most > 0 else MISSED] += 1
    for kind, first, last in guesses:
        touches = any(min(last, end) > max(first, start) for _, start, end in truths)
        counts[SPURIOUS, kind] += not touches and kind in annotated
    return +counts


def count_corpus(model, tokenizer, source: str, split: str) -> Counts:
    """Pairs of types in a split of a corpus."""
    corpus, config = load_corpus(source), model.config
    known = [kind for kind in corpus.entity_types if kind in config.entity_types]
    rows = load_corpus(source, known).split(split)  # the model has no labels for other types
    encoded = EncodedSplit.from_split(corpus.name, rows, known, tokenizer, config.label2id)
    tags = encoded.decode(predict_logits(model, encoded.windows, tokenizer), config.id2label, every_type=True)
    pairs = zip(corpus.split(split)["ner_tags"], tags, strict=True)
    return sum((confusions(gold, guess, corpus.entity_types) for gold, guess in pairs), Counter())


def main(arguments: list[str] | None = None) -> None:
    """Count, write, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--dataset", required=True, nargs="+")
    parser.add_argument("--split", default="test")
    parser.add_argument("--output", type=Path, default=Path("confusion.png"))
    args = parser.parse_args(arguments)
    from plots import draw_confusion  # late, so that counting needs no matplotlib

    model, tokenizer = load_model(args.model)
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    counts: Counts = Counter()
    for source in args.dataset:
        counts += count_corpus(model, tokenizer, source, args.split)
    types = model.config.entity_types
    others = sorted({kind for kind, _ in counts} - {*types, SPURIOUS})  # in the corpora, unknown to the model
    found = [*(kind for kind in (*types, *others) if any(gold == kind for gold, _ in counts)), SPURIOUS]
    table = {gold: {guess: counts[gold, guess] for guess in (*types, MISSED)} for gold in found}
    corpora = [Path(source).name for source in args.dataset]
    report = {"model": Path(args.model).name, "split": args.split, "corpora": corpora, "counts": table}
    write_whole(args.output.with_suffix(".json"), json.dumps(report, indent=1) + "\n")
    draw_confusion(report, args.output)
    print(f"{sum(sum(row.values()) for row in table.values()):,} mentions -> {args.output}")


if __name__ == "__main__":
    main()

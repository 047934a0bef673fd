"""Documents per second on the CPU: annotating with concepts, tagging alone, exported models.

    kogner export MODEL --output FP32 && kogner export MODEL --output INT8 --int8
    python benchmarks/throughput.py --model MODEL --text ARTICLES.parquet [--onnx FP32 INT8]
        [--documents 1000] [--rounds 3] [--threads 1]

Conditions, from text to Python objects, in batches of eight windows of similar length:

- `annotator`: mentions and their concepts, all evidence of the model.
- `tags`: the same model, windows to labels, no mentions joined, nothing linked.
- `plain tags`: the same with the evidence switched off: encoder, layers after it and head.
- `annotator, FOLDER`: an exported model instead of the model.

Conditions take turns in every round, so that a busy machine slows all of them; medians over rounds are reported. The
linker's cache is cleared before each round. One core, with both exports: 1,000 abstracts take about a quarter
of an hour per round, with one more round for warm-up.
"""

import argparse
import json
from pathlib import Path

import pandas as pd
import torch
import transformers
from speed import medians

from modeling_kogner import Annotator, load
from modeling_kogner.corpora.text_windows import make_windows
from modeling_kogner.inference.annotator import CPU_BATCH


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--text", required=True, help="parquet file of documents")
    parser.add_argument("--column", default="abstract")
    parser.add_argument("--onnx", nargs="*", default=[], help="folders that kogner export wrote")
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args(arguments)


def annotate(annotator: Annotator, texts: list[str]) -> None:
    """Mentions and concepts, as for texts that were never seen."""
    annotator.linker._near.cache_clear()
    list(annotator.annotate(texts))


def tag(annotator: Annotator, texts: list[str]) -> None:
    """Labels of the annotator's windows."""
    tokenizer, tagger = annotator.tokenizer, annotator.model
    groups = make_windows(texts, tokenizer, annotator.max_length, annotator.stride)
    rows = sorted((window.input_ids for group in groups for window in group), key=len)
    for start in range(0, len(rows), CPU_BATCH):
        batch = tokenizer.pad({"input_ids": rows[start : start + CPU_BATCH]}, return_tensors="pt")
        tagger(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits.argmax(-1).numpy()


@torch.inference_mode()
def main(arguments: list[str] | None = None) -> None:
    """Time every condition on the same documents."""
    args = read_arguments(arguments)
    torch.set_num_threads(args.threads)
    column = pd.read_parquet(args.text, columns=[args.column])[args.column].dropna()
    texts = column[column != ""].tolist()[: args.documents]
    annotator, plain = load(args.model, device="cpu"), load(args.model, knowledge="none", device="cpu")
    conditions = {
        "annotator": lambda: annotate(annotator, texts),
        "tags": lambda: tag(annotator, texts),
        "plain tags": lambda: tag(plain, texts),
    }
    for folder in args.onnx:
        exported = load(folder)
        conditions[f"annotator, {Path(folder).name}"] = lambda exported=exported: annotate(exported, texts)
    seconds = medians(conditions, args.rounds)
    report = {
        "documents": len(texts),
        "characters": sum(map(len, texts)),
        "threads": args.threads,
        "rounds": args.rounds,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "documents a second": {name: round(len(texts) / value, 2) for name, value in seconds.items()},
        "speed over annotator": {name: round(seconds["annotator"] / value, 2) for name, value in seconds.items()},
        "speed over plain tags": {name: round(seconds["plain tags"] / value, 2) for name, value in seconds.items()},
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

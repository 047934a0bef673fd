"""Speed, size and strict F1 of an exported model beside the model itself, on the CPU.

    kogner export MODEL --output FP32 && kogner export MODEL --output INT8 --int8
    python benchmarks/onnx_speed.py --model MODEL --onnx FP32 INT8 --dataset CORPUS [--sentences 320] [--threads 2]

Speed: batches of 32 sentences of like length, forward pass only, medians of rounds in which the conditions take turns.
F1: the first `--scored` sentences. Two cores: about ten minutes.
"""

import argparse
import json
from pathlib import Path

import onnxruntime
import torch
from speed import medians

from modeling_kogner.corpora.corpus import load_corpus
from modeling_kogner.evaluation.encoded_split import EncodedSplit, predict_logits
from modeling_kogner.inference.load_model import ONNX_FILE, load_model
from modeling_kogner.inference.onnx_tagger import OnnxTagger


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--onnx", nargs="+", required=True, help="folders that kogner export wrote")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--split", default="validation")
    parser.add_argument("--sentences", type=int, default=320, help="to time")
    parser.add_argument("--scored", type=int, default=1000, help="sentences to score; 0 for none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args(arguments)


@torch.inference_mode()
def main(arguments: list[str] | None = None) -> None:
    """Time and score every condition."""
    args = read_arguments(arguments)
    torch.set_num_threads(args.threads)
    model, tokenizer = load_model(args.model)
    taggers = {"eager": model} | {folder: OnnxTagger(folder, threads=args.threads) for folder in args.onnx}
    corpus = load_corpus(args.dataset)
    types = [kind for kind in corpus.entity_types if kind in model.config.entity_types]

    def encoded(limit: int) -> EncodedSplit:
        rows = load_corpus(args.dataset, types).split(args.split)
        rows = rows.select(range(min(limit, len(rows))))
        return EncodedSplit.from_split(corpus.name, rows, types, tokenizer, model.config.label2id)

    timed = encoded(args.sentences)
    conditions = {
        name: lambda tagger=tagger: predict_logits(tagger, timed.windows, tokenizer, 32)
        for name, tagger in taggers.items()
    }
    seconds = medians(conditions, args.rounds)
    rows = {name: {"sentences a second": round(len(timed.references) / value, 1)} for name, value in seconds.items()}
    scored = encoded(args.scored) if args.scored else None
    for name, tagger in taggers.items():
        rows[name]["speed over eager"] = round(seconds["eager"] / seconds[name], 2)
        if tagger is not model:
            rows[name]["megabytes"] = round((Path(name) / ONNX_FILE).stat().st_size / 1e6, 1)
        if scored:
            scores = scored.score(predict_logits(tagger, scored.windows, tokenizer), model.config.id2label)
            rows[name]["strict f1"] = round(scores["f1"], 4)
    versions = {"torch": torch.__version__, "onnxruntime": onnxruntime.__version__}
    header = {"corpus": corpus.name, "split": args.split, "threads": args.threads, "versions": versions}
    if scored:
        header["sentences scored"] = len(scored.references)
    print(json.dumps(header | {"conditions": rows}, indent=1))


if __name__ == "__main__":
    main()

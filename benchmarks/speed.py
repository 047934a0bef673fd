"""Speed and loading time of a model and of its exports: ratios, measured in one run.

    python benchmarks/speed.py --model MODEL --dataset CORPUS --encoder ENCODER [--onnx FP32 INT8] [--sentences 640]

`plain` is the same model with its evidence switched off: the same layers, no linking, no fusion. Conditions take turns
in every round, so that a busy machine slows all of them; medians over rounds are reported. Exports (`kogner export
MODEL --output FP32`, and with `--int8`) run on the CPU, and are scored on the first `--scored` sentences: strict F1.
Two cores: about ten minutes.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import torch
from transformers import AutoModel, DataCollatorWithPadding

from modeling_kogner import KognerForTokenClassification
from modeling_kogner.corpora.corpus import load_corpus
from modeling_kogner.evaluation.encoded_split import EncodedSplit, predict_logits
from modeling_kogner.inference.tokenizers import load_tokenizer


def clock(work) -> float:
    """Seconds of one call, the device's queue included."""
    started = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started


def medians(conditions: dict, rounds: int) -> dict[str, float]:
    """Median seconds of each condition, taken in turns after one round of warm-up."""
    times = {name: [] for name in conditions}
    for turn in range(rounds + 1):
        for name, work in conditions.items():
            seconds = clock(work)
            if turn:
                times[name].append(seconds)
    return {name: statistics.median(values) for name, values in times.items()}


def load_models(args: argparse.Namespace) -> dict:
    """The model, itself without evidence, its encoder alone, and its exports, ready to run."""
    models = {
        "knowledge": KognerForTokenClassification.from_pretrained(args.model),
        "plain": KognerForTokenClassification.from_pretrained(args.model, evidence="none"),
        "bare encoder": AutoModel.from_pretrained(args.encoder, dtype=torch.float32),
    }
    models = {name: model.to(args.device).eval() for name, model in models.items()}
    for folder in args.onnx:
        from modeling_kogner.inference.exported_tagger import ExportedTagger

        models[Path(folder).name] = ExportedTagger(folder, "onnx", threads=torch.get_num_threads())
    return models


def compare(models: dict, linker, texts: list[str], size: int, tokenizer, args: argparse.Namespace) -> dict:
    """Sentences per second of each condition in batches of ``size``, and the ratios that matter."""
    collator = DataCollatorWithPadding(tokenizer, pad_to_multiple_of=8)
    groups = [texts[i : i + size] for i in range(0, len(texts), size)]

    def encode(group):
        encoded = tokenizer(group)
        batch = collator([{name: column[i] for name, column in encoded.items()} for i in range(len(group))])
        return {name: batch[name].to(args.device) for name in ("input_ids", "attention_mask")}

    batches = [encode(group) for group in groups]

    def forward(model):
        for batch in batches:
            model(**batch)

    def tag(model):
        for group in groups:
            model(**encode(group)).logits.argmax(-1).cpu().numpy()

    conditions = {f"forward, {name}": lambda model=model: forward(model) for name, model in models.items()}
    conditions |= {f"tag, {name}": lambda name=name: tag(models[name]) for name in ("knowledge", "plain")}
    seconds = medians({**conditions, "link": lambda: forward(linker)}, args.rounds)
    exports = [Path(folder).name for folder in args.onnx]
    return {
        "sentences a second": {name: round(len(texts) / value, 1) for name, value in seconds.items()},
        "speed over plain, forward": round(seconds["forward, plain"] / seconds["forward, knowledge"], 3),
        "speed over plain, text to tags": round(seconds["tag, plain"] / seconds["tag, knowledge"], 3),
        "speed over bare encoder": round(seconds["forward, bare encoder"] / seconds["forward, knowledge"], 3),
        **{
            f"speed of {e} over torch": round(seconds["forward, knowledge"] / seconds[f"forward, {e}"], 3)
            for e in exports
        },
    }


def scores(models: dict, tokenizer, args: argparse.Namespace) -> dict:
    """Strict F1 of the model and its exports on the same sentences."""
    config = models["knowledge"].config
    corpus = load_corpus(args.dataset).only(config.entity_types)
    rows, types = corpus.split(args.split), corpus.entity_types
    rows = rows.select(range(min(args.scored, len(rows))))
    split = EncodedSplit.from_split("scored", rows, types, tokenizer, config.label2id)
    taggers = {"knowledge": models["knowledge"]} | {Path(f).name: models[Path(f).name] for f in args.onnx}
    logits = {name: predict_logits(tagger, split.windows, tokenizer) for name, tagger in taggers.items()}
    return {name: round(split.score(each, config.id2label)["f1"], 4) for name, each in logits.items()}


def loading(args: argparse.Namespace) -> dict:
    """Seconds to load the model and its encoder alone."""
    seconds = medians(
        {
            "knowledge": lambda: KognerForTokenClassification.from_pretrained(args.model),
            "bare encoder": lambda: AutoModel.from_pretrained(args.encoder, dtype=torch.float32),
        },
        args.rounds,
    )
    return {
        "loading seconds": {name: round(value, 3) for name, value in seconds.items()},
        "loading time over bare encoder": round(seconds["knowledge"] / seconds["bare encoder"], 2),
    }


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--onnx", nargs="*", default=[], help="folders that kogner export wrote")
    parser.add_argument("--split", default="test")
    parser.add_argument("--sentences", type=int, default=640, help="to time")
    parser.add_argument("--scored", type=int, default=1000, help="sentences to score, if there are exports")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args(arguments)


@torch.inference_mode()
def main(arguments: list[str] | None = None) -> None:
    """Time forward passes, tagging from text, linking and loading."""
    args = read_arguments(arguments)
    torch.set_num_threads(args.threads)
    tokenizer, models = load_tokenizer(args.model), load_models(args)
    linker = KognerForTokenClassification.from_pretrained(args.model).to(args.device).kogner.link
    rows = load_corpus(args.dataset).split(args.split)["tokens"][: args.sentences]
    texts = sorted((" ".join(row) for row in rows), key=len)
    report = {"device": args.device, "sentences": len(texts), "torch": torch.__version__}
    report["threads"] = args.threads
    few = texts[:: max(1, len(texts) // 64)]  # one by one takes long
    for size, chosen in ((32, texts), (1, few)):
        report[f"batch {size}"] = compare(models, linker, chosen, size, tokenizer, args)
    report |= loading(args)
    if args.onnx:
        report["strict f1"] = scores(models, tokenizer, args)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

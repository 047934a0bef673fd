"""Speed and loading time of a model: ratios, measured in one run.

    python benchmarks/speed.py --model MODEL --encoder ENCODER --dataset CORPUS [--sentences 640] [--compile knowledge]

`plain` is the same model with its evidence switched off: the same layers, no linking, no fusion. Conditions take
turns in every round, so that a busy machine slows all of them; medians over rounds are reported.
"""

import argparse
import json
import statistics
import time

import torch
from transformers import AutoModel

from modeling_kogner import KognerForTokenClassification
from modeling_kogner.corpora.corpus import load_corpus
from modeling_kogner.inference.load_model import load_tokenizer


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
    """The model, itself without evidence, and its encoder alone, ready to run."""
    models = {
        "knowledge": KognerForTokenClassification.from_pretrained(args.model),
        "plain": KognerForTokenClassification.from_pretrained(args.model, evidence="none"),
        "bare encoder": AutoModel.from_pretrained(args.encoder, dtype=torch.float32),
    }
    models = {name: model.to(args.device).eval() for name, model in models.items()}
    if args.compile == "knowledge":
        for part in (models["knowledge"].kogner.index, models["knowledge"].kogner.graph):
            part.compile(dynamic=True)
    elif args.compile == "all":
        for model in models.values():
            model.compile(dynamic=True)
    return models


def compare(models: dict, linker, texts: list[str], size: int, tokenizer, args: argparse.Namespace) -> dict:
    """Sentences a second of each condition in batches of ``size``, and the ratios that matter."""
    groups = [texts[i : i + size] for i in range(0, len(texts), size)]

    def encode(group):
        encoded = tokenizer(group, padding=True, pad_to_multiple_of=8, return_tensors="pt")
        return {name: encoded[name].to(args.device) for name in ("input_ids", "attention_mask")}

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
    return {
        "sentences a second": {name: round(len(texts) / value, 1) for name, value in seconds.items()},
        "speed over plain, forward": round(seconds["forward, plain"] / seconds["forward, knowledge"], 3),
        "speed over plain, text to tags": round(seconds["tag, plain"] / seconds["tag, knowledge"], 3),
        "speed over bare encoder": round(seconds["forward, bare encoder"] / seconds["forward, knowledge"], 3),
    }


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


def read_arguments() -> argparse.Namespace:
    """Options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--split", default="test")
    parser.add_argument("--sentences", type=int, default=640)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--compile", choices=["none", "knowledge", "all"], default="none", help="for torch.compile")
    return parser.parse_args()


@torch.inference_mode()
def main() -> None:
    """Time forward passes, tagging from text, linking and loading."""
    args = read_arguments()
    tokenizer, models = load_tokenizer(args.model), load_models(args)
    linker = KognerForTokenClassification.from_pretrained(args.model).to(args.device).kogner.link
    rows = load_corpus(args.dataset).split(args.split)["tokens"][: args.sentences]
    texts = sorted((" ".join(row) for row in rows), key=len)
    report = {"device": args.device, "sentences": len(texts), "compiled": args.compile, "torch": torch.__version__}
    few = texts[:: max(1, len(texts) // 64)]  # one by one takes long
    for size, chosen in ((32, texts), (1, few)):
        report[f"batch {size}"] = compare(models, linker, chosen, size, tokenizer, args)
    report |= loading(args)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

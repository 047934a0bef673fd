"""Memory and speed over a long run: many sentences, and one long document.

    python benchmarks/soak.py --dataset $KOGNER_DATA/data/ner/BC5CDR $KOGNER_DATA/data/ner/BC2GM
    python benchmarks/soak.py --model FOLDER --dataset sentences.txt --device cuda --parts pipeline

Needs the extra `benchmark`; for text files with one sentence per line, psutil is enough. Every part runs in a process
of its own, so that peaks do not mix: `pipeline` (the stock one), `annotator` and `annotate` (the command) over the
sentences; `document` for each of the three over one long text. With the defaults an hour or more on two cores of a CPU;
`--sentences 5000 --megabytes 0.5` takes five minutes. Expected: growth after warm-up of a few MB, and the last tenth
within 10 % of the speed of the first.
"""

import argparse
import itertools
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psutil
import torch
from transformers import pipeline
from transformers.utils import logging

from modeling_kogner import load
from modeling_kogner.commands.main import call
from modeling_kogner.inference.load import bundled_model

WAYS = ("pipeline", "annotator", "annotate")
PARTS = (*WAYS, *(f"document, {way}" for way in WAYS))


class Watch(threading.Thread):
    """Note the resident memory and the progress of this process several times a second."""

    def __init__(self, done: Callable[[], int]):
        super().__init__(daemon=True)
        self.done, self.notes, self.over = done, [], threading.Event()

    def run(self) -> None:
        """Until it is over, and once more then."""
        process, is_over = psutil.Process(), False
        while True:
            self.notes.append((time.monotonic(), self.done(), process.memory_info().rss / 1e6))
            if is_over:
                return
            is_over = self.over.wait(0.2)

    def report(self, total: int) -> dict:
        """Speed and memory by tenths; the first tenth is the warm-up of the memory, not of the speed."""
        self.over.set()
        self.join()
        begun = [note for note in self.notes if note[1]] or self.notes  # without the time to load
        reached = [next((note for note in begun if note[1] >= total * tenth / 10), begun[-1]) for tenth in range(11)]
        speed = [(b[1] - a[1]) / max(b[0] - a[0], 0.1) for a, b in itertools.pairwise(reached)]
        return {
            "sentences read": self.notes[-1][1],
            "seconds": round(self.notes[-1][0] - self.notes[0][0], 1),
            "peak MB": round(max(note[2] for note in self.notes)),
            "peak GPU MB": round(torch.cuda.max_memory_reserved() / 1e6) if torch.cuda.is_initialized() else None,
            "MB at each tenth": [round(note[2]) for note in reached],
            "growth after the first tenth, MB": round(reached[10][2] - reached[1][2]),
            "a second, first and last tenth": [round(speed[0], 1), round(speed[9], 1)],
            "last over first": round(speed[9] / speed[0], 3) if speed[0] else None,
        }


def sentences_of(args: argparse.Namespace) -> Iterator[str]:
    """As many as asked for: the sentences of the corpora again and again, each time in another random order."""
    texts = [text for source in args.dataset for text in texts_of(source, args.split)]
    order = random.Random(0)
    rounds = (order.sample(texts, len(texts)) for _ in itertools.count())
    yield from itertools.islice(itertools.chain.from_iterable(rounds), args.sentences)  # the pipeline takes no other


def texts_of(source: str, split: str) -> list[str]:
    """Lines of a text file, or sentences of a corpus."""
    if source.endswith(".txt"):
        return [line for line in Path(source).read_text(encoding="utf-8").splitlines() if line.strip()]
    from modeling_kogner.corpora.corpus import load_corpus  # needs the extra `train`

    return [" ".join(row) for row in load_corpus(source).split(split)["tokens"]]


def read_sentences(args: argparse.Namespace, way: str) -> dict:
    """Through the stock pipeline, the annotator or the command; results are dropped as they come."""
    texts, done = sentences_of(args), 0
    if way == "annotate":
        return annotate_file(args, texts)
    read = reader(args, way)
    results = (read if way == "pipeline" else read.annotate)(texts, batch_size=args.batch_size)
    watch = Watch(lambda: done)
    watch.start()
    for done, _ in enumerate(results, start=1):  # noqa: B007 - the watch reads it
        pass
    return watch.report(args.sentences)


def annotate_file(args: argparse.Namespace, texts: Iterable[str]) -> dict:
    """`kogner annotate` in this process; the file from which it would resume says how far it is."""
    with tempfile.TemporaryDirectory() as folder:
        source, target, total = Path(folder, "in.jsonl"), Path(folder, "out.jsonl"), 0
        state = target.with_name("out.jsonl.run.json")
        with source.open("w") as stream:
            for total, text in enumerate(texts, start=1):  # noqa: B007 - counted
                stream.write(json.dumps({"text": text}) + "\n")

        def done() -> int:
            return json.loads(state.read_text())["counts"]["documents"] if state.exists() else 0

        watch = Watch(done)
        watch.start()
        options = {"model": args.model, "input": source, "output": target, "device": args.device}
        options["batch_size"] = args.batch_size
        given = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        call("annotate", given)
        return watch.report(total)


def read_document(args: argparse.Namespace, way: str) -> dict:
    """One text of sentences, as long as asked for."""
    args.sentences = sys.maxsize
    text, size = [], 0
    for sentence in sentences_of(args):
        if size >= args.megabytes * 1e6:
            break
        text.append(sentence)
        size += len(sentence) + 1
    whole = " ".join(text)
    if way == "annotate":
        report = annotate_file(args, [whole])
    else:
        read, watch = reader(args, way), Watch(lambda: 0)
        watch.start()
        ends = (
            [int(found["end"]) for found in read(whole)] if way == "pipeline" else [m.end for m in read(whole).mentions]
        )
        report = watch.report(1) | {"mentions": len(ends), "last mention ends at": ends[-1]}
    kept = ("seconds", "peak MB", "peak GPU MB", "mentions", "last mention ends at")
    return {"characters": len(whole)} | {name: report[name] for name in kept if name in report}


def reader(args: argparse.Namespace, way: str):
    """The stock pipeline or the annotator."""
    if way == "pipeline":
        given = {"aggregation_strategy": "simple", "stride": 64, "device": args.device, "dtype": torch.float32}
        return pipeline("ner", model=args.model, trust_remote_code=True, **given)
    return load(args.model, device=args.device)


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=bundled_model())
    parser.add_argument("--dataset", nargs="+", required=True, help="corpora, or .txt files of one sentence a line")
    parser.add_argument("--split", default="test")
    parser.add_argument("--sentences", type=int, default=100_000)
    parser.add_argument("--megabytes", type=float, default=5.0, help="of the long document")
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)  # one part, in this process
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Run every part in a process of its own and print one report."""
    args = read_arguments(arguments)
    if args.inside:
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        name, _, way = args.parts[0].partition(", ")
        print(json.dumps(read_document(args, way) if name == "document" else read_sentences(args, name)))
        return
    report = {"device": args.device, "torch": torch.__version__, "threads of torch": torch.get_num_threads()}
    given = [*(sys.argv[1:] if arguments is None else arguments)]
    for part in args.parts:
        command = [sys.executable, __file__, *given, "--inside", "--parts", part]
        printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        report[part] = json.loads(printed.splitlines()[-1])
        print(part, json.dumps(report[part]), file=sys.stderr, flush=True)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

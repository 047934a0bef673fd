"""Run many short trainings side by side and append one JSON line for each.

    python benchmarks/run.py benchmarks/evidence.json --data CORPORA --field encoder=ENCODER \
        --field knowledge=DISTILLED --field pretrained=PRETRAINED --jobs 14 --output runs.jsonl

A plan is a list of groups; each names corpora, variants, shares of the labels and seeds, and stands for their product.
`--field NAME=VALUE` fills `{NAME}` in the plan's settings; runs whose fields are not given are left out and counted.
PRETRAINED has one encoder for each seed, in folders named after it.
Runs whose complete line, of the same encoder, is in the output are skipped, so the same command resumes after a stop.
A failed run leaves only a traceback in OUTPUT.log. `--list` prints the runs of each group. Jobs take turns on all GPUs
there are. One H100, 14 jobs, an encoder of six layers: a minute per job with 1 % of the labels, three to five with all.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import subprocess
import sys
import tempfile
import time
import traceback
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from comparison import pack  # noqa: E402
from plan import complete, expand, key, listing, missing_fields  # noqa: E402

_worker: dict = {}


def revision() -> str:
    """Commit of the code, from KOGNER_REVISION where there is no repository."""
    git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT)
    return git.stdout.strip() or os.environ.get("KOGNER_REVISION", "")


def start_worker(args: argparse.Namespace, log: str) -> None:
    """Give a worker one of the GPUs, and redirect its output to one log file."""
    import torch

    if count := torch.cuda.device_count():  # counts without starting CUDA
        gpus = os.environ.get("CUDA_VISIBLE_DEVICES", ",".join(map(str, range(count)))).split(",")
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[multiprocessing.current_process()._identity[0] % count]
    stream = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(stream, 1), os.dup2(stream, 2)
    _worker["args"] = args


def train(run: dict, folder: str, settings: list[str], teachers: list[str]) -> None:
    """Train one run into a folder; ``teachers`` are the folders of the models that label its text."""
    from modeling_kogner.commands.main import call

    args = _worker["args"]
    name, _, kind = run["corpus"].partition("/")
    others = sorted({split.partition(":")[0].partition("/")[0] for split in run["splits"] if ":" in split})
    options = ["--dataset", str(args.data / name), *(["--types", kind] if kind else [])]
    if others:
        options += ["--exclude_tests_of", *(str(args.data / other) for other in others)]
    fields = args.fields | {"corpus": name, "seed": run["seed"]}
    options += [setting.format(**fields) for setting in settings]
    if teachers:
        options += ["--teacher", *teachers]
    option = "train_sentences" if "sentences" in run else "train_fraction"
    options += [f"--{option}", str(run.get("sentences", run.get("fraction")))]
    call("train", [*options, *args.more, "--seed", str(run["seed"]), "--output_dir", folder])


@cache
def corpus_of(data: Path, name: str):
    """A corpus by its name in the plan, `FOLDER` or `FOLDER/TYPE`; kept for the later runs of a worker."""
    from modeling_kogner.corpora.corpus import load_corpus

    folder, _, kind = name.partition("/")
    corpus = load_corpus(str(data / folder))
    return corpus.only([kind]) if kind else corpus


def score(run: dict, split: str, model, tokenizer) -> dict:
    """Strict scores of a split with counts by sentence: `validation`, `test`, or `CORPUS:test` of another corpus."""
    from modeling_kogner.evaluation.encoded_split import EncodedSplit, predict_logits

    other, _, part = split.rpartition(":")
    corpus, config = corpus_of(_worker["args"].data, other or run["corpus"]), model.config
    types = [kind for kind in corpus.entity_types if kind in config.entity_types]
    settings = {"context": config.context_tokens}
    encoded = EncodedSplit.from_split(corpus.name, corpus.split(part), types, tokenizer, config.label2id, **settings)
    logits = predict_logits(model, encoded.windows, tokenizer)
    scores = encoded.score(logits, config.id2label)
    counts = sentence_counts(encoded.decode(logits, config.id2label), encoded.references)
    return scores | {"sentences": pack(counts)}


def sentence_counts(found: list[list[str]], gold: list[list[str]]) -> np.ndarray:
    """True positives, false positives and false negatives of each sentence: ``(sentences, 3)``."""
    from modeling_kogner.corpora.tag_schemes import mention_spans

    pairs = [(set(mention_spans(f)), set(mention_spans(g))) for f, g in zip(found, gold, strict=True)]
    rows = [(len(f & g), len(f - g), len(g - f)) for f, g in pairs]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def perform(run: dict) -> tuple[dict | None, str]:
    """Train and score one run: its line, or what failed."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            teachers = [f"{folder}/teacher{place}" for place in range(len(run.get("teachers", [])))]
            for teacher, settings in zip(teachers, run.get("teachers", []), strict=True):
                train(run, teacher, settings, [])
            return measured(run, f"{folder}/model", teachers), ""
    except Exception:
        traceback.print_exc()
        return None, f"{key(run)} {traceback.format_exc(limit=-1)}"


def measured(run: dict, folder: str, teachers: list[str]) -> dict:
    """The line of one run, whose model is left in the folder; ``teachers`` label its text, if it has one."""
    import torch

    from modeling_kogner.inference.load_model import load_model

    started, more = time.time(), _worker["args"].more
    train(run, folder, run["settings"], teachers)
    trained = time.time()
    model, tokenizer = load_model(folder)
    model.to("cuda" if torch.cuda.is_available() and "--use_cpu" not in more else "cpu")
    scores = {split: score(run, split, model, tokenizer) for split in run["splits"]}
    seconds = {"train_seconds": round(trained - started, 1), "score_seconds": round(time.time() - trained, 1)}
    return run | {"settings": [*run["settings"], *more], "scores": scores, **seconds, **circumstances()}


def circumstances() -> dict:
    """Library versions and device of a run."""
    import torch

    versions = {name: metadata.version(name) for name in ("torch", "transformers", "datasets")}
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"{platform.machine()} CPU"
    return {"versions": {**versions, "python": platform.python_version()}, "device": device}


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options; what follows `--` goes to train.py."""
    given = sys.argv[1:] if arguments is None else arguments
    given, more = (given[: given.index("--")], given[given.index("--") + 1 :]) if "--" in given else (given, [])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of the corpora")
    parser.add_argument("--field", action="append", default=[], metavar="NAME=VALUE", help="value of {NAME}; repeat")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("runs.jsonl"))
    parser.add_argument("--list", action="store_true", help="print the runs of each group, run nothing")
    args = parser.parse_args(given)
    if wrong := [field for field in args.field if "=" not in field]:
        parser.error(f"--field {wrong[0]}: write it as NAME=VALUE")
    args.fields, args.more = dict(field.split("=", 1) for field in args.field), more
    return args


def main(arguments: list[str] | None = None) -> None:
    """Expand the plan, run what is missing, write lines as they come."""
    args = read_arguments(arguments)
    named = {"encoder": Path(args.fields["encoder"]).name} if "encoder" in args.fields else {}
    runs = {key(run): run | named for run in expand(json.loads(args.plan.read_text()))}
    lines = [json.loads(line) for line in args.output.read_text().splitlines()] if args.output.exists() else []
    done = {key(line) for line in lines if key(line) in runs and complete(line, runs[key(line)])}
    if args.list:
        print(listing(list(runs.values()), done))
        return
    todo = [run for name, run in runs.items() if name not in done]
    ready = [run for run in todo if not missing_fields(run, args.fields)]
    unknown = sorted({name for run in todo for name in missing_fields(run, args.fields)})
    print(
        f"{len(done)} done, {len(ready)} to run, {len(todo) - len(ready)} left out because of missing fields {unknown}"
    )
    git = revision()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("HF_DATASETS_CACHE", tempfile.mkdtemp())
    context = multiprocessing.get_context("spawn")
    with (
        context.Pool(args.jobs, start_worker, (args, f"{args.output}.log")) as pool,
        args.output.open("a") as output,
    ):
        for line, message in pool.imap_unordered(perform, ready):
            if line:
                output.write(json.dumps(line | {"git": git}) + "\n")
                output.flush()
                message = f"{key(line)} { {split: round(scores['f1'], 4) for split, scores in line['scores'].items()} }"
            print(message, flush=True)


if __name__ == "__main__":
    main()

"""Run many short trainings side by side and append one JSON line for each.

    python benchmarks/run.py benchmarks/evidence.json --data DATA --encoder ENCODER --knowledge FOLDER \
        --jobs 15 --output runs.jsonl

A plan is a list of groups; each names corpora, variants, fractions and seeds, and stands for their product. Runs
whose line is in the output already are skipped, so the same command resumes after a stop.
"""

import argparse
import itertools
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def expand(plan: dict) -> list[dict]:
    """All runs of a plan, in its order: what matters most first, for a run that is cut off."""
    runs = []
    for group in plan["groups"]:
        axes = (group["corpora"], group["variants"], group["fractions"], group["seeds"])
        for corpus, variant, fraction, seed in itertools.product(*axes):
            run = {"corpus": corpus, "variant": variant, "fraction": fraction, "seed": seed}
            budget = plan["budgets"][corpus] if fraction == 1 else plan["low_resource_budget"]
            settings = [*plan["settings"], *budget, *plan["variants"][variant]]
            runs.append(run | {"settings": settings, "splits": group["splits"]})
    return runs


def key(run: dict) -> tuple:
    """What tells one run from another."""
    return run["corpus"], run["variant"], run["fraction"], run["seed"]


def log_to(path: str) -> None:
    """Send all that a worker process prints to one log file."""
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(log, 1), os.dup2(log, 2)


def perform(job: tuple[dict, argparse.Namespace]) -> dict:
    """Train and score one run; a failure becomes its line's `error`."""
    run, args = job
    sys.path.insert(0, str(ROOT))
    import eval as evaluation
    import train

    name, _, kind = run["corpus"].partition("/")
    started = time.time()
    with tempfile.TemporaryDirectory() as folder:
        common = ["--dataset", str(args.data / name), *(["--types", kind] if kind else [])]
        fields = {"encoder": args.encoder, "knowledge": args.knowledge}
        settings = [setting.format(**fields) for setting in run["settings"]]
        extra = ["--train_fraction", str(run["fraction"]), "--seed", str(run["seed"]), "--output_dir", folder]
        scores = {}
        try:
            train.main([*common, *settings, *extra])
            trained = time.time() - started
            for split in run["splits"]:
                output = f"{folder}/{split}.json"
                evaluation.main(["--model", folder, *common, "--split", split, "--output", output])
                scores[split] = next(iter(json.loads(Path(output).read_text())["datasets"].values()))["strict"]
        except Exception:
            return run | {"error": traceback.format_exc(limit=-3)}
    return run | {"scores": scores, "train_seconds": round(trained, 1)}


def main() -> None:
    """Expand the plan, run what is missing, write lines as they come."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of the corpora")
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--knowledge", required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("runs.jsonl"))
    args = parser.parse_args()
    done = [json.loads(line) for line in args.output.read_text().splitlines()] if args.output.exists() else []
    done = [line for line in done if "error" not in line]
    missing = [run for run in expand(json.loads(args.plan.read_text())) if key(run) not in {*map(key, done)}]
    git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("HF_DATASETS_CACHE", tempfile.mkdtemp())
    context = multiprocessing.get_context("spawn")
    with context.Pool(args.jobs, log_to, [f"{args.output}.log"]) as pool, args.output.open("a") as lines:
        for line in pool.imap_unordered(perform, [(run, args) for run in missing]):
            lines.write(json.dumps(line | {"git": git.stdout.strip()}) + "\n")
            lines.flush()
            print(
                *key(line), line.get("error") or {s: round(v["f1"], 4) for s, v in line["scores"].items()}, flush=True
            )


if __name__ == "__main__":
    main()

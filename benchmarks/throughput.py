"""Abstracts a second from file to file, where the time goes, and peak memory: ways to annotate, side by side.

    python benchmarks/throughput.py --text ABSTRACTS.pubtator ... [--model MODEL] [--documents 500] [--rounds 3]
        [--conditions "--precision fp32" "--precision bf16 --jobs 2"]
        [--before CHECKOUT] [--before-options "--device cuda"]

A condition is the options of `kogner annotate`; each runs in a process of its own, in turns, so that a busy machine
slows all alike. `--before` also runs another checkout, on the same model. Medians over the rounds are reported:

- `abstracts a second`, tagging and linking, from the input file to the output file, without loading the model;
- `speed`, that over the first condition;
- `abstracts a core second`, by the processor time of all processes, and `work`, that over the first condition: what a
  busy machine leaves comparable, at one thread a process (`--threads 1`);
- `shares` of the time, where one process does all; `encoder` has the model with its reading of the graph;
- `loading`, seconds until the first text is read, and `peak MB` of all processes together (shared memory once).

`mentions` and `ids` say how far the output is that of the first condition: F1 of (document, place, type) and the share
of the common mentions that have the same id. Two idle cores, 500 abstracts: about a minute a condition and round.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

STAGES = {  # what is timed: module, function or method, stage; one that a checkout does not have is left out
    "corpora.record:Record.parse": "reading",
    "corpora.text_windows:make_windows": "tokenising",
    "surface_index:SurfaceIndex.lookup": "matching",
    "inference.matching:lookup": "matching",
    "inference.annotator:Annotator._read": "encoder",
    "inference.annotator:Annotator._step": "decoding",
    "inference.linker:Linker.link": "linking",
    "inference.linker:Linker.candidates": "linking",  # called by the annotator itself in older checkouts
    "inference.annotate_files:annotate_records": "writing",
}


class Clock:
    """Seconds of each stage; a stage that runs within another one does not count for that one."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._running = ["else"]
        self._since = time.perf_counter()

    def switch(self, change: Callable[[], Any]) -> None:
        """Give the time since the last switch to the stage that ran, then change which one runs."""
        now = time.perf_counter()
        self.seconds[self._running[-1]] += now - self._since
        self._since = now
        change()

    def timed(self, function: Callable, stage: str) -> Callable:
        """The function with its time counted; of a generator, the time of each of its steps."""

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.switch(lambda: self._running.append(stage))
            try:
                result = function(*args, **kwargs)
            finally:
                self.switch(self._running.pop)
            return self._steps(result, stage) if isinstance(result, Iterator) else result

        return counted

    def _steps(self, steps: Iterator, stage: str) -> Iterator:
        while True:
            self.switch(lambda: self._running.append(stage))
            try:
                value = next(steps)
            except StopIteration:
                return
            finally:
                self.switch(self._running.pop)
            yield value


def time_stages(clock: Clock) -> None:
    """Put a clock around what `STAGES` lists, under every name that a module has for it."""
    package = "modeling_kogner."
    import_module(f"{package}inference.load")
    for place, stage in STAGES.items():
        module, _, path = place.partition(":")
        try:
            holder: Any = import_module(package + module)
        except ModuleNotFoundError:
            continue
        *outer, name = path.split(".")
        for each in outer:
            holder = getattr(holder, each, None)
        function = getattr(holder, name, None)
        if function is None:
            continue
        counted = clock.timed(function, stage)
        users = [holder] if outer else [m for key, m in sys.modules.items() if key.startswith(package)]
        for user in users:
            if user.__dict__.get(name) is function:
                setattr(user, name, counted)


class PeakMemory(threading.Thread):
    """The most memory that this process and its children had at a time, with shared pages counted once."""

    def __init__(self, interval: float = 0.25):
        super().__init__(daemon=True)
        self.interval, self.most = interval, 0

    def run(self) -> None:
        """Look again and again."""
        while True:
            self.most = max(self.most, sum(map(self._bytes, self._family(os.getpid()))))
            time.sleep(self.interval)

    def _family(self, process: int) -> Iterator[int]:
        yield process
        for tasks in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                children = tasks.read_text().split()
            except OSError:
                continue
            for child in children:
                yield from self._family(int(child))

    @staticmethod
    def _bytes(process: int) -> int:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            return 0
        return next((1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def core_seconds() -> float:
    """Of this process and those of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def measure(words: list[str]) -> dict:
    """Run `kogner annotate` with these options here, under clocks."""
    began = time.perf_counter()
    memory = PeakMemory()
    memory.start()
    from modeling_kogner.commands.annotate import annotate
    from modeling_kogner.commands.options import read_options
    from modeling_kogner.commands.progress import quiet
    from modeling_kogner.inference.annotate_files import FileAnnotation

    (options,) = read_options(annotate, words, "kogner annotate")
    run = FileAnnotation(options, str)
    quiet()
    run.load()
    loaded = time.perf_counter()
    clock = Clock()
    time_stages(clock)
    before = core_seconds()
    run.run(lambda wrong: sys.exit(wrong), lambda counts, position: None)
    clock.switch(lambda: None)
    seconds = time.perf_counter() - loaded
    total = sum(clock.seconds.values())
    shares = {stage: clock.seconds[stage] / total for stage in dict.fromkeys([*STAGES.values(), "else"])}
    found: dict[str, Any] = {"documents": run.counts.documents, "mentions": run.counts.mentions}
    found["jobs"] = getattr(run, "jobs", 1)
    found["core seconds"] = core_seconds() - before
    return {**found, "seconds": seconds, "loading": loaded - began, "shares": shares, "memory": memory.most}


def run_condition(words: list[str], checkout: Path, output: Path, given: argparse.Namespace) -> dict:
    """One condition in a process of its own; its report, with the mentions that it found."""
    output.unlink(missing_ok=True)
    output.with_name(f"{output.name}.run.json").unlink(missing_ok=True)
    model = [] if "--model" in words else ["--model", given.model]
    command = [sys.executable, __file__, "--measure", *model, "--input", given.input, *words]
    paths = [str(checkout), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "TOKENIZERS_PARALLELISM": "false"}
    environment["OMP_NUM_THREADS"] = str(given.threads)
    done = subprocess.run(
        [*command, "--output", str(output)], stdout=subprocess.PIPE, env=environment, check=True, text=True
    )
    report = json.loads(done.stdout.splitlines()[-1])
    report["found"] = {
        (number, mention["start"], mention["end"], mention["type"]): mention["id"]
        for number, line in enumerate(output.open(encoding="utf-8"))
        for mention in json.loads(line)["mentions"]
    }
    return report


def agreement(ours: dict, theirs: dict) -> dict[str, float]:
    """F1 of the mentions, and the share of the common ones with the same id."""
    common = ours.keys() & theirs.keys()
    same = sum(ours[place] == theirs[place] for place in common)
    return {
        "mentions": round(2 * len(common) / max(1, len(ours) + len(theirs)), 4),
        "ids": round(same / max(1, len(common)), 4),
    }


def abstracts(paths: Iterable[str], count: int) -> Iterator[str]:
    """JSON lines of the first documents of files in PubTator format or JSON lines."""
    from modeling_kogner.corpora.formats import input_files, read_records
    from modeling_kogner.corpora.record import Fields

    records = read_records(input_files([Path(path) for path in paths], None), Fields())
    for number, record in enumerate(itertools.islice(records, count)):
        document = record.parse()
        yield json.dumps({"id": f"{number}-{document.id}", "text": document.text}, ensure_ascii=False)


def summary(name: str, runs: list[dict], first: list[dict]) -> dict:
    """Medians of a condition's rounds."""

    def median(field: str, of: list[dict] = runs) -> float:
        return statistics.median(run[field] for run in of)

    shares = {stage: round(statistics.median(run["shares"][stage] for run in runs), 3) for stage in runs[0]["shares"]}
    return {
        "condition": name,
        "abstracts a second": round(runs[0]["documents"] / median("seconds"), 2),
        "speed": round(median("seconds", first) / median("seconds"), 2),
        "abstracts a core second": round(runs[0]["documents"] / median("core seconds"), 2),
        "work": round(median("core seconds", first) / median("core seconds"), 2),
        **({"shares": shares} if runs[0]["jobs"] == 1 else {}),  # those of the others are not known
        "loading": round(median("loading"), 2),
        "peak MB": round(median("memory") / 1e6),
        **agreement(runs[0]["found"], first[0]["found"]),
    }


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=str(Path(__file__).resolve().parents[1] / "hub_card"))
    parser.add_argument("--text", nargs="+", required=True, help="files in PubTator format or JSON lines")
    parser.add_argument("--documents", type=int, default=500)
    parser.add_argument("--conditions", nargs="+", default=["--device cpu"], help="options of kogner annotate, quoted")
    parser.add_argument("--before", type=Path, help="an older checkout, which is the first condition")
    parser.add_argument("--before-options", default="--device cpu", help="its options of kogner annotate, quoted")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="OMP_NUM_THREADS")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Run all conditions in turns, print a report."""
    args = read_arguments(arguments)
    conditions = {name: (shlex.split(name), Path(__file__).resolve().parents[1]) for name in args.conditions}
    if args.before:
        conditions = {"before": (shlex.split(args.before_options), args.before.resolve()), **conditions}
    runs: dict[str, list[dict]] = {name: [] for name in conditions}
    with tempfile.TemporaryDirectory() as folder:
        args.input = f"{folder}/abstracts.jsonl"
        Path(args.input).write_text("\n".join(abstracts(args.text, args.documents)) + "\n", encoding="utf-8")
        for _ in range(args.rounds):
            for name, (words, checkout) in conditions.items():
                runs[name].append(run_condition(words, checkout, Path(folder, "annotated.jsonl"), args))
    first = next(iter(runs.values()))
    report = {"documents": first[0]["documents"], "threads": args.threads, "rounds": args.rounds}
    print(json.dumps(report | {"conditions": [summary(name, each, first) for name, each in runs.items()]}, indent=1))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(sys.argv[2:])))
    else:
        main()

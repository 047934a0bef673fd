"""How long the package and its commands take to start, as ratios to what Python and its libraries take by themselves.

    python benchmarks/startup.py --runs 5 [--exported FOLDER]

Help against `python -c pass` (aim: at most 8); `kogner annotate` of one sentence against importing torch and
transformers and loading model and tokenizer with them (aim: at most 1.5). Medians of several runs, which take turns,
so that a busy machine slows all of them alike. Two CPU cores: three minutes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

from modeling_kogner.commands.main import COMMANDS
from modeling_kogner.inference.find_model import find_model

SENTENCE = "Selegiline-induced postural hypotension in Parkinson's disease"
KOGNER = "from modeling_kogner.commands.main import app; app()"
LIBRARIES = """
import pathlib, sys, torch, transformers
from safetensors.torch import load_file
for path in pathlib.Path(sys.argv[1]).glob("model*.safetensors"):
    load_file(path)
"""
# What any program must do that reads the model with transformers, whose models and tokenizers are imported late.
LOADED = """
import sys, torch, transformers
from modeling_kogner import KognerForTokenClassification
KognerForTokenClassification.from_pretrained(sys.argv[1])
transformers.AutoTokenizer.from_pretrained(sys.argv[1])
"""


def calls(model: str, exported: str | None) -> dict[str, tuple[list[str], str]]:
    """Name -> what is run, and the name of what it is compared with."""
    annotate = ["annotate", "--device", "cpu", SENTENCE, "--model"]
    found = {
        "python -c pass": (["-c", "pass"], "python -c pass"),
        "import modeling_kogner": (["-c", "import modeling_kogner"], "python -c pass"),
        "kogner --help": (["-c", KOGNER, "--help"], "python -c pass"),
        **{f"kogner {name} --help": (["-c", KOGNER, *name.split(), "--help"], "python -c pass") for name in COMMANDS},
        "libraries and weights": (["-c", LIBRARIES, model], "libraries and weights"),
        "model and tokenizer": (["-c", LOADED, model], "libraries and weights"),
        "kogner annotate": (["-c", KOGNER, *annotate, model], "model and tokenizer"),
    }
    return found | ({"exported": (["-c", KOGNER, *annotate, exported], "kogner annotate")} if exported else {})


def seconds(arguments: list[str]) -> float:
    """Of one run in a process of its own."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, env=os.environ, check=True)
    return time.perf_counter() - began


def main(arguments: list[str] | None = None) -> None:
    """Run all in turns, print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=None, help="folder; the bundled model if left out")
    parser.add_argument("--exported", help="folder of kogner export, to compare with the model")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args(arguments)
    measured = calls(find_model(args.model), args.exported)
    times: dict[str, list[float]] = {name: [] for name in measured}
    for turn in range(args.runs + 1):
        for name, (call, _) in measured.items():
            taken = seconds(call)
            if turn:  # the first turn fills the disk's cache and writes byte code
                times[name].append(taken)
    for name, (_, base) in measured.items():
        median = statistics.median(times[name])
        print(f"{name:28} {median:8.3f} s  {median / statistics.median(times[base]):6.2f} times {base}")


if __name__ == "__main__":
    main()

"""Turn the lines of `benchmarks/run.py` into the results table of the README.

    python benchmarks/report.py benchmarks/results/evidence.jsonl --readme README.md

Strict test F1 in percent: mean over seeds ± standard deviation (number of seeds). Only what was run appears.
"""

import argparse
import json
import statistics
from collections import defaultdict
from pathlib import Path

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
VARIANTS = ("plain", "types", "concepts", "graph")


def cell(values: list[float]) -> str:
    """``mean ± deviation (seeds)``, or a dash where nothing was run."""
    if not values:
        return "-"
    spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.1f}{spread} ({len(values)})"


def table(lines: list[dict], split: str) -> str:
    """One row a corpus and fraction, one column a variant that has lines."""
    scores = defaultdict(list)
    for line in lines:
        if "error" not in line:
            scores[line["fraction"], line["corpus"], line["variant"]].append(100 * line["scores"][split]["f1"])
    variants = [name for name in VARIANTS if any(key[2] == name for key in scores)]
    rows = [f"| labels | corpus | {' | '.join(variants)} |", "|---|---|" + "---|" * len(variants)]
    for fraction, corpus in sorted({key[:2] for key in scores}, key=lambda row: (-row[0], row[1])):
        cells = (cell(scores.get((fraction, corpus, name), [])) for name in variants)
        rows.append(f"| {fraction:.0%} | {corpus} | {' | '.join(cells)} |")
    return "\n".join(rows)


def main() -> None:
    """Print the table, and write it between the marks of a README."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lines", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--readme", type=Path)
    args = parser.parse_args()
    made = table([json.loads(line) for line in args.lines.read_text().splitlines()], args.split)
    print(made)
    if args.readme:
        before, _, rest = args.readme.read_text().partition(BEGIN)
        _, found, after = rest.partition(END)
        if not found:
            raise SystemExit(f"{args.readme}: no {BEGIN} ... {END}; add the two marks where the table belongs")
        args.readme.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}")


if __name__ == "__main__":
    main()

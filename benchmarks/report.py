"""Write the tables of the evidence page from the lines of `benchmarks/run.py`.

    python benchmarks/report.py benchmarks/results/evidence.jsonl --page docs/evidence.md

They go between the marks of the page, the plot beside it (extra `benchmark`); only what was run appears. Strict F1 on
test in percent. A minute.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from comparison import Scores, cells, gain, markdown, mean_and_deviation, read_lines, share_name
from joint_tables import RESULTS, errors_table, left_out_table, read_runs

from modeling_kogner.files.whole import write_whole

ROOT = Path(__file__).resolve().parents[1]
VARIANTS = ("plain", "graph", "pretrained_graph", "complete", "plain_self_trained", "self_trained", "ensemble_trained")
ALL = (1, 1)
SEEDS = 3
FOLDED = "<details markdown>\n<summary>{}</summary>\n\n{}\n\n</details>"


def cell(seeds: dict[int, dict], baseline: dict[int, dict] | None = None) -> str:
    """Mean of F1 ± deviation, then the gain over a baseline with its interval; a dash where nothing was run."""
    if not seeds:
        return "-"
    mean, deviation = mean_and_deviation([100 * score["f1"] for score in seeds.values()])
    text = f"{mean:.1f}" + (f" ± {deviation:.1f}" if len(seeds) > 1 else "")
    text += f" [{len(seeds)}]" if len(seeds) != SEEDS else ""
    if not (value := gain(baseline or {}, seeds)):
        return text
    interval = f" ({value.low:+.1f} to {value.high:+.1f})" if value.low is not None else ""
    return f"{text}; **{value.mean:+.1f}**{interval}"


def used(scores: Scores) -> list[str]:
    """The variants that have scores, in the order of the columns."""
    return [name for name in VARIANTS if any(of == name for _, _, of in scores)]


def table(scores: Scores) -> str:
    """A row for each share of the labels and corpus, a column for each variant."""
    pairs = sorted({key[:2] for key in scores if key[2] in VARIANTS}, key=lambda p: ([-part for part in p[0]], p[1]))
    rows = []
    for share, corpus in pairs:
        seeds = {name: scores.get((share, corpus, name), {}) for name in used(scores)}
        baseline = seeds.get("plain", {})
        row = [cell(of, baseline if name != "plain" else None) for name, of in seeds.items()]
        rows.append([share_name(share), corpus, *row])
    return markdown(["labels", "corpus", *used(scores)], rows)


def mean_gain(scores: Scores, share: tuple, variant: str) -> str:
    """``plain → variant (gain; least gain, where)``, means over the corpora that have both; a dash without any."""
    pairs = {
        corpus: (scores.get((share, corpus, "plain"), {}), seeds)
        for (at, corpus, of), seeds in scores.items()
        if (at, of) == (share, variant)
    }
    gains = {corpus: value.mean for corpus, pair in pairs.items() if (value := gain(*pair))}
    if not gains:
        return "-"
    before = statistics.mean(_mean_of_pairs(*pairs[corpus]) for corpus in gains)
    mean = statistics.mean(gains.values())
    worst = min(gains, key=gains.__getitem__)
    return f"{before:.1f} → {before + mean:.1f} (**{mean:+.1f}**; least {gains[worst]:+.1f}, {worst})"


def _mean_of_pairs(baseline: dict[int, dict], variant: dict[int, dict]) -> float:
    """Mean F1 of a baseline over the seeds that the variant has too."""
    return statistics.mean(100 * baseline[seed]["f1"] for seed in baseline.keys() & variant.keys())


def overview(scores: Scores, new: Scores) -> str:
    """A row for each share of the labels and variant: means over corpora, and the least gain."""
    rows = []
    for share in sorted({key[0] for key in scores}, reverse=True):
        for variant in used(scores)[1:]:
            found = mean_gain(scores, share, variant)
            if found != "-":
                seeds = {len(of) for (at, _, name), of in scores.items() if (at, name) == (share, variant)}
                corpora = sum((at, name) == (share, variant) for at, _, name in scores)
                counts = " to ".join(map(str, sorted({min(seeds), max(seeds)})))
                rows.append(
                    [share_name(share), f"`{variant}`", found, mean_gain(new, share, variant), f"{corpora}, {counts}"]
                )
    return markdown(["labels", "knowledge", "F1, same corpus", "F1, new corpora", "corpora, seeds"], rows)


def transfers(lines: list[dict]) -> Scores:
    """Scores of models of one corpus on the test split of another, which stands in the name of the corpus."""
    splits = sorted({split for line in lines for split in line["scores"] if ":" in split})
    return {
        (share, f"{corpus} → {split.removesuffix(':test')}", variant): seeds
        for split in splits
        for (share, corpus, variant), seeds in cells(lines, split).items()
    }


def encoder_of(lines: list[dict]) -> str:
    """The encoder of all lines."""
    names = sorted({line["encoder"] for line in lines})
    if len(names) != 1:
        raise SystemExit(f"runs of {' and '.join(names) or 'no encoder'}; give the lines of one encoder")
    return names[0]


def sections(lines: list[dict]) -> list[str]:
    """The comparisons that have lines, the overview first."""
    scores, new = cells(lines, "test"), transfers(lines)
    folded = {
        "All labels": {key: seeds for key, seeds in scores.items() if key[0] == ALL},
        "Few labels": {key: seeds for key, seeds in scores.items() if key[0] != ALL},
        "New corpora": new,
    }
    tables = [FOLDED.format(title, body) for title, of in folded.items() if (body := table(of))]
    return [f"Encoder: `{encoder_of(lines)}`.", overview(scores, new), *tables]


def write_between(path: Path, name: str, text: str) -> None:
    """Replace what stands between the marks of a file."""
    before, begin, rest = path.read_text().partition(f"<!-- {name}: begin -->\n")
    _, end, after = rest.partition(f"<!-- {name}: end -->")
    if not end:
        raise SystemExit(
            f"{path}: no <!-- {name}: begin --> and <!-- {name}: end -->; add both where the table belongs"
        )
    write_whole(path, f"{before}{begin}{text}\n{end}{after}")


def main(arguments: list[str] | None = None) -> None:
    """Write the tables of the evidence page, and its plot."""
    from plots import draw_gains

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lines", type=Path)
    parser.add_argument("--page", type=Path, required=True, help="Markdown file with marks for the tables")
    args = parser.parse_args(arguments)
    lines = read_lines(args.lines)
    parts = sections(lines)
    if draw_gains(cells(lines, "test"), args.page.with_name("gains.png")):
        parts.insert(2, "![Gain over the encoder alone, by corpus](gains.png)")
    write_between(args.page, "runs", "\n\n".join(filter(None, parts)))
    write_between(args.page, "left out", left_out_table(read_runs(RESULTS / "joint_tagger.jsonl")))
    write_between(args.page, "errors", errors_table())


if __name__ == "__main__":
    main()

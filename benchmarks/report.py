"""Write the evidence page from the lines of `benchmarks/run.py`, and the README's scores from the bundled card.

    python benchmarks/report.py benchmarks/results/evidence.jsonl --page docs/evidence.md --readme README.md

The tables go between the marks of the page, plots beside it (extra `benchmark`); only what was run appears. Strict F1
on test in percent. A minute.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from comparison import Scores, cells, gain, markdown, mean_and_deviation, read_lines, share_name
from huggingface_hub import ModelCard

from modeling_kogner.files.whole import write_whole

ROOT = Path(__file__).resolve().parents[1]
MAIN = ("plain", "types", "concepts", "graph", "graph_masked")
MAIN += ("pretrained", "pretrained_graph", "pretrained_masked", "complete", "plain_self_trained", "self_trained")
ABLATIONS = ("no_l_dist", "random_table", "names_50", "names_10", "noise_10", "noise_30")
ALL = (1, 1)
FOLDED = "<details markdown>\n<summary>{}</summary>\n\n{}\n\n</details>"


def cell(seeds: dict[int, dict]) -> str:
    """``mean ± deviation (seeds)`` of F1, or a dash where nothing was run."""
    if not seeds:
        return "-"
    mean, deviation = mean_and_deviation([100 * score["f1"] for score in seeds.values()])
    spread = f" ± {deviation:.1f}" if len(seeds) > 1 else ""
    return f"{mean:.1f}{spread} ({len(seeds)})"


def table(scores: Scores, variants=MAIN) -> str:
    """One row for each share of the labels and corpus, one column for each variant that has scores."""
    used = [name for name in variants if any(of == name for _, _, of in scores)]
    pairs = {(share, corpus) for share, corpus, variant in scores if variant in used}
    rows = []
    for share, corpus in sorted(pairs, key=lambda pair: (tuple(-part for part in pair[0]), pair[1])):
        rows.append([share_name(share), corpus, *(cell(scores.get((share, corpus, name), {})) for name in used)])
    return markdown(["labels", "corpus", *used], rows)


def gains(scores: Scores, variants=MAIN) -> str:
    """Gain over plain of every other variant, and the mean over corpora; empty if nothing can be compared."""
    rows = []
    for share in sorted({key[0] for key in scores}, reverse=True):
        for variant in variants:
            corpora = sorted({corpus for at, corpus, of in scores if (at, of) == (share, variant)})
            found = {c: gain(scores.get((share, c, "plain"), {}), scores[share, c, variant]) for c in corpora}
            found = {corpus: value for corpus, value in found.items() if value and variant != "plain"}
            for corpus, value in found.items():
                size = f"{value.pairs}{'*' if value.pairs < 3 else ''}"
                spread = f" ± {value.deviation:.1f}" if value.pairs > 1 else ""
                tested = ["-", "-"] if value.p is None else [f"{value.low:+.1f} to {value.high:+.1f}", f"{value.p:.3f}"]
                rows.append([share_name(share), variant, corpus, f"{value.mean:+.1f}{spread}", size, *tested])
            if len(found) > 1:
                mean = statistics.mean(value.mean for value in found.values())
                worst = min(found, key=lambda corpus: found[corpus].mean)
                note = f"least: {found[worst].mean:+.1f}, {worst}"
                rows.append([share_name(share), variant, f"**mean of {len(found)}**", f"**{mean:+.1f}**", "", note, ""])
    return markdown(["labels", "variant", "corpus", "gain over plain", "seeds", "95 % interval", "p"], rows)


def scores_and_gains(scores: Scores, variants=MAIN) -> str:
    """Both tables; empty if there is nothing to show."""
    return f"{table(scores, variants)}\n\n{gains(scores, variants)}".strip()


def transfers(lines: list[dict]) -> Scores:
    """Scores of models of one corpus on the test split of another, which stands in the name of the corpus."""
    splits = sorted({split for line in lines for split in line["scores"] if ":" in split})
    return {
        (share, f"{corpus} → {split.removesuffix(':test')}", variant): seeds
        for split in splits
        for (share, corpus, variant), seeds in cells(lines, split).items()
    }


def sections(lines: list[dict]) -> list[tuple[str, str]]:
    """The comparisons that have lines, each with a title."""
    scores = cells(lines, "test")
    ablated = {key[:2] for key in scores if key[2] in ABLATIONS}
    compared = ("plain", "graph", *ABLATIONS)
    damaged = {key: seeds for key, seeds in scores.items() if key[:2] in ablated and key[2] in compared}
    found = [
        ("1. All labels", scores_and_gains({key: seeds for key, seeds in scores.items() if key[0] == ALL})),
        ("2. Few labels", scores_and_gains({key: seeds for key, seeds in scores.items() if key[0] != ALL})),
        ("3. New corpora, without training on them", scores_and_gains(transfers(lines))),
        ("4. Damaged knowledge, and parts left out", scores_and_gains(damaged, compared)),
    ]
    return [(title, body) for title, body in found if body]


def released_scores(card: Path) -> str:
    """Strict F1 of the model of a card by type and corpus, from its metadata."""
    by_type: dict[str, list[str]] = {}
    for result in ModelCard.load(card).data.eval_results:
        kind = result.metric_args["entity_type"]
        by_type.setdefault(kind, []).append(f"{result.dataset_name} {100 * result.metric_value:.1f}")
    by_type.pop("all, micro", None)
    return markdown(["type", "strict F1 by corpus (test)"], [[kind, " · ".join(of)] for kind, of in by_type.items()])


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
    """Write the evidence page with its plots, and the README's scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lines", type=Path)
    parser.add_argument("--page", type=Path, help="Markdown file with marks `runs`; plots are drawn beside it")
    parser.add_argument("--readme", type=Path, help="Markdown file with marks `scores`")
    parser.add_argument(
        "--card", type=Path, default=ROOT / "hub_card" / "README.md", help="whose scores the README shows"
    )
    args = parser.parse_args(arguments)
    lines = read_lines(args.lines)
    if args.page:
        from plots import draw_gains  # here, so that the README's table needs no matplotlib

        parts = [FOLDED.format(title, body) for title, body in sections(lines)]
        if draw_gains(cells(lines, "test"), args.page.with_name("gains.png")):
            parts.insert(0, "![Gain over plain](gains.png)")
        write_between(args.page, "runs", "\n\n".join(parts))
    if args.readme:
        write_between(args.readme, "scores", released_scores(args.card))


if __name__ == "__main__":
    main()

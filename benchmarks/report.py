"""Write the evidence page from the lines of `benchmarks/run.py`, and the README's scores from the bundled card.

    python benchmarks/report.py benchmarks/results/evidence.jsonl --page docs/evidence.md --readme README.md

The tables go between the marks of the page, plots beside it (extra `benchmark`); only what was run appears. Strict F1
on test in percent. A minute.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

from comparison import (
    Scores,
    cells,
    gain,
    markdown,
    mean_and_deviation,
    on_whole_paths,
    overview,
    read_lines,
    recall_of,
    share_name,
)
from huggingface_hub import ModelCard

from modeling_kogner.files.whole import write_whole

ROOT = Path(__file__).resolve().parents[1]
MAIN = ("plain", "dictionary", "types", "concepts", "graph", "graph_masked")
MAIN += ("pretrained", "pretrained_graph", "pretrained_masked", "complete", "plain_self_trained", "self_trained")
ABLATIONS = ("no_l_dist", "random_table", "names_50", "names_10", "noise_10", "noise_30")
# The joint model, and how much of its weights is mixed back after it was tuned on one corpus.
TUNED = {"joint": "not tuned", "kept_0": "0 %", "kept_30": "30 %", "kept_50": "50 %", "kept_70": "70 %"}
ALL = (1, 1)
FOLDED = "<details markdown>\n<summary>{}</summary>\n\n{}\n\n</details>"
DECODED = ("Decoded on whole paths", "Decoded token by token")


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
    # Without training there is not a share of the labels: the dictionary stands in every row of its corpus.
    untrained = {corpus: seeds for (_, corpus, variant), seeds in scores.items() if variant == "dictionary"}
    pairs = {(share, corpus) for share, corpus, variant in scores if variant in used and variant != "dictionary"}
    rows = []
    for share, corpus in sorted(pairs, key=lambda pair: (tuple(-part for part in pair[0]), pair[1])):
        found = {name: scores.get((share, corpus, name), {}) for name in used}
        if "dictionary" in found:
            found["dictionary"] = untrained.get(corpus, {})
        rows.append([share_name(share), corpus, *map(cell, found.values())])
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
    """Both tables; empty if there is nothing but the dictionary."""
    trained = any(variant != "dictionary" for _, _, variant in scores)
    return f"{table(scores, variants)}\n\n{gains(scores, variants)}".strip() if trained else ""


def transfers(lines: list[dict]) -> Scores:
    """Scores of models of one corpus on the test split of another, which stands in the name of the corpus."""
    splits = sorted({split for line in lines for split in line["scores"] if ":" in split})
    return {
        (share, f"{corpus} → {split.removesuffix(':test')}", variant): seeds
        for split in splits
        for (share, corpus, variant), seeds in cells(lines, split).items()
    }


def unseen(lines: list[dict]) -> str:
    """Recall of test mentions whose form, or whose concept, never occurs in the whole training split."""
    scores = {name: seeds for name, seeds in cells(lines, "test").items() if all("unseen" in s for s in seeds.values())}
    used = [name for name in MAIN if any(of == name and at[1] != 0 for at, _, of in scores)]
    rows = []
    for share, corpus in sorted({key[:2] for key in scores if key[0][1] != 0}, key=lambda row: (-row[0][1], row[1])):
        for what in ("surface", "concept"):
            found = [list(scores.get((share, corpus, name), {}).values()) for name in used]
            found = [[score for score in runs if what in score["unseen"]] for runs in found]
            if any(found):
                total = next(runs[0]["unseen"][what][1] for runs in found if runs)
                means = [
                    statistics.mean(recall_of(what)(score) or 0 for score in runs) if runs else None for runs in found
                ]
                recalls = ["-" if m is None else f"{m:.1f} ({len(runs)})" for m, runs in zip(means, found, strict=True)]
                rows.append([share_name(share), corpus, what, str(total), *recalls])
    return markdown(["labels", "corpus", "unseen", "mentions", *used], rows)


def forgetting(lines: list[dict]) -> str:
    """Lines of the joint model tuned on one corpus: F1 there and on the test splits of other types."""
    rows = []
    for corpus in sorted({line["corpus"] for line in lines}):
        start: dict[str, float] = {}
        for variant, kept in TUNED.items():
            runs = [line["scores"] for line in lines if (line["corpus"], line["variant"]) == (corpus, variant)]
            if not runs:
                continue
            f1 = {name: [100 * run[name]["f1"] for run in runs] for name in runs[0]}
            own = f1.pop("test")
            means = {name: statistics.mean(values) for name, values in f1.items()}
            others = mean_and_deviation([statistics.mean(run) for run in zip(*f1.values(), strict=True)])
            start = start or means
            change = {name.removesuffix(":test"): means[name] - start[name] for name in start}
            worst = min(change, key=change.__getitem__)
            both = ["{:.1f} ± {:.1f}".format(*values) for values in (mean_and_deviation(own), others)]
            lost = "" if variant == "joint" else f"{change[worst]:+.1f}, {worst}"
            rows.append([corpus, kept, *both, lost, str(len(runs))])
    header = ["tuned on 50 sentences of", "weights kept", "F1 there", "mean of the others", "most lost", "seeds"]
    return markdown(header, rows)


def sections(lines: list[dict]) -> list[tuple[str, str]]:
    """The comparisons that have lines, each with a title."""
    tuned = [line for line in lines if line["variant"] in TUNED]
    lines = [line for line in lines if line["variant"] not in TUNED]
    scores = cells(lines, "test")
    ablated = {key[:2] for key in scores if key[2] in ABLATIONS}
    compared = ("plain", "graph", *ABLATIONS)
    damaged = {key: seeds for key, seeds in scores.items() if key[:2] in ablated and key[2] in compared}
    every = {key: seeds for key, seeds in scores.items() if key[0] == ALL or key[2] == "dictionary"}
    found = [
        ("1. All labels", scores_and_gains(every)),
        ("2. Few labels", scores_and_gains({key: seeds for key, seeds in scores.items() if key[0] != ALL})),
        ("3. New corpora, without training on them", scores_and_gains(transfers(lines))),
        ("4. Unseen mentions: recall on test", unseen(lines)),
        ("5. Damaged knowledge, and parts left out", scores_and_gains(damaged, compared)),
        ("6. Forgetting: the joint model tuned on one corpus", forgetting(tuned)),
    ]
    return [(title, body) for title, body in found if body]


def pictures(lines: list[dict], folder: Path) -> list[str]:
    """Draw the plots that have lines into a folder; sections that show them, and what `confusion.py` left there."""
    from plots import draw_gains, draw_learning_curves  # here, so that the README's table needs no matplotlib

    drawn = {"gains": draw_gains(cells(on_whole_paths(lines), "test"), folder / "gains.png")}
    # More runs were decoded token by token.
    drawn["learning_curves"] = draw_learning_curves(cells(lines, "test"), folder / "learning_curves.png")
    titles = {"gains": "Gain over plain", "learning_curves": "Learning curves, decoded token by token"}
    parts = [f"## {title}\n\n![{title}]({name}.png)" for name, title in titles.items() if drawn[name]]
    if (counted := folder / "confusion.json").is_file():
        found = json.loads(counted.read_text())
        parts.append(
            f"## Confusion between types\n\nModel {found['model']}, {found['split']} splits of "
            f"{', '.join(found['corpora'])}. All types of the model compete, and boundaries do not count. Rows below "
            "the first line: types that these corpora annotate and the model does not know. Last row: predictions that "
            "touch no gold mention, of types that the corpus annotates.\n\n![Confusion between types](confusion.png)"
        )
    return parts


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
        parts = [f"## Overview\n\n{overview(lines)}", *pictures(lines, args.page.parent)]
        for way, found in zip(DECODED, (on_whole_paths(lines), lines), strict=True):
            parts += [f"## {way}", *(FOLDED.format(title, body) for title, body in sections(found))]
        write_between(args.page, "runs", "\n\n".join(parts))
    if args.readme:
        write_between(args.readme, "scores", released_scores(args.card))


if __name__ == "__main__":
    main()

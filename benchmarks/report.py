"""Turn the lines of `benchmarks/run.py` into tables and plots, and the results table of the README.

    python benchmarks/report.py benchmarks/results/evidence.jsonl --output benchmarks/results/report --readme README.md

Writes `report.md` with one section a front, and two plots; only what was run appears. Strict F1 on test in percent. A
README with marks gets the tables `summary`, `fronts` or `results`, which is all that a model card shows.
Plots need the extra `benchmark`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from comparison import Cell, cells, gain, mean_and_deviation, on_whole_paths, read_lines, share_name
from fronts import fronts

from modeling_kogner.files.whole import write_whole

MAIN = ("plain", "dictionary", "types", "concepts", "graph", "graph_masked")
MAIN += ("pretrained", "pretrained_graph", "pretrained_masked", "complete", "plain_self_trained", "self_trained")
ABLATIONS = ("no_l_dist", "random_table", "names_50", "names_10", "noise_10", "noise_30")
# The joint model, and how much of its weights is mixed back after it was tuned on one corpus.
TUNED = {"joint": "not tuned", "kept_0": "0 %", "kept_30": "30 %", "kept_50": "50 %", "kept_70": "70 %"}
ALL = (1, 1)
SHOWN = (ALL, (1, 0.05), (1, 0.01))  # shares of the labels in the README, and what it compares
COLUMNS = ("plain", "plain_self_trained", "dictionary", "graph", "pretrained_masked", "self_trained")
SUMMARY = ((ALL, "plain"), (ALL, "graph"), ((1, 0.01), "plain"), ((1, 0.01), "graph"), ((1, 0.01), "self_trained"))
NOTE = """Mean over seeds ± standard deviation (seeds). `plain` is the same architecture trained without evidence, with
the same budget; a gain is over the same seeds of it. Interval and p: paired bootstrap over test sentences, 2,000 draws;
they say how far the test set decides, not how far other seeds would differ. \\* fewer than three seeds.

Decoded on whole paths, an inside follows a begin or an inside, as in the published model; decoded token by token, each
token takes its likeliest tag. Runs of before were scored in the second way alone: there are more of them."""
CURVES = "Learning curves, decoded token by token"
DECODED = ("Decoded on whole paths", "Decoded token by token")

Scores = dict[Cell, dict[int, dict]]


def cell(seeds: dict[int, dict]) -> str:
    """``mean ± deviation (seeds)`` of F1, or a dash where nothing was run."""
    if not seeds:
        return "-"
    mean, deviation = mean_and_deviation([100 * score["f1"] for score in seeds.values()])
    spread = f" ± {deviation:.1f}" if len(seeds) > 1 else ""
    return f"{mean:.1f}{spread} ({len(seeds)})"


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *rows])


def table(scores: Scores, variants=MAIN) -> str:
    """One row a share of the labels and corpus, one column a variant that has scores."""
    used = [name for name in variants if any(of == name for _, _, of in scores)]
    # Without training there is no share of the labels: the dictionary stands in every row of its corpus.
    untrained = {corpus: seeds for (_, corpus, variant), seeds in scores.items() if variant == "dictionary"}
    pairs = {(share, corpus) for share, corpus, variant in scores if variant in used and variant != "dictionary"}
    rows = []
    for share, corpus in sorted(pairs, key=lambda pair: (tuple(-part for part in pair[0]), pair[1])):
        found = {name: scores.get((share, corpus, name), {}) for name in used}
        if "dictionary" in found:
            found["dictionary"] = untrained.get(corpus, {})
        rows.append([share_name(share), corpus, *map(cell, found.values())])
    return markdown(["labels", "corpus", *used], rows)


def summary(scores: Scores, columns=SUMMARY) -> str:
    """One row a corpus that has all of these, the plain encoder beside the model, and their means."""
    rows, means = [], []
    for corpus in sorted({corpus for _, corpus, _ in scores}):
        found = [scores.get((share, corpus, variant), {}) for share, variant in columns]
        if all(found):
            rows.append([corpus, *map(cell, found)])
            means.append([mean_and_deviation([100 * score["f1"] for score in seeds.values()])[0] for seeds in found])
    if len(rows) > 1:
        average = [sum(column) / len(column) for column in zip(*means, strict=True)]
        rows.append([f"**mean of {len(rows)}**", *(f"**{mean:.1f}**" for mean in average)])
    return markdown(["corpus", *(f"{variant}, {share_name(share)}" for share, variant in columns)], rows)


def gains(scores: Scores, variants=MAIN) -> str:
    """Gain over plain of every other variant, and the mean over corpora; empty if nothing can be compared."""
    rows = []
    for share in sorted({key[0] for key in scores}, reverse=True):
        for variant in variants:
            corpora = sorted({corpus for at, corpus, of in scores if (at, of) == (share, variant)} if variant else [])
            found = {c: gain(scores.get((share, c, "plain"), {}), scores[share, c, variant]) for c in corpora}
            found = {corpus: value for corpus, value in found.items() if value and variant != "plain"}
            for corpus, value in found.items():
                size = f"{value.pairs}{'*' if value.pairs < 3 else ''}"
                spread = f" ± {value.deviation:.1f}" if value.pairs > 1 else ""
                tested = ["-", "-"] if value.p is None else [f"{value.low:+.1f} to {value.high:+.1f}", f"{value.p:.3f}"]
                rows.append([share_name(share), variant, corpus, f"{value.mean:+.1f}{spread}", size, *tested])
            if len(found) > 1:
                mean = sum(value.mean for value in found.values()) / len(found)
                worst = min(found, key=lambda corpus: found[corpus].mean)
                note = f"least: {found[worst].mean:+.1f}, {worst}"
                rows.append([share_name(share), variant, f"**mean of {len(found)}**", f"**{mean:+.1f}**", "", note, ""])
    header = ["labels", "variant", "corpus", "gain over plain", "seeds", "95 % interval", "p"]
    return markdown(header, rows) if rows else ""


def transfers(lines: list[dict]) -> str:
    """Models of one corpus on the test split of another; empty if none was scored."""
    splits = sorted({split for line in lines for split in line["scores"] if ":" in split})
    scores: Scores = {}
    for split in splits:
        for (share, corpus, variant), seeds in cells(lines, split).items():
            scores[share, f"{corpus} → {split.removesuffix(':test')}", variant] = seeds
    return f"{table(scores)}\n\n{gains(scores)}" if scores else ""


def unseen(lines: list[dict]) -> str:
    """Recall of test mentions whose form, or whose concept, never occurs in the whole training split."""
    scores = {name: seeds for name, seeds in cells(lines, "test").items() if all("unseen" in s for s in seeds.values())}
    used = [name for name in MAIN if any(of == name and at[1] != 0 for at, _, of in scores)]
    rows = []
    for share, corpus in sorted({key[:2] for key in scores if key[0][1] != 0}, key=lambda row: (-row[0][1], row[1])):
        for what in ("surface", "concept"):
            found = [scores.get((share, corpus, name), {}) for name in used]
            counts = [[s["unseen"][what] for s in seeds.values() if what in s["unseen"]] for seeds in found]
            if not any(counts):
                continue
            recalls = [
                f"{100 * sum(h / max(1, n) for h, n in c) / len(c):.1f} ({len(c)})" if c else "-" for c in counts
            ]
            total = next(c[0][1] for c in counts if c)
            rows.append([share_name(share), corpus, what, str(total), *recalls])
    return markdown(["labels", "corpus", "unseen", "mentions", *used], rows) if rows else ""


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
            means = {name: mean_and_deviation(values)[0] for name, values in f1.items()}
            others = mean_and_deviation([sum(run) / len(run) for run in zip(*f1.values(), strict=True)])
            start = start or means
            change = {name.removesuffix(":test"): means[name] - start[name] for name in start}
            worst = min(change, key=change.__getitem__)
            own_f1 = "{:.1f} ± {:.1f}".format(*mean_and_deviation(own))
            lost = "" if variant == "joint" else f"{change[worst]:+.1f}, {worst}"
            rows.append([corpus, kept, own_f1, f"{others[0]:.1f} ± {others[1]:.1f}", lost, str(len(runs))])
    header = ["tuned on 50 sentences of", "weights kept", "F1 there", "mean of the others", "most lost", "seeds"]
    return markdown(header, rows) if rows else ""


def sections(lines: list[dict]) -> list[tuple[str, str]]:
    """Fronts of the evidence that have lines, each with a title."""
    tuned = [line for line in lines if line["variant"] in TUNED]
    lines = [line for line in lines if line["variant"] not in TUNED]
    scores = cells(lines, "test")
    ablated = {key[:2] for key in scores if key[2] in ABLATIONS}
    compared = ("plain", "graph", *ABLATIONS)
    damaged = {key: seeds for key, seeds in scores.items() if key[:2] in ablated and key[2] in compared}

    def front(chosen: Scores, variants=MAIN) -> str:
        return f"{table(chosen, variants)}\n\n{gains(chosen, variants)}".strip() if chosen else ""

    low = {key: seeds for key, seeds in scores.items() if key[0] != ALL}
    few = any(key[2] != "dictionary" for key in low)
    found = [
        ("1. All labels", front({k: s for k, s in scores.items() if k[0] == ALL or k[2] == "dictionary"})),
        ("2. Few labels", front(low) if few else ""),
        ("3. New corpora, without training on them", transfers(lines)),
        ("4. Unseen mentions: recall on test", unseen(lines)),
        ("5. Damaged knowledge, and parts left out", front(damaged, compared) if damaged else ""),
        ("6. Forgetting: the joint model tuned on one corpus", forgetting(tuned)),
    ]
    return [(title, body) for title, body in found if body]


def confusion(folder: Path) -> list[str]:
    """The section on what `confusion.py` left in the folder, if it did."""
    counted = folder / "confusion.json"
    if not counted.is_file():
        return []
    found = json.loads(counted.read_text())
    title, corpora = "Confusion between types", ", ".join(found["corpora"])
    note = f"""Model {found["model"]}, {found["split"]} splits of {corpora}.
All types of the model compete, and borders do not count. Below the first line: types that these corpora know and the
model does not. Last: predictions that touch no gold mention, of types that the corpus annotates."""
    return [f"## {title}\n\n{note}\n\n![{title}](confusion.png)"]


def into_readme(readme: Path, tables: dict[str, str]) -> None:
    """Write tables between the marks of a README; a README may lack some of them, but not all."""
    text, found = readme.read_text(), 0
    for name, made in tables.items():
        before, mark, rest = text.partition(f"<!-- {name}: begin -->\n")
        _, end, after = rest.partition(f"<!-- {name}: end -->")
        if end:
            text, found = f"{before}{mark}{made}\n{end}{after}", found + 1
    if not found:
        raise SystemExit(f"{readme}: no <!-- results: begin --> ... end; add the two marks where the table belongs")
    write_whole(readme, text)


def main(arguments: list[str] | None = None) -> None:
    """Write the report and its plots, and the README's table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lines", type=Path)
    parser.add_argument("--output", type=Path, help="folder of report.md and the plots")
    parser.add_argument("--readme", type=Path)
    args = parser.parse_args(arguments)
    lines = read_lines(args.lines)
    decoded = dict(zip(DECODED, (on_whole_paths(lines), lines), strict=True))
    scores = cells(decoded[DECODED[0]], "test")
    if args.output:
        from plots import draw_gains, draw_learning_curves  # so that the README's table needs no matplotlib

        args.output.mkdir(parents=True, exist_ok=True)
        parts = [f"# Evidence\n\n{NOTE}", f"## All fronts\n\n{fronts(lines)}"]
        for way, found in decoded.items():
            parts += [f"## {way}", *(f"### {title}\n\n{body}" for title, body in sections(found))]
        # Curves take what there is most of.
        drawn = (("Gain over plain", draw_gains, scores), (CURVES, draw_learning_curves, cells(lines, "test")))
        for title, draw, shown in drawn:
            picture = args.output / f"{draw.__name__.removeprefix('draw_')}.png"
            picture.unlink(missing_ok=True)  # of an earlier report that had more lines
            if draw(shown, picture):
                parts.append(f"## {title}\n\n![{title}]({picture.name})")
        parts += confusion(args.output)
        write_whole(args.output / "report.md", "\n\n".join(parts) + "\n")
    made = table({k: seeds for k, seeds in scores.items() if k[0] in SHOWN or k[2] == "dictionary"}, COLUMNS)
    print(made)
    if args.readme:
        tuned = forgetting([line for line in lines if line["variant"] in TUNED])
        every = "\n\n".join(part for part in (fronts(lines), made, tuned) if part)
        into_readme(args.readme, {"summary": summary(scores), "fronts": fronts(lines), "results": every})


if __name__ == "__main__":
    main()

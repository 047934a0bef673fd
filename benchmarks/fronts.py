"""Every front in one table: what the plain encoder scores and what knowledge makes of it, and where that is least."""

from __future__ import annotations

from collections.abc import Callable

from comparison import cells, mean_and_deviation, on_whole_paths, share_name

# Share of the labels and variants with knowledge, and what a reader should know of them.
ROWS = [
    ((1, 1), "graph", "knowledge"),
    ((1, 0.1), "pretrained_masked", "pretrained on running text"),
    ((1, 0.05), "self_trained", "pretrained, and self-trained"),
    ((1, 0.05), "plain_self_trained", "no knowledge, self-trained"),
    ((1, 0.01), "graph", "knowledge"),
    ((1, 0.01), "pretrained_masked", "pretrained on running text"),
    ((1, 0.01), "self_trained", "pretrained, and self-trained"),
    ((1, 0.01), "plain_self_trained", "no knowledge, self-trained"),
    ((0, 50), "complete", "all layers pretrained"),
    ((0, 25), "pretrained_masked", "pretrained on running text"),
    ((1, 1), "random_table", "vectors of other concepts"),
    ((1, 1), "noise_30", "30 % of types wrong"),
    ((1, 1), "names_10", "10 % of names"),
    ((1, 0.01), "random_table", "vectors of other concepts"),
    ((1, 0.01), "noise_10", "10 % of types wrong"),
    ((1, 0.01), "noise_30", "30 % of types wrong"),
    ((1, 0.01), "names_50", "half of the names"),
    ((1, 0.01), "names_10", "10 % of names"),
]
Values = dict[str, tuple[float, float, int]]  # plain, variant and seeds by corpus
Value = Callable[[dict], float | None]


def f1(score: dict) -> float:
    """Strict F1 in percent."""
    return 100 * score["f1"]


def recall_of_unseen(what: str) -> Value:
    """Recall in percent of mentions whose ``surface`` or ``concept`` no training mention has."""

    def recall(score: dict) -> float | None:
        found, total = score.get("unseen", {}).get(what, (0, 0))
        return 100 * found / total if total else None

    return recall


def compared(lines: list[dict], split: str, share: tuple, variant: str, value: Value) -> Values:
    """Means of plain and of a variant over the seeds that both have, by corpus."""
    scores = cells(lines, split)
    found: Values = {}
    for at, corpus, of in scores:
        plain, own = scores.get((at, corpus, "plain"), {}), scores[at, corpus, of]
        pairs = [(value(plain[s]), value(own[s])) for s in plain.keys() & own.keys() if (at, of) == (share, variant)]
        pairs = [pair for pair in pairs if None not in pair]
        if pairs:
            before, after = (mean_and_deviation(list(column))[0] for column in zip(*pairs, strict=True))
            found[corpus] = before, after, len(pairs)
    return found


def told(values: Values) -> str:
    """``plain → variant (gain; least gain and where)``, means over corpora."""
    if not values:
        return "-"
    before, after = (sum(row[i] for row in values.values()) / len(values) for i in (0, 1))
    gains = {corpus: row[1] - row[0] for corpus, row in values.items()}
    worst = min(gains, key=gains.__getitem__)
    least = f"; least {gains[worst]:+.1f}, {worst}" if len(values) > 1 else ""
    return f"{before:.1f} → {after:.1f} ({after - before:+.1f}{least})"


def fronts(lines: list[dict]) -> str:
    """The table; rows that have no lines are left out.

    A row is decoded on whole paths, unless plain and variant have more corpora token by token (marked †).
    """
    rows = []
    new = sorted({split for line in lines for split in line["scores"] if ":" in split})
    for share, variant, what in ROWS:
        ways = {"": on_whole_paths(lines), " †": lines}
        mark = max(ways, key=lambda mark: len(compared(ways[mark], "test", share, variant, f1)))
        chosen = ways[mark]
        own = compared(chosen, "test", share, variant, f1)
        if not own:
            continue
        elsewhere = {
            f"{corpus} → {split.removesuffix(':test')}": row
            for split in new
            for corpus, row in compared(chosen, split, share, variant, f1).items()
        }
        unseen = [compared(chosen, "test", share, variant, recall_of_unseen(kind)) for kind in ("surface", "concept")]
        seeds = sorted({row[2] for row in own.values()})
        counted = f"{len(own)}, {' to '.join(map(str, dict.fromkeys((seeds[0], seeds[-1]))))}"
        rows.append(
            [
                f"{share_name(share)}{mark}",
                f"`{variant}`: {what}",
                told(own),
                told(elsewhere),
                *map(told, unseen),
                counted,
            ]
        )
    header = [
        "labels",
        "variant",
        "F1, own corpora",
        "F1, new corpora",
        "recall, unseen forms",
        "recall, unseen concepts",
    ]
    header.append("corpora, seeds")
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *rows]) if rows else ""

"""A plan such as `benchmarks/evidence.json` as a list of single runs."""

from __future__ import annotations

import itertools
import string


def expand(plan: dict) -> list[dict]:
    """All runs of a plan in its order, the most important first, in case the run is stopped.

    A group is the product of `corpora`, `variants`, `seeds` and its shares of the labels: `fractions` of the training
    sentences, or counts of `sentences` with mentions. A run that is in an earlier group too is left out. Validation and
    test are scored, and the test splits of the corpora in `transfers`. `teachers` names for a variant the one whose
    models, trained first, label its text: `{"variant": NAME}` of the same seed, with `"pretrained": [1, 2]` one from
    each of these encoders, with the same labels.
    """
    runs = {}
    for group in plan["groups"]:
        labels = [{"fraction": share} for share in group.get("fractions", [])]
        labels += [{"sentences": count} for count in group.get("sentences", [])]
        for label, seed, corpus, variant in itertools.product(
            labels, group["seeds"], group["corpora"], group["variants"]
        ):
            budget = plan["budgets"][corpus] if label.get("fraction") == 1 else plan["low_resource_budget"]
            run = {"corpus": corpus, "variant": variant, **label, "seed": seed}
            run["settings"] = [*plan["settings"], *budget, *plan["variants"][variant]]
            if teacher := plan.get("teachers", {}).get(variant):
                settings = [*plan["settings"], *budget, *plan["variants"][teacher["variant"]]]
                starts = teacher.get("pretrained", ["{seed}"])
                run["teachers"] = [[word.replace("{seed}", str(start)) for word in settings] for start in starts]
            transfers = plan["transfers"].get(corpus, [])
            run["splits"] = ["validation", "test", *(f"{name}:test" for name in transfers)]
            run["group"] = group["name"]
            runs.setdefault(key(run), run)
    return list(runs.values())


def key(run: dict) -> tuple:
    """What identifies a run."""
    return run["corpus"], run["variant"], run.get("fraction"), run.get("sentences"), run["seed"]


def complete(line: dict, run: dict) -> bool:
    """Whether a line holds all results of its run, with the run's encoder if that is known."""
    same = run.get("encoder") in (None, line.get("encoder"))
    return same and set(run["splits"]) <= line["scores"].keys()


def missing_fields(run: dict, fields: dict[str, str]) -> list[str]:
    """Placeholders of the run's settings that have no value."""
    settings = sum(run.get("teachers", []), run["settings"])
    names = {name for setting in settings for _, name, *_ in string.Formatter().parse(setting) if name}
    return sorted(names - {*fields, "corpus", "seed"})


def listing(runs: list[dict], done: set[tuple]) -> str:
    """Runs by group, and how many are left."""
    rows = [f"{'group':44} {'runs':>5} {'left':>5}"]
    for name in [*dict.fromkeys(run["group"] for run in runs), "all"]:
        chosen = [run for run in runs if name in (run["group"], "all")]
        rows.append(f"{name:44} {len(chosen):5} {sum(key(run) not in done for run in chosen):5}")
    return "\n".join(rows)

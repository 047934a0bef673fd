"""The benchmark runner's plan and the report's table, against values worked out by hand."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def load(name):
    spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def line(variant, seed, f1, **more):
    scores = {"test": {"f1": f1}}
    return {"corpus": "C", "fraction": 1, "variant": variant, "seed": seed, "scores": scores, **more}


def test_the_table_averages_seeds_and_leaves_failures_out():
    """A failed run counted as a score, or seeds mixed between variants, would publish a wrong number."""
    lines = [line("plain", 1, 0.80), line("plain", 2, 0.82), line("graph", 1, 0.9), line("graph", 2, 0.1, error="x")]
    rows = load("report").table(lines, "test").splitlines()
    assert rows[0] == "| labels | corpus | plain | graph |"
    assert rows[2] == "| 100% | C | 81.0 ± 1.4 (2) | 90.0 (1) |"


def test_a_plan_is_the_product_of_its_axes_in_its_order():
    """A lost axis would leave cells of the comparison empty; a wrong budget would make it unfair."""
    plan = {
        "settings": ["--a"],
        "budgets": {"C": ["--full"]},
        "low_resource_budget": ["--few"],
        "variants": {"plain": [], "graph": ["--knowledge"]},
        "groups": [
            {
                "corpora": ["C"],
                "variants": ["plain", "graph"],
                "fractions": [1, 0.01],
                "seeds": [1, 2],
                "splits": ["test"],
            }
        ],
    }
    runs = load("run").expand(plan)
    assert len({load("run").key(run) for run in runs}) == len(runs) == 8
    assert runs[0]["settings"] == ["--a", "--full"]
    assert runs[-1]["settings"] == ["--a", "--few", "--knowledge"]

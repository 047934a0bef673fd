"""Write the README's scores from the bundled card: `python benchmarks/front_page.py`."""

from __future__ import annotations

from pathlib import Path

from comparison import markdown
from huggingface_hub import ModelCard
from report import ROOT, write_between


def released_scores(card: Path) -> str:
    """Strict F1 of the model of a card by type and corpus, from its metadata."""
    by_type: dict[str, list[str]] = {}
    for result in ModelCard.load(card).data.eval_results:
        kind = result.metric_args["entity_type"]
        by_type.setdefault(kind, []).append(f"{result.dataset_name} {100 * result.metric_value:.1f}")
    by_type.pop("all, micro", None)
    return markdown(["type", "strict F1 by corpus (test)"], [[kind, " · ".join(of)] for kind, of in by_type.items()])


if __name__ == "__main__":
    write_between(ROOT / "README.md", "scores", released_scores(ROOT / "hub_card" / "README.md"))

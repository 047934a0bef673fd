"""The card of a model that was trained further: what it is, what it learned from, its validation scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCardData
from transformers import TrainingArguments

from .. import __version__
from ..configuration_kogner import KognerConfig
from ..files.whole import write_whole
from ..publishing.card import MADE
from .learning_curve import NAME

OPTIONS = ("num_train_epochs", "per_device_train_batch_size", "learning_rate", "head_learning_rate", "seed")


def write_first_card(
    folder: Path, start: str, config: KognerConfig, report: dict[str, Any], args: TrainingArguments
) -> bool:
    """Write `README.md`; `kogner card` replaces it, and one that somebody wrote by hand stays.

    Args:
        folder: of the model.
        start: folder or id of the model that was trained further.
        config: of the model.
        report: of the run.
        args: of the run.

    Returns:
        Whether it was written.
    """
    readme = folder / "README.md"
    if readme.exists() and MADE not in readme.read_text(encoding="utf-8"):
        return False
    data = ModelCardData(
        language="en", library_name="transformers", pipeline_tag="token-classification", tags=["kogner"]
    )
    corpora = [f"{name} ({counts['sentences']:,} sentences)" for name, counts in report["overlap"].items()]
    types, picture = ", ".join(config.entity_types), (folder / f"{NAME}.png").exists()
    curve = f"![Validation F1 over the steps of training, decoded as in the table]({NAME}.png)\n"
    options = ", ".join(f"`{name}` {getattr(args, name):g}" for name in OPTIONS)
    parts = [
        f"---\n{data.to_yaml()}\n---\n\n{MADE}, which replaces this file when it runs -->\n",
        f"# {folder.absolute().name}\n",
        f"{Path(start).name}, trained further on {', '.join(corpora)}. Entity types: {types}.\n",
        *_scores(report["log"], _decoded(config)),
        *([curve] if picture else []),
        f"## Training\n\nkogner {__version__}; {options}. `training.json` has the whole log.\n",
        "Types that the corpora do not annotate were held to what the model said before; score them with `kogner eval` "
        "on a corpus of yours before you rely on them. `kogner errors` shows what is wrong, and `kogner card` writes a "
        "card with test scores.\n",
    ]
    write_whole(readme, "\n".join(parts))
    return True


def _decoded(config: KognerConfig) -> str:
    """How tags were made of log-odds."""
    return "on whole paths" if config.constrained_decoding else "token by token"


def _scores(log: Sequence[dict[str, Any]], decoded: str) -> list[str]:
    """A table of the evaluation by which the weights were chosen."""
    rows = [row for row in log if "eval_f1" in row]
    if not rows:
        return []
    best = max(rows, key=lambda row: row["eval_f1"])
    names = {name: name.removeprefix("eval_").removesuffix("_f1").replace("_", " ") for name in best}
    scores = {names[name]: best[name] for name in best if name.endswith("_f1") and name != "eval_f1"}
    lines = [f"| {name} | {100 * f1:.1f} |" for name, f1 in {**scores, "mean": best["eval_f1"]}.items()]
    told = (
        f"Strict F1 on the validation sentences, decoded {decoded} with the types of the corpus alone. The weights "
        "were chosen by it, so that it flatters them.\n"
    )
    return ["## Scores\n", told, "| | F1 |\n| --- | --- |\n" + "\n".join(lines) + "\n"]

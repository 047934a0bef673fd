"""Scores of `eval.py` as rows, as a Markdown table and as the model-index of the card's metadata."""

from __future__ import annotations

from dataclasses import dataclass

from huggingface_hub import EvalResult

from .attribution import CORPORA, UNKNOWN
from .card_inputs import CardInputs

EVERY_TYPE = "all, micro"


@dataclass
class ScoreRow:
    """Scores of one type of a corpus, or of all its types together.

    Args:
        corpus: its name.
        split: that was scored.
        kind: entity type, or :data:`EVERY_TYPE`.
        on: strict scores, the corpus's own types competing.
        competing: strict scores, all types of the model competing.
        off: as ``on`` with knowledge switched off, None if that was not scored.
    """

    corpus: str
    split: str
    kind: str
    on: dict
    competing: dict
    off: dict | None


def score_rows(inputs: CardInputs) -> list[ScoreRow]:
    """Rows in the order of the metrics file, each corpus's types first and then, if it has several, all of them."""
    off = inputs.metrics_off.content["datasets"] if inputs.metrics_off else {}
    rows = []
    for corpus, scores in inputs.metrics.content["datasets"].items():
        types, same = scores["types"], off.get(corpus, {})
        if same and (same["split"], same["types"]) != (scores["split"], types):
            raise ValueError(
                f"{inputs.metrics_off.path}, datasets > {corpus}: split {same['split']} and types "
                f"{', '.join(same['types'])}, not those of {inputs.metrics.path}; run eval.py alike for both"
            )
        for kind in [*types, *([EVERY_TYPE] if len(types) > 1 else [])]:
            on, competing = (_pick(scores[mode], kind) for mode in ("strict", "strict_every_type"))
            rows.append(
                ScoreRow(corpus, scores["split"], kind, on, competing, _pick(same["strict"], kind) if same else None)
            )
    return rows


def _pick(scores: dict, kind: str) -> dict:
    return scores if kind == EVERY_TYPE else scores["types"][kind]


def scorer(inputs: CardInputs) -> str:
    """Name of the scorer with the version that gave the scores."""
    return f"kogner {inputs.metrics.field('versions', 'kogner', kind=str)}, StrictNer (evaluate.Metric)"


def eval_results(inputs: CardInputs, revision: str | None) -> list[EvalResult]:
    """The model-index: strict F1 of every row, with knowledge as trained.

    Args:
        inputs: what the card is made from.
        revision: commit of the weights that were scored; None for what `eval.py` noted in the metrics file.
    """
    revision = revision or inputs.metrics.content.get("revision")  # older files have none
    of_weights = {"revision": revision} if revision else {}
    return [
        EvalResult(
            task_type="token-classification",
            task_name="Named entity recognition",
            dataset_type=CORPORA.get(row.corpus, UNKNOWN).hub_id or row.corpus.lower(),
            dataset_name=row.corpus,
            dataset_split=row.split,
            metric_type="f1",
            metric_name=f"strict entity-level F1, {row.kind}",
            metric_value=row.on["f1"],
            metric_args={"scorer": scorer(inputs), "entity_type": row.kind, "knowledge": "on", **of_weights},
        )
        for row in score_rows(inputs)
    ]


def markdown_table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; a ``|`` within a cell is escaped."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in [header, ["---"] * len(header), *rows]]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def score_table(rows: list[ScoreRow], trained_on: set[str] | None) -> str:
    """Precision, recall and F1 in percent, with knowledge on and off.

    Args:
        rows: of :func:`score_rows`.
        trained_on: names of the training corpora; others get a mark. None if they are not known.
    """
    header = ["corpus", "type", "split", "mentions", "P", "R", "F1", "F1, all types compete"]
    with_off = any(row.off for row in rows)
    body = []
    for row in rows:
        mark = "" if trained_on is None or row.corpus in trained_on else " †"
        cells = [row.corpus + mark, row.kind, row.split, f"{row.on['gold']:,}", *_percent(row.on)]
        cells.append(f"{100 * row.competing['f1']:.1f}")
        body.append(cells + ((_percent(row.off) if row.off else ["-"] * 3) if with_off else []))
    return markdown_table(header + (["P, off", "R, off", "F1, off"] if with_off else []), body)


def _percent(scores: dict) -> list[str]:
    return [f"{100 * scores[name]:.1f}" for name in ("precision", "recall", "f1")]

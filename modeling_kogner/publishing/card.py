"""The model card: `card_template.md` holds the text, this module the scores, and the metadata that the Hub reads."""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from pathlib import Path

import huggingface_hub
import torch
import transformers
from huggingface_hub import EvalResult, ModelCard, ModelCardData
from transformers.tokenization_utils_base import VERY_LARGE_INTEGER

from .. import __version__
from ..files.errors import InputError
from ..inference.annotator import Annotator
from . import card_reports as reports
from .card_inputs import SCORES, CardInputs
from .card_reports import CREDITS, credit

TEMPLATE = Path(__file__).with_name("card_template.md")
MADE = "<!-- made by kogner card"
PAPER = "2503.15737"  # on arXiv
EXAMPLE = "Selegiline-induced postural hypotension in Parkinson's disease"
EVERY_TYPE = "all, micro"
_TAGS = ("kogner", "biomedical", "named-entity-recognition", "entity-linking", "knowledge-graph", f"arxiv:{PAPER}")
_HUB_ID = re.compile(r"[\w][\w.-]*/[\w][\w.-]*")


@dataclass
class ScoreRow:
    """Strict scores of one type of a corpus, or of all its types together.

    Args:
        corpus: its name.
        split: that was scored.
        kind: entity type, or :data:`EVERY_TYPE`.
        on: the corpus's own types competing.
        competing: all types of the model competing.
        off: as ``on`` with knowledge switched off, None if that was not scored.
    """

    corpus: str
    split: str
    kind: str
    on: dict
    competing: dict
    off: dict | None


def check_replaceable(readme: Path) -> None:
    """Refuse to overwrite a card that this command did not write.

    Raises:
        InputError: there is such a card.
    """
    if readme.exists() and MADE not in readme.read_text(encoding="utf-8"):
        fix = "move it away, or pass --force to replace it"
        raise InputError("not written by kogner card", fix=fix, file=readme)


def make_card(
    inputs: CardInputs, model_id: str, base_model: str | None = None, revision: str | None = None
) -> ModelCard:
    """Fill in the template.

    Args:
        inputs: what it is made from.
        model_id: what the snippets load.
        base_model: Hub id of the model that the encoder was made from; None to take it from the configuration.
        revision: commit of the weights that were scored; None for what the metrics file says.
    """
    rows = score_rows(inputs)
    data = _metadata(inputs, rows, base_model, revision)
    return ModelCard.from_template(data, str(TEMPLATE), model_id=model_id, **context(inputs, rows))


def context(inputs: CardInputs, rows: list[ScoreRow]) -> dict:
    """The template's variables, except ``model_id``; what has no inputs is None."""
    annotator, limit = Annotator(inputs.model, inputs.tokenizer), inputs.tokenizer.model_max_length
    window = {"length": annotator.max_length, "stride": annotator.stride}
    return {
        "config": inputs.config,
        "paper": PAPER,
        "example": EXAMPLE,
        "examples": CREDITS["examples"],
        "mentions": annotator(EXAMPLE).mentions,
        "window": window | {"limit": limit if limit < VERY_LARGE_INTEGER else None},
        "labels": _labels(inputs),
        "scores": _scores(inputs, rows),
        "training": reports.training(inputs),
        "pretraining": inputs.pretraining and {"tokens": inputs.pretraining.field("tokens_seen", kind=int)},
        "encoder": CREDITS["encoders"].get(_encoder_name(inputs), {}).get("history"),
        "graph": reports.graph(inputs),
        "distillation": reports.distillation(inputs),
        "size": reports.size(inputs),
        "speed": reports.speed(inputs),
        "versions": _versions(inputs),
    }


def score_rows(inputs: CardInputs) -> list[ScoreRow]:
    """Rows in the order of the metrics file, each corpus's types first and then, if it has several, all of them."""
    off = inputs.metrics_off.content["datasets"] if inputs.metrics_off else {}
    rows = []
    for corpus, scores in inputs.metrics.content["datasets"].items():
        types, same = scores["types"], off.get(corpus, {})
        if same and (same["split"], same["types"]) != (scores["split"], types):
            problem = f"split {same['split']} and types {', '.join(same['types'])}, not those of {inputs.metrics.path}"
            raise inputs.metrics_off.error(
                problem, "datasets", corpus, fix="run eval.py with the same options for both"
            )
        for kind in [*types, *([EVERY_TYPE] if len(types) > 1 else [])]:
            chosen = [scores["strict"], scores["strict_every_type"], same.get("strict")]
            chosen = [each["types"][kind] if each and kind != EVERY_TYPE else each for each in chosen]
            rows.append(ScoreRow(corpus, scores["split"], kind, *chosen))
    return rows


def _metadata(inputs: CardInputs, rows: list[ScoreRow], base_model: str | None, revision: str | None) -> ModelCardData:
    revision = revision or inputs.metrics.content.get("revision")  # older files have none
    weights = {"revision": revision} if revision else {}
    hub_ids = sorted(filter(None, (credit("corpora", name).get("hub_id") for name in _trained_on(inputs) or ())))
    return ModelCardData(
        language="en",
        license="apache-2.0",
        library_name="transformers",
        pipeline_tag="token-classification",
        base_model=base_model or _base_model(inputs),
        datasets=hub_ids or None,
        metrics=list(SCORES),
        tags=list(_TAGS),
        model_name="KoGNER",
        eval_results=[
            EvalResult(
                task_type="token-classification",
                task_name="Named entity recognition",
                dataset_type=credit("corpora", row.corpus).get("hub_id") or row.corpus.lower(),
                dataset_name=row.corpus,
                dataset_split=row.split,
                metric_type="f1",
                metric_name=f"strict entity-level F1, {row.kind}",
                metric_value=row.on["f1"],
                metric_args={"scorer": _scorer(inputs), "entity_type": row.kind, "knowledge": "on", **weights},
            )
            for row in rows
        ],
    )


def _base_model(inputs: CardInputs) -> str | None:
    """A Hub id only: a path would say nothing to a reader."""
    if known := CREDITS["encoders"].get(_encoder_name(inputs)):
        return known["base_model"]
    path = str(inputs.config.encoder_config.to_dict().get("_name_or_path") or "")
    return path if _HUB_ID.fullmatch(path) and not Path(path).exists() else None


def _encoder_name(inputs: CardInputs) -> str:
    """Folder name, or Hub id without its owner, of the encoder that training started from."""
    return str(inputs.config.encoder_config.to_dict().get("_name_or_path") or "").rstrip("/").split("/")[-1]


def _trained_on(inputs: CardInputs) -> list[str] | None:
    """Names of the corpora that the training report lists; None without one."""
    return list(inputs.training.field("overlap", kind=dict)) if inputs.training else None


def _scorer(inputs: CardInputs) -> str:
    return f"kogner {inputs.metrics.field('versions', 'kogner', kind=str)}, StrictNer (evaluate.Metric)"


def _labels(inputs: CardInputs) -> dict[str, list[str]]:
    """The corpora that annotate each type; of those scored, the training corpora alone if they are known."""
    trained_on, datasets = _trained_on(inputs), inputs.metrics.content["datasets"]
    corpora = [corpus for corpus in datasets if trained_on is None or corpus in trained_on]
    return {kind: [c for c in corpora if kind in datasets[c]["types"]] for kind in inputs.config.entity_types}


def _scores(inputs: CardInputs, rows: list[ScoreRow]) -> dict:
    """Rows, whether any was scored without knowledge too, and the corpora that the model was not trained on."""
    trained_on = _trained_on(inputs)
    unseen = {row.corpus for row in rows if trained_on is not None and row.corpus not in trained_on}
    return {"rows": rows, "off": inputs.metrics_off is not None, "unseen": unseen, "scorer": _scorer(inputs)}


def _versions(inputs: CardInputs) -> dict[str, dict]:
    """Versions that scored the model and that made the card."""
    made = {module.__name__: module.__version__ for module in (torch, transformers, huggingface_hub)}
    made = {"kogner": __version__, **made, "python": platform.python_version()}
    return {"scored": inputs.metrics.field("versions", kind=dict), "made": made}

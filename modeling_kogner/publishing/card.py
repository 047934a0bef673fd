"""The model card: `card_template.md` holds the text, this module the scores, and the metadata that the Hub reads."""

from __future__ import annotations

import platform
import re
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
from .card_inputs import CardInputs
from .card_reports import CREDITS, credit, trained_on
from .card_scores import ScoreRow, document_rows, heights, left_out, score_rows
from .score_files import SCORES

TEMPLATE = Path(__file__).with_name("card_template.md")
MADE = "<!-- made by kogner card"
PAPER = "2503.15737"  # on arXiv
EXAMPLE = "Imatinib inhibits KIT in patients with gastrointestinal stromal tumours"
_TAGS = ("kogner", "biomedical", "named-entity-recognition", "entity-linking", "knowledge-graph", f"arxiv:{PAPER}")
_HUB_ID = re.compile(r"[\w][\w.-]*/[\w][\w.-]*")


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
    rows = score_rows(inputs.scored)
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
        "mentions": annotator(EXAMPLE).mentions,
        "window": window | {"limit": limit if limit < VERY_LARGE_INTEGER else None},
        "labels": reports.labels(inputs),
        "scores": _scores(inputs, rows),
        "training": reports.training(inputs),
        "pretraining": inputs.pretraining and {"tokens": inputs.pretraining.field("tokens_seen", kind=int)},
        "encoder": CREDITS["encoders"].get(_encoder_name(inputs), {}).get("history"),
        "held": reports.held(inputs),
        "graph": reports.graph(inputs),
        "distillation": reports.distillation(inputs),
        "size": reports.size(inputs),
        "speed": reports.speed(inputs),
        "versions": _versions(inputs),
    }


def _metadata(inputs: CardInputs, rows: list[ScoreRow], base_model: str | None, revision: str | None) -> ModelCardData:
    hub_ids = sorted(filter(None, (credit("corpora", name).get("hub_id") for name in trained_on(inputs) or ())))
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
        eval_results=_results(inputs, rows, revision or inputs.scored.plain.content.get("revision")),
    )


def _results(inputs: CardInputs, rows: list[ScoreRow], revision: str | None) -> list[EvalResult]:
    """F1 of each row, without a convention and, if that was scored, with the corpus's own."""
    weights = {"revision": revision} if revision else {}  # older files have none
    results = []
    for row in rows:
        for convention, scores in (("none", row.plain), ("own", row.told)):
            if scores:
                followed = ", with the corpus's convention" if convention == "own" else ""
                args = {"scorer": _scorer(inputs), "entity_type": row.kind, "knowledge": "on", "convention": convention}
                results.append(
                    EvalResult(
                        task_type="token-classification",
                        task_name="Named entity recognition",
                        dataset_type=credit("corpora", row.corpus).get("hub_id") or row.corpus.lower(),
                        dataset_name=row.corpus,
                        dataset_split=row.split,
                        metric_type="f1",
                        metric_name=f"strict entity-level F1, {row.kind}{followed}",
                        metric_value=scores["f1"],
                        metric_args={**args, **weights},
                    )
                )
    return results


def _base_model(inputs: CardInputs) -> str | None:
    """A Hub id only: a path would say nothing to a reader."""
    if known := CREDITS["encoders"].get(_encoder_name(inputs)):
        return known["base_model"]
    path = str(inputs.config.encoder_config.to_dict().get("_name_or_path") or "")
    return path if _HUB_ID.fullmatch(path) and not Path(path).exists() else None


def _encoder_name(inputs: CardInputs) -> str:
    """Folder name, or Hub id without its owner, of the encoder that training started from."""
    return str(inputs.config.encoder_config.to_dict().get("_name_or_path") or "").rstrip("/").split("/")[-1]


def _scorer(inputs: CardInputs) -> str:
    return f"kogner {inputs.scored.plain.field('versions', 'kogner', kind=str)}, StrictNer (evaluate.Metric)"


def _scores(inputs: CardInputs, rows: list[ScoreRow]) -> dict:
    """Rows, published heights, which columns there are, and the corpora that the model was not trained on."""
    names, documents = trained_on(inputs), document_rows(inputs.scored)
    unseen = {row.corpus for row in rows if names is not None and row.corpus not in names}
    columns = {name: any(getattr(row, name) for row in rows) for name in ("told", "off")}
    found = {"rows": rows, "documents": documents, "heights": heights(rows, documents), **columns}
    return found | {"unseen": unseen, "left_out": left_out(inputs.scored), "scorer": _scorer(inputs)}


def _versions(inputs: CardInputs) -> dict[str, dict]:
    """Versions that scored the model and that made the card."""
    made = {module.__name__: module.__version__ for module in (torch, transformers, huggingface_hub)}
    made = {"kogner": __version__, **made, "python": platform.python_version()}
    return {"scored": inputs.scored.plain.field("versions", kind=dict), "made": made}

"""The card as a whole: metadata, sections, and writing it without losing anyone's work."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from huggingface_hub import ModelCard, ModelCardData

from . import knowledge_section, card_sections as sections
from .attribution import CORPORA, ENCODERS, UNKNOWN
from .card_inputs import CardInputs
from .card_scores import eval_results

MADE = "<!-- made by kogner card; changes are lost, but for the comparison between its marks -->"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"  # as benchmarks/report.py writes between them
CURVES = "learning_curves.png"  # as it draws them
REPORT = Path(__file__).resolve().parents[2] / "benchmarks" / "report.py"
_HUB_ID = re.compile(r"[\w][\w.-]*/[\w][\w.-]*")


def make_card(inputs: CardInputs, model_id: str, base_model: str | None, revision: str | None, table: str) -> ModelCard:
    """Put the card together.

    Args:
        inputs: what it is made from.
        model_id: what the snippets load.
        base_model: Hub id of the model that the encoder was made from; None to take it from the configuration.
        revision: commit of the weights that were scored; None for what the metrics file says.
        table: comparison of trained variants; none if empty.
    """
    body = [
        "# KoGNER",
        sections.introduction(inputs),
        sections.usage(inputs, model_id),
        sections.labels(inputs),
        sections.scores(inputs),
        _comparison(table, (inputs.folder / CURVES).is_file()),
        sections.training_data(inputs),
        knowledge_section.knowledge(inputs),
        knowledge_section.size_and_speed(inputs),
        sections.limits(inputs),
        knowledge_section.licences(inputs),
        sections.citation(),
        sections.versions(inputs),
    ]
    data = _metadata(inputs, base_model, revision)
    return ModelCard(f"---\n{data.to_yaml()}\n---\n\n{MADE}\n\n" + "\n\n".join(filter(None, body)) + "\n")


def _metadata(inputs: CardInputs, base_model: str | None, revision: str | None) -> ModelCardData:
    corpora = sections.training_corpora(inputs) or ()
    hub_ids = sorted(hub_id for name in corpora if (hub_id := CORPORA.get(name, UNKNOWN).hub_id))
    return ModelCardData(
        language="en",
        license="apache-2.0",
        library_name="transformers",
        pipeline_tag="token-classification",
        base_model=base_model or _base_model(inputs),
        datasets=hub_ids or None,
        metrics=["precision", "recall", "f1"],
        tags=[
            "kogner",
            "biomedical",
            "named-entity-recognition",
            "entity-linking",
            "knowledge-graph",
            "arxiv:2503.15737",
        ],
        model_name="KoGNER",
        eval_results=eval_results(inputs, revision),
    )


def _base_model(inputs: CardInputs) -> str | None:
    """A Hub id only: a path would say nothing to a reader."""
    if ancestry := ENCODERS.get(sections.encoder_name(inputs)):
        return ancestry.base_model
    path = str(inputs.config.encoder_config.to_dict().get("_name_or_path") or "")
    return path if _HUB_ID.fullmatch(path) and not Path(path).exists() else None


def _comparison(table: str, has_curves: bool) -> str:
    if not table:
        return ""
    curves = f"\n\n![Learning curves: F1 over the share of the labels]({CURVES})" if has_curves else ""
    return f"""## What knowledge adds

Strict test F1 of models trained for the comparison, one for each corpus and type: `plain` is the same architecture
trained without knowledge, with the same budget and seeds. `dictionary` is the graph's names alone, untrained; `graph`
reads the knowledge; `pretrained_masked` and `complete` start from pretraining on running text that the graph labels,
the one from its encoder and the other from all layers, and hide the letters of half the linked mentions in training.
`self_trained` learns beside the labels from what `pretrained_masked` says of the corpus's other training sentences,
unlabelled, and `plain_self_trained` from what `plain` says of them. These are other models than the one in this
repository.

Every front: plain → variant (gain; least gain and where), means over corpora. Knowledge does not help everywhere: each
row names the corpus where it gains least. †: decoded token by token; all else on whole paths. Then F1 by corpus, mean
over seeds ± standard deviation (seeds). Last, token by token, what 50 sentences of one corpus cost the model's other
types.

{BEGIN}
{table}
{END}{curves}"""


def existing_table(readme: Path, force: bool) -> str:
    """The comparison of an older card, empty if there is none.

    Raises:
        ValueError: there is a card that this command did not write, and it is not to be replaced.
    """
    if not readme.exists():
        return ""
    old = readme.read_text(encoding="utf-8")
    if MADE not in old and not force:
        raise ValueError(f"{readme}: not written by kogner card; move it away, or pass --force to replace it")
    found = re.search(f"{re.escape(BEGIN)}\n(.*?)\n?{re.escape(END)}", old, re.DOTALL)
    return found[1].strip() if found else ""


def table_of(results: Path, model: Path) -> str:
    """The comparison that the checkout's report script makes of the lines of benchmark runs.

    Where matplotlib is there and the lines have three shares of the labels, it puts learning curves into the folder.

    Raises:
        ValueError: there is no checkout, or the script fails.
    """
    if not REPORT.is_file():
        raise ValueError(f"--results needs {REPORT}, which only a checkout has; leave it out")
    with tempfile.TemporaryDirectory() as folder:
        readme = Path(folder, "README.md")
        readme.write_text(f"{BEGIN}\n{END}\n")
        command = [sys.executable, str(REPORT), str(results), "--readme", str(readme)]
        command += ["--output", folder] if find_spec("matplotlib") else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise ValueError(f"{results}: {REPORT.name} could not make a table of it ({reason}); check the file")
        if (curves := Path(folder, CURVES)).is_file():
            shutil.copyfile(curves, model / CURVES)
        return existing_table(readme, force=True)

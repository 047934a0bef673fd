"""`kogner card`: the model card of a model folder, from the files of its training and evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..files.option import option
from .options import knowledge_of
from .progress import quiet, waiting


@dataclass
class CardOptions:
    """Options."""

    model: Path = option("Folder of a KoGNER model; its README.md is written.", positional=True)
    metrics: list[Path] = option("Files of eval.py; also with --convention own, --knowledge none or --documents.")
    training: Path | None = option("training.json of train.py; by default the model folder's.", None)
    pretraining: Path | None = option("pretraining.json of pretrain.py.", None)
    knowledge: str | None = option("Knowledge folder that the model was trained with, or none.", None)
    speed: Path | None = option("What benchmarks/speed.py printed, as a file.", None)
    model_id: str | None = option("Hub id for the snippets; the folder's name if left out.", None)
    base_model: str | None = option("Hub id of the model that the encoder was made from.", None)
    revision: str | None = option("Commit of the weights that were scored; what eval.py noted if left out.", None)
    force: bool = option("Replace a README.md that this command did not write.", False)


def card(options: CardOptions) -> None:
    """Write the model card of a folder: metadata, scores, training data, knowledge, limits.

    kogner card my-model --metrics metrics.json
    """
    from ..files.whole import write_whole
    from ..publishing.card import check_replaceable, make_card
    from ..publishing.card_inputs import read_inputs

    quiet()
    readme = options.model / "README.md"
    if not options.force:
        check_replaceable(readme)
    knowledge = knowledge_of(options.knowledge)
    knowledge = None if knowledge in (None, "none") else Path(knowledge)
    reports = {name: getattr(options, name) for name in ("training", "pretraining", "speed")}
    with waiting("reading model and reports"):
        inputs = read_inputs(options.model, options.metrics, knowledge, **reports)
        name = options.model_id or options.model.resolve().name
        made = make_card(inputs, name, options.base_model, options.revision)
    write_whole(readme, str(made))
    print(f"{len(made.data.eval_results)} scores -> {readme}")

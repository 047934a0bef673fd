"""`kogner card`: the model card of a model folder, from the files of its training and evaluation."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..files.whole import write_whole
from ..publishing.card import check_replaceable, make_card
from ..publishing.card_inputs import read_inputs
from .progress import quiet, waiting

_Report = Path | None


def card(
    model: Annotated[Path, typer.Argument(help="Folder of a KoGNER model; its README.md is written.")],
    metrics: Annotated[
        list[Path], typer.Option(help="Scores of eval.py; repeat it for those with --knowledge off, if you have them.")
    ],
    training: Annotated[_Report, typer.Option(help="training.json of train.py; by default the model folder's.")] = None,
    pretraining: Annotated[_Report, typer.Option(help="pretraining.json of pretrain.py.")] = None,
    knowledge: Annotated[_Report, typer.Option(help="Knowledge folder that the model was trained with.")] = None,
    speed: Annotated[_Report, typer.Option(help="What benchmarks/speed.py printed, as a file.")] = None,
    model_id: Annotated[
        str | None, typer.Option(help="Hub id for the snippets; the folder's name if left out.")
    ] = None,
    base_model: Annotated[str | None, typer.Option(help="Hub id of the model that the encoder was made from.")] = None,
    revision: Annotated[
        str | None, typer.Option(help="Commit of the weights that were scored; what eval.py noted if left out.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a README.md that this command did not write.")
    ] = False,
) -> None:
    """Write the model card of a folder: metadata, scores, training data, knowledge, limits.

    Example: kogner card my-model --metrics metrics.json
    """
    quiet()
    readme = model / "README.md"
    try:
        if not force:
            check_replaceable(readme)
        with waiting("reading model and reports"):
            inputs = read_inputs(model, metrics, knowledge, training=training, pretraining=pretraining, speed=speed)
            made = make_card(inputs, model_id or model.resolve().name, base_model, revision)
        write_whole(readme, str(made))
    except (ValueError, OSError) as error:
        print(f"kogner card: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"{len(made.data.eval_results)} scores -> {readme}")

"""`kogner push`: a model folder to the Hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..files.option import option
from .progress import quiet


@dataclass
class PushOptions:
    """Options."""

    model: Path = option("Model folder, with the card that `kogner card` wrote.", positional=True)
    repository: str = option("OWNER/NAME; created if it does not exist.", positional=True)
    private: bool = option("Make a new repository private.", False)
    create_pr: bool = option("Open a pull request instead of a commit.", False)
    no_card: bool = option("Push without a model card.", False)


def push(options: PushOptions) -> None:
    """Publish a model: code, weights, tokenizer and card, and nothing else from the folder.

    kogner push my-model my-lab/my-kogner

    Log in first: `hf auth login`, or set HF_TOKEN.
    """
    from ..publishing.hub import publish

    quiet()
    how = {"private": options.private or None, "create_pr": options.create_pr, "needs_card": not options.no_card}
    print(f"-> {publish(options.model, options.repository, **how)}")

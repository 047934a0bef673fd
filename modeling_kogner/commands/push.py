"""`kogner push`: a model folder onto the Hub."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..publishing.hub import publish
from .progress import quiet


def push(
    folder: Annotated[Path, typer.Argument(help="Model folder, with the card that `kogner card` wrote.")],
    repository: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="Repository; made if it is not there.")],
    private: Annotated[bool, typer.Option("--private", help="Make a new repository private.")] = False,
    create_pr: Annotated[
        bool, typer.Option("--create_pr", "--create-pr", help="Open a pull request in place of a commit.")
    ] = False,
    no_card: Annotated[bool, typer.Option("--no_card", "--no-card", help="Push without a model card.")] = False,
) -> None:
    """Publish a model: code, weights, tokenizer and card, and nothing else that lies in the folder.

    Log in first: `hf auth login`, or set HF_TOKEN.

    Example: kogner push my-model my-lab/my-kogner
    """
    quiet()
    try:
        address = publish(folder, repository, private=private or None, create_pr=create_pr, needs_card=not no_card)
    except ValueError as error:
        print(f"kogner push: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"-> {address}")

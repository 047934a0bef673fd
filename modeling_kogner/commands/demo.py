"""`kogner demo`: a page on this machine alone, to see what the model does."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..demo.reader import Reader
from ..demo.server import PageServer
from ..graph.knowledge_folder import Knowledge
from ..inference.load import bundled_model, load
from .progress import quiet, reading, waiting

if TYPE_CHECKING:
    from ..demo.neighbourhood import Neighbourhoods


def demo(
    model: Annotated[
        str | None, typer.Option(help="Folder or Hub id of a KoGNER model; the bundled one if left out.")
    ] = None,
    knowledge: Annotated[
        Path | None, typer.Option(help="Knowledge folder of the model: draws the relations of a concept.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0 for any free one.")] = 7860,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """Open a local page: paste a text, see its mentions and concepts, with and without knowledge.

    Nothing leaves the machine, and no other machine can reach the page.

    Example: kogner demo --model my-model
    """
    quiet()
    try:
        source = bundled_model() if model is None else model
        with reading(source):
            reader = Reader(load(source))
        with waiting("reading the graph"):
            neighbourhoods = _neighbourhoods(knowledge) if knowledge else None
        server = PageServer(reader, neighbourhoods, Path(source).name, port)
    except ModuleNotFoundError as error:
        print(f"kogner demo: --knowledge needs the package {error.name}: pip install 'kogner[demo]'", file=sys.stderr)
        raise typer.Exit(2) from None
    except ValueError as error:
        print(f"kogner demo: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    except OSError as error:
        print(f"kogner demo: port {port}: {error.strerror}; choose another with --port", file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"{server.address} (Ctrl+C ends it)", flush=True)
    if browser:
        webbrowser.open(server.address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


def _neighbourhoods(folder: Path) -> Neighbourhoods:
    from ..demo.neighbourhood import Neighbourhoods  # its pictures need matplotlib

    return Neighbourhoods(Knowledge.load(folder))

"""`kogner demo`: a page on this machine alone, to see what the model does."""

from __future__ import annotations

import webbrowser
from dataclasses import dataclass
from pathlib import Path

from ..files.errors import InputError
from ..files.option import option
from .options import knowledge_of
from .progress import loading, quiet, waiting


@dataclass
class DemoOptions:
    """Options."""

    model: str | None = option("Folder, Hub id or package of a KoGNER model; the installed one if left out.", None)
    knowledge: str | None = option("Knowledge folder of the model, to draw the relations of a concept, or none.", None)
    port: int = option("Port of the page; 0 for any free one.", 7860, least=0, most=65535)
    browser: bool = option("Open the page in the browser.", True)


def demo(options: DemoOptions) -> None:
    """Open a local page: paste a text, see its mentions and concepts, with and without knowledge.

    kogner demo --model my-model

    No text leaves the machine, and no other machine can reach the page.
    """
    from ..demo.reader import Reader
    from ..demo.server import PageServer
    from ..inference.find_model import DEFAULT

    quiet()
    reader, neighbourhoods = Reader(loading(options.model)), None
    knowledge = knowledge_of(options.knowledge)
    if knowledge not in (None, "none"):
        from ..demo.neighbourhood import Neighbourhoods
        from ..graph.knowledge_folder import Knowledge

        with waiting("reading the graph"):
            neighbourhoods = Neighbourhoods(Knowledge.load(knowledge))
    title = Path(options.model).name if options.model else DEFAULT
    try:
        server = PageServer(reader, neighbourhoods, title, options.port)
    except OSError as error:
        raise InputError(f"port {options.port}: {error.strerror}", fix="choose another with --port") from None
    print(f"{server.address} (Ctrl+C ends it)", flush=True)
    if options.browser:
        webbrowser.open(server.address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()

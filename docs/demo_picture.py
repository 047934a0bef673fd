"""The picture of the demo page as it opens, with a mention selected, taken in Chromium from the bundled model.

python docs/demo_picture.py --knowledge KNOWLEDGE > docs/demo.png

KNOWLEDGE may be built from a part of the sources: all concepts that have an edge to MESH:D010300 or its synonyms.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import threading

from playwright.sync_api import sync_playwright

from modeling_kogner import load
from modeling_kogner.commands.progress import quiet, waiting
from modeling_kogner.demo.neighbourhood import Neighbourhoods
from modeling_kogner.demo.reader import Reader
from modeling_kogner.demo.server import PageServer
from modeling_kogner.graph.knowledge_folder import Knowledge


def main() -> None:
    """Serve the page, use it, print the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--knowledge", required=True, help="knowledge folder of the model")
    args = parser.parse_args()
    quiet()
    reader = Reader(load())
    with waiting("reading the graph"):
        neighbourhoods = Neighbourhoods(Knowledge.load(args.knowledge))
    server = PageServer(reader, neighbourhoods, "kogner-biomed")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as running:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = running.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 700})
        page.set_default_timeout(300_000)  # for a busy machine
        page.goto(server.address)
        page.wait_for_selector("main[aria-busy=false]")
        page.locator("#with mark", has_text="Parkinson's disease").locator("> small").press("Enter")
        page.wait_for_selector("#graph img")
        page.keyboard.press("Escape")
        page.mouse.move(0, 0)
        page.evaluate("document.activeElement.blur()")
        sys.stdout.buffer.write(page.screenshot(full_page=True))


if __name__ == "__main__":
    main()

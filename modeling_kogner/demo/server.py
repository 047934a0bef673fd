"""The page's server: loopback only, a few fixed files, and JSON."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..corpora.vocabularies import PAGES
from .reader import MOST_CHARACTERS, Choice, Reader
from .related import RelatedConcepts

if TYPE_CHECKING:  # it draws, which needs the extra `demo`
    from .neighbourhood import Neighbourhoods

LOOPBACK = "127.0.0.1"
MOST_BYTES = 500_000
FILES = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
HEADERS = {
    # The browser itself refuses whatever is not one of the three files: no script in a text can run or call home.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class PageServer(ThreadingHTTPServer):
    """Serve the page on the loopback interface.

    Args:
        reader: of the model shown.
        neighbourhoods: of its graph; None without a knowledge folder.
        title: of the model, for the head of the page.
        port: 0 for any free one.

    Raises:
        OSError: the port is taken.
    """

    daemon_threads = True

    def __init__(self, reader: Reader, neighbourhoods: Neighbourhoods | None, title: str, port: int = 0):
        super().__init__((LOOPBACK, port), _Handler)
        self.reader, self.neighbourhoods, self.title = reader, neighbourhoods, title
        self.related_concepts = RelatedConcepts(reader.annotator.tagger)

    @property
    def address(self) -> str:
        """Of the page."""
        return f"http://{LOOPBACK}:{self.server_address[1]}/"

    def about(self, _: dict[str, Any]) -> dict[str, Any]:
        """What the page shows before any text is read."""
        config = self.reader.annotator.config
        return {
            "title": self.title,
            "types": config.entity_types,
            "semantic_types": config.semantic_types if config.num_surfaces else [],
            "conventions": list(config.conventions or ()),
            "pages": PAGES,
            "vocabularies": self.reader.vocabularies() if config.num_surfaces else [],
            "has_graph": self.neighbourhoods is not None,
            "most_characters": MOST_CHARACTERS,
        }

    def read(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Mentions of a text."""
        types = asked.get("types")
        if not (types is None or (isinstance(types, list) and all(isinstance(each, str) for each in types))):
            raise ValueError("types is no list of strings")
        choice = Choice(types, _text(asked, "convention") or None, _text(asked, "vocabulary") or None)
        return self.reader.read(_text(asked, "text"), _text(asked, "names"), choice)

    def neighbourhood(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What stands around a concept, in words and drawn for a page of some width."""
        if self.neighbourhoods is None:
            raise ValueError("no knowledge folder was given")
        if not isinstance(width := asked.get("width"), int):
            raise ValueError(f"width is {type(width).__name__}, not a whole number")
        return self.neighbourhoods.drawn(_text(asked, "id"), width)

    def related(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What the model alone knows around the concept of a mention."""
        return {"groups": self.related_concepts.around(_text(asked, "id"))}


ANSWERS = {
    "/about": PageServer.about,
    "/read": PageServer.read,
    "/neighbourhood": PageServer.neighbourhood,
    "/related": PageServer.related,
}


class _Handler(BaseHTTPRequestHandler):
    """Requests of the page; all others are refused."""

    server: PageServer
    timeout = 30  # seconds; a client that sends nothing does not hold a thread for ever
    server_version, sys_version = "kogner", ""

    def do_GET(self) -> None:
        """The page's files."""
        if not self._is_ours():
            return
        if (found := FILES.get(self.path)) is None:
            return self._json({"error": "no such page"}, HTTPStatus.NOT_FOUND)
        name, kind = found
        self._send(Path(__file__).with_name(name).read_bytes(), f"{kind}; charset=utf-8", HTTPStatus.OK)

    def do_POST(self) -> None:
        """JSON in, JSON out."""
        if not self._is_ours():
            return
        answer = ANSWERS.get(self.path)
        if answer is None:
            return self._json({"error": "no such page"}, HTTPStatus.NOT_FOUND)
        # Other sites' pages cannot send this type without asking first, which nothing here answers.
        if self.headers.get_content_type() != "application/json":
            return self._json({"error": "send application/json"}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch("[0-9]{1,9}", length) or int(length) > MOST_BYTES:
            self.close_connection = True
            return self._json({"error": f"send at most {MOST_BYTES:,} bytes"}, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            asked = json.loads(self.rfile.read(int(length)))
            if not isinstance(asked, dict):
                raise ValueError("send a JSON object")
            self._json(answer(self.server, asked), HTTPStatus.OK)
        except (ValueError, RecursionError) as error:
            self._json({"error": str(error)}, HTTPStatus.BAD_REQUEST)

    def _is_ours(self) -> bool:
        """Refuse a request under another host's name: a page elsewhere may have bound its name to this address."""
        port = self.server.server_address[1]
        if self.headers.get("Host") in (f"{LOOPBACK}:{port}", f"localhost:{port}"):
            return True
        self.close_connection = True
        self._json({"error": "ask for this page by its address"}, HTTPStatus.FORBIDDEN)
        return False

    def _json(self, content: dict[str, Any], status: HTTPStatus) -> None:
        self._send(json.dumps(content).encode(), "application/json", status)

    def _send(self, body: bytes, kind: str, status: HTTPStatus) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep quiet: texts may be private."""


def _text(asked: dict[str, Any], field: str) -> str:
    value = asked.get(field, "")
    if not isinstance(value, str):
        raise ValueError(f"{field} is {type(value).__name__}, not a string")
    return value

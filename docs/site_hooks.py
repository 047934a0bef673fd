"""What the site takes from elsewhere: the picture from `data_flow.py`."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from data_flow import draw


def data_flow() -> str:
    """The picture, to scroll sideways where the page is narrower than its letters can be read."""
    return f'<div style="overflow-x:auto" data-search-exclude>{draw()}</div>'


def on_page_markdown(markdown, **_):
    """Fill in `<!-- include: data flow -->`."""
    return re.sub(r"<!-- include: data flow -->", lambda _: data_flow(), markdown)


def on_page_content(html, **_):
    """Docstrings name classes and functions as Sphinx does; show them as code."""
    return re.sub(r":(?:class|func|meth):(<code>)", r"\1", html)

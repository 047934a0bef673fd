"""What the site takes from elsewhere: the picture `data_flow.svg`, in the colours and the font of its page."""

import re
from pathlib import Path


def on_page_markdown(markdown, **_):
    """Fill in `<!-- include: data flow -->`: on one line, to scroll sideways where the page is too narrow."""
    picture = Path(__file__).with_name("data_flow.svg").read_text().replace("\n", "")
    block = f'<div style="overflow-x:auto" data-search-exclude>{picture}</div>'
    return markdown.replace("<!-- include: data flow -->", block)


def on_page_content(html, **_):
    """Docstrings name classes and functions as Sphinx does; show them as code."""
    return re.sub(r":(?:class|func|meth):(<code>)", r"\1", html)

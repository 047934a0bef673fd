"""What the site takes from elsewhere: the picture from `data_flow.py`, scores from README and report."""

import re
import sys
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "benchmarks/results/report"
sys.path.insert(0, str(ROOT / "docs"))

from data_flow import draw  # noqa: E402


def fronts() -> str:
    """The README's table of all fronts."""
    readme = (ROOT / "README.md").read_text()
    return re.search(r"<!-- fronts: begin -->\n(.*?)<!-- fronts: end -->", readme, re.DOTALL)[1]


def report() -> str:
    """The report without its title and without plots that are not there."""
    path = REPORT / "report.md"
    if not path.is_file():
        return "The report has not been made yet."
    text = path.read_text().partition("\n")[2]
    return re.sub(r"!\[.*?\]\((.*?)\)", lambda image: image[0] if (REPORT / image[1]).is_file() else "", text)


def data_flow() -> str:
    """The picture, to scroll sideways where the page is narrower than its letters can be read."""
    return f'<div style="overflow-x:auto" data-search-exclude>{draw()}</div>'


PARTS = {"data flow": data_flow, "fronts": fronts, "report": report}


def on_files(files, config):
    """Put the report's plots beside the pages."""
    for plot in sorted(REPORT.glob("*.png")):
        files.append(File.generated(config, plot.name, abs_src_path=str(plot)))
    return files


def on_page_markdown(markdown, **_):
    """Fill in `<!-- include: PART -->`."""
    return re.sub(r"<!-- include: (.*?) -->", lambda mark: PARTS[mark[1]](), markdown)


def on_page_content(html, **_):
    """Docstrings name classes and functions as Sphinx does; show them as code."""
    return re.sub(r":(?:class|func|meth):(<code>)", r"\1", html)

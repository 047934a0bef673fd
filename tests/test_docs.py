"""The documentation: every snippet of its pages is run, the site builds without a warning and asks no other host."""

import contextlib
import io
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from glob import glob
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
import yaml
from conftest import train_tokenizer
from support import ROOT, kogner, tiny_model
from test_demo import browser  # noqa: F401

from modeling_kogner.corpora.mention import Mention

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
IN_A_CHECKOUT = {"README", "index"}  # the others run anywhere
SLOW = {"speed": "export takes a minute", "millions": "so does starting Ray"}
BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FAST = {  # added to what is printed
    "train": ["--use_cpu", "--disable_tqdm", "True", "--num_train_epochs", "1", "--logging_strategy", "no"],
    "eval": ["--device", "cpu"],
    "graph distill": ["--transr_steps=2", "--transformer_steps=2", "--student_steps=2", "--teacher_width=16"],
    "graph vectors": ["--steps=2", "--batch=16"],
    "demo": ["--no-browser", "--port", "0"],
}
SCORE = re.compile(r"\b[01]\.\d\d\b")
WIDTH = 88  # of the terminal that a page shows


@pytest.fixture(scope="module")
def checkout(knowledge, tmp_path_factory):
    """What a checkout has that pages read: a tiny model in place of the bundled one, and the examples."""
    folder = tmp_path_factory.mktemp("docs") / "checkout"
    tokenizer = train_tokenizer("wordpiece")
    model = tiny_model(knowledge, tokenizer)
    with torch.no_grad():
        model.classifier.bias.fill_(3.0)
    model.save_pretrained(folder / "hub_card")
    tokenizer.save_pretrained(folder / "hub_card")
    shutil.copytree(ROOT / "examples", folder / "examples")
    return folder


def run_command(command: str) -> str:
    """Run one command of a page in this process; what it installs must be extras that exist. Returns what it prints."""
    words = [word.removeprefix(".venv/bin/") for word in shlex.split(command)]
    if words[:3] in (["python3", "-m", "venv"], ["python", "-m", "pytest"]) or words[0] == ".":
        return ""  # `.ci/run` does the first two
    if words[:3] == ["pip", "wheel", "--no-deps"]:  # a test of the package does this
        return ""
    if words[:2] == ["pip", "install"]:
        known = re.search(r"\[project.optional-dependencies\](.*?)\n\[", (ROOT / "pyproject.toml").read_text(), re.S)[1]
        extras = re.findall(r"\.\[(.+)\]", command)
        assert all(f"\n{name} = " in known for extra in extras for name in extra.split(","))
        if "--find-links" in words:
            assert glob(f"{words[words.index('--find-links') + 1]}/{words[-1].replace('-', '_')}-*.whl")
        return ""
    assert words[0] == "kogner"
    name = " ".join(words[1:3]) if words[1] == "graph" else words[1]
    result = kogner(*words[1:], *FAST.get(name, []), width=WIDTH)
    assert result.exit_code == 0, f"{command}: {result.output}"
    return result.stdout


def assert_prints(printed: str, shown: str) -> None:
    """The same but for the last digit of a score, which depends on the processor."""
    found, expected = ([line.rstrip() for line in text.rstrip().split("\n")] for text in (printed, shown))
    assert [SCORE.sub("#", line) for line in found] == [SCORE.sub("#", line) for line in expected]
    numbers = ([float(number) for line in lines for number in SCORE.findall(line)] for lines in (found, expected))
    assert next(numbers) == pytest.approx(next(numbers), abs=0.05)


@pytest.mark.parametrize(
    "page", [pytest.param(p, id=p.stem, marks=[pytest.mark.slow] if p.stem in SLOW else []) for p in PAGES]
)
def test_snippets_of_a_page_run_in_order_from_an_empty_folder(page, checkout, tmp_path, monkeypatch):
    """A renamed function or option would leave every reader with an error, and a page may show what no code prints."""
    text = page.read_text()
    monkeypatch.chdir(shutil.copytree(checkout, tmp_path / "checkout") if page.stem in IN_A_CHECKOUT else tmp_path)
    if "```output" not in text:  # that is of the bundled model
        monkeypatch.setattr("modeling_kogner.inference.find_model._CHECKOUT", checkout / "hub_card")
    monkeypatch.setattr("modeling_kogner.demo.server.PageServer.serve_forever", lambda server: None)
    names: dict = {"__name__": "snippet"}
    blocks = BLOCK.findall(text)
    assert len(blocks) * 2 == len(re.findall(r"^```", text, re.MULTILINE)), "a block that this test does not read"
    printed = ""
    for language, title, content in blocks:
        if title:
            Path(title).parent.mkdir(exist_ok=True)
            Path(title).write_text(content)
        elif language == "bash":
            commands = re.split(r"\n|&&", re.sub(r"\\\n|(?<=&&)\n", " ", content.strip()))
            printed = "".join(map(run_command, commands))
        elif language == "python":
            for extra in re.findall(r"^import (spacy|ray)$", content, re.MULTILINE):
                pytest.importorskip(extra)
            with contextlib.redirect_stdout(caught := io.StringIO()):
                exec(compile(content, str(page), "exec"), names)
            printed = caught.getvalue()
        elif language == "output":
            assert_prints(printed, content)
        else:
            assert language == "text", f"{language} without a title: neither run nor written"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built without a warning."""
    if find_spec("mkdocs") is None:
        pytest.skip("needs the extra docs")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert built.returncode == 0, built.stderr
    return folder


def test_site_loads_nothing_from_elsewhere(site):
    """A dead link, or a font that tells another host who reads the page."""
    pages = {page.stem: page.read_text() for page in site.glob("*.html")}
    assert {page.stem for page in PAGES[1:]} <= set(pages)
    for name, html in pages.items():
        loaded = re.findall(r"<(?:link|script|img|iframe)\b[^>]*?\b(?:href|src)=[\"']?(https?:[^\"'\s>]+)", html)
        assert loaded == [], name
        assert "<!-- include" not in html
    assert '<svg class="flow"' in pages["how-it-works"]
    assert re.search(r"<td>NCBI-disease</td>", pages["evidence"])
    assert (site / "gains.png").is_file()


def test_pages_are_short_and_fit_a_phone(site, browser):  # noqa: F811
    """Nobody reads a page of more than ten screens, nor one that scrolls sideways."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    for path in site.glob("*.html"):
        page.goto(f"file://{path}")
        page.set_viewport_size({"width": 1200, "height": 900})
        assert page.evaluate("document.documentElement.scrollHeight") <= 9000, path.name
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollHeight") <= 8440, path.name
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path.name
    page.close()


def test_the_picture_is_well_formed_and_its_arrows_touch_their_boxes():
    """Browsers drop a broken picture silently."""
    svg = ElementTree.parse(ROOT / "docs/data_flow.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    boxes = [[float(box.get(key)) for key in ("x", "y", "width", "height")] for box in svg.iter(f"{space}rect")]
    ways = [path.get("d") for path in svg.iter(f"{space}path") if path.get("marker-end")]
    assert (len(boxes), len(ways)) == (11, 14)

    def on_a_border(x, y):
        return any(
            left <= x <= left + width
            and top <= y <= top + height
            and (x in (left, left + width) or y in (top, top + height))
            for left, top, width, height in boxes
        )

    for way in ways:
        numbers = [float(number) for number in re.findall(r"[\d.]+", way)]
        end = numbers[-2:] if "V" not in way else numbers[:-3:-1]
        assert on_a_border(*numbers[:2]), way
        assert on_a_border(*end), way


def test_the_tagged_sentence_is_well_formed_and_fits():
    """A mention drawn over its neighbour, or past the edge, would be the first thing that a visitor sees."""
    sys.path.insert(0, str(ROOT / "docs"))
    from tagged_sentence import EDGE, WIDTH, draw

    text = "Aspirin & <b> " + "of the acute leukemia in HeLa cells; " * 6
    spans = [(0, 7, "Chemical"), *((each.start(), each.end(), "Disease") for each in re.finditer("leukemia", text))]
    mentions = [Mention(start, end, text[start:end], kind, 1.0, "MESH:D001241") for start, end, kind in spans]
    svg = ElementTree.fromstring(draw([text, "no mention"], [mentions, []], ["Chemical", "Disease"]))
    space = "{http://www.w3.org/2000/svg}"
    written = {kind: [t for t in svg.iter(f"{space}text") if t.get("class") == kind] for kind in "tb"}
    assert "".join(t.text for t in written["t"]).replace(" ", "") == (text + "no mention").replace(" ", "")
    assert [t.text for t in written["b"]] == ["Chemical · MESH:D001241", *["Disease · MESH:D001241"] * 6]
    rows: dict[str, list] = {}
    for t in (*written["t"], *written["b"]):
        middle, half = float(t.get("x")), float(t.get("textLength")) / 2
        rows.setdefault(t.get("y"), []).append((round(middle - half, 2), round(middle + half, 2)))
    for row in map(sorted, rows.values()):
        assert all(end <= start for (_, end), (start, _) in pairwise(row))
        assert row[0][0] >= EDGE
        assert row[-1][1] <= WIDTH - EDGE


def test_the_readme_shows_what_the_bundled_model_reads():
    """After a new release the README would go on showing what an older model said."""
    with contextlib.redirect_stdout(made := io.StringIO()):
        runpy.run_path(str(ROOT / "docs/tagged_sentence.py"), run_name="__main__")
    fix = "python docs/tagged_sentence.py > docs/tagged.svg"
    assert made.getvalue() == (ROOT / "docs/tagged.svg").read_text(), fix


def test_citation_file_names_this_version():
    """GitHub offers it under `Cite this repository`."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    assert (str(cited["version"]), cited["cff-version"], cited["license"]) == (version, "1.2.0", "Apache-2.0")
    assert "2503.15737" in cited["preferred-citation"]["url"]

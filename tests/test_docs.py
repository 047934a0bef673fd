"""The documentation: every snippet of its pages is run, the site builds without a warning and asks no other host."""

import contextlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
import torch
import yaml
from conftest import train_tokenizer
from support import ROOT, SENTENCES, kogner, rows, save_encoder, tiny_bert, tiny_model, write_corpus
from transformers import BertModel

from modeling_kogner.commands.main import call
from modeling_kogner.corpora.mention import Mention

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SLOW = {"onnx": "export takes a minute", "millions": "so does starting Ray"}
BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FAST = {
    "train.py": ["--use_cpu", "--disable_tqdm", "True", "--num_train_epochs", "1", "--logging_strategy", "no"],
    "eval.py": ["--device", "cpu"],
}
STEPS = [f"--{part}_steps=2" for part in ("transr", "transformer", "student")]
FAST_DISTILLATION = [*STEPS, "--teacher_width=16", "--width=8"]


@pytest.fixture(scope="module")
def folder(knowledge, tmp_path_factory):
    """What the pages take as given, all tiny: the bundled model, an encoder, a corpus, text, a graph to distil."""
    folder = tmp_path_factory.mktemp("docs")
    tokenizer = train_tokenizer("wordpiece")
    model = tiny_model(knowledge, tokenizer)
    with torch.no_grad():
        model.classifier.bias.fill_(3.0)
    model.save_pretrained(folder / "hub_card")
    tokenizer.save_pretrained(folder / "hub_card")
    write_corpus(folder / "my-corpus", train=rows(SENTENCES[:4]), test=rows(SENTENCES[4:]), validation=rows())
    (folder / "my-papers.pubtator").write_text("1|t|Aspirin for fever\n1|a|none\n1\t0\t7\tAspirin\tChemical\tD1\n")
    texts = [{"text": " ".join(words for words, _ in SENTENCES)}] * 9
    (folder / "my-text.jsonl").write_text("".join(json.dumps(row) + "\n" for row in texts))
    save_encoder(folder / "my-encoder", BertModel(tiny_bert(len(tokenizer))), tokenizer)
    pairs = [(head, "is_a", tail) for head, tail in combinations(knowledge.concepts["id"], 2)]
    edges = pd.DataFrame(pairs, columns=["head", "relation", "tail"])
    replace(knowledge, edges=edges, codes=None, codebooks=None, student=None).save(folder / "large")
    save_sources(knowledge, edges, folder / "shared")
    save_encoder(folder / "shared/models/minilm12-biomed", BertModel(tiny_bert(len(tokenizer))), tokenizer)
    splits = {"train": rows(SENTENCES[:4]), "test": rows(SENTENCES[4:]), "validation": rows()}
    write_corpus(folder / "shared/data/ner/NCBI-disease", **splits)
    return folder


def save_sources(knowledge, edges: pd.DataFrame, folder: Path) -> None:
    """The tables that a graph is built from, as `KOGNER_DATA` holds them."""
    (folder / "kg").mkdir(parents=True)
    names = knowledge.surfaces.assign(id=list(knowledge.concepts["id"].iloc[knowledge.surfaces["concept"]]))
    tables = {"nodes": knowledge.concepts.assign(source="test"), "edges": edges}
    tables["names"] = names.rename(columns={"surface": "name"})[["id", "name"]]
    for name, table in tables.items():
        table.to_parquet(folder / "kg" / f"{name}.parquet")
    (folder / "kg/more").mkdir()
    listed = tables["nodes"].assign(id="NCBIGene:672", type="Gene")[:1]
    listed.to_parquet(folder / "kg/more/genes.names.parquet")


def run_command(command: str) -> None:
    """Run one command of a page in this process; what it installs must be extras that exist."""
    words = [word.removeprefix(".venv/bin/") for word in shlex.split(os.path.expandvars(command))]
    if words[:3] in (["python3", "-m", "venv"], ["python", "-m", "pytest"]):
        return  # `.ci/run` does both
    if words[:2] == ["pip", "install"]:
        known = re.search(r"\[project.optional-dependencies\](.*?)\n\[", (ROOT / "pyproject.toml").read_text(), re.S)[1]
        extras = re.findall(r"\.\[(.+)\]", command)
        assert all(f"\n{name} = " in known for extra in extras for name in extra.split(","))
    elif words[0] == "kogner":
        extra = FAST_DISTILLATION if words[1:3] == ["graph", "distill"] else FAST.get(f"{words[1]}.py", [])
        result = kogner(*words[1:] + extra)
        assert result.exit_code == 0, f"{command}: {result.output}"
    else:
        name = next(word for word in words if word in FAST)
        assert words[: words.index(name)] in (["python"], ["accelerate", "launch"])
        call(Path(name).stem, words[words.index(name) + 1 :] + FAST[name])


@pytest.mark.parametrize(
    "page", [pytest.param(p, id=p.stem, marks=[pytest.mark.slow] if p.stem in SLOW else []) for p in PAGES]
)
def test_snippets_of_a_page_run(page, folder, tmp_path, monkeypatch):
    """A renamed function or option would leave every reader with an error, and a page may show what no code prints."""
    monkeypatch.chdir(shutil.copytree(folder, tmp_path / "checkout"))
    monkeypatch.setenv("KOGNER_DATA", "shared")
    if page.stem == "fine-tune":
        shutil.rmtree("my-corpus")  # the page makes it
    text = page.read_text()
    names: dict = {"__name__": "snippet"}
    blocks = BLOCK.findall(text)
    assert len(blocks) * 2 == len(re.findall(r"^```", text, re.MULTILINE)), "a block that this test does not read"
    printed = io.StringIO()
    for language, title, content in blocks:
        if title:
            Path(title).parent.mkdir(exist_ok=True)
            Path(title).write_text(content)
        elif language == "bash":
            for command in re.split(r"\n|&&", re.sub(r"\\\n|(?<=&&)\n", " ", content.strip())):
                run_command(command)
        elif language == "python":
            for extra in re.findall(r"^import (spacy|ray)$", content, re.MULTILINE):
                pytest.importorskip(extra)
            with contextlib.redirect_stdout(printed := io.StringIO()):
                exec(compile(content, str(page), "exec"), names)
        elif language == "output":
            assert [line.rstrip() for line in printed.getvalue().rstrip().split("\n")] == content.rstrip().split("\n")
        else:
            assert language == "text", f"{language} without a title: neither run nor written"


@pytest.mark.skipif(find_spec("mkdocs") is None, reason="needs the extra docs")
def test_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path):
    """A dead link, or a font that tells another host who reads the page."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert built.returncode == 0, built.stderr
    pages = {page.stem: page.read_text() for page in (tmp_path / "site").glob("*.html")}
    assert {page.stem for page in PAGES[1:]} <= set(pages)
    for name, html in pages.items():
        loaded = re.findall(r"<(?:link|script|img|iframe)\b[^>]*?\b(?:href|src)=[\"']?(https?:[^\"'\s>]+)", html)
        assert loaded == [], name
        assert "<!-- include" not in html
    assert '<svg class="flow"' in pages["how-it-works"]
    assert re.search(r"<td>NCBI-disease</td>", pages["evidence"])
    assert (tmp_path / "site" / "gains.png").is_file()


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
    made = subprocess.run([sys.executable, "docs/tagged_sentence.py"], cwd=ROOT, capture_output=True, text=True)
    fix = "python docs/tagged_sentence.py > docs/tagged.svg"
    assert made.stdout == (ROOT / "docs/tagged.svg").read_text(), f"{fix}: {made.stderr}"


def test_citation_file_names_this_version():
    """GitHub offers it under `Cite this repository`."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    assert (str(cited["version"]), cited["cff-version"], cited["license"]) == (version, "1.2.0", "Apache-2.0")
    assert "2503.15737" in cited["preferred-citation"]["url"]

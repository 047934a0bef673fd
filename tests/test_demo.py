"""The page of `kogner demo`: over plain HTTP, and as a person uses it in a browser."""

import contextlib
import copy
import http.client
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from support import ROOT, heed_interrupts, kogner, mentions_of, tiny_model

from modeling_kogner.demo.neighbourhood import MOST_A_RELATION, Neighbourhoods
from modeling_kogner.demo.picture import STYLES, draw
from modeling_kogner.demo.reader import MOST_CHARACTERS, MOST_NAMES, Reader
from modeling_kogner.demo.related import MOST_A_GROUP
from modeling_kogner.demo.server import MOST_BYTES, PageServer
from modeling_kogner.inference.annotator import Annotator
from modeling_kogner.inference.explanation import without_knowledge
from modeling_kogner.link_tables import LinkTables

# Two halves of a pair in JavaScript, markup, known names, and one that only an own list knows.
TEXT = "😀 aspirin & <b>leukemia</b><script>document.title='x'</script> heart failure fever"
NAMES = "id\tname\ttype\nLAB:1\tfever\tDisease\n"
READY = "main[aria-busy=false]"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def places_of(tagger, tokenizer) -> set:
    (mentions,) = mentions_of(Annotator(tagger, tokenizer), [TEXT])
    return {(each.start, each.end, each.type) for each in mentions}


@pytest.fixture(scope="module")
def model(knowledge, wordpiece):
    """Nearly every word is a mention; which type it has depends on the knowledge, of some but not all.

    Leukemia has its concept.
    """
    for seed in range(60):  # the tokenizer is not trained alike every time, so no one seed will do
        model = tiny_model(knowledge, wordpiece, seed=seed)
        with torch.no_grad():
            model.classifier.bias.zero_()
            model.classifier.bias[model.config.label2id["B-Disease"] - 1] = 2.0
        known, plain = (places_of(tagger, wordpiece) for tagger in (model, without_knowledge(model)))
        (mentions,) = mentions_of(Annotator(model, wordpiece), [TEXT])
        if known - plain and known & plain and "MONDO:1" in [mention.id for mention in mentions]:
            return model
    raise AssertionError("knowledge changes nothing")


@pytest.fixture(scope="module")
def server(model, wordpiece, knowledge):
    treated = [(f"MONDO:{number}", "treats", "MESH:D001241") for number in range(1, 7)]
    edges = pd.concat([knowledge.edges, pd.DataFrame(treated, columns=["head", "relation", "tail"])])
    neighbourhoods = Neighbourhoods(replace(knowledge, edges=edges))
    with serving(Reader(Annotator(model, wordpiece)), neighbourhoods) as server:
        yield server


@pytest.fixture(scope="module")
def alone(model, wordpiece):
    """Without a knowledge folder: leukemia stands above all others; BRCA1 and IL2 are genes of one ancestor."""
    model = copy.deepcopy(model)
    others = [concept for concept in range(len(model.kogner.concepts)) if concept != 1]
    model.config.organisms, model.config.num_orthologs = ["NCBITaxon:9606", "NCBITaxon:10090"], 2
    model.config.num_broader = len(others)
    tables = LinkTables(model.config)
    tables.ortholog, tables.organism[4], tables.organism[5] = torch.tensor([[4, 7], [5, 7]]), 2, 1
    tables.broader = torch.tensor([[concept, 1] for concept in others])
    model.kogner.linking = tables
    with serving(Reader(Annotator(model, wordpiece)), None) as server:
        yield server


@contextlib.contextmanager
def serving(reader, neighbourhoods):
    server = PageServer(reader, neighbourhoods, "tiny <model>")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def request(server, method, path, body=None, **headers):
    """Status, headers and body."""
    connection = http.client.HTTPConnection(*server.server_address, timeout=60)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read().decode()
    connection.close()
    return found


def ask(server, path, **content):
    status, _, body = request(server, "POST", path, json.dumps(content), Content_Type="application/json")
    return status, json.loads(body)


def test_both_readings_and_their_differences(server, model, wordpiece):
    """A mention marked as differing must be missing on the other side, and no mention of either side may be lost."""
    status, found = ask(server, "/read", text=TEXT)
    assert status == 200
    sides = {}
    for side, tagger in (("with", model), ("without", without_knowledge(model))):
        sides[side] = places_of(tagger, wordpiece)
        assert [(each["start"], each["end"], each["type"]) for each in found[side]] == sorted(
            sides[side], key=lambda place: (place[0], -place[1])
        )
        assert all(TEXT[each["start"] : each["end"]] == each["text"] for each in found[side])
    for side, other in (("with", "without"), ("without", "with")):
        marked = {(each["start"], each["end"], each["type"]) for each in found[side] if each["differs"]}
        assert marked == sides[side] - sides[other]
    assert sides["with"] - sides["without"]
    assert sides["with"] & sides["without"]


def test_own_names_are_used_at_once_and_only_then(server, model):
    """Names of one visitor left in the model would change what the next one sees."""
    surfaces = model.config.num_surfaces
    named, plain = ask(server, "/read", text=TEXT, names=NAMES)[1], ask(server, "/read", text=TEXT)[1]
    assert named["added"] == {"concepts": 1, "forms": 1, "unspelled": 0}
    assert plain["added"] is None
    ids = [{c["id"] for m in found["with"] for s in m["surfaces"] for c in s["candidates"]} for found in (named, plain)]
    assert "LAB:1" in ids[0]
    assert "LAB:1" not in ids[1]
    assert model.config.num_surfaces == surfaces


def test_types_and_vocabulary_are_chosen(server):
    """A choice that is kept would change what the next visitor sees."""
    _, about = ask(server, "/about")
    assert {"MESH", "MONDO"} <= set(about["vocabularies"])
    assert about["conventions"] == []
    plain = ask(server, "/read", text=TEXT)[1]["with"]
    (kind,) = {each["type"] for each in plain} - {"Disease"} or {"Disease"}
    chosen = ask(server, "/read", text=TEXT, types=[kind], vocabulary="MESH")[1]["with"]
    assert {each["type"] for each in chosen} == {kind}
    assert {(each["id"] or "MESH").partition(":")[0] for each in chosen} == {"MESH"}
    assert ask(server, "/read", text=TEXT)[1]["with"] == plain


def test_exports_are_what_the_writers_write(server):
    """Offsets of another text, or markup of the text that runs in the page that is downloaded."""
    found = ask(server, "/read", text=TEXT)[1]
    exports, mentions = found["exports"], found["with"]
    assert exports["text"] == TEXT
    lines = [line.split("\t") for line in exports["brat"].splitlines() if line.startswith("T")]
    assert [line[2] for line in lines] == [each["text"] for each in mentions]
    assert [row.split("\t")[3] for row in exports["tsv"].splitlines()[1:]] == [each["text"] for each in mentions]
    assert [each["id"] for each in json.loads(exports["json"])["mentions"]] == [each["id"] for each in mentions]
    assert exports["pubtator"].count("\n") == len(mentions) + 3
    assert exports["html"].count("<script") == 1  # the page's own
    assert "&lt;" in exports["html"]


WRONG = {
    "bad type": (
        {"text": "a", "names": NAMES.replace("Disease", "Illness")},
        "own names, row 1, field type: 'Illness'",
    ),
    "no column": ({"text": "a", "names": "id\tname\n"}, "own names, field type: the column is missing"),
    "many names": ({"text": "a", "names": "x\n" * (MOST_NAMES + 2)}, "kogner graph add"),
    "long text": ({"text": "a" * (MOST_CHARACTERS + 1)}, "kogner annotate"),
    "types": ({"text": "a", "types": "Disease"}, "types is no list of strings"),
    "unknown type": ({"text": "a", "types": ["Illness"]}, "the model does not know the type Illness"),
    "unknown vocabulary": ({"text": "a", "vocabulary": "NO"}, "the model knows no id of the vocabulary 'NO'"),
    "unknown convention": ({"text": "a", "convention": "NO"}, "convention 'NO' is not known to the model"),
    "no text": ({"text": ["a"]}, "text is list, not a string"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said(case, server):
    """A traceback, or a path of the machine, would tell the reader nothing."""
    asked, message = WRONG[case]
    status, found = ask(server, "/read", **asked)
    assert status == 400
    assert message in found["error"]
    assert "/tmp" not in found["error"]


@pytest.mark.parametrize("text", ["", " \n", "\ud800 aspirin", "\x00"])
def test_odd_texts_are_read(text, server):
    """Pasted text is never clean."""
    assert ask(server, "/read", text=text)[0] == 200


def test_requests_of_others_are_refused(server):
    """Any page that the visitor has open can send requests to this address."""
    assert server.server_address[0] == "127.0.0.1"
    body = json.dumps({"text": "a"})
    assert request(server, "POST", "/read", body, Content_Type="text/plain")[0] == 415
    assert request(server, "POST", "/read", body, Content_Type="application/json", Host="evil.example")[0] == 403
    assert request(server, "GET", "/", Host="evil.example")[0] == 403
    assert request(server, "POST", "/read", "{", Content_Type="application/json")[0] == 400
    assert request(server, "POST", "/read", "[" * 100_000, Content_Type="application/json")[0] == 400
    for length in (str(MOST_BYTES + 1), "9" * 5000, "-1", ""):
        huge = {"Content_Type": "application/json", "Content_Length": length}
        assert request(server, "POST", "/read", "{}", **huge)[0] == 413
    for path in ("/server.py", "/../server.py", "/page.html/..", "/%2e%2e/server.py"):
        assert request(server, "GET", path)[0] == 404


def test_page_may_load_nothing_from_elsewhere(server):
    """A font or script of another host would tell it who reads what."""
    for path in ("/", "/page.css", "/page.js"):
        status, headers, body = request(server, "GET", path)
        assert status == 200
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "http" not in body.replace("http://www.w3.org/2000/svg", "")
        assert "innerHTML" not in body


def test_neighbourhood(server):
    """Arrows the wrong way round would make a parent a child; a frequent relation must not push out the others."""
    _, found = ask(server, "/neighbourhood", id="MONDO:2", width=800)
    parents, relations = found["concept"]["groups"]
    assert parents == {
        "title": "parents",
        "total": 1,
        "edges": [{"id": "MONDO:1", "name": "leukemia", "type": "Disease", "relation": "is_a", "is_out": True}],
    }
    assert relations["edges"][0]["name"] == "Aspirin"
    assert found["concept"]["forms"] == ["acute lymphoblastic leukemia"]
    (treats,) = ask(server, "/neighbourhood", id="MESH:D001241", width=800)[1]["concept"]["groups"]
    assert (treats["total"], len(treats["edges"])) == (6, MOST_A_RELATION)
    assert not treats["edges"][0]["is_out"]
    assert ask(server, "/neighbourhood", id="LAB:1", width=800) == (200, {"concept": None, "picture": None})
    assert ask(server, "/neighbourhood", id="MONDO:2") == (400, {"error": "width is NoneType, not a whole number"})


def test_what_the_model_alone_knows(alone, server):
    """Read the wrong way round, a concept would be broader than its own broader one; or a gene be its own ortholog."""

    def around(concept_id):
        groups = ask(alone, "/related", id=concept_id)[1]["groups"]
        return {group["title"]: [each["name"] for each in group["concepts"]] for group in groups}

    assert around("MONDO:2") == {"Broader": ["leukemia"]}
    assert around("HGNC:1100") == {"Broader": ["leukemia"], "Orthologs": ["IL2"]}
    assert around("HGNC:6001|MONDO:5") == {"Broader": ["leukemia"], "Orthologs": ["BRCA1"]}
    (narrower,) = ask(alone, "/related", id="MONDO:1")[1]["groups"]
    assert (narrower["title"], len(narrower["concepts"]), narrower["total"]) == ("Narrower", MOST_A_GROUP, 11)
    _, orthologs = ask(alone, "/related", id="HGNC:1100")[1]["groups"]
    assert orthologs["concepts"] == [{"id": "HGNC:6001", "name": "IL2", "organism": "NCBITaxon:9606"}]
    assert ask(alone, "/related", id="LAB:1") == (200, {"groups": []})
    assert ask(server, "/related", id="MONDO:2") == (200, {"groups": []})  # a model that links by spelling


@pytest.mark.parametrize("width", [1, 330, 700, 10**9])
def test_picture(width):
    """A name that is cut by its neighbour or the border cannot be read; markup in a name must stay a name."""
    name = "<script>$x_1$</script> & \x00 " + "W" * 60
    groups = []
    for title in ("parents", "children", "relations"):
        edges = [
            {"id": f"X:{number}", "name": name, "type": "Disease", "relation": "is_a", "is_out": number % 2 == 0}
            for number in range(6)
        ]
        groups.append({"title": title, "total": 6, "edges": edges})
    found = draw({"id": "X:9", "name": name, "type": None, "forms": [name, *"abc"], "groups": groups}, width)
    root = ElementTree.fromstring(found["svg"])
    assert {each.tag.split("}")[1] for each in root.iter()} <= {"svg", "defs", "style", "g", "path", "clipPath", "text"}
    assert "$x_1$" in "".join(root.itertext())
    assert "".join(root.itertext()).count("synonym") == 3
    insets = [place["inset"] for place in found["places"]]
    assert len(insets) == 18
    assert min(itertools.chain(*insets)) >= 0
    for (top, right, low, left), other in itertools.combinations(insets, 2):
        assert top + other[2] >= 100 or low + other[0] >= 100 or right + other[3] >= 100 or left + other[1] >= 100
    styles = {shape for shape, *_ in STYLES.values()}, {line for _, line, _ in STYLES.values()}
    assert [len(each) for each in styles] == [len(STYLES)] * 2  # told apart without colour


def test_command_serves_until_interrupted(model, wordpiece, knowledge, tmp_path):
    """What the visitor types: the address comes first, the page answers, Ctrl+C is not an error."""
    model.save_pretrained(tmp_path / "model")
    wordpiece.save_pretrained(tmp_path / "model")
    knowledge.save(tmp_path / "knowledge")
    code = "import sys; sys.argv[0] = 'kogner'; from modeling_kogner.commands.main import app; app()"
    options = ["--no-browser", "--port", "0", "--model", "model", "--knowledge", "knowledge"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", code, "demo", *options]
    running = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True, preexec_fn=heed_interrupts
    )
    try:
        address = running.stdout.readline().split()[0]
        asked = urllib.request.Request(f"{address}about", b"{}", {"Content-Type": "application/json"})
        about = json.load(urllib.request.urlopen(asked, timeout=60))
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 0
    finally:
        running.kill()
        running.stdout.close()
    assert (about["title"], about["has_graph"]) == ("model", True)


def test_command_says_what_is_wrong(server, model, wordpiece, tmp_path):
    """A taken port or a missing model is no reason for a traceback."""
    result = kogner("demo", "--no-browser", "--model", str(tmp_path))
    assert (result.exit_code, result.stderr[: len(f"kogner demo: {tmp_path}")]) == (1, f"kogner demo: {tmp_path}")
    model.save_pretrained(tmp_path)
    wordpiece.save_pretrained(tmp_path)
    taken = str(server.server_address[1])
    result = kogner("demo", "--no-browser", "--model", str(tmp_path), "--port", taken)
    assert result.exit_code == 1
    assert "choose another with --port" in result.stderr


def test_command_without_the_extra(model, wordpiece, tmp_path, monkeypatch):
    """The page itself needs no drawing library; who asks for the graph learns which package is missing."""
    model.save_pretrained(tmp_path)
    wordpiece.save_pretrained(tmp_path)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for name in ("picture", "neighbourhood"):
        monkeypatch.delitem(sys.modules, f"modeling_kogner.demo.{name}")
    result = kogner("demo", "--no-browser", "--model", str(tmp_path), "--knowledge", str(tmp_path))
    assert result.exit_code == 2
    assert "kogner demo: needs the package matplotlib: pip install 'kogner[demo]'" in result.stderr


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium; these tests skip where there is none, or with KOGNER_REQUIRE_BROWSER fail."""
    refuse = pytest.fail if os.environ.get("KOGNER_REQUIRE_BROWSER") else pytest.skip
    try:
        import playwright.sync_api as playwright
    except ImportError:
        refuse("needs playwright: pip install playwright")
    if CHROMIUM is None:
        refuse("needs Chromium, for example apt-get install chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=[(1200, 900), (360, 740)], ids=["wide", "narrow"])
def page(browser, server, request):
    """The page in a wide window and a phone's; fails on errors and on requests to any other host."""
    with opened(browser, server, *request.param) as page:
        yield page


@contextlib.contextmanager
def opened(browser, server, width, height):
    page, wrong = browser.new_page(viewport={"width": width, "height": height}), []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith((server.address, "data:")) else wrong.append(sent.url))
    page.goto(server.address)
    page.wait_for_selector(READY)
    yield page
    page.close()
    assert [message for message in wrong if "400 (Bad Request)" not in message] == []  # what the page then says


def assert_fits(page) -> None:
    """Nothing to scroll sideways for."""
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_page_by_keyboard(page, server):
    """From the text to the graph without a mouse; what was pasted is shown as it is and runs nowhere."""
    expected = ask(server, "/read", text=TEXT)[1]
    page.focus("#text")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(TEXT)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(READY)
    for side in ("with", "without"):
        text = page.evaluate(
            """(id) => { const copy = document.getElementById(id).cloneNode(true);
            copy.querySelectorAll('small').forEach((each) => each.remove()); return copy.textContent; }""",
            side,
        )
        assert text == TEXT
        assert page.locator(f"#{side} mark.differs").count() == sum(each["differs"] for each in expected[side])
    assert page.title() == "KoGNER"
    place = next(i for i, each in enumerate(expected["with"]) if each["id"] == "MONDO:1")
    page.locator("#with mark").nth(place).locator("xpath=small").focus()
    assert "MONDO:1 leukemia" in page.inner_text("#tip")
    box = page.locator("#tip").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= page.viewport_size["width"]
    page.keyboard.press("Escape")
    assert page.locator("#tip").is_hidden()
    page.keyboard.press("Enter")
    page.locator("#graph img").wait_for()
    assert_fits(page)
    decoded = "async image => { await image.decode(); return image.naturalWidth; }"
    assert page.locator("#graph img").evaluate(decoded)  # none where it is no XML
    place = page.get_by_role("button", name="← is a · Disease: acute lymphoblastic leukemia (MONDO:2)")
    place.focus()
    page.keyboard.press("Enter")
    page.locator("#graph p:focus", has_text="(MONDO:2)").wait_for()
    width = page.viewport_size["width"] - 80
    page.set_viewport_size({"width": width, "height": 700})
    page.locator(f"#graph img:not([width='{page.locator('#graph img').get_attribute('width')}'])").wait_for()
    assert_fits(page)


def test_example_own_names_and_errors(page):
    """The controls a visitor tries first."""
    assert page.locator("#with mark").count()  # of the example that the page opens with
    before = page.inner_text("#with")
    page.select_option("#example", index=2)
    page.wait_for_selector(READY)
    assert page.inner_text("#with") != before
    assert page.locator("#differences").inner_text()
    page.click("#own summary")
    page.fill("#names", NAMES)
    page.fill("#text", TEXT)
    page.click("text=Annotate")
    page.locator("#status", has_text="In use: new concepts 1, written forms 1").wait_for()
    page.fill("#names", NAMES.replace("Disease", "Illness"))
    page.click("text=Annotate")
    page.wait_for_selector("#status.wrong")
    assert "Illness" in page.inner_text("#status")
    page.fill("#text", "a " * MOST_CHARACTERS)  # cut off without a word, half a paper would be taken for the whole
    page.click("text=Annotate")
    page.locator("#status.wrong", has_text="use `kogner annotate`").wait_for()
    assert_fits(page)


def test_files_choices_and_downloads(page, server, tmp_path):
    """What is dropped is read, what is chosen is found, and what is downloaded is what was found."""
    (tmp_path / "note.txt").write_text(TEXT, encoding="utf-8")
    page.set_input_files("#file", tmp_path / "note.txt")
    page.wait_for_function("text => document.getElementById('text').value === text", arg=TEXT)
    page.wait_for_selector(READY)
    kinds = {each["type"] for each in ask(server, "/read", text=TEXT)[1]["with"]}
    page.click("#options summary")
    for box in page.locator("#types input").all()[1:]:
        box.uncheck()
    page.wait_for_selector(READY)
    kind = page.locator("#types input").first.get_attribute("value")
    assert [text.split()[0] for text in page.locator("#legend li").all_inner_texts()] in ([kind], [])
    assert kinds <= set(page.locator("#types input").evaluate_all("boxes => boxes.map((box) => box.value)"))
    with page.expect_download() as started:
        page.get_by_role("button", name="TSV").click()
    written = started.value.path().read_text(encoding="utf-8")
    assert len(written.splitlines()) == 1 + page.locator("#with mark").count()
    dropped = """content => { const files = new DataTransfer(); files.items.add(new File([content], "dropped.txt"));
        document.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true })); }"""
    page.evaluate(dropped, "aspirin")
    page.wait_for_function("() => document.getElementById('text').value === 'aspirin'")
    page.wait_for_selector(READY)
    page.evaluate(dropped, "a\0b")
    page.wait_for_selector("#status.wrong")
    assert "dropped.txt is not plain text" in page.inner_text("#status")
    assert_fits(page)


def assert_accessible(page):
    """Nothing that axe finds is more than minor."""
    axe = pytest.importorskip("axe_playwright_python", reason="needs axe: pip install axe-playwright-python")
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    assert found["passes"]
    told = [(each["id"], each["impact"], [node["html"][:80] for node in each["nodes"]]) for each in found["violations"]]
    assert [each for each in told if each[1] in ("serious", "critical", "moderate")] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_for_axe(page, scheme):
    """Names, roles and contrasts that a screen reader or weak eyes need, with everything opened."""
    page.emulate_media(color_scheme=scheme)
    for part in ("#options", "#own", "#compare"):
        page.click(f"{part} summary")
    page.locator("#with mark > small").first.press("Enter")
    page.wait_for_selector("#chosen:not([hidden])")
    assert_accessible(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_of_the_model_alone(browser, alone, scheme):
    """Without a knowledge folder nothing would be shown around a concept, or only to who sees it."""
    place = next(i for i, each in enumerate(ask(alone, "/read", text=TEXT)[1]["with"]) if each["id"] == "MONDO:1")
    with opened(browser, alone, 360, 740) as page:
        page.emulate_media(color_scheme=scheme)
        page.fill("#text", TEXT)
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(READY)
        page.locator("#with mark").nth(place).locator("xpath=small").press("Enter")
        page.locator("#graph dd", has_text="acute lymphoblastic leukemia").wait_for()
        assert page.inner_text("#graph dt") == "Narrower"
        assert page.inner_text("#graph dd").endswith("; 3 more")
        assert "--knowledge" in page.inner_text("#graph p")
        assert_fits(page)
        assert_accessible(page)

"""The page that `kogner annotate --output FILE.html` writes, in a real browser."""

import pytest
from test_demo import assert_accessible, browser  # noqa: F401

from modeling_kogner.corpora.document import Document
from modeling_kogner.corpora.formats import OUTPUTS
from modeling_kogner.corpora.mention import Mention


def mention(text, words, kind, concept):
    start = text.index(words)
    return Mention(start, start + len(words), words, kind, 0.9, concept, "name", ids=[concept, f"{concept}b"])


@pytest.fixture
def page(browser, tmp_path):  # noqa: F811
    """Two documents at a phone's width, without the network; fails on errors and on requests to anywhere."""
    one, two = Document.of("Breast <b> cancer and aspirin", "1"), Document.of("fever", "2")
    one.mentions = [
        mention(one.text, "Breast <b> cancer", "Disease", "M:1"),
        mention(one.text, "Breast", "Anatomy", "U:1"),
    ]
    one.mentions.append(mention(one.text, "aspirin", "Chemical", "C:1"))
    two.mentions = [mention("fever", "fever", "Disease", "M:2")]
    (tmp_path / "a.html").write_text(OUTPUTS["html"].whole([one, two]))
    page, wrong = browser.new_page(viewport={"width": 360, "height": 740}, color_scheme="dark"), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith("file:") else wrong.append(sent.url))
    page.goto(f"file://{tmp_path}/a.html")
    yield page
    page.close()
    assert wrong == []


def test_click_and_filter(page):
    """A click that shows the ids of the mention around it, or a type that cannot be hidden."""
    assert [each.strip() for each in page.locator("fieldset label").all_inner_texts()] == [
        "Disease 2",
        "Anatomy 1",
        "Chemical 1",
    ]
    assert not page.locator("aside").is_visible()
    page.locator("mark[data-type=Anatomy]").click()
    assert page.locator("aside dd").all_inner_texts() == ["Breast", "Anatomy", "0.90", "U:1 name", "U:1, U:1b"]
    page.locator("fieldset input").nth(1).uncheck()
    page.locator("mark[data-type=Anatomy]").click()  # now it is a part of the disease
    assert page.locator("aside dd").all_inner_texts()[:2] == ["Breast <b> cancer", "Disease"]
    hidden = page.locator("mark[data-type=Anatomy]").evaluate("each => getComputedStyle(each).backgroundColor")
    assert hidden == "rgba(0, 0, 0, 0)"
    page.keyboard.press("Escape")
    assert not page.locator("aside").is_visible()
    page.locator("mark[data-type=Chemical] > sub").focus()
    page.keyboard.press("Enter")
    assert page.locator("aside dd").all_inner_texts()[0] == "aspirin"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_for_axe(page, scheme):
    """A button in a button, where mentions nest, or a colour that weak eyes cannot read."""
    page.emulate_media(color_scheme=scheme)
    page.locator("mark > sub").first.press("Enter")
    assert page.locator("aside").is_visible()
    assert page.locator("[role=button] [role=button]").count() == 0
    assert_accessible(page)

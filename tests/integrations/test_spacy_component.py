"""KoGNER in a spaCy pipeline."""

from dataclasses import replace
from importlib.metadata import entry_points

import pytest
import torch
from conftest import TEXT, train_tokenizer
from support import mentions_of, tiny_model

spacy = pytest.importorskip("spacy")

from spacy import displacy  # noqa: E402
from spacy.tokens import Doc  # noqa: E402

from modeling_kogner.corpora.document import Document  # noqa: E402
from modeling_kogner.corpora.mention import Mention  # noqa: E402
from modeling_kogner.inference.annotator import Annotator  # noqa: E402
from modeling_kogner.inference.load_model import load_model  # noqa: E402
from modeling_kogner.integrations.spacy_component import KognerComponent  # noqa: E402

MENTIONS = [
    Mention(0, 10, "Selegiline", "Chemical", 0.9, "MESH:D012642", "Selegiline", "Chemical"),
    Mention(19, 26, "hypoten", "Disease", 0.8),
]
SENTENCE = "Selegiline-induced hypotension fell"


@pytest.fixture(scope="module")
def folder(knowledge, tmp_path_factory):
    """A model that takes every word for a chemical, or else a disease."""
    folder = tmp_path_factory.mktemp("spacy") / "model"
    tokenizer = train_tokenizer("wordpiece")
    model = tiny_model(knowledge, tokenizer)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([5.0, 0.0, 4.0, 0.0]))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def nlp(folder):
    nlp = spacy.blank("en")
    nlp.add_pipe("kogner", config={"model": str(folder)})
    return nlp


def told(monkeypatch, mentions, **settings):
    """A pipeline whose model finds given mentions in every text."""

    class Told:
        def annotate(self, texts, **options):
            return [replace(Document.of(text), mentions=mentions) for text in texts]

    monkeypatch.setattr(KognerComponent, "annotator", property(lambda self: Told()))
    nlp = spacy.blank("en")
    nlp.add_pipe("kogner", config={"model": "unread", **settings})
    return nlp


def entities(doc):
    return [(e.text, e.label_, e.kb_id_) for e in doc.ents]


def test_installed_the_name_is_known_without_an_import():
    """`add_pipe("kogner")` in a fresh process would say that there is no such factory."""
    (found,) = entry_points(group="spacy_factories", name="kogner")
    assert found.value == "modeling_kogner.integrations.spacy_component:make_kogner"
    assert callable(found.load())


def test_entities_are_the_annotators(nlp, folder):
    """Labels, ids, scores: what spaCy users read must be what the model said."""
    text = TEXT[0]
    (mentions,) = mentions_of(Annotator(*load_model(folder)), [text])
    doc = nlp(text)
    assert doc.text == text
    assert doc.ents
    assert [e._.kogner_score for e in doc.ents] == [pytest.approx(m.score) for m in mentions]
    assert entities(doc) == [(m.text, m.type, m.id or "") for m in mentions]
    assert {"MESH:D001241"} <= {e.kb_id_ for e in doc.ents}
    assert [e._.kogner_name for e in doc.ents] == [m.name for m in mentions]


def test_pipe_gives_what_single_calls_give_in_batches(nlp, monkeypatch):
    """One text a call of the model would be as slow as a loop; a shifted batch would tag the wrong document."""
    texts = [*TEXT[:5], "", " "]
    single = [entities(nlp(text)) for text in texts]
    sizes, annotate = [], Annotator.annotate
    monkeypatch.setattr(Annotator, "annotate", lambda self, t, **a: sizes.append(len(t)) or annotate(self, t, **a))
    assert [entities(doc) for doc in nlp.pipe(texts, batch_size=4)] == single
    assert sizes == [4, 3]


@pytest.mark.parametrize(
    ("mode", "second"), [("strict", None), ("contract", None), ("expand", ("hypotension", "Disease", ""))]
)
def test_borders_that_are_no_token_borders(monkeypatch, mode, second):
    """The plain char_span gives None for them: entities would be lost, or the pipeline stop."""
    doc = told(monkeypatch, MENTIONS, alignment_mode=mode)(SENTENCE)
    assert entities(doc) == [("Selegiline", "Chemical", "MESH:D012642"), *([second] if second else [])]


def test_mentions_that_expand_to_one_token_do_not_overlap(monkeypatch):
    """`doc.ents` refuses overlapping spans with an error."""
    halves = [Mention(0, 4, "Sele", "Gene", 0.9), Mention(4, 10, "giline", "Chemical", 0.9)]
    doc = told(monkeypatch, halves)(SENTENCE)
    assert [e.text for e in doc.ents] == ["Selegiline"]


def test_entities_of_earlier_components_stay_where_there_is_room(monkeypatch):
    """A rule-based component before this one would work for nothing."""
    nlp = told(monkeypatch, MENTIONS)
    ruler = nlp.add_pipe("entity_ruler", before="kogner")
    ruler.add_patterns([{"label": "VERB", "pattern": "fell"}, {"label": "OLD", "pattern": "hypotension"}])
    assert [e.label_ for e in nlp(SENTENCE).ents] == ["Chemical", "Disease", "VERB"]


def test_displacy_draws_types_and_links(nlp):
    """The picture that every spaCy user looks at first."""
    html = displacy.render(nlp(TEXT[0]), style="ent")
    assert "Chemical" in html
    assert "MESH:D001241" in html


def test_a_saved_pipeline_is_complete(nlp, folder, tmp_path):
    """A pipeline that still needs the folder it was made from breaks on the next machine."""
    expected = [entities(nlp(text)) for text in TEXT[:5]]
    nlp.to_disk(tmp_path / "pipeline")
    hidden = folder.rename(folder.with_name("hidden"))
    try:
        again = spacy.load(tmp_path / "pipeline")
        assert [entities(doc) for doc in again.pipe(TEXT[:5])] == expected
    finally:
        hidden.rename(folder)


def test_settings_reach_the_model(folder):
    """Restricted types and thresholds that do nothing are found out late."""
    nlp = spacy.blank("en")
    nlp.add_pipe("kogner", config={"model": str(folder), "types": ["Disease"]})
    assert {e.label_ for doc in nlp.pipe(TEXT[:5]) for e in doc.ents} == {"Disease"}
    nlp.add_pipe("kogner", name="none", config={"model": str(folder), "threshold": 1.1})
    assert nlp.get_pipe("none")(Doc(nlp.vocab, words=TEXT[0].split())).ents == ()


def test_bad_settings_end_with_a_clear_error():
    """An error of spaCy's own would speak of alignment at the first document only."""
    nlp = spacy.blank("en")
    with pytest.raises(ValueError, match="alignment_mode is 'outside'"):
        nlp.add_pipe("kogner", config={"model": "unread", "alignment_mode": "outside"})
    nlp.add_pipe("kogner", config={"model": "absent folder"})
    with pytest.raises(ValueError, match="no such folder"):
        nlp("text")

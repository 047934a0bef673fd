"""The real corpora, read by path; skipped without KOGNER_DATA, which `.ci/run` sets."""

import pytest
from support import ROOT
from transformers import AutoTokenizer

from modeling_kogner.inference.load_model import load_model
from modeling_kogner.inference.text_windows import make_windows, words_of
from modeling_kogner.training.collator import NerCollator
from modeling_kogner.training.corpora import load_corpus
from modeling_kogner.training.evaluation import EncodedSplit, predict_logits
from modeling_kogner.training.pubtator import read_pubtator

pytestmark = pytest.mark.corpora


@pytest.mark.parametrize(
    ("corpus", "sentences", "kind", "mentions"),
    [("NCBI-disease", 940, "Disease", 960), ("BC5CDR", 4797, "Chemical", 5385), ("linnaeus", 7142, "Species", 1433)],
)
def test_test_sets_have_their_published_size(data_folder, corpus, sentences, kind, mentions):
    """Rows or mentions lost in reading would make every score incomparable."""
    test = load_corpus(str(data_folder / "data/ner" / corpus)).split("test")
    assert len(test) == sentences
    assert sum(tags.count(f"B-{kind}") for tags in test["ner_tags"]) == mentions


# Correct, predicted and gold mentions of the bundled model in the first 200 validation sentences of each corpus. A new
# model in hub_card/ has others: take them from this test's message.
PINNED = {"NCBI-disease": (155, 180, 171), "BC5CDR": (348, 444, 411), "linnaeus": (144, 145, 149)}


@pytest.mark.parametrize("corpus", PINNED)
def test_scores_of_the_bundled_model_are_pinned(data_folder, corpus):
    """An upgrade of a library could ruin them without an error; rounding may move a mention or two."""
    model, tokenizer = load_model(ROOT / "hub_card")
    path = str(data_folder / "data/ner" / corpus)
    types = [kind for kind in load_corpus(path).entity_types if kind in model.config.entity_types]
    rows = load_corpus(path, types).split("validation").select(range(200))
    split = EncodedSplit.from_split(corpus, rows, types, tokenizer, model.config.label2id)
    scores = split.score(predict_logits(model, split.windows, NerCollator(tokenizer, 8)), model.config.id2label)
    found = tuple(scores[name] for name in ("correct", "predicted", "gold"))
    assert found == pytest.approx(PINNED[corpus], abs=2), found


def test_annotated_mentions_end_where_words_end(data_folder):
    """A mention that begins or ends inside one of our words can never be found, whatever the model learns."""
    tokenizer = AutoTokenizer.from_pretrained(data_folder / "models/minilm-biomed")
    documents = read_pubtator(data_folder / "data/pubtator/NCBI-disease_test.pubtator")
    groups = make_windows([document.text for document in documents], tokenizer, 256, 64)
    reachable = total = 0
    for document, windows in zip(documents, groups, strict=True):
        words = words_of(document.text, windows)
        starts, ends = {word.start for word in words}, {word.end for word in words}
        reachable += sum(mention.start in starts and mention.end in ends for mention in document.mentions)
        total += len(document.mentions)
    assert total == 960
    assert reachable / total > 0.99

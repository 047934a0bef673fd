"""The real corpora, read by path; skipped without KOGNER_DATA, which `.ci/run` sets."""

import pytest
from transformers import AutoTokenizer

from modeling_kogner.corpora.corpus import load_corpus
from modeling_kogner.corpora.pubtator import load_pubtator
from modeling_kogner.corpora.text_tokenizer import TextTokenizer
from modeling_kogner.corpora.text_windows import make_windows, words_of

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


def test_annotated_mentions_end_where_words_end(data_folder):
    """A mention that begins or ends inside one of our words can never be found, whatever the model learns."""
    tokenizer = AutoTokenizer.from_pretrained(data_folder / "models/minilm12-biomed")
    documents = load_pubtator(data_folder / "data/pubtator/NCBI-disease_test.pubtator")
    groups = make_windows([document.text for document in documents], TextTokenizer.of(tokenizer), 256, 64)
    reachable = total = 0
    for document, windows in zip(documents, groups, strict=True):
        words = words_of(document.text, windows)
        starts, ends = {word.start for word in words}, {word.end for word in words}
        reachable += sum(mention.start in starts and mention.end in ends for mention in document.mentions)
        total += len(document.mentions)
    assert total == 960
    assert reachable / total > 0.99

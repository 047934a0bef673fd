from datasets import Dataset

from modeling_kogner.corpora.overlap import drop_overlap, sentence_key


def corpus(*sentences: str) -> Dataset:
    return Dataset.from_dict({"tokens": [sentence.split() for sentence in sentences]})


def test_key_ignores_tokenisation_case_and_compatibility_forms() -> None:
    """The same sentence, tokenised by two corpora, would slip through."""
    assert sentence_key(["\u03b2", "-", "Catenin", "("]) == sentence_key("\u03b2-catenin") == "\u03b2catenin"
    assert sentence_key("\ufb01ne x\u00b2") == "finex2"


def test_test_sentences_of_any_corpus_are_dropped_and_counted() -> None:
    """Scores of one corpus would profit from another one's training set."""
    train = {"A": corpus("One two .", "Three ( four )", ". .", "five"), "B": corpus("three four", "six")}
    test = {"A": corpus("one - two", "- -"), "C": corpus("Three four !", "one two")}
    filtered, report = drop_overlap(train, test)
    assert filtered["A"]["tokens"][:] == [[".", "."], ["five"]]  # without a letter, nothing can be said
    assert filtered["B"]["tokens"][:] == [["six"]]
    assert report["A"] == {"sentences": 4, "dropped": 2, "in_test_of": {"A": 1, "C": 2}}
    assert report["B"] == {"sentences": 2, "dropped": 1, "in_test_of": {"C": 1}}


def test_a_telling_sentence_drops_its_document() -> None:
    """The rest of a test document, split in other places, would be trained on."""
    long = "A sentence of which no second author would write the same words by chance ."
    rows = corpus(long, "Its neighbour .", "Methods .", "Elsewhere .").add_column("document", ["1", "1", "2", "2"])
    filtered, report = drop_overlap({"A": rows}, {"T": corpus(long, "Methods :")})
    assert filtered["A"]["tokens"][:] == [["Elsewhere", "."]]
    assert report["A"] == {"sentences": 4, "dropped": 3, "in_test_of": {"T": 2}}

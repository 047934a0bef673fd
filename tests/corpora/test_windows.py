import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import DataCollatorForTokenClassification, PreTrainedTokenizerFast

from modeling_kogner.corpora.text_tokenizer import TextTokenizer
from modeling_kogner.corpora.text_windows import make_windows
from modeling_kogner.corpora.windows import encode, merge_windows
from modeling_kogner.evaluation.encoded_split import EncodedSplit

LABELS = {"O": 0, "B-G": 1, "I-G": 2, "B-D": 3, "I-D": 4}
NAMES = {number: label for label, number in LABELS.items()}
WORDS = ["gene", "abnormality", "-", "p53", "of", "Methyltransferase", "\u03b2", "\u200b", "", "\x07", "\u96ea"]
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def make_tokenizer(kind: str) -> PreTrainedTokenizerFast:
    """Train a tiny tokenizer of one of the three families on a few words."""
    text = ["gene abnormality of p53 - a b"] * 3
    if kind == "wordpiece":
        core = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        core.normalizer, core.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(vocab_size=60, special_tokens=SPECIALS, show_progress=False)
    elif kind == "byte-level":
        core = Tokenizer(models.BPE())
        core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        core.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=300, special_tokens=SPECIALS, initial_alphabet=alphabet, show_progress=False
        )
    else:
        core = Tokenizer(models.Unigram())
        core.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(
            vocab_size=40, special_tokens=SPECIALS, unk_token="[UNK]", show_progress=False
        )
    core.train_from_iterator(text, trainer)
    pairs = [(name, core.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    core.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=pairs)
    return PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )


TOKENIZERS = {kind: make_tokenizer(kind) for kind in ("wordpiece", "byte-level", "sentencepiece")}


def run(tokens: list[list[str]], tags: list[list[str]], kind: str = "wordpiece", **settings: object) -> dict:
    arguments = {"max_length": 12, "stride": 3, "label2id": LABELS, "supervised_types": ["D"], **settings}
    return encode({"tokens": tokens, "ner_tags": tags}, TOKENIZERS[kind], **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", sorted(TOKENIZERS))
@given(
    rows=st.lists(
        st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(["O", "B-D", "I-D"])), max_size=30),
        min_size=1,
        max_size=3,
    ),
    max_length=st.integers(6, 40),
    stride=st.integers(0, 3),
)
@settings(max_examples=40, deadline=None)
def test_no_word_is_cut_off(kind: str, rows: list, max_length: int, stride: int) -> None:
    """A long sentence's tail would never be trained on, nor tagged."""
    tokens, tags = [[word for word, _ in row] for row in rows], [[tag for _, tag in row] for row in rows]
    windows = run(tokens, tags, kind, max_length=max_length, stride=stride)
    assert max(map(len, windows["input_ids"]), default=0) <= max_length
    whole = run(tokens, tags, kind, max_length=10_000)
    counts = [len(row) for row in rows]
    expected = merge_windows(whole["labels"], whole["word_ids"], whole["example_index"], counts, NAMES)
    assert merge_windows(windows["labels"], windows["word_ids"], windows["example_index"], counts, NAMES) == expected
    read = dict(zip(whole["example_index"], whole["word_ids"], strict=True))  # a row without pieces has no window
    for row in range(len(rows)):
        reached = [word in read.get(row, []) for word in range(counts[row])]
        assert expected[row] == [tag if seen else "O" for tag, seen in zip(tags[row], reached, strict=True)]


@pytest.mark.parametrize("kind", sorted(TOKENIZERS))
def test_training_reads_the_windows_of_annotation(kind: str) -> None:
    """A model would annotate in windows that it never saw, and listed words may have other pieces than a text."""
    words = ["abnormality", "gene", "p53", "", "of"] * 6
    (annotated,) = make_windows([" ".join(filter(None, words))], TextTokenizer.of(TOKENIZERS[kind]), 14, 5)
    trained = run([words], [["O"] * 30], kind, max_length=14, stride=5)
    assert trained["input_ids"] == [window.input_ids for window in annotated]
    listed = TOKENIZERS[kind]([words], is_split_into_words=True).encodings[0]
    whole = run([words], [["O"] * 30], kind, max_length=500)
    assert whole["input_ids"] == [listed.ids]
    assert whole["word_ids"] == [[-1 if word is None else word for word in listed.word_ids]]


def test_labels_of_pieces() -> None:
    """Later pieces tagged B would teach the model to split a mention."""
    windows = run([["abnormality", "of", "p53"]], [["B-D", "O", "I-D"]], "sentencepiece", max_length=64)
    pieces = list(windows["word_ids"][0])
    labels = windows["labels"][0]
    assert [labels[pieces.index(word)] for word in range(3)] == [3, 0, 4]
    assert {label for word, label in zip(pieces, labels, strict=True) if word == -1} == {-100}
    later = labels[pieces.index(0) + 1 : pieces.index(1)]
    assert later
    assert set(later) == {4}
    assert windows["type_mask"] == [[0, 1]]


def test_merge_takes_the_window_with_more_context() -> None:
    """A word at the edge of a window is read without its neighbours; its label there must lose."""
    word_ids = [[-1, 0, 1, 2, 3, -1], [-1, 2, 3, 4, 5, -1]]
    merged = merge_windows([[0, 1, 1, 1, 1, 0], [0, 3, 3, 3, 3, 0, 0]], word_ids, [7, 7], [0] * 7 + [6], NAMES)
    assert merged[7] == ["B-G", "B-G", "B-G", "B-D", "B-D", "B-D"]


def test_a_word_longer_than_a_window_keeps_its_label_and_the_tokenizer_its_settings() -> None:
    """The word would be lost, or every text be truncated by the tokenizer saved with the model."""
    windows = run([["p53", "abnormality"]], [["O", "B-D"]], "sentencepiece", max_length=8, stride=0)
    assert windows["word_ids"][-1] == [-1] * len(windows["word_ids"][-1])  # it began in the window before
    assert windows["labels"][-1][1:-1] == [4] * (len(windows["labels"][-1]) - 2)
    merged = merge_windows(windows["labels"], windows["word_ids"], windows["example_index"], [2], NAMES)
    assert merged == [["O", "B-D"]]
    assert TOKENIZERS["sentencepiece"].backend_tokenizer.truncation is None


def test_text_without_tags_gets_no_labels() -> None:
    """Annotating new text must not need invented tags."""
    windows = encode({"tokens": [["gene"]]}, TOKENIZERS["wordpiece"], 8, 2, LABELS, [])
    assert "labels" not in windows


def test_unfit_input_is_refused() -> None:
    """Unknown types and endless strides would waste a training run."""
    with pytest.raises(ValueError, match="does not know the type X"):
        run([["gene"]], [["O"]], supervised_types=["X"])
    with pytest.raises(ValueError, match=r"'B-X' is none of the model's labels"):
        run([["gene"]], [["B-X"]])
    with pytest.raises(ValueError, match="give one from 0 to 9"):
        run([["gene"]], [["O"]], stride=10)


@pytest.mark.parametrize("side", ["left", "right"])
def test_batches_are_padded_on_the_side_of_the_tokenizer(side: str) -> None:
    """Labels padded on the other side than the ids would be shifted, masks of types or conventions be lost."""
    tokenizer = make_tokenizer("wordpiece")
    tokenizer.padding_side = side
    windows = run([["gene"], ["gene", "p53", "of"]], [["B-D"], ["O"] * 3])
    read = ("input_ids", "attention_mask", "labels", "type_mask")  # the Trainer drops what the model does not read
    rows = [{name: windows[name][row] for name in read} | {"convention": row} for row in range(2)]
    batch = DataCollatorForTokenClassification(tokenizer, pad_to_multiple_of=16)(rows)
    assert set(batch) == {*read, "convention"}
    assert {tuple(batch[name].shape) for name in ("input_ids", "attention_mask", "labels")} == {(2, 16)}
    real = batch["attention_mask"].bool()
    assert real[0].tolist() == sorted(real[0].tolist(), reverse=side == "right")
    for name in ("input_ids", "labels"):
        assert batch[name][0][real[0]].tolist() == rows[0][name]
    assert batch["input_ids"][0][~real[0]].unique().tolist() == [tokenizer.pad_token_id]
    assert batch["labels"][0][~real[0]].unique().tolist() == [-100]
    assert batch["type_mask"].tolist() == windows["type_mask"]
    assert batch["convention"].tolist() == [0, 1]


def test_types_of_a_corpus_are_told_by_number_not_by_place():
    """A label table sorted by name, as JSON gives it back, would let a model of many types score 0 in silence."""
    rows = Dataset.from_list([{"tokens": ["p53", "gene"], "ner_tags": ["O", "B-G"]}])
    split = EncodedSplit.from_split("C", rows, ["G"], make_tokenizer("wordpiece"), LABELS)
    logits = [np.tile([0.0, 2, 0, 3, 0], (len(ids), 1)) for ids in split.windows["input_ids"]]  # B-D before B-G
    by_name = {number: label for label, number in sorted(LABELS.items())}
    assert split.decode(logits, by_name) == split.decode(logits, NAMES) == [["B-G", "B-G"]]


def test_neighbouring_sentences_are_read_together_and_scored_apart():
    """Tags that slip into the next sentence, or sentences of two documents in one window."""
    tokenizer = make_tokenizer("wordpiece")
    words = [["fever", "of", "rats"], ["level"], ["fever", "", "in", "mice"], ["leukemia"]]
    tags = [["B-G", "O", "O"], ["O"], ["B-G", "O", "O", "O"], ["B-G"]]
    rows = Dataset.from_dict({"tokens": words, "ner_tags": tags, "document": ["1", "1", "1", "2"]})
    for context, runs in ((0, 4), (8, 3), (100, 2)):
        split = EncodedSplit.from_split("C", rows, ["G"], tokenizer, LABELS, context=context)
        assert len(split.windows) == len(split.runs) == runs
        logits = [np.eye(len(LABELS))[np.maximum(labels, 0)] for labels in split.windows["labels"]]
        assert split.decode(logits, {number: label for label, number in LABELS.items()}) == tags

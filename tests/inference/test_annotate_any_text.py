"""The annotator on any text, of any length, in any company."""

import pytest
import torch
from any_text import ANY_TEXT, check, places
from conftest import TEXT
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from support import mentions_of
from tiny_tagger import make_tagger
from transformers.modeling_outputs import TokenClassifierOutput

from modeling_kogner.corpora.mention import Mention
from modeling_kogner.inference.annotator import Annotator

MIXED = [*TEXT[:4], "", "\ud83e", TEXT[4] * 2]


@pytest.fixture(scope="module")
def annotator(knowledge, tokenizer):
    return Annotator(make_tagger(knowledge, tokenizer), tokenizer, max_length=24, stride=6)


@given(st.lists(ANY_TEXT, max_size=4))
def test_any_text_gives_ordered_mentions_at_their_place(annotator, texts):
    """One odd character in a million abstracts must neither end the run nor shift an offset."""
    for text, mentions in zip(texts, mentions_of(annotator, texts), strict=True):
        check(text, mentions)


@pytest.fixture(scope="module")
def read_alone(annotator):
    return {text: mentions_of(annotator, [text])[0] for text in MIXED}


@given(st.permutations(MIXED), st.integers(1, 9))
@settings(max_examples=6, deadline=None)
def test_order_and_company_change_nothing(annotator, read_alone, texts, batch_size):
    """Results that depend on the neighbours in a batch cannot be repeated; in another order they go to wrong texts."""
    for text, together in zip(texts, mentions_of(annotator, texts, batch_size=batch_size), strict=True):
        alone = read_alone[text]
        assert places(together) == places(alone)
        assert [m.score for m in together] == pytest.approx([m.score for m in alone], abs=1e-5)


class Planted:
    """A forward that labels one run of pieces as disease wherever a window holds all of it, and nothing else."""

    def __init__(self, label2id, tokenizer, mention):
        self.label2id = label2id
        self.ids = torch.tensor(tokenizer(mention, add_special_tokens=False).input_ids)

    def __call__(self, input_ids, attention_mask):
        """Logits instead of the model's."""
        logits = torch.zeros(*input_ids.shape, len(self.label2id))
        logits[..., 0] = 1
        size = len(self.ids)
        if input_ids.shape[1] >= size:
            for row, start in (input_ids.unfold(1, size, 1) == self.ids).all(-1).nonzero().tolist():
                logits[row, start : start + size, self.label2id["I-Disease"]] = 5
                logits[row, start, self.label2id["B-Disease"]] = 9
        return TokenClassifierOutput(logits=logits)


def test_a_mention_across_any_border_is_whole_and_linked(monkeypatch, annotator):
    """A mention that a window cuts is lost, halved or found twice: put one at every place of several windows."""
    name = "BRCA1"  # a written form of a disease of another name: only the index can link it
    tokenizer, model = annotator.tokenizer, annotator.model
    monkeypatch.setattr(model, "forward", Planted(model.config.label2id, tokenizer, f" {name}"))
    pieces = len(tokenizer(f" {name}", add_special_tokens=False).input_ids)
    reader = Annotator(model, tokenizer, max_length=3 * pieces + 2, stride=2 * pieces)
    texts = ["fever " * place + name + " fever" * (40 - place) for place in range(40)]
    for place, mentions in enumerate(mentions_of(reader, texts)):
        (mention,) = mentions
        assert (mention.start, mention.text, mention.id) == (6 * place, name, "MONDO:3")


def test_a_megabyte_is_read_to_its_end(monkeypatch, knowledge, wordpiece):
    """A cost that grows with the square of the length would take hours; a cut would silently lose the end."""
    model = make_tagger(knowledge, wordpiece)
    monkeypatch.setattr(model, "forward", Planted(model.config.label2id, wordpiece, "aspirin"))
    text = f"the{' ' * 17}" * 50_000 + "aspirin"
    ((mention,),) = mentions_of(Annotator(model, wordpiece, max_length=128), [text], batch_size=256)
    assert (mention.start, mention.end) == (1_000_000, 1_000_007)


def test_ten_thousand_texts_come_back_in_order(annotator, monkeypatch):
    """They are read in parts; a part that is lost or doubled shifts all that follow."""
    monkeypatch.setattr(
        annotator.model, "forward", Planted(annotator.model.config.label2id, annotator.tokenizer, " aspirin")
    )
    found = mentions_of(annotator, ["aspirin", "", "fever"] * 3333 + ["aspirin"], batch_size=256)
    assert [len(mentions) for mentions in found] == [1, 0, 0] * 3333 + [1]


def test_datasets_map_annotates_a_column(annotator):
    """Data sets larger than the memory are annotated column by column; numpy numbers would not fit in."""
    column = Dataset.from_dict({"text": TEXT})
    read = column.map(
        lambda texts: {"mentions": [[*map(Mention.to_dict, each)] for each in mentions_of(annotator, texts)]},
        input_columns="text",
        batched=True,
        batch_size=7,
        new_fingerprint="test",
    )
    assert [[m["text"] for m in row] for row in read["mentions"]] == [
        [m.text for m in row] for row in mentions_of(annotator, TEXT)
    ]

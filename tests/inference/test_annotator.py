"""Text in, mentions out."""

import dataclasses
import itertools
import json

import pytest
import torch
from conftest import CONCEPTS, TEXT
from hypothesis import given, settings
from hypothesis import strategies as st
from support import mentions_of
from tiny_tagger import make_tagger
from transformers.modeling_outputs import TokenClassifierOutput

from modeling_kogner.inference.annotator import Annotator

PIECES = ["Aspirin", "leukemia;", "(BRCA1)", "IL-2", "Parkinson's", "na\u00efve", "n\u0303", "\U0001f9ec"]
PIECES += ["\U0001f469\u200d\U0001f52c", "\u05e9\u05dc\u05d5\u05dd", "\u200f", "\u7ec6\u80de", "heart failure"]
PIECES += ["\u00a0", "\u3000", "\t", "\n", " ", "[SEP]", "%"]


@pytest.fixture(scope="session")
def tagger(knowledge, tokenizer):
    return make_tagger(knowledge, tokenizer)


@pytest.fixture(scope="session")
def wordpiece_tagger(knowledge, wordpiece):
    return make_tagger(knowledge, wordpiece)


class Tags:
    """A forward that gives chosen words (lists of ids) a label for the first and one for later pieces."""

    def __init__(self, model, tokenizer, words: dict[str, tuple[str, str]]):
        self.label2id = model.config.label2id
        self.words = {tuple(tokenizer(word, add_special_tokens=False).input_ids): t for word, t in words.items()}

    def __call__(self, input_ids, attention_mask):
        """Logits instead of the model's."""
        logits = torch.zeros(*input_ids.shape, len(self.label2id))
        logits[..., 0] = 1
        for ids, labels in self.words.items():
            for row, tokens in enumerate(input_ids.tolist()):
                for start in range(len(tokens)):
                    if tuple(tokens[start : start + len(ids)]) == ids:
                        for offset in range(len(ids)):
                            logits[row, start + offset, self.label2id[labels[offset > 0]]] = 5
        return TokenClassifierOutput(logits=logits)


def tag(monkeypatch, model, tokenizer, words):
    monkeypatch.setattr(model, "forward", Tags(model, tokenizer, words))
    return Annotator(model, tokenizer, max_length=64, stride=16)


@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from(["", " "]))
@settings(max_examples=25, deadline=None)
def test_offsets_give_the_mention(tagger, tokenizer, parts, joint):
    """Offsets that are off by a space, an emoji or a window would highlight the wrong characters."""
    text = joint.join(parts)
    (mentions,) = mentions_of(Annotator(tagger, tokenizer, max_length=24, stride=6), [text])
    for mention in mentions:
        assert text[mention.start : mention.end] == mention.text
        assert mention.text
        assert mention.text == mention.text.strip()
        assert 0 < mention.score <= 1
    for before, after in itertools.pairwise(mentions):
        assert (before.start, -before.end) < (after.start, -after.end)
        assert before.end <= after.start or before.end >= after.end  # apart, or one in the other
    assert json.loads(json.dumps([mention.to_dict() for mention in mentions])) is not None


def test_random_weights_do_give_mentions(tagger, tokenizer):
    """Guards the test above: without a mention it would compare nothing."""
    assert sum(map(len, mentions_of(Annotator(tagger, tokenizer), TEXT))) > 3


def test_a_mention_far_into_a_long_text_is_found_and_linked(monkeypatch, tagger, tokenizer):
    """A stock pipeline cuts long text silently; ids shifted by a window would link the wrong concept."""
    filler = "fever of patients was seen and fell, "
    text = filler * 540 + "Aspirin " + filler
    assert len(text) > 20_000
    annotator = tag(monkeypatch, tagger, tokenizer, {" Aspirin": ("B-Chemical", "I-Chemical")})
    (mentions,) = mentions_of(annotator, [text], batch_size=7)
    (mention,) = mentions
    assert (mention.start, mention.text) == (text.index("Aspirin"), "Aspirin")
    assert (mention.type, mention.semantic_type) == ("Chemical", "Chemical")
    assert (mention.id, mention.name) == CONCEPTS[0][:2]


def test_adjacent_mentions_stay_apart_and_inside_alone_opens_one(monkeypatch, wordpiece_tagger, wordpiece):
    """`B B` read as one mention, or a lone `I` dropped, changes what a corpus is said to contain."""
    words = {"fever": ("B-Disease", "B-Disease"), "leukemia": ("I-Disease", "I-Disease"), "rats": ("I-Gene",) * 2}
    annotator = tag(monkeypatch, wordpiece_tagger, wordpiece, words)
    (mentions,) = mentions_of(annotator, ["fever fever leukemia rats of leukemia"])
    found = [(mention.text, mention.type) for mention in mentions]
    assert found == [("fever", "Disease"), ("fever leukemia", "Disease"), ("rats", "Gene"), ("leukemia", "Disease")]


@pytest.mark.parametrize("evidence", ["types", "none"])
@pytest.mark.parametrize(("kind", "concept"), [("Disease", "MONDO:3"), ("Gene", "HGNC:1100"), ("Chemical", None)])
def test_the_concept_fits_the_type(monkeypatch, wordpiece_tagger, wordpiece, kind, concept, evidence):
    """A gene linked to the cancer of the same symbol; or no link at all once the evidence is switched off."""
    monkeypatch.setattr(wordpiece_tagger.config, "evidence", evidence)
    annotator = tag(monkeypatch, wordpiece_tagger, wordpiece, {"BRCA1": (f"B-{kind}", f"I-{kind}")})
    ((mention,),) = mentions_of(annotator, ["Mutations of BRCA1."])
    assert (mention.type, mention.id) == (kind, concept)


def test_the_score_is_the_mean_over_words_of_the_type(monkeypatch, wordpiece_tagger, wordpiece):
    """A score of the label alone would halve where begin and inside share the mass."""
    annotator = tag(monkeypatch, wordpiece_tagger, wordpiece, {"fever": ("B-Disease",) * 2, "rats": ("I-Disease",) * 2})
    ((mention,),) = mentions_of(annotator, ["fever rats"])
    exp = torch.tensor([1.0, 5.0, 0]).exp()  # outside, the label, the other one of the type
    assert mention.score == pytest.approx(float((exp[1] + exp[2]) / exp.sum()))
    ((),) = mentions_of(annotator, ["fever rats"], threshold=mention.score + 1e-6)


def test_types_are_asked_for_alone(monkeypatch, wordpiece_tagger, wordpiece):
    """A restricted run must not lose a mention to a type that was not asked for, nor report that type."""
    annotator = tag(monkeypatch, wordpiece_tagger, wordpiece, {"fever": ("B-Disease",) * 2})
    assert mentions_of(annotator, ["fever"], types=["Gene"]) == [[]]
    assert [m.type for m in mentions_of(annotator, ["fever"], types=["Disease"])[0]] == ["Disease"]
    with pytest.raises(ValueError, match="does not know the type Virus; it knows Chemical, Disease, Gene"):
        mentions_of(annotator, ["fever"], types=["Virus"])


def test_batches_and_empty_texts_change_nothing(tagger, tokenizer):
    """Windows are sorted by length; results in that order would go to the wrong texts."""
    annotator = Annotator(tagger, tokenizer, max_length=32, stride=8)
    texts = ["", TEXT[0], " ", TEXT[3] * 4, TEXT[1]]
    together = mentions_of(annotator, texts, batch_size=3)
    alone = [mentions_of(annotator, [text])[0] for text in texts]
    assert together[0] == together[2] == []
    assert mentions_of(annotator, []) == []
    for left, right in zip(together, alone, strict=True):
        assert [dataclasses.replace(m, score=0) for m in left] == [dataclasses.replace(m, score=0) for m in right]
        assert [m.score for m in left] == pytest.approx([m.score for m in right], abs=1e-5)


def test_windows_of_like_length_share_small_batches(monkeypatch, tagger, tokenizer):
    """Padding, or more windows at once than a CPU's cache holds, makes annotation slower and changes nothing else."""
    shapes, forward = [], tagger.forward
    monkeypatch.setattr(tagger, "forward", lambda **batch: shapes.append(batch["input_ids"].shape) or forward(**batch))
    mentions_of(Annotator(tagger, tokenizer, stride=64), ["fever", " ".join([TEXT[0]] * 6)] * 8, batch_size=32)
    assert sum(rows for rows, width in shapes if width == min(width for _, width in shapes)) == 8
    assert len({width for _, width in shapes}) > 1


def test_wrong_input_is_refused(tagger, tokenizer):
    """One string would be read letter by letter; a missing text would fail deep in the tokenizer."""
    annotator = Annotator(tagger, tokenizer)
    with pytest.raises(ValueError, match="texts is one string"):
        mentions_of(annotator, "Aspirin")
    with pytest.raises(ValueError, match="text 1 is NoneType"):
        mentions_of(annotator, ["a", None])
    with pytest.raises(ValueError, match="stride 30 does not fit windows of 30 pieces"):
        Annotator(tagger, tokenizer, max_length=32, stride=30)


def test_another_tokenizer_is_refused(tagger, tokenizer):
    """Its ids mean other pieces: everything would be found wrong, nothing would fail."""
    other = tokenizer.__class__(tokenizer_object=tokenizer.backend_tokenizer)
    other.add_tokens(["novel"])
    with pytest.raises(ValueError, match="another vocabulary"):
        Annotator(tagger, other)

"""Batches that fit, and weights of 16 bits: neither may change what is found."""

import logging

import pytest
import torch
from conftest import TEXT
from hypothesis import given
from hypothesis import strategies as st
from support import ROOT, kogner, mentions_of, tiny_model

from modeling_kogner import load
from modeling_kogner.corpora.text_windows import Window
from modeling_kogner.files.errors import UsageError
from modeling_kogner.inference import precision
from modeling_kogner.inference.annotator import Annotator
from modeling_kogner.inference.window_batches import LENGTH_STEP, batches, padded, padded_length


def window(length):
    return Window(0, list(range(1, length + 1)), 1, 0, [], [], True)


@given(st.lists(st.integers(1, 60), max_size=40), st.integers(1, 9), st.integers(1, 200), st.booleans())
def test_every_window_is_in_one_batch_that_fits(lengths, most, tokens, mixed):
    """A window that is left out has no mentions; a batch of more tokens than asked for leaves a CPU's cache."""
    windows = [window(length) for length in lengths]
    found = list(batches(windows, most, tokens, mixed))
    assert sorted(id(each) for batch in found for each in batch) == sorted(map(id, windows))
    for batch in found:
        ids, mask = padded(batch, 7)
        assert len(batch) <= most
        assert ids.size <= tokens or len(batch) == 1
        assert ids.shape[1] == max(map(padded_length, batch))
        assert mixed or ids.shape[1] - min(len(each.input_ids) for each in batch) < LENGTH_STEP
        assert [row[kept == 1].tolist() for row, kept in zip(ids, mask, strict=True)] == [w.input_ids for w in batch]
        assert (ids[mask == 0] == 7).all()


@pytest.mark.parametrize("how", ["fp32", "bf16"])
def test_a_mention_does_not_hang_on_its_batch(knowledge, wordpiece, how, monkeypatch):
    """In 16 bits another padding rounds otherwise: mentions would come and go with the batch size, or on resuming."""
    monkeypatch.setattr(precision, "has_bf16", lambda: True)
    model = tiny_model(knowledge, wordpiece)
    precision.set_precision(model, how)
    annotator = Annotator(model, wordpiece, max_length=24, stride=6)
    texts = [*TEXT[:5], " ".join(TEXT[:5]), "Aspirin.", *TEXT[:2]]
    expected = mentions_of(annotator, texts)
    assert sum(map(len, expected)) > 20
    for size in (1, 3):
        assert mentions_of(annotator, texts, batch_size=size) == expected
    assert [annotator(text).mentions for text in texts] == expected


def test_bf16_keeps_tables_and_decisions(knowledge, wordpiece, monkeypatch):
    """Rounded hashes or codes link to other concepts; rounded log-odds have scores of three digits."""
    monkeypatch.setattr(precision, "has_bf16", lambda: True)
    model, exact = tiny_model(knowledge, wordpiece), tiny_model(knowledge, wordpiece)
    precision.set_precision(model, None)
    assert model.kogner.encoder.dtype == torch.bfloat16
    assert model.classifier.weight.dtype == torch.float32
    for (name, ours), (_, theirs) in zip(model.named_buffers(), exact.named_buffers(), strict=True):
        assert ours.dtype == theirs.dtype, name
        assert torch.equal(ours, theirs), name
    batch = wordpiece(TEXT[:4], padding=True, return_tensors="pt")
    inputs = (batch["input_ids"], batch["attention_mask"])
    with torch.inference_mode():
        ours, theirs = model(*inputs).logits, exact(*inputs).logits
    assert ours.dtype == torch.float32
    assert (ours - theirs).abs().max() < 0.05 * theirs.abs().max()
    assert not torch.equal(ours, ours.to(torch.bfloat16).float())


@pytest.mark.parametrize(("found", "attention"), [({"amx_bf16": True}, "sdpa"), ({"avx512_bf16": True}, "eager")])
def test_the_fastest_attention_of_a_processor(knowledge, wordpiece, monkeypatch, found, attention):
    """The other one takes twice as long, which nobody would see but in the time."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found)
    model = tiny_model(knowledge, wordpiece)
    precision.set_precision(model, None)
    assert model.kogner.encoder.config._attn_implementation == attention


def test_a_precision_that_is_not_available(knowledge, wordpiece, tmp_path, caplog):
    """An emulated one is slower than what it replaces, and takes its time in silence."""
    model = tiny_model(knowledge, wordpiece)
    model.save_pretrained(tmp_path)
    wordpiece.save_pretrained(tmp_path)
    assert load(tmp_path, device="cpu").model.dtype == torch.float32
    with caplog.at_level(logging.WARNING):
        assert load(tmp_path, device="cpu", precision="bf16").model.dtype == torch.float32
    assert "reading in fp32" in caplog.text
    with pytest.raises(UsageError, match="kogner export MODEL --output FOLDER --int8"):
        load(tmp_path, device="cpu", precision="int8")
    ended = kogner("annotate", "--model", tmp_path, "--device", "cpu", "--precision", "int8", "fever")
    assert (ended.exit_code, len(ended.stderr.splitlines())) == (2, 1)
    with pytest.raises(UsageError, match="choose one of fp32, bf16, int8"):
        load(tmp_path, device="cpu", precision="fp16")


@pytest.mark.slow
@pytest.mark.corpora
def test_the_bundled_model_finds_the_same_in_bf16(data_folder, monkeypatch):
    """What 16 bits cost on real abstracts: a mention in a hundred at most, scores in the second digit, no other id."""
    monkeypatch.setattr(precision, "has_bf16", lambda: True)
    lines = (data_folder / "data/pubtator/NCBI-disease_validation.pubtator").read_text().splitlines()
    texts = [line.split("|a|", 1)[1] for line in lines if "|a|" in line][:24]
    found = []
    for how in ("fp32", "bf16"):
        annotator = load(ROOT / "hub_card", device="cpu", precision=how)
        places = enumerate(mentions_of(annotator, texts))
        found.append({(row, m.start, m.end, m.type): (m.id, m.score) for row, own in places for m in own})
    exact, rounded = found
    common = exact.keys() & rounded.keys()
    assert len(common) > 0.985 * max(len(exact), len(rounded)) > 200
    assert sum(abs(exact[place][1] - rounded[place][1]) for place in common) < 0.005 * len(common)
    assert sum(exact[place][0] == rounded[place][0] for place in common) > 0.995 * len(common)

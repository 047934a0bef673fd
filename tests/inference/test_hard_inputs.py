"""Texts of any size and shape: nothing is lost, and memory and time grow with the text alone."""

import gc
import json
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from conftest import TEXT
from hypothesis import given
from hypothesis import strategies as st
from support import kogner, mentions_of, tiny_model
from tiny_tagger import save_tagger

from modeling_kogner.corpora.document import Document
from modeling_kogner.corpora.mention import Passage
from modeling_kogner.inference import long_documents
from modeling_kogner.inference.annotator import Annotator
from modeling_kogner.inference.long_documents import parts_of

CHARACTERS = st.text(alphabet="ab .\nñ🧬", max_size=60)


@given(st.lists(st.tuples(CHARACTERS, st.integers(0, 3)), max_size=6))
def test_parts_are_the_document(passages):
    """A character that is in no part, or in two, is a mention lost, doubled or at another place."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long_documents, "PART", 20)
        patch.setattr(long_documents, "_LOOK_BACK", 7)
        own, end = [], 0
        for text, gap in passages:
            own.append(Passage(text, end + gap))
            end += gap + len(text)
        document = Document("1", own)
        found = list(parts_of(document))
        pieces = [(first + p.offset, p.text) for first, part in found for p in part.passages]
        assert all(len(part.text.replace(" ", "")) <= 20 for _, part in found)
        assert [c for _, text in pieces for c in text] == [c for p in own for c in p.text]
        assert all(document.text[place : place + len(text)] == text for place, text in pieces)


def test_a_long_document_is_read_in_parts(knowledge, wordpiece, monkeypatch):
    """Offsets that count from the part, or a part whose mentions are thrown away."""
    annotator = Annotator(tiny_model(knowledge, wordpiece), wordpiece, max_length=24, stride=6)
    line = " ".join(TEXT[:2])
    text = "\n".join([line] * 9)
    (alone,) = mentions_of(annotator, [line])
    monkeypatch.setattr(long_documents, "LONGEST", 500)
    monkeypatch.setattr(long_documents, "PART", len(line) + 5)
    seen = []
    (short, document, last) = annotator.annotate([line, text, line], on_part=seen.append)
    assert short.mentions == last.mentions == alone
    assert document.text == text
    assert all(text[m.start : m.end] == m.text for m in document.mentions)
    assert [m.start for m in document.mentions] == [m.start + row * (len(line) + 1) for row in range(9) for m in alone]
    assert seen == sorted(seen)
    assert (len(seen), seen[-1]) == (9, len(text))


@pytest.fixture
def quick(knowledge, wordpiece):
    """An annotator whose model takes no time: every seventh piece is a mention."""
    model = tiny_model(knowledge, wordpiece)
    labels = model.config.num_labels

    def forward(input_ids, attention_mask, **_):
        logits = torch.zeros(*input_ids.shape, labels) - 5
        logits[..., 0] = 0
        logits[..., 1][input_ids % 7 == 0] = 3
        return SimpleNamespace(logits=logits)

    model.forward = forward
    return Annotator(model, wordpiece, alternatives=0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["one line", "one word", "mixed scripts"])
def test_memory_does_not_grow_with_a_text(quick, kind, monkeypatch):
    """What is kept of a text until its end must be its mentions alone; parts are an eighth of what they are."""
    monkeypatch.setattr(long_documents, "LONGEST", long_documents.LONGEST // 8)
    monkeypatch.setattr(long_documents, "PART", long_documents.PART // 8)
    unit = {
        "one line": " ".join(TEXT[:5]) + " ",
        "one word": "acetylsalicylic",
        "mixed scripts": "аспирин阿司匹林アスピリン Aspirin🧬ασπιρίνη أسبرين ",
    }[kind]

    def most(characters):
        tracemalloc.start()
        document = quick((unit * (characters // len(unit) + 1))[:characters])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(document.text) == characters
        return peak - 600 * len(document.mentions)

    most(1_000)
    assert most(300_000) < 1.6 * most(75_000) + 8 * 225_000


def memory(field):
    """Memory of this process in bytes: VmRSS is what it has, VmHWM the most it had."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field)]
    return 1024 * int(line.split()[1])


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux tells what memory was needed at most")
def test_empty_lines_without_end(knowledge, tmp_path):
    """A step for every few lines would write to the disk for hours; documents that are kept would fill the memory."""
    model = save_tagger(knowledge, tmp_path / "model")
    source, output, lines = tmp_path / "in.txt", tmp_path / "out.jsonl", 200_000
    command = ["annotate", "--model", model, "--device", "cpu"]
    assert kogner(*command, "Aspirin").exit_code == 0  # what is loaded once is no growth
    source.write_text("\n" * (lines // 2) + "Aspirin reduced the fever.\n" + "\n" * (lines // 2 - 1))
    gc.collect()
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the most begins anew
    ended = kogner(*command, "--input", source, "--output", output, "--jobs", 1)
    assert memory("VmHWM") - before < 300 * lines
    assert f"{lines:,} documents" in ended.stderr
    with output.open() as written:
        texts = {number: text for number, line in enumerate(written) if (text := json.loads(line)["text"])}
    assert texts == {lines // 2: "Aspirin reduced the fever."}

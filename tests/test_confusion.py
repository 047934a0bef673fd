"""The plot of confused types: its counts, against a sentence worked out by hand, and the picture."""

import json
import sys

import pytest
import torch
from support import ROOT, tiny_model, write_corpus

sys.path.insert(0, str(ROOT / "benchmarks"))
import confusion
import report as report_script

GOLD = ["B-Gene", "I-Gene", "O", "B-Disease", "O", "B-DNA", "O", "O"]
FOUND = ["B-Gene", "B-Cell", "O", "O", "B-Species", "B-Gene", "O", "B-Disease"]


def test_pairs_of_a_sentence():
    """Borders must not decide, the right type wins a tie, and types that a corpus does not annotate are not wrong."""
    counts = confusion.confusions(GOLD, FOUND, ["Gene", "Disease", "DNA"])
    assert counts == {
        ("Gene", "Gene"): 1,  # as many words as with Cell
        ("Disease", "missed"): 1,
        ("DNA", "Gene"): 1,
        ("spurious", "Disease"): 1,  # Species is not annotated; Cell touches a gold mention
    }
    assert confusion.confusions(["O"], ["B-Gene"], ["Disease"]) == {}


def test_the_longest_overlap_counts():
    """A neighbour that shares a border word would hide the answer."""
    counts = confusion.confusions(["B-Gene", "I-Gene", "I-Gene"], ["B-Gene", "B-Cell", "I-Cell"], ["Gene"])
    assert counts == {("Gene", "Cell"): 1}


def test_counts_and_picture_of_a_model(knowledge, wordpiece, tmp_path):
    """Types that the model does not know, such as DNA, must be rows; every gold mention is counted once."""
    pytest.importorskip("matplotlib")
    model = tiny_model(knowledge, wordpiece)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(
            torch.tensor([0.0, 0.0, 4.0, 0.0])
        )  # every word begins a mention of the second type
    model.save_pretrained(tmp_path / "model")
    wordpiece.save_pretrained(tmp_path / "model")
    rows = [{"id": "0", "tokens": ["aspirin", "of", "leukemia"], "ner_tags": ["B-DNA", "O", "B-Disease"]}]
    corpus = write_corpus(tmp_path / "C", test=rows)
    options = ["--model", tmp_path / "model", "--dataset", corpus, "--output", tmp_path / "confusion.png"]
    confusion.main([*map(str, options)])
    report = json.loads((tmp_path / "confusion.json").read_text())
    first, second = model.config.entity_types
    assert report["counts"]["DNA"] == {first: 0, second: 1, "missed": 0}
    assert report["counts"]["Disease"] == {first: 0, second: 1, "missed": 0}
    assert (tmp_path / "confusion.png").read_bytes().startswith(b"\x89PNG")
    (section,) = report_script.pictures([], tmp_path)
    assert "test splits of C." in section
    (tmp_path / "confusion.json").unlink()
    assert report_script.pictures([], tmp_path) == []

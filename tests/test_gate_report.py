"""The report on the gate: what it measures, and that its shuffles shuffle what they say."""

import itertools
import json
import sys

import numpy as np
import torch
from support import ROOT, rows, tiny_model, write_corpus

from modeling_kogner.corpora.corpus import load_corpus
from modeling_kogner.evaluation.encoded_split import EncodedSplit

sys.path.insert(0, str(ROOT / "benchmarks"))
import gate_report


def test_shuffles_stay_inside_their_groups():
    """A shuffle among all types that calls itself one within types would make vectors look needed."""
    torch.manual_seed(0)
    groups = torch.randint(3, (200,), dtype=torch.uint8)
    order = gate_report.shuffled(groups, torch.Generator().manual_seed(0))
    assert sorted(order.tolist()) == list(range(200))
    assert torch.equal(groups[order], groups)
    assert (order != torch.arange(200)).float().mean() > 0.9


def test_a_shut_gate_is_seen(knowledge, wordpiece, tmp_path):
    """A report blind to a dead gate would let it through."""
    model = tiny_model(knowledge, wordpiece)
    corpus = load_corpus(str(write_corpus(tmp_path / "C", validation=rows())))
    split = EncodedSplit.from_split(
        "C", corpus.split("validation"), corpus.entity_types, wordpiece, model.config.label2id
    )
    before = gate_report.gate_opening(model, split.windows, wordpiece)
    torch.nn.init.zeros_(model.kogner.graph.gate.weight)
    torch.nn.init.constant_(model.kogner.graph.gate.bias, -50)
    after = gate_report.gate_opening(model, split.windows, wordpiece)
    assert min(before[name] for name in ("gate", "gate_spread", "message")) > 1e-3
    assert max(after[name] for name in ("gate", "gate_spread", "message")) < 1e-6
    assert 0 < after["share_of_tokens_covered"] == before["share_of_tokens_covered"] < 1


def test_all_conditions_are_scored(knowledge, wordpiece, tmp_path, monkeypatch):
    """A condition that changes nothing would make the evidence look unneeded; one left behind would spoil the next."""
    tiny_model(knowledge, wordpiece).save_pretrained(tmp_path / "model")
    wordpiece.save_pretrained(tmp_path / "model")
    corpus = write_corpus(tmp_path / "C", validation=rows())
    options = ["--model", tmp_path / "model", "--dataset", corpus, "--output", tmp_path / "gate.json"]
    real, codes, logits = gate_report.predict_logits, [], []

    def predict_logits(model, *given):
        codes.append(model.kogner.nodes.codes.clone())
        logits.append(real(model, *given))
        return logits[-1]

    monkeypatch.setattr(gate_report, "predict_logits", predict_logits)
    monkeypatch.setattr(sys, "argv", ["gate_report.py", *map(str, options)])
    gate_report.main()
    assert len(json.loads((tmp_path / "gate.json").read_text())["f1"]) == len(logits) == 5
    for one, other in itertools.combinations(logits, 2):  # scores of six sentences may be equal by chance
        assert not all(map(np.array_equal, one, other))
    assert [torch.equal(codes[0], of) for of in codes] == [True, False, False, True, True]

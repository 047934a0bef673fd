"""Scores of the bundled model on a slice of real corpora, which an upgrade must not ruin quietly.

Whoever replaces `hub_card/` runs `KOGNER_DATA=... python tests/test_bundled_scores.py`, which writes the one place that
changes, `tests/bundled_scores.json`, and looks at the difference: it is that of the models, not of the versions.
"""

import json
import os
import sys
from pathlib import Path

import pytest
from support import ROOT

from modeling_kogner.corpora.corpus import load_corpus
from modeling_kogner.evaluation.encoded_split import EncodedSplit, predict_logits
from modeling_kogner.evaluation.report import digest
from modeling_kogner.inference.load_model import load_model

PINNED = Path(__file__).with_name("bundled_scores.json")
RELEASE = ROOT / "benchmarks" / "results" / "release"
CORPORA = ("AnatEM", "BC2GM", "BC5CDR", "NCBI-disease")
SENTENCES = 30  # of the test split, evenly spaced
SPARE = 1  # mentions: rounding may turn one that was on the edge


def scores(data: Path) -> dict:
    """Counts of mentions by level of evidence, corpus and type; about 15 seconds on one core."""
    counts = {}
    corpora = {name: load_corpus(str(data / "data/ner" / name)) for name in CORPORA}
    for evidence in (None, "none"):
        model, tokenizer = load_model(ROOT / "hub_card", evidence)
        for name, corpus in corpora.items():
            rows = corpus.split("test")
            rows = rows.select(range(0, len(rows), len(rows) // SENTENCES)[:SENTENCES])
            split = EncodedSplit.from_split(name, rows, corpus.entity_types, tokenizer, model.config.label2id)
            logits = predict_logits(model, split.windows, tokenizer, SENTENCES)
            for kind, row in split.score(logits, model.config.id2label)["types"].items():
                counts[f"{evidence or 'as trained'}/{name}/{kind}"] = {
                    key: int(row[key]) for key in ("gold", "predicted", "correct")
                }
    return counts


@pytest.mark.corpora
def test_scores_of_the_bundled_model(data_folder):
    """A tokenizer that cuts otherwise, an attention that masks otherwise: all runs, and finds less."""
    pinned = json.loads(PINNED.read_text())
    assert pinned["weights"] == digest(ROOT / "hub_card"), (
        f"hub_card is another model; write {PINNED.name} again (see {__file__})"
    )
    found = scores(data_folder)
    assert found.keys() == pinned["scores"].keys()
    apart = {
        name: (found[name], expected)
        for name, expected in pinned["scores"].items()
        if any(abs(found[name][key] - expected[key]) > SPARE for key in expected)
    }
    assert apart == {}


def test_published_scores_are_of_the_bundled_weights():
    """Card and front page would go on showing the scores of an older model."""
    reports = [path for path in RELEASE.glob("*.json") if path.name.startswith(("metrics", "documents"))]
    assert {json.loads(path.read_text())["revision"] for path in reports} == {digest(ROOT / "hub_card")}, "make scores"


def test_the_bundled_model_has_checksums():
    """Without them a damaged download would link to wrong concepts."""
    config = json.loads((ROOT / "hub_card/config.json").read_text())
    assert {"index.surface_hash", "nodes.codes", "catalogue"} <= set(config["table_checksums"] or {})


if __name__ == "__main__":
    made = {"weights": digest(ROOT / "hub_card"), "scores": scores(Path(os.environ["KOGNER_DATA"]))}
    PINNED.write_text(json.dumps(made, indent=1) + "\n")
    sys.stdout.write(PINNED.read_text())

"""Training a finished model further: new types, what is kept of the old ones, and what the command line leaves open."""

import copy
import json
import logging
import shutil
from pathlib import Path

import pytest
import torch
from support import SENTENCES, kogner, rows, tiny_model, write_corpus
from torch import nn

from modeling_kogner.inference.load_model import load_model
from modeling_kogner.training.arguments import ModelArguments
from modeling_kogner.training.first_card import write_first_card
from modeling_kogner.training.further import KnownTypes, add_types, suit_further_training
from modeling_kogner.training.learning_curve import write_curve
from modeling_kogner.training.run import KognerTrainingArguments, read_trainer_arguments
from modeling_kogner.training.start import start_model

CELLS = [(text, {0: "B-Cell"}) for text, _ in SENTENCES] * 3


@pytest.fixture
def model(knowledge, wordpiece):
    return tiny_model(knowledge, wordpiece)


def inputs_of(tokenizer, texts, annotated):
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    return {**batch, "type_mask": torch.tensor([annotated] * len(texts))}


def test_new_types_leave_the_old_ones_as_they_were(model, wordpiece):
    """Rows in another order would exchange the types of everything that was learned."""
    before, batch = copy.deepcopy(model), wordpiece(["aspirin and leukemia"], return_tensors="pt")
    assert add_types(model, ["Disease", "Cell"]) == ["Cell"]
    assert model.config.entity_types == [*before.config.entity_types, "Cell"]
    with torch.no_grad():
        old, new = before(**batch).logits, model(**batch).logits
    assert new.shape[-1] == old.shape[-1] + 2
    torch.testing.assert_close(new[..., : old.shape[-1]], old)


def test_the_loss_of_what_was_known(model, wordpiece):
    """Least where nothing has changed, higher where it has; types that the sentences annotate do not count."""
    known = KnownTypes(model, 1.0)
    add_types(model, ["Cell"])
    batch = inputs_of(wordpiece, ["aspirin and leukemia", "fever"], [False, False, True])
    with torch.no_grad():
        logits = nn.functional.pad(model.classify(model.kogner(batch["input_ids"], batch["attention_mask"])), (1, 0))
    least = known.loss(logits, batch)
    changed = logits.clone()
    changed[..., 1] += 1
    assert known.loss(changed, batch) > least + 1e-3
    other = logits.clone()
    other[..., 5:] += 3
    assert known.loss(other, batch) == least
    again = inputs_of(wordpiece, ["fever", "aspirin and leukemia"], [False, False, True])  # as kept, in other rows
    torch.testing.assert_close(known.loss(logits.flip(0), again), least)
    everything = inputs_of(wordpiece, ["aspirin and leukemia", "fever"], [True, True, True])
    assert known.loss(changed, everything) == 0


@pytest.mark.parametrize(
    ("words", "windows", "expected"),
    [
        ([], 40, (8, 20, 0.1)),
        ([], 1000, (32, 13, 0.1)),
        ([], 50_000, (32, 3, 0.1)),
        (["--num-train-epochs", "2", "--per-device-train-batch-size=4", "--eval-strategy", "epoch"], 40, (4, 2, None)),
    ],
)
def test_what_the_command_line_leaves_open(words, windows, expected, tmp_path):
    """What is given must not be changed; fifty sentences in batches of 32 would be thirty steps."""
    args, *_ = read_trainer_arguments(KognerTrainingArguments, [*words, "--output-dir", str(tmp_path), "--use-cpu"])
    suit_further_training(args, windows)
    assert (args.per_device_train_batch_size, args.num_train_epochs, args.eval_steps) == expected


def test_the_bundled_model_is_trained_further(model, wordpiece, tmp_path, monkeypatch, caplog, recwarn):
    """From a file of one split to a model that knows the new type too, with scores, time left, curve and report.

    And without a warning: nobody could act on those of data loaders.
    """
    model.config.decision_shifts = {"none": {"Disease": 0.5}}
    model.save_pretrained(tmp_path / "bundled")
    wordpiece.save_pretrained(tmp_path / "bundled")
    monkeypatch.setattr("modeling_kogner.training.run.find_model", lambda _: tmp_path / "bundled")
    corpus = write_corpus(tmp_path / "corpus", train=rows(CELLS, ["Cell"]))
    shutil.move(corpus / "train.jsonl", tmp_path / "my.jsonl")
    output = tmp_path / "my-model"
    with caplog.at_level(logging.INFO):
        result = kogner("train", "--dataset", tmp_path / "my.jsonl", "--output", output, "--use-cpu")
    assert result.exit_code == 0, result.output
    assert [str(each.message) for each in recwarn] == []
    assert result.stdout == ""
    tuned, _ = load_model(output)
    assert tuned.config.entity_types == [*model.config.entity_types, "Cell"]
    assert tuned.config.decision_shifts == {"none": {"Disease": 0.5}}
    lines = [record.getMessage() for record in caplog.records]
    assert any("4 of 18 training sentences are held out" in line for line in lines)
    assert any(line.startswith("step ") and " left: validation F1" in line and "(Cell " in line for line in lines)
    card = (output / "README.md").read_text()
    assert "kogner-biomed, trained further on my (18 sentences). Entity types: Chemical, Disease, Cell." in card
    assert "| Cell |" in card
    how = "on whole paths" if tuned.config.constrained_decoding else "token by token"
    assert f"decoded {how} with the types of the corpus alone" in card
    assert ("![" in card) == (output / "learning_curve.png").exists()
    (output / "README.md").write_text("my own words")
    assert not write_first_card(output, "x", tuned.config, {}, None)
    log = json.loads((output / "training.json").read_text())["log"]
    assert len([row for row in log if "eval_Cell_f1" in row]) >= 5


def test_shifts_of_trained_types_are_dropped(model, wordpiece, tmp_path):
    """They were chosen for the weights before."""
    model.config.decision_shifts = {"none": {"Disease": 0.5, "Chemical": 1.0}}
    model.save_pretrained(tmp_path)
    wordpiece.save_pretrained(tmp_path)
    started = start_model(ModelArguments(checkpoint=str(tmp_path)), ["Disease"], wordpiece, [])
    assert started.config.decision_shifts == {"none": {"Chemical": 1.0}}
    started = start_model(ModelArguments(checkpoint=str(tmp_path)), ["Disease", "Chemical"], wordpiece, [])
    assert started.config.decision_shifts is None


def test_a_curve_needs_two_scores(tmp_path):
    """One point is no curve; and no run may fail because it cannot be drawn."""
    pytest.importorskip("matplotlib")
    row = {"eval_f1": 0.5, "eval_Cell_f1": 0.5, "step": 1}
    assert not write_curve([row, {"loss": 1.0}], tmp_path)
    assert write_curve([row, row | {"step": 2, "eval_f1": 0.75}], tmp_path)
    assert {path.name for path in Path(tmp_path).iterdir()} == {"learning_curve.png", "learning_curve.svg"}

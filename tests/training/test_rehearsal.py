"""Sentences that a model rehearses while it is trained further."""

import numpy as np
import pytest
import torch
from support import SENTENCES, tiny_model
from transformers import TrainingArguments

from modeling_kogner.training import rehearsal
from modeling_kogner.training.further import KnownTypes, add_types
from modeling_kogner.training.rehearsal import SENTENCES_A_WINDOW, WINDOWS, Rehearsal
from modeling_kogner.training.trainer import KognerTrainer


@pytest.fixture
def model(knowledge, wordpiece):
    return tiny_model(knowledge, wordpiece)


def rehearsal_of(model, wordpiece, weight=1.0):
    return Rehearsal(model, wordpiece, KnownTypes(model, 1.0), weight, seed=0)


def test_slots_have_names_of_their_type(model, wordpiece, monkeypatch):
    """A disease where a gene stands would teach what no text has; a sentence that cannot be filled is left out."""
    monkeypatch.setattr(rehearsal, "_SENTENCES", ["of {Disease} and {Variant}", "of {Planet}", "of {Name}"])
    drawn = rehearsal_of(model, wordpiece)
    assert drawn._sentences == ["of {Disease} and {Variant}", "of {Name}"]
    names, kinds = list(model.kogner.concepts.names), model.kogner.index.concept_type.tolist()
    disease = model.config.semantic_types.index("Disease")
    known = {name.casefold() for name, kind in zip(names, kinds, strict=True) if kind == disease}
    found = [drawn._filled("of {Disease} and {Variant}").split(" and ") for _ in range(30)]
    assert {name.removeprefix("of ").casefold() for name, _ in found} == known
    assert len({form for _, form in found}) > 20
    assert drawn._filled("{Name}") in names


def test_common_names_are_written_as_in_texts(model, wordpiece, monkeypatch):
    """Vocabularies turn names round and begin them with capitals, which no sentence does."""
    drawn = rehearsal_of(model, wordpiece)
    for name, written in {
        "Carcinoma, Hepatocellular": "Hepatocellular Carcinoma",
        "Fever": "fever",
        "ATP": "ATP",
    }.items():
        monkeypatch.setattr(drawn, "_names", [name] * len(model.kogner.concepts.names))
        assert drawn._filled("{Disease}") == written
        assert drawn._filled("{Name}") == name


def test_concepts_that_training_documents_name_come_first(model, monkeypatch):
    """Most names of a graph are in no text, and a model says little of them."""
    monkeypatch.setattr(rehearsal, "_LEAST_NAMES", 1)
    body = model.kogner
    disease = model.config.semantic_types.index("Disease")
    of_type = np.flatnonzero(body.index.concept_type.numpy() == disease)
    assert rehearsal._pools(model)["Disease"].tolist() == of_type.tolist()
    body.linking = torch.nn.Module()
    body.linking.name_concept, body.linking.name_count = torch.tensor([of_type[1], of_type[0]]), torch.tensor([2, 0])
    assert rehearsal._pools(model)["Disease"].tolist() == [of_type[1]]
    monkeypatch.setattr(rehearsal, "_LEAST_NAMES", 2)
    assert rehearsal._pools(model)["Disease"].tolist() == of_type.tolist()


def test_a_model_that_said_the_same_has_the_least_loss(model, wordpiece):
    """Rows of new types do not count: nobody says what is of them in these sentences."""
    drawn = rehearsal_of(model, wordpiece, weight=0.5)
    add_types(model, ["Cell"])
    batch = drawn.draw()
    assert batch["input_ids"].shape[0] == WINDOWS
    assert batch["attention_mask"].sum() > WINDOWS * SENTENCES_A_WINDOW * 5
    model.config.constrained_decoding = False
    with torch.no_grad():
        least = drawn.loss(model, batch)
        model.classifier.bias[-2:] += 3
        torch.testing.assert_close(drawn.loss(model, batch), least)
        model.classifier.bias[0] += 1
        more = drawn.loss(model, batch)
    assert more > least + 1e-3
    drawn._weight = 1.0
    with torch.no_grad():
        torch.testing.assert_close(drawn.loss(model, batch), 2 * more)


def test_without_names_nothing_is_rehearsed(model, wordpiece, monkeypatch):
    """A model trained without a graph has none, and is trained further all the same."""
    assert rehearsal_of(model, wordpiece)
    monkeypatch.setattr(model.config, "semantic_types", [])
    assert not rehearsal_of(model, wordpiece)


def test_each_step_rehearses_once(model, wordpiece, tmp_path):
    """A pass whose gradient is lost would cost its time for nothing."""
    drawn = rehearsal_of(model, wordpiece)
    batches = [wordpiece(" ".join(words)) for words, _ in SENTENCES]
    every_type = {"type_mask": [True] * len(model.config.entity_types)}  # of what is known, nothing counts there
    rows = [{**batch, **every_type, "labels": [-100] * len(batch["input_ids"])} for batch in batches]
    with torch.no_grad():
        model.classifier.bias += 1  # away from what it said

    def moved(unlabelled):
        options = {"max_steps": 2, "per_device_train_batch_size": 1, "report_to": [], "disable_tqdm": True}
        args = TrainingArguments(tmp_path / "run", use_cpu=True, save_strategy="no", **options)
        args.head_learning_rate = 0.01
        before = model.classifier.bias.detach().clone()
        given = {"processing_class": wordpiece, "known": drawn._known, "unlabelled": unlabelled}
        KognerTrainer(model, args, train_dataset=rows, **given).train()
        return model.classifier.bias.detach() - before

    assert (moved(None) == 0).all()
    assert (moved(drawn) < 0).all()

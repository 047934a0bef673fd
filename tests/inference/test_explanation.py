"""What the explanation of a mention says is what the model did."""

import copy
import dataclasses
import json

import pytest
import torch
from conftest import CONCEPTS, TEXT, train_tokenizer
from support import kogner, mentions_of, tiny_model

from modeling_kogner.inference.annotator import Annotator
from modeling_kogner.inference.explanation import explain, without_knowledge

SENTENCE = "Selegiline and aspirin; breast cancers, heart failure and BRCA1"


@pytest.fixture(scope="module")
def model(knowledge, wordpiece):
    return tiny_model(knowledge, wordpiece)


def tagging_all(model, label):
    """A copy that gives every token one label: each word is a mention with B-, the whole text with I-."""
    model = copy.deepcopy(model)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.zero_()
        model.classifier.bias[model.config.label2id[label] - 1] = 5.0
    return model


def of(explanation, word, surface):
    """The mention of a word, and a surface found in it."""
    (found,) = [e for e in explanation.mentions if e.mention.text == word]
    return found, next(s for s in found.surfaces if s.text == surface)


@pytest.mark.parametrize("evidence", ["none", "types", "concepts", "graph"])
def test_mentions_are_the_annotators_with_knowledge_and_without(model, wordpiece, monkeypatch, evidence):
    """An explanation of another prediction than the one that users see."""
    monkeypatch.setattr(model.config, "evidence", evidence)
    explanation = explain(Annotator(model, wordpiece), SENTENCE)
    assert [[e.mention for e in explanation.mentions]] == mentions_of(Annotator(model, wordpiece), [SENTENCE])
    assert model.config.evidence == evidence
    monkeypatch.setattr(model.config, "evidence", "none")
    (plain,) = mentions_of(Annotator(model, wordpiece), [SENTENCE])
    beside = [m for e in explanation.mentions for m in e.without_knowledge] + explanation.only_without_knowledge
    assert all(mention in beside for mention in plain)
    assert all(mention in plain for mention in beside)
    if evidence == "none":
        assert all(not e.surfaces and e.gate is None for e in explanation.mentions)


def test_the_twin_reads_no_evidence_and_shares_the_weights(model, wordpiece):
    """A switch in the model itself would reach other threads, a deep copy would double the memory."""
    twin = without_knowledge(model)
    batch = wordpiece(TEXT[:2], padding=True, return_tensors="pt")
    with torch.no_grad():
        assert not torch.allclose(twin(**batch).logits, model(**batch).logits)
    assert model.config.evidence == model.kogner.config.evidence == "graph"
    assert twin.kogner is not model.kogner
    own = dict(model.named_parameters())
    assert all(parameter is own[name] for name, parameter in twin.named_parameters())


def test_surfaces_and_concepts_of_a_mention(model, wordpiece):
    """A form inside a longer one must not pass for the one that was read."""
    explanation = explain(Annotator(tagging_all(model, "B-Disease"), wordpiece), SENTENCE)
    for e in explanation.mentions:
        assert all(SENTENCE[s.start : s.end] == s.text for s in e.surfaces)
        assert all(s.start < e.mention.end and e.mention.start < s.end for s in e.surfaces)
    long, read = of(explanation, "heart", "heart failure")
    assert read.is_read
    assert [c.id for c in read.candidates] == ["HP:1"]
    inner = next(surface for surface in long.surfaces if surface.text == "heart")
    assert not inner.is_read
    assert [(c.id, c.weight) for c in inner.candidates] == [("UBERON:1", None)]
    _, symbol = of(explanation, "BRCA1", "BRCA1")
    assert {c.id for c in symbol.candidates} == {"MONDO:3", "HGNC:1100"}
    assert {c.type for c in symbol.candidates} == {"Disease", "Gene"}
    assert sum(c.weight for c in symbol.candidates) + symbol.nil_weight == pytest.approx(1)
    assert 0 < symbol.nil_weight < 1
    names = {concept[0]: concept[1] for concept in CONCEPTS}
    assert all(names[c.id] == c.name for c in symbol.candidates)


def test_reasons_of_a_model_that_links_by_spelling(model, wordpiece):
    """It has no features to read reasons from, which is not to say that the document names the concept."""
    explanation = explain(Annotator(tagging_all(model, "B-Disease"), wordpiece), SENTENCE.replace("cancers", "cancer"))
    reasons = {each.mention.text: each.considered[0].reasons for each in explanation.mentions if each.considered}
    assert reasons["heart"]
    assert not any("the document itself says so" in each for each in reasons.values())


def test_the_gate_is_that_of_the_mentions_covered_tokens(model, wordpiece):
    """A mean over special tokens, or a token too far, would look as plausible."""
    explanation = explain(Annotator(tagging_all(model, "B-Disease"), wordpiece), SENTENCE)
    found, _ = of(explanation, "cancers", "breast cancers")
    encoded = wordpiece(SENTENCE, return_offsets_mapping=True, return_tensors="pt")
    with torch.no_grad():
        output = model.kogner(encoded["input_ids"], encoded["attention_mask"])
    gates = [
        output.gate[0, i].mean()
        for i, (start, end) in enumerate(encoded["offset_mapping"][0].tolist())
        if start < found.mention.end and found.mention.start < end and output.links.covered[0, i]
    ]
    assert found.gate == pytest.approx(float(sum(gates) / len(gates)))


def test_far_into_a_long_text_and_with_other_tokenizers(knowledge, tokenizer):
    """Token numbers of the text are not those of its windows; byte-level pieces begin with a space."""
    model = tagging_all(tiny_model(knowledge, tokenizer), "B-Chemical")
    text = "fever of patients was seen and fell, " * 60 + "aspirin"
    explanation = explain(Annotator(model, tokenizer), text)
    found, surface = of(explanation, "aspirin", "aspirin")
    assert (surface.start, surface.is_read) == (text.index("aspirin"), True)
    assert surface.candidates[0].id == "MESH:D001241"
    assert 0 < found.gate < 1
    assert explain(Annotator(model, tokenizer), "").mentions == []
    assert explain(Annotator(model, tokenizer), "aspirin \ud800").mentions[0].surfaces


def test_command_prints_table_and_json(knowledge, tmp_path):
    """A name in [brackets] is markup to rich; numpy or torch numbers are not JSON."""
    tokenizer = train_tokenizer("wordpiece")
    model = tagging_all(tiny_model(knowledge, tokenizer), "I-Chemical")
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    arguments = ["explain", "--model", str(tmp_path), "[Aspirin] in leukemia"]
    result = kogner(*arguments)
    assert result.exit_code == 0, result.output
    assert all(part in result.stdout for part in ("[Aspirin]", "MESH:D001241", "without knowledge", "∅"))
    answer = json.loads(kogner(*arguments, "--json").stdout)
    expected = dataclasses.asdict(explain(Annotator(model, tokenizer), arguments[-1]))
    assert [e["mention"]["text"] for e in answer["mentions"]] == [e["mention"]["text"] for e in expected["mentions"]]
    failed = kogner("explain", "--model", str(tmp_path / "absent"), "x")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert "no such folder" in failed.stderr

"""The tagger: what the knowledge path may change, and what it must not."""

import copy
import itertools
import json

import pytest
import torch
from conftest import TEXT
from safetensors.torch import load_file, save_file
from support import NO_DROPOUT, TYPES, tiny_bert, tiny_model
from torch.testing import assert_close

from modeling_kogner import KognerConfig
from modeling_kogner.configuration_kogner import EVIDENCE_LEVELS
from modeling_kogner.losses import bio_loss, distillation_loss

KNOWN = TEXT[:3]
UNKNOWN = ["Patients of the low level fell in name only.", "It was measured at 1 h."]


@pytest.fixture(scope="module")
def model(knowledge, wordpiece):
    return tiny_model(knowledge, wordpiece)


@pytest.fixture(scope="module")
def batch(wordpiece):
    return wordpiece(KNOWN + UNKNOWN, padding=True, return_tensors="pt")


def still_model(knowledge, tokenizer, **fields):
    """A model whose training mode draws nothing at random but what a test asks for."""
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    model = tiny_model(knowledge, tokenizer, tiny_bert(len(tokenizer), **still), **{**NO_DROPOUT, **fields})
    for layer in model.kogner.fusion:
        layer.dropout.p = 0.0
    return model.train()


def at_level(model, evidence: str):
    """The same weights under another evidence level."""
    other = copy.deepcopy(model)
    other.config.evidence = evidence
    return other


def logits(model, batch):
    with torch.no_grad():
        return model(**batch).logits


@pytest.mark.parametrize("evidence", ["types", "concepts", "graph"])
def test_sentence_without_a_match_passes_unchanged(model, batch, evidence):
    """Knowledge that leaks into sentences it says nothing on would change a tagger where no one looks for it."""
    plain, enriched = logits(at_level(model, "none"), batch), logits(at_level(model, evidence), batch)
    assert torch.equal(plain[len(KNOWN) :], enriched[len(KNOWN) :])
    for row in range(len(KNOWN)):
        assert not torch.allclose(plain[row], enriched[row], atol=1e-3)


def test_each_evidence_level_reads_more(model, batch):
    """A level that is wired to nothing scores like the one below it; the comparison would be of equals."""
    by_level = [logits(at_level(model, level), batch)[: len(KNOWN)] for level in EVIDENCE_LEVELS]
    for lower, higher in itertools.pairwise(by_level):
        assert not torch.allclose(lower, higher, atol=1e-4)


def test_vectors_shuffled_among_concepts_change_the_logits(model, batch):
    """The node table would be ballast that any report could praise."""
    other = copy.deepcopy(model)
    other.kogner.nodes.codes.copy_(model.kogner.nodes.codes.roll(1, 0))
    assert not torch.allclose(logits(model, batch), logits(other, batch), atol=1e-4)


def test_knowledge_is_switched_off_at_load(model, batch, tmp_path):
    """An ignored switch would report the gain of knowledge as zero."""
    model.save_pretrained(tmp_path)
    off = type(model).from_pretrained(tmp_path, evidence="none")
    assert torch.equal(logits(off, batch), logits(at_level(model, "none"), batch))
    assert off.kogner(**batch).links is None


def test_every_evidence_level_has_the_same_parameters(knowledge, wordpiece):
    """A comparison of unequal models would show the parameters, not the knowledge."""
    shapes = [
        {name: tuple(p.shape) for name, p in tiny_model(knowledge, wordpiece, evidence=level).named_parameters()}
        for level in EVIDENCE_LEVELS
    ]
    assert all(shape == shapes[0] for shape in shapes)


def test_checkpoints_without_direct_evidence_load(model, batch, tmp_path):
    """Version 0.1 had no odds from evidence alone: anything but 0 there would change what its checkpoints say."""
    model.save_pretrained(tmp_path)
    state = load_file(tmp_path / "model.safetensors")
    assert state.pop("evidence_odds.weight").any()
    save_file(state, tmp_path / "model.safetensors", {"format": "pt"})
    old, found = type(model).from_pretrained(tmp_path, output_loading_info=True)
    assert not found["missing_keys"]
    assert not old.evidence_odds.weight.any()
    alike = torch.isclose(logits(old, batch), logits(model, batch)).all(-1).all(-1)
    assert alike.tolist() == [False] * len(KNOWN) + [True] * len(UNKNOWN)


def test_impossible_evidence_levels_are_refused(model, tmp_path):
    """A typing error would run another level under the wrong name, at load as in a new configuration."""
    model.save_pretrained(tmp_path)
    message = "evidence is 'grahp'; choose one of none, types, concepts, graph"
    with pytest.raises(ValueError, match=message):
        KognerConfig(evidence="grahp")
    with pytest.raises(ValueError, match=message):
        type(model).from_pretrained(tmp_path, evidence="grahp")
    with pytest.raises(ValueError, match="evidence is 'concepts', but there are no distilled vectors"):
        KognerConfig(evidence="concepts", num_surfaces=5, num_codebooks=0)


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_does_not_change_logits(model, wordpiece, side):
    """Predictions would depend on the longest sentence of a batch (tolerance 1e-5 in the logits).

    Left padding is for encoders with relative positions; BERT's absolute ones need the true positions there.
    """
    ids = wordpiece(KNOWN[0], return_tensors="pt")["input_ids"]
    pad = torch.full((1, 9), wordpiece.pad_token_id)
    order = (pad, ids) if side == "left" else (ids, pad)
    mask = torch.cat([torch.full_like(x, x is ids) for x in order], 1)
    padded = torch.cat(order, 1)
    text = model
    if side == "left":
        text = copy.deepcopy(model)
        text.kogner.encoder.embeddings.position_embeddings.weight.data.zero_()
    found = logits(text, {"input_ids": padded, "attention_mask": mask})[mask.bool()]
    assert_close(found, logits(text, {"input_ids": ids})[0], atol=1e-5, rtol=0)


def test_order_in_a_batch_does_not_matter(model, batch):
    """Evidence of one sentence would leak into another (tolerance 1e-5)."""
    order = torch.tensor([3, 0, 4, 2, 1])
    shuffled = {name: tensor[order] for name, tensor in batch.items()}
    assert_close(logits(model, shuffled), logits(model, batch)[order], atol=1e-5, rtol=0)


def test_outside_has_logit_zero(model, batch):
    """The stock pipeline's softmax is the model's own probability only then."""
    found = logits(model, batch)
    assert found.shape[-1] == 1 + 2 * len(TYPES)
    assert (found[..., 0] == 0).all()


def test_tuple_and_hidden_states(model, batch):
    """`return_dict=False` and the encoder's outputs are what feature extraction asks for."""
    output = model(**batch, output_hidden_states=True)
    assert len(output.hidden_states) == 3
    assert torch.equal(model(**batch, return_dict=False)[0], output.logits)


def test_evidence_is_dropped_in_training_only(knowledge, wordpiece, batch):
    """Dropped at inference, knowledge would be lost; never dropped, it would be trusted too much."""
    model = still_model(knowledge, wordpiece, sentence_dropout=1.0)
    plain = logits(at_level(model, "none"), batch)
    assert torch.equal(logits(model, batch), plain)
    model.eval()
    assert not torch.allclose(logits(model, batch), plain, atol=1e-3)
    assert torch.equal(logits(model, batch), logits(model, batch))


def test_concept_dropout_leaves_type_evidence(knowledge, wordpiece, batch):
    """Hiding the vector must not hide the type; at inference the vector is there."""
    model = still_model(knowledge, wordpiece, concept_dropout=1.0, evidence="concepts")
    assert_close(logits(model, batch), logits(at_level(model, "types"), batch))
    assert not torch.allclose(logits(model.eval(), batch), logits(at_level(model, "types"), batch), atol=1e-4)


def test_hidden_letters_leave_their_evidence(knowledge, wordpiece, batch):
    """Were the evidence hidden with the letters, the model would learn to do without both."""
    model = still_model(knowledge, wordpiece, mention_masking=1.0, mask_token_id=wordpiece.mask_token_id)
    ids, covered = batch["input_ids"], model.kogner.link(**batch).covered
    letters = list(set(ids[covered].tolist()) - set(ids[~covered].tolist()))
    before, read = logits(model, batch), logits(model.eval(), batch)
    with torch.no_grad():
        model.get_input_embeddings().weight[letters] += torch.randn(model.config.hidden_size)
    assert torch.equal(logits(model.train(), batch), before)
    assert not torch.allclose(logits(model.eval(), batch), read, atol=1e-3)
    assert not torch.allclose(before, logits(at_level(model.train(), "none"), batch), atol=1e-3)


def test_dropout_shares_are_those_asked_for(knowledge, wordpiece):
    """A share read as its complement would train on almost no evidence."""
    model = still_model(knowledge, wordpiece, sentence_dropout=0.25)
    torch.manual_seed(0)
    sentences = wordpiece([KNOWN[0]] * 2000, return_tensors="pt")["input_ids"]
    kept = model.kogner.link(sentences).is_mention.any(1).float().mean().item()
    assert kept == pytest.approx(0.75, abs=0.02)


def test_fields_that_are_gone_are_read_and_not_written(model, batch, tmp_path, caplog, recwarn):
    """A checkpoint of an earlier version must neither warn its users nor carry the fields on into what they save."""
    model.save_pretrained(tmp_path)
    file = tmp_path / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"mention_dropout": 0.3, "type_dropout": 0.1}))
    old = type(model).from_pretrained(tmp_path)
    assert not caplog.records
    assert not recwarn.list
    assert torch.equal(logits(old, batch), logits(model, batch))
    old.save_pretrained(tmp_path / "again")
    assert not {"mention_dropout", "type_dropout"} & json.loads((tmp_path / "again/config.json").read_text()).keys()


def slow_span_means(output):
    """Mean encoder state of each mention, at its first token, one mention at a time."""
    links, hidden = output.links, output.encoder_hidden_state
    spans = torch.zeros_like(hidden)
    for row, first in links.is_mention.nonzero().tolist():
        inside = links.covered[row] & (links.start[row] == first)
        spans[row, first] = hidden[row, inside].mean(0)
    return spans


@pytest.mark.parametrize("evidence", ["concepts", "graph"])
def test_joint_loss_is_the_sum_of_both(knowledge, wordpiece, batch, evidence):
    """A lost factor or a mention's wrong tokens would leave a loss that still falls."""
    model = still_model(knowledge, wordpiece, distillation_weight=0.3, evidence=evidence)
    torch.nn.init.normal_(model.span_projection.bias)  # without it the cosine does not see a sum instead of a mean
    labels = torch.randint(0, 5, batch["input_ids"].shape, generator=torch.Generator().manual_seed(0))
    output, inner = model(**batch, labels=labels), model.kogner(**batch)
    known = inner.links.is_mention
    assert (known.sum(1) > 0).tolist() == [True] * len(KNOWN) + [False] * len(UNKNOWN)
    distilled = distillation_loss(model.span_projection(slow_span_means(inner)), inner.mention_vectors, known)
    assert_close(output.loss, bio_loss(output.logits, labels) + 0.3 * distilled)
    for level in ("none", "types"):
        plain = at_level(model, level)(**batch, labels=labels)
        assert_close(plain.loss, bio_loss(plain.logits, labels))


def test_every_layer_of_the_knowledge_path_learns(knowledge, wordpiece, batch):
    """A detached tensor would leave a layer at its random start, without any error."""
    model = still_model(knowledge, wordpiece, related_cosine=-1.0)
    model(**batch, labels=torch.ones_like(batch["input_ids"])).loss.backward()
    idle = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None or not parameter.grad.abs().sum() > 0
    ]
    # A softmax does not change when all its scores move alike: the key's bias has no gradient, by construction.
    assert [name for name in idle if not name.endswith((".key.bias", ".lin_key.bias"))] == []


def test_tables_do_not_learn(knowledge, wordpiece):
    """The node table would memorise the concepts of the training corpus."""
    names = dict(tiny_model(knowledge, wordpiece).named_parameters())
    assert not [name for name in names if ".nodes." in name or ".index." in name or "catalogue" in name]


def test_types_that_a_corpus_does_not_annotate_get_no_gradient(knowledge, wordpiece, batch):
    """A chemical corpus would teach that there are no diseases."""
    model = still_model(knowledge, wordpiece)
    labels = torch.randint(0, 3, batch["input_ids"].shape)
    only_chemical = torch.tensor([[True, False]] * len(labels))
    model(**batch, labels=labels, type_mask=only_chemical).loss.backward()
    assert (model.classifier.weight.grad[:2].abs().sum(1) > 0).all()
    assert (model.classifier.weight.grad[2:] == 0).all()
    assert (model.classifier.bias.grad[2:] == 0).all()


@pytest.mark.filterwarnings("ignore:`gradient_checkpointing_enable`:FutureWarning")  # its new name came after 5.17
def test_gradient_checkpointing_gives_the_same_gradients(knowledge, wordpiece, batch):
    """The switch that saves memory must not change what is learned; an encoder that ignores it saves nothing."""
    plain = still_model(knowledge, wordpiece)
    saving = copy.deepcopy(plain)
    saving.gradient_checkpointing_enable()
    assert all(layer.gradient_checkpointing for layer in saving.kogner.encoder.encoder.layer)
    for model in (plain, saving):
        model(**batch, labels=torch.ones_like(batch["input_ids"])).loss.backward()
    gradients = dict(plain.named_parameters())
    for name, parameter in saving.named_parameters():
        assert_close(parameter.grad, gradients[name].grad, msg=lambda m, name=name: f"{name}: {m}")


@pytest.mark.parametrize("autocast", [False, True])
def test_bf16_runs_forward_and_backward(knowledge, wordpiece, batch, autocast):
    """Half precision mixes dtypes at every border of the knowledge path; masks must not overflow."""
    model = still_model(knowledge, wordpiece, related_cosine=-1.0)
    exact = logits(model, batch)
    if not autocast:
        model.to(torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        output = model(**batch, labels=torch.ones_like(batch["input_ids"]))
    output.loss.backward()
    assert output.logits.isfinite().all()
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)
    assert (output.logits.float() - exact).abs().mean() < 0.1 * exact.abs().mean()


def test_half_precision_files_load_as_float32(model, batch, tmp_path):
    """The release is stored in fp16; computing in it on a CPU would be slow and lossy, and integers must survive."""
    copy.deepcopy(model).half().save_pretrained(tmp_path)
    config = (tmp_path / "config.json").read_text()
    (tmp_path / "config.json").write_text(config.replace('"float16"', '"float32"'))
    loaded = type(model).from_pretrained(tmp_path)
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    assert_close(logits(loaded, batch), logits(model, batch), atol=0.02, rtol=0)
    for name, buffer in model.named_buffers():
        if not buffer.is_floating_point():
            assert torch.equal(loaded.get_buffer(name), buffer), name


def test_catalogue_names_the_linked_concepts(model, wordpiece):
    """A shifted catalogue would annotate every mention with its neighbour's id."""
    links = model.kogner.link(wordpiece("Aspirin", return_tensors="pt")["input_ids"])
    concept = links.candidates[0, 1, 0].item()
    assert (model.kogner.concepts.ids[concept], model.kogner.concepts.names[concept]) == ("MESH:D001241", "Aspirin")

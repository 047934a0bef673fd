"""The exported graph says what the model says, linker included."""

import shutil

import onnx
import pytest
import torch
from conftest import KINDS, train_tokenizer
from support import ROOT, tiny_model
from typer.testing import CliRunner

from modeling_kogner.commands.main import app
from modeling_kogner.inference.annotator import Annotator
from modeling_kogner.inference.load_model import load_model
from modeling_kogner.inference.onnx_export import _OnnxOperators
from modeling_kogner.inference.onnx_tagger import OnnxTagger
from modeling_kogner.training.corpora import load_corpus

TEXTS = [
    "Aspirin reduced the fever of patients with acute lymphoblastic leukemia, breast cancers and diabetes mellitus.",
    "The BRCA1 gene, IL-2 and il 2; at 1 h Parkinson's disease was seen in HeLa cells.",
    "no",
]


def export(source, output, *options):
    """Run the command; the model, its tokenizer and its export."""
    result = CliRunner().invoke(app, ["export", str(source), "--output", str(output), *options])
    assert result.exit_code == 0, result.output
    model, tokenizer = load_model(source)
    return model, tokenizer, OnnxTagger(output, model.kogner, threads=1)


def mentions(tagger, tokenizer, texts):
    found = Annotator(tagger, tokenizer).annotate(texts)
    return [[(mention.start, mention.end, mention.type, mention.concept_id) for mention in row] for row in found]


def save(knowledge, kind, folder):
    tokenizer = train_tokenizer(kind)
    tiny_model(knowledge, tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@torch.inference_mode()
def test_other_operators_same_links(knowledge, tokenizer):
    """A search that is one row off or a product that stops early would lose links in the export alone."""
    model = tiny_model(knowledge, tokenizer)
    batch = tokenizer(TEXTS, padding=True, return_tensors="pt")
    inputs = (batch["input_ids"], batch["attention_mask"])
    expected = model.kogner.link(*inputs)
    assert expected.is_mention.sum() >= 8
    with _OnnxOperators():
        links = model.kogner.link(*inputs)
        logits = model(*inputs).logits
    for ours, theirs in zip(links, expected, strict=True):
        assert torch.equal(ours, theirs)
    torch.testing.assert_close(logits, model(*inputs).logits)
    table, queries = torch.tensor([-3, -3, 0, 5, 5, 9]), torch.tensor([[-9, -3, -1], [5, 9, 10]])
    with _OnnxOperators():
        assert torch.searchsorted(table, queries).tolist() == [[0, 0, 2], [3, 5, 6]]


@pytest.mark.slow
@torch.inference_mode()
@pytest.mark.parametrize("kind", KINDS)
def test_logits_are_those_of_the_model(knowledge, kind, tmp_path):
    """A hash that does not wrap or a size taken for constant would show in onnxruntime alone."""
    folder = save(knowledge, kind, tmp_path / "model")
    model, tokenizer, exported = export(folder, tmp_path / "onnx")
    plain, _ = load_model(folder, "none")
    for texts in (TEXTS, TEXTS[:1], TEXTS[2:], TEXTS[:2] * 5):
        batch = tokenizer(texts, padding=True, return_tensors="pt")
        inputs = (batch["input_ids"], batch["attention_mask"])
        expected = model(*inputs).logits
        torch.testing.assert_close(exported(*inputs).logits, expected, rtol=0, atol=1e-4)
        assert texts == TEXTS[2:] or (plain(*inputs).logits - expected).abs().max() > 0.1
    assert mentions(exported, tokenizer, TEXTS) == mentions(model, tokenizer, TEXTS)
    graph = (tmp_path / "onnx/model.onnx").read_bytes()
    assert str(ROOT).encode() not in graph, "the graph names files of the machine that exported it"


@pytest.mark.slow
@torch.inference_mode()
def test_int8_keeps_the_tables(knowledge, tmp_path):
    """Quantised codebooks or hashes would link at random; without any 8-bit layer the option would do nothing."""
    folder = save(knowledge, "wordpiece", tmp_path / "model")
    model, tokenizer, exported = export(folder, tmp_path / "onnx", "--int8")
    graph = onnx.load(tmp_path / "onnx/model.onnx").graph
    operators = [node.op_type for node in graph.node]
    assert operators.count("MatMulInteger") >= 8
    assert "DequantizeLinear" not in operators
    batch = tokenizer(TEXTS, padding=True, return_tensors="pt")
    inputs = (batch["input_ids"], batch["attention_mask"])
    expected = model(*inputs).logits
    assert (exported(*inputs).logits - expected).abs().mean() < 0.05 * expected.abs().mean()


@pytest.mark.slow
@pytest.mark.corpora
def test_bundled_model_on_real_sentences(data_folder, tmp_path):
    """Tables of a million rows: their search is 21 steps deep, and their hashes fill all 64 bits."""
    model, tokenizer, exported = export(ROOT / "hub_card", tmp_path)
    rows = load_corpus(str(data_folder / "data/ner/BC5CDR")).split("validation")["tokens"][:200]
    texts = [" ".join(row) for row in rows]
    expected = mentions(model, tokenizer, texts)
    assert sum(map(len, expected)) > 300
    assert mentions(exported, tokenizer, texts) == expected


def test_what_is_no_export(knowledge, tmp_path):
    """A wrong path or a broken copy ends in one message, not in onnxruntime's."""
    result = CliRunner().invoke(app, ["export", str(tmp_path / "absent"), "--output", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert not (tmp_path / "out").exists()
    with pytest.raises(ValueError, match=r"model\.onnx: no such file; write it with kogner export"):
        OnnxTagger(tmp_path)
    shutil.copy(__file__, tmp_path / "model.onnx")
    with pytest.raises(ValueError, match=r"model\.onnx: damaged"):
        OnnxTagger(tmp_path)

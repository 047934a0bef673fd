"""Every encoder family runs train -> save -> pipeline, with knowledge on and its own kind of tokenizer."""

import copy
import json

import pytest
import torch
from conftest import train_tokenizer
from support import SENTENCES, TYPES, rows, save_encoder, tiny_bert, tiny_model, write_corpus
from tokenizers import pre_tokenizers
from transformers import (
    AutoModel,
    AutoModelForTokenClassification,
    AutoTokenizer,
    DebertaV2Config,
    ModernBertConfig,
    PreTrainedConfig,
    RobertaConfig,
    RobertaTokenizerFast,
    pipeline,
)

from modeling_kogner.commands.main import call
from modeling_kogner.inference.tokenizers import load_tokenizer
from modeling_kogner.training.start import limit_windows

SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
FAMILIES = {"bert": "wordpiece", "roberta": "bytelevel", "deberta-v2": "metaspace", "modernbert": "bytelevel"}


def encoder_config(family: str, tokenizer) -> PreTrainedConfig:
    common = {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id}
    if family == "bert":
        return tiny_bert(len(tokenizer))
    if family == "roberta":
        return RobertaConfig(**SIZES, **common, max_position_embeddings=160)
    if family == "deberta-v2":
        relative = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_biased_input": False}
        # As in the released models; the embeddings may be narrower than the layers.
        return DebertaV2Config(**SIZES, **common, **relative, type_vocab_size=0, embedding_size=16)
    ids = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("cls", "sep")}
    ids |= {"bos_token_id": tokenizer.cls_token_id, "eos_token_id": tokenizer.sep_token_id}
    return ModernBertConfig(**SIZES, **common, **ids, max_position_embeddings=160, local_attention=16)


@pytest.fixture(scope="module", params=FAMILIES)
def family(request):
    tokenizer = train_tokenizer(FAMILIES[request.param])
    return encoder_config(request.param, tokenizer), tokenizer


@pytest.fixture(scope="module")
def knowledge_folder(knowledge, tmp_path_factory):
    folder = tmp_path_factory.mktemp("knowledge") / "folder"
    knowledge.save(folder)
    return folder


def test_train_save_pipeline(family, knowledge_folder, tmp_path):
    """A tokenizer whose pieces the index cannot spell, or inputs a family does not take, would fail only for users."""
    config, tokenizer = family
    torch.manual_seed(0)
    encoder = save_encoder(tmp_path / "encoder", AutoModel.from_config(config), tokenizer)
    corpus = write_corpus(tmp_path / "corpus", train=rows(), validation=rows())
    output = tmp_path / "model"
    call(
        "train",
        [
            *("--encoder", str(encoder), "--knowledge", str(knowledge_folder), "--dataset", str(corpus)),
            *("--output_dir", str(output), "--use_cpu", "--num_train_epochs", "80", "--disable_tqdm", "True"),
            *("--learning_rate", "5e-3", "--head_learning_rate", "5e-3", "--eval_strategy", "no"),
            *("--save_strategy", "no", "--logging_strategy", "no"),
        ],
    )
    ner = pipeline("ner", model=str(output), aggregation_strategy="simple")
    words = SENTENCES[1][0]
    found = [(words[m["start"] : m["end"]].strip(), m["entity_group"]) for m in ner(words)]
    assert found == [("Breast cancers", "Disease"), ("diabetes mellitus", "Disease")]
    model, saved = ner.model, AutoTokenizer.from_pretrained(output)
    assert model.config.evidence == "graph"
    links = model.kogner.link(saved(words, return_tensors="pt")["input_ids"])
    assert links.is_mention.sum() == 2


def test_no_match_means_no_change(family, knowledge):
    """The encoder reads embeddings instead of ids: each family must give the same from both."""
    config, tokenizer = family
    model = tiny_model(knowledge, tokenizer, config)
    texts = ["The low level fell in name only.", "It was measured at 1 h.", "Aspirin reduced the fever."]
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    batch = {name: batch[name] for name in ("input_ids", "attention_mask")}
    with torch.no_grad():
        enriched = model(**batch).logits
        model.config.evidence = "none"
        plain = model(**batch).logits
    text = batch["attention_mask"][:2].bool()  # RoBERTa numbers padding otherwise where it is given embeddings
    assert torch.equal(plain[:2][text], enriched[:2][text])
    assert not torch.allclose(plain[2], enriched[2], atol=1e-3)


@pytest.mark.parametrize("side", ["right", "left"])
def test_padding_does_not_change_logits(family, knowledge, side):
    """Positions and masks are each family's own; a batch must score as its sentences alone (tolerance 1e-5)."""
    config, tokenizer = family
    model = tiny_model(knowledge, tokenizer, config)
    texts = [SENTENCES[0][0], SENTENCES[1][0] + " " + SENTENCES[4][0]]
    batch = tokenizer(texts, padding=True, padding_side=side, return_tensors="pt")
    alone = tokenizer(texts[0], return_tensors="pt")
    for evidence in ("graph", "none"):
        model.config.evidence = evidence
        with torch.no_grad():
            together = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits[0]
            single = model(input_ids=alone["input_ids"], attention_mask=alone["attention_mask"]).logits[0]
        own = batch["attention_mask"][0].bool()
        assert not own.all()
        torch.testing.assert_close(together[own], single, atol=1e-5, rtol=0)


def test_the_longest_window_fits_the_encoder(family, knowledge):
    """A tokenizer that names no limit would let training fail at the first long sentence, hours in."""
    config, tokenizer = family
    model, limited = tiny_model(knowledge, tokenizer, config), copy.deepcopy(tokenizer)
    limited.model_max_length = 10**30
    limit_windows(limited, model)
    longest = torch.full((1, limited.model_max_length), tokenizer.sep_token_id)
    with torch.no_grad():
        assert model(input_ids=longest, attention_mask=torch.ones_like(longest)).logits.isfinite().all()
    if config.model_type != "deberta-v2":  # relative positions have no end
        assert limited.model_max_length >= config.max_position_embeddings - 2


def test_save_and_load_is_bit_equal(family, knowledge, tmp_path):
    """A family's own buffers (rotary frequencies, relative positions) must survive the meta device."""
    config, tokenizer = family
    model = tiny_model(knowledge, tokenizer, config)
    model.save_pretrained(tmp_path)
    loaded = AutoModelForTokenClassification.from_pretrained(tmp_path).eval()
    batch = tokenizer(SENTENCES[0][0], return_tensors="pt")
    with torch.no_grad():
        expected, found = (m(**{"input_ids": batch["input_ids"]}).logits for m in (model, loaded))
    assert torch.equal(found, expected)
    assert loaded.config.entity_types == TYPES


@pytest.mark.parametrize("shape", ["class with the option", "any class", "sequence"])
def test_words_are_read_as_in_running_text(shape, tmp_path):
    """RoBERTa's and ModernBERT's tokenizers drop the space before listed words: training would see other pieces."""
    tokenizer = train_tokenizer("bytelevel")
    core, bytelevel = tokenizer.backend_tokenizer, pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.pre_tokenizer = pre_tokenizers.Sequence([bytelevel]) if shape == "sequence" else bytelevel
    if shape == "class with the option":
        model = json.loads(core.to_str())["model"]
        special = {
            f"{name}_token": getattr(tokenizer, f"{name}_token") for name in ("pad", "unk", "cls", "sep", "mask")
        }
        special |= {"bos_token": tokenizer.cls_token, "eos_token": tokenizer.sep_token}
        tokenizer = RobertaTokenizerFast(vocab=model["vocab"], merges=[tuple(m) for m in model["merges"]], **special)
    tokenizer.save_pretrained(tmp_path / "encoder")
    loaded = load_tokenizer(str(tmp_path / "encoder"))
    loaded.save_pretrained(tmp_path / "model")
    for each in (loaded, AutoTokenizer.from_pretrained(tmp_path / "model")):
        words = each(["aspirin", "fell"], is_split_into_words=True).input_ids
        assert words == each("aspirin fell").input_ids == each(" aspirin fell").input_ids

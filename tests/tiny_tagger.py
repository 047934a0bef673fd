"""A tiny tagger with the tables of the tiny knowledge graph, random where nothing else is said."""

import torch
from conftest import train_tokenizer
from transformers import BertConfig

from modeling_kogner import KognerConfig, KognerForTokenClassification
from modeling_kogner.configuration_kogner import bio_labels
from modeling_kogner.graph.index_tables import build_tables


def make_tagger(knowledge, tokenizer, evidence="types", types=("Chemical", "Disease", "Gene"), conventions=None):
    torch.manual_seed(1)
    fields, tables = build_tables(knowledge, tokenizer)
    tables = {name: tensor for name, tensor in tables.items() if ".student." not in name}
    encoder = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    labels = bio_labels(list(types))
    config = KognerConfig(
        encoder_config=encoder.to_dict(),
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
        **fields,
        evidence=evidence,
        conventions=conventions,
    )
    model = KognerForTokenClassification(config)
    model.load_state_dict(tables, strict=False)
    torch.nn.init.normal_(model.classifier.weight, std=2.0)  # so that many labels occur
    return model.eval()


def save_tagger(knowledge, folder):
    """A saved model with its tokenizer."""
    tokenizer = train_tokenizer("wordpiece")
    make_tagger(knowledge, tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder

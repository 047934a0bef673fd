"""Shared fixtures: tiny tokenizers of the three kinds, a tiny knowledge graph and where the real data lies."""

import os
from pathlib import Path

# Before torch is imported: on few cores, workers with several threads each wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a wrong name must not wait for a network

import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, settings
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from modeling_kogner.graph.knowledge_folder import SEMANTIC_TYPES, Knowledge

# `pytest --hypothesis-profile=long` reads as many inputs as one run of some minutes can; tests never read a clock.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("short", max_examples=12, derandomize=True, **_COMMON)  # a run repeats; "long" explores
settings.register_profile("long", max_examples=1000, **_COMMON)
settings.load_profile("short")

TEXT = [
    "Aspirin reduced the fever of patients with acute lymphoblastic leukemia.",
    "Mutations of the BRCA1 gene cause breast cancers and ovarian cancer.",
    "IL-2 and IL 2 are written as il2; Parkinson's disease is not Parkinsons disease in name only.",
    "Selegiline-induced postural hypotension (low blood pressure) was seen in rats at 1 h.",
    "The TNF-alpha level, measured in HeLa cells, fell; heart failure and diabetes mellitus did not.",
] * 4
CONCEPTS = [
    ("MESH:D001241", "Aspirin", "Chemical", ["aspirin", "acetylsalicylic acid"]),
    ("MONDO:1", "leukemia", "Disease", ["leukemia"]),
    ("MONDO:2", "acute lymphoblastic leukemia", "Disease", ["acute lymphoblastic leukemia"]),
    ("MONDO:3", "breast cancer", "Disease", ["breast cancer", "BRCA1"]),
    ("HGNC:1100", "BRCA1", "Gene", ["BRCA1", "BRCA1 gene"]),
    ("HGNC:6001", "IL2", "Gene", ["IL-2"]),
    ("HGNC:3", "AT1", "Gene", ["AT1"]),
    ("MONDO:4", "Parkinson disease", "Disease", ["Parkinson's disease"]),
    ("UBERON:1", "heart", "Anatomy", ["heart"]),
    ("HP:1", "heart failure", "Phenotype", ["heart failure"]),
    ("CVCL:1", "HeLa", "CellLine", ["HeLa cell"]),
    ("MONDO:5", "diabetes mellitus", "Disease", ["diabetes mellitus", "diabetes"]),
]
KINDS = ("wordpiece", "bytelevel", "metaspace")


def train_tokenizer(kind: str) -> PreTrainedTokenizerFast:
    """A tokenizer of a few hundred pieces; small, so that words split in many ways."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    if kind == "wordpiece":
        core = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        core.normalizer, core.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
        core.decoder = decoders.WordPiece()
        trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=special)
    elif kind == "bytelevel":
        core = Tokenizer(models.BPE())
        core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        core.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=450, special_tokens=special, initial_alphabet=alphabet)
    else:
        core = Tokenizer(models.Unigram())
        core.normalizer, core.pre_tokenizer = normalizers.NFKC(), pre_tokenizers.Metaspace()
        core.decoder = decoders.Metaspace()
        trainer = trainers.UnigramTrainer(vocab_size=200, special_tokens=special, unk_token="[UNK]")
    core.train_from_iterator(TEXT, trainer)
    core.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(t, core.token_to_id(t)) for t in ("[CLS]", "[SEP]")]
    )
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), special, strict=True))
    return PreTrainedTokenizerFast(tokenizer_object=core, model_max_length=128, **names)


@pytest.fixture(scope="session", autouse=True)
def in_float32():
    """A processor with bfloat16 would round the scores of random weights by the batch: tests of it ask for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cpu, "get_capabilities", dict, raising=False)
        yield


@pytest.fixture(scope="session", params=KINDS)
def tokenizer(request):
    return train_tokenizer(request.param)


@pytest.fixture(scope="session")
def wordpiece():
    return train_tokenizer("wordpiece")


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """See :func:`make_knowledge`."""
    return make_knowledge()


def make_knowledge() -> Knowledge:
    """Twelve concepts with random distilled vectors of width 8."""
    generator = torch.Generator().manual_seed(0)
    surfaces = [(form, i) for i, concept in enumerate(CONCEPTS) for form in concept[3]]
    student = {
        f"lin_{part}.{name}": torch.randn(*shape, generator=generator)
        for part in ("key", "query", "value")
        for name, shape in (("weight", (16, 8)), ("bias", (16,)))
    }
    return Knowledge(
        semantic_types=list(SEMANTIC_TYPES),
        concepts=pd.DataFrame([c[:3] for c in CONCEPTS], columns=["id", "name", "type"]),
        surfaces=pd.DataFrame(surfaces, columns=["surface", "concept"]).astype({"concept": "int32"}),
        edges=pd.DataFrame([("MONDO:2", "is_a", "MONDO:1")], columns=["head", "relation", "tail"]),
        equivalents=pd.DataFrame(columns=["id", "preferred"]),
        codes=torch.randint(0, 256, (len(CONCEPTS), 3), dtype=torch.uint8, generator=generator),
        codebooks=torch.randn(3, 256, 8, generator=generator),
        student=student,
        report={},
    )


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Folder with `data/ner`, `kg` and `models`; tests that need it skip, or with KOGNER_REQUIRE_DATA fail, without."""
    if "KOGNER_DATA" not in os.environ:
        refuse = pytest.fail if os.environ.get("KOGNER_REQUIRE_DATA") else pytest.skip
        refuse("KOGNER_DATA is not set; it names the folder that holds data/, kg/ and models/")
    return Path(os.environ["KOGNER_DATA"])

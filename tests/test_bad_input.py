"""Bad input of train.py and eval.py: one clear error with the place and the fix, before any training time is spent."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conftest import train_tokenizer
from safetensors.torch import load_file, save_file
from support import ROOT, rows, run_process, save_encoder, tiny_bert, tiny_model, write_corpus
from transformers import BertModel

from modeling_kogner.commands.main import call

GOOD = rows()


@pytest.fixture(scope="module")
def encoder(wordpiece, tmp_path_factory) -> Path:
    torch.manual_seed(0)
    return save_encoder(tmp_path_factory.mktemp("encoder"), BertModel(tiny_bert(len(wordpiece))), wordpiece)


@pytest.fixture(scope="module")
def knowledge_folder(knowledge, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("graph") / "knowledge"
    knowledge.save(folder)
    return folder


@pytest.fixture
def checkpoint(knowledge, wordpiece, tmp_path) -> Path:
    tiny_model(knowledge, wordpiece).save_pretrained(tmp_path / "checkpoint")
    wordpiece.save_pretrained(tmp_path / "checkpoint")
    return tmp_path / "checkpoint"


@pytest.fixture
def corpus(tmp_path) -> Path:
    return write_corpus(tmp_path / "corpus", train=GOOD, validation=GOOD)


@pytest.fixture
def refused(monkeypatch, tmp_path):
    """Run train.py and check that it refuses before a trainer is made, and leaves nothing behind."""
    monkeypatch.setattr(
        "modeling_kogner.training.run.KognerTrainer", lambda **_: pytest.fail("training would have begun")
    )

    def run(message: str, *arguments: object) -> None:
        output = tmp_path / "output"
        with pytest.raises(ValueError, match=message):
            call("train", [*map(str, arguments), "--output_dir", str(output), "--use_cpu"])
        assert not output.exists()

    return run


@pytest.mark.parametrize(
    ("split", "content", "message"),
    [
        ("train", [{**GOOD[0], "ner_tags": ["X-D"] * 9}], r"train\.jsonl, row 1, .*unknown tag 'X-D'"),
        ("train", [*GOOD, {**GOOD[0], "ner_tags": ["O"]}], r"train\.jsonl, row 7, field ner_tags: 9 tokens but 1 tags"),
        ("validation", [{**GOOD[0], "ner_tags": ["O"]}], r"validation\.jsonl, row 1, .*9 tokens but 1 tags"),
        ("train", [], r"train\.jsonl: the split is empty"),
        ("validation", [], r"validation\.jsonl: the split is empty"),
    ],
)  # fmt: skip
def test_malformed_corpus(encoder, corpus, refused, split, content, message):
    """A corpus that is read wrongly trains a model that is wrong, an hour later."""
    write_corpus(corpus, **{split: content})
    refused(message, "--encoder", encoder, "--dataset", corpus)


def test_missing_split(encoder, corpus, refused):
    """Without a validation split the best checkpoint could not be chosen, after the first epoch."""
    (corpus / "validation.jsonl").unlink()
    refused("no corpus has a validation split", "--encoder", encoder, "--dataset", corpus)
    (corpus / "train.jsonl").rename(corpus / "test.jsonl")
    refused("corpus corpus: no split 'train', only test", "--encoder", encoder, "--dataset", corpus)


def test_train_split_that_is_the_test_split(encoder, corpus, refused):
    """All sentences are dropped; an empty loader would speak of num_samples."""
    shutil.copy(corpus / "train.jsonl", corpus / "test.jsonl")
    refused("corpus: no training sentence is left", "--encoder", encoder, "--dataset", corpus)


def test_missing_corpus(encoder, corpus, refused):
    """A mistyped path must not wait for the network."""
    refused("no such folder or file", "--encoder", encoder, "--dataset", corpus.parent / "typo")


def test_unknown_type(encoder, corpus, checkpoint, refused):
    """A type without a single mention would be learned as never there."""
    refused(
        "annotates Chemical, Disease, none of Cell",
        "--encoder",
        encoder,
        "--dataset",
        corpus,
        "--types",
        "Cell",
    )
    other = [{"tokens": ["fever"], "ner_tags": ["B-disease"]}]
    write_corpus(corpus, train=other, validation=other)
    refused("has the type Disease, the corpus disease; write Disease", "--checkpoint", checkpoint, "--dataset", corpus)


@pytest.mark.parametrize("fraction", ["0", "-0.5", "1.5"])
def test_train_fraction_out_of_range(encoder, corpus, refused, fraction):
    """100 meant as a percentage, or nothing at all, would be trained on."""
    message = "train-fraction: .* is out of range; give a share above 0"
    refused(message, "--encoder", encoder, "--dataset", corpus, "--train_fraction", fraction)


def test_neither_or_both_starts(encoder, corpus, checkpoint, knowledge_folder, refused):
    """One of two starting points, or a graph beside a checkpoint that has its own, would be ignored silently."""
    refused("give either --encoder", "--dataset", corpus, "--encoder", encoder, "--checkpoint", checkpoint)
    refused(
        "includes its own knowledge; give it with --encoder only",
        *("--dataset", corpus, "--checkpoint", checkpoint, "--knowledge", knowledge_folder),
    )


def test_no_encoder_there(corpus, encoder, tmp_path, refused):
    """An empty folder, or an incomplete download, would end in a traceback of another library."""
    (tmp_path / "empty").mkdir()
    refused("empty: no tokenizer could be read there", "--encoder", tmp_path / "empty", "--dataset", corpus)
    broken = shutil.copytree(encoder, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes((encoder / "model.safetensors").read_bytes()[:5000])
    refused("broken: no encoder could be read", "--encoder", broken, "--dataset", corpus)
    weights = load_file(encoder / "model.safetensors")
    save_file({k: w for k, w in weights.items() if "layer.1." not in k}, broken / "model.safetensors", {"format": "pt"})
    refused(
        "broken: 16 weights of the encoder are missing, first encoder.layer.1", "--encoder", broken, "--dataset", corpus
    )


def test_wrong_knowledge_folder(encoder, corpus, knowledge_folder, tmp_path, refused):
    """Without knowledge a run would be the baseline under the name of the model."""
    start = ["--encoder", encoder, "--dataset", corpus, "--knowledge"]
    refused("no knowledge.json, so this is not a knowledge folder", *start, corpus)
    refused("no knowledge.json", *start, tmp_path / "typo")
    damaged = shutil.copytree(knowledge_folder, tmp_path / "damaged")
    for path in damaged.glob("index-*"):
        path.unlink()
    tensors = damaged / "distilled.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:-10])
    refused(r"distilled\.safetensors: damaged", *start, damaged)
    tensors.unlink()
    refused(r"distilled\.safetensors: missing", *start, damaged)


def test_evidence_must_exist(encoder, corpus, knowledge, knowledge_folder, tmp_path, refused):
    """The model would read zeros for every concept, and merely score lower."""
    replace(knowledge, codes=None, codebooks=None, student=None).save(tmp_path / "undistilled")
    start = ["--encoder", encoder, "--dataset", corpus, "--knowledge", tmp_path / "undistilled"]
    for level in ("graph", "concepts"):
        refused("holds no distilled vectors.*kogner graph distill", *start, "--evidence", level)
    start = [*start[:-1], knowledge_folder]
    refused("--evidence: .grahp. is none of none, types", *start, "--evidence", "grahp")


def test_stale_tables_are_built_again(encoder, corpus, knowledge, tmp_path, monkeypatch):
    """Tables kept beside a graph that has changed since would link to the concepts of the old one."""
    knowledge.save(tmp_path / "graph")
    built = []

    def stop(**given):
        built.append(given["model"].config.num_surfaces)
        raise InterruptedError

    monkeypatch.setattr("modeling_kogner.training.run.KognerTrainer", stop)
    start = [
        "--encoder",
        encoder,
        "--dataset",
        corpus,
        "--knowledge",
        tmp_path / "graph",
        "--output_dir",
        tmp_path / "m",
    ]
    for surfaces in (knowledge.surfaces, knowledge.surfaces.iloc[:5]):
        replace(knowledge, surfaces=surfaces).save(tmp_path / "graph")
        with pytest.raises(InterruptedError):
            call("train", [*map(str, start), "--use_cpu"])
    assert built[0] > built[1] > 0


def test_checkpoint_of_another_tokenizer(corpus, checkpoint, tmp_path, refused):
    """The surface index is written in token ids: with others it links at random."""
    train_tokenizer("bytelevel").save_pretrained(checkpoint)
    refused("has another vocabulary than the one", "--checkpoint", checkpoint, "--dataset", corpus)
    with pytest.raises(ValueError, match="use the tokenizer saved with the model"):
        call("eval", ["--model", str(checkpoint), "--dataset", str(corpus), "--output", str(tmp_path / "m.json")])
    assert not (tmp_path / "m.json").exists()


@pytest.mark.parametrize("damage", ["cut", "empty", "missing"])
def test_corrupt_checkpoint(corpus, checkpoint, tmp_path, refused, damage):
    """Half a download: of the file, of nothing, or of all other files."""
    weights = checkpoint / "model.safetensors"
    content = weights.read_bytes()
    weights.unlink()
    if damage != "missing":
        weights.write_bytes(content[: len(content) // 2] if damage == "cut" else b"")
    message = r"model\.safetensors: .*(damaged|missing).*download or copy the model again"
    refused(message, "--checkpoint", checkpoint, "--dataset", corpus)
    with pytest.raises(ValueError, match=message):
        call("eval", ["--model", str(checkpoint), "--dataset", str(corpus), "--output", str(tmp_path / "m.json")])
    assert not (tmp_path / "m.json").exists()


def test_eval_refuses_what_it_cannot_score(corpus, checkpoint, tmp_path):
    """A missing split or a corpus of other types would be reported as a score of 0."""
    start = ["--model", str(checkpoint), "--output", str(tmp_path / "m.json"), "--dataset"]
    with pytest.raises(ValueError, match="no split 'test', only train, validation"):
        call("eval", [*start, str(corpus)])
    genes = write_corpus(tmp_path / "genes", test=[{"tokens": ["p53"], "ner_tags": ["B-Gene"]}])
    with pytest.raises(ValueError, match="annotates Gene; the model knows Chemical, Disease"):
        call("eval", [*start, str(genes)])
    assert not (tmp_path / "m.json").exists()


@pytest.mark.parametrize("name", ["train", "eval"])
def test_scripts_end_with_one_line(name, checkpoint, tmp_path):
    """Users would read a traceback of thirty lines in search of the cause."""
    start = ["--checkpoint", "--output_dir"] if name == "train" else ["--model", "--output"]
    values = [str(checkpoint), str(tmp_path / "out.json")]
    given = [item for pair in zip(start, values, strict=True) for item in pair]
    process = run_process(str(ROOT / f"{name}.py"), *given, "--dataset", str(tmp_path / "typo"), cwd=tmp_path)
    assert process.returncode == 1
    assert process.stderr.strip().splitlines()[-1].startswith(f"{name}.py: {tmp_path / 'typo'}: no such folder or file")
    assert "Traceback" not in process.stderr

"""pretrain.py as users run it, and train.py from what it wrote."""

import json
from pathlib import Path

import pytest
import torch
from conftest import train_tokenizer
from safetensors.torch import load_file
from support import ROOT, TYPES, rows, run_process, save_encoder, tiny_bert, write_corpus
from transformers import BertModel

from modeling_kogner import KognerForTokenClassification
from modeling_kogner.commands.main import call

SENTENCES = [
    "Aspirin reduced the fever of patients with acute lymphoblastic leukemia .",
    "Mutations of the BRCA1 gene cause breast cancers .",
    "Heart failure and diabetes mellitus were seen in HeLa cells .",
    "The level of aspirin fell in rats .",
]
STEPS = ["--use_cpu", "--disable_tqdm", "True", "--max_length", 16, "--per_device_train_batch_size", 4]
STEPS += ["--dataloader_num_workers", 0, "--learning_rate", "5e-3", "--head_learning_rate", "5e-3"]


@pytest.fixture(scope="module")
def inputs(wordpiece, knowledge, tmp_path_factory) -> dict[str, str]:
    """A random encoder, a graph, a text and a corpus whose test sentence is one of the text's."""
    folder = tmp_path_factory.mktemp("inputs")
    torch.manual_seed(0)
    save_encoder(folder / "encoder", BertModel(tiny_bert(len(wordpiece))), wordpiece)
    knowledge.save(folder / "graph")
    (folder / "text.jsonl").write_text("".join(json.dumps({"body": " ".join(SENTENCES)}) + "\n" for _ in range(8)))
    test = [("The level of aspirin fell in rats.", {3: "B-Chemical"})]
    write_corpus(folder / "corpus", train=rows(), validation=rows(), test=rows(test))
    return {path.stem: str(path) for path in folder.iterdir()}


def pretrain(inputs, output: Path, *further: object) -> None:
    given = ["--text", inputs["text"], "--text_column", "body", "--encoder", inputs["encoder"]]
    given += ["--knowledge", inputs["graph"], "--output_dir", output, *STEPS, *further]
    call("pretrain", [str(item) for item in given])


@pytest.fixture(scope="module")
def pretrained(inputs, tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("pretrained") / "model"
    schedule = ["--max_steps", 30, "--save_steps", 20, "--logging_steps", 5]
    pretrain(inputs, output, *schedule, "--exclude_tests_of", inputs["corpus"])
    return output


def test_losses_fall_and_the_report_says_so(pretrained):
    """A run that learns nothing looks like any other from outside."""
    report = json.loads((pretrained / "pretraining.json").read_text())
    lines = [line for line in report["log"] if "type_loss" in line]
    assert [line["step"] for line in lines] == [5, 10, 15, 20, 25, 30]
    for name in ("loss", "type_loss", "mlm_loss"):
        assert lines[-1][name] < 0.9 * lines[0][name], name
    assert lines[-1]["distillation_loss"] > 0
    assert report["tokens_seen"] == 30 * 4 * 16
    assert 0 < lines[0]["labelled_share"] < 1
    assert report["dictionary_agreement"]["Disease"].keys() == {"f1", "gold"}


def test_test_sentences_are_not_trained_on(pretrained):
    """Its words would be learned with the labels of the graph."""
    report = json.loads((pretrained / "pretraining.json").read_text())["text"]
    assert {name: report[name] for name in ("sentences", "dropped", "excluded_tests_of")} == {
        "sentences": 32,
        "dropped": 8,
        "excluded_tests_of": ["corpus"],
    }


def test_what_is_saved_is_a_kogner_model(pretrained, knowledge):
    """The head of the hidden tokens would be published, or the tables left out."""
    names = set(load_file(pretrained / "model.safetensors"))
    assert not [name for name in names if name.startswith(("head", "tagger"))]
    model, found = KognerForTokenClassification.from_pretrained(pretrained, output_loading_info=True)
    assert not found["missing_keys"]
    assert not found["unexpected_keys"]
    assert model.config.entity_types == knowledge.semantic_types


def test_resumed_run_equals_an_unbroken_one(pretrained, inputs, tmp_path):
    """A restart that forgets the optimiser, the order or the random state would train another model."""
    schedule = ["--max_steps", 30, "--save_steps", 20, "--logging_steps", 5]
    resumed = ["--exclude_tests_of", inputs["corpus"], "--resume_from_checkpoint", pretrained / "checkpoint-20"]
    pretrain(inputs, tmp_path / "model", *schedule, *resumed)
    unbroken, again = (load_file(folder / "model.safetensors") for folder in (pretrained, tmp_path / "model"))
    assert [name for name in unbroken if not torch.equal(unbroken[name], again[name])] == []


def test_packed_windows_train_without_the_text(inputs, pretrained, tmp_path):
    """The machine with the GPU has no text: the windows must be the same ones."""
    pretrain(inputs, tmp_path / "none", "--windows", tmp_path / "w.parquet", "--exclude_tests_of", inputs["corpus"])
    assert not (tmp_path / "none").exists()
    schedule = ["--max_steps", 30, "--save_strategy", "no", "--logging_steps", 5]
    pretrain({**inputs, "text": str(tmp_path / "w.parquet")}, tmp_path / "model", *schedule)
    reports = [json.loads((folder / "pretraining.json").read_text()) for folder in (pretrained, tmp_path / "model")]
    losses = [[line["loss"] for line in report["log"] if "loss" in line] for report in reports]
    assert losses[0] == losses[1]
    assert reports[1]["text"]["files"]["w.parquet"]["dropped"] == 8


class Captured(Exception):
    """Raised in the trainer's place, with the model it was given."""


@pytest.fixture
def start(inputs, monkeypatch, tmp_path):
    """Run train.py up to the trainer and return the model."""

    def stop(model, **_):
        raise Captured(model)

    def run(*arguments: object) -> KognerForTokenClassification:
        monkeypatch.setattr("modeling_kogner.training.run.KognerTrainer", stop)
        given = ["--dataset", inputs["corpus"], "--output_dir", tmp_path, "--use_cpu", *arguments]
        with pytest.raises(Captured) as caught:
            call("train", [str(item) for item in given])
        return caught.value.args[0]

    return run


@pytest.mark.parametrize("start_from", ["encoder", "all"])
@pytest.mark.parametrize("evidence", ["none", "types", "graph"])
def test_train_starts_from_a_pretrained_model(start, inputs, pretrained, start_from, evidence):
    """Layers left behind in silence would make pretraining look worthless."""
    knowledge = [] if evidence == "none" else ["--knowledge", inputs["graph"], "--evidence", evidence]
    model = start("--encoder", pretrained, "--start_from", start_from, *knowledge)
    given = KognerForTokenClassification.from_pretrained(pretrained)
    state, source = model.state_dict(), given.state_dict()
    copied = {name for name in state if name in source and torch.equal(state[name], source[name])}
    assert {name for name in state if name.startswith("kogner.encoder.")} <= copied
    fusion = [name for name in state if name.startswith("kogner.fusion.") and name.endswith(("qkv.weight", "up.bias"))]
    path = [name for name in ("kogner.input_evidence.weight", "kogner.graph.gate.weight") if name in state]
    assert all((name in copied) == (start_from == "all") for name in fusion)
    assert all((name in copied) == (start_from == "all" and evidence != "none") for name in path)
    assert model.config.entity_types == TYPES
    for kind in TYPES:
        old, new = (2 * types.index(kind) for types in (given.config.entity_types, TYPES))
        same = torch.equal(model.classifier.weight[new : new + 2], given.classifier.weight[old : old + 2])
        assert same == (start_from == "all")
    student = [name for name in state if name.startswith("kogner.graph.student.")]
    if evidence == "graph":  # P read types alone: the student is the graph's in both
        assert set(student) <= copied


def test_what_cannot_be_taken_over_is_an_error(inputs, pretrained, tmp_path):
    """Fresh layers instead of pretrained ones would merely score lower."""
    given = ["--dataset", inputs["corpus"], "--output_dir", str(tmp_path), "--use_cpu", "--start_from", "all"]
    with pytest.raises(ValueError, match="fusion-layers"):
        call("train", [*given, "--encoder", str(pretrained), "--fusion_layers", "2"])
    with pytest.raises(ValueError, match="is a plain encoder"):
        call("train", [*given, "--encoder", inputs["encoder"]])


def test_a_model_with_another_tokenizer_is_refused(inputs, pretrained, tmp_path):
    """Every word vector would belong to another piece."""
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in pretrained.iterdir():
        if path.is_file():
            (broken / path.name).write_bytes(path.read_bytes())
    train_tokenizer("bytelevel").save_pretrained(broken)
    given = ["--dataset", inputs["corpus"], "--output_dir", str(tmp_path / "m"), "--use_cpu", "--encoder", str(broken)]
    with pytest.raises(ValueError, match="another vocabulary"):
        call("train", given)


@pytest.mark.slow
def test_accelerate_pretrains_in_two_processes(inputs, tmp_path):
    """Parameters without a gradient stall parallel training; every process would write the model."""
    process = run_process(
        *("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1"),
        *("--main_process_port", "29611", str(ROOT / "pretrain.py"), "--text", inputs["text"], "--text_column", "body"),
        *("--encoder", inputs["encoder"], "--knowledge", inputs["graph"], "--output_dir", str(tmp_path / "model")),
        *(*map(str, STEPS), "--max_steps", "6", "--logging_steps", "3"),
        cwd=tmp_path,
        HF_HOME=str(tmp_path / "home"),
    )
    assert process.returncode == 0, process.stderr[-3000:]
    assert json.loads((tmp_path / "model" / "pretraining.json").read_text())["tokens_seen"] == 6 * 2 * 4 * 16

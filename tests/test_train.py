"""train.py and eval.py, run as users run them, on a tiny encoder, graph and corpus."""

import json
import logging
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from support import ROOT, SENTENCES, TYPES, launch_two, rows, save_encoder, tiny_bert, write_corpus
from transformers import BertModel

from modeling_kogner import KognerForTokenClassification
from modeling_kogner.commands.main import call
from modeling_kogner.training.trainer import KognerTrainer

QUICK = ["--use_cpu", "--disable_tqdm", "True", "--logging_strategy", "no"]
FAST = ["--learning_rate", "5e-3", "--head_learning_rate", "5e-3"]
ONCE = ["--eval_strategy", "no", "--save_strategy", "no"]
# The last sentence of the test set is in the training set too, but for its spaces.
TEST = [
    ("Patients with leukemia were seen .", {2: "B-Disease"}),
    ("The level of aspirin fell in rats.", {3: "B-Chemical"}),
]


@pytest.fixture(scope="module")
def encoder(wordpiece, tmp_path_factory) -> str:
    torch.manual_seed(0)
    return str(save_encoder(tmp_path_factory.mktemp("encoder"), BertModel(tiny_bert(len(wordpiece))), wordpiece))


@pytest.fixture(scope="module")
def graph(knowledge, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("graph") / "knowledge"
    knowledge.save(folder)
    return str(folder)


@pytest.fixture(scope="module")
def corpora(tmp_path_factory) -> Path:
    """`both` annotates two types, `chemical` and `disease` one of them each."""
    folder = tmp_path_factory.mktemp("corpora")
    write_corpus(folder / "both", train=rows(), validation=rows(), test=rows(TEST))
    for kind in TYPES:
        part = rows(kinds=[kind])
        validation = part if kind == "Chemical" else part[::-1]  # so that mixed-up predictions score otherwise
        write_corpus(folder / kind.lower(), train=part, validation=validation, test=rows(SENTENCES[4:], [kind]))
    return folder


def train(*arguments: object) -> None:
    call("train", [*map(str, arguments), *QUICK])


def evaluate(output: Path, *arguments: object) -> dict:
    call("eval", [*map(str, arguments), "--output", str(output), "--device", "cpu"])
    return json.loads(output.read_text())


@pytest.fixture(scope="module")
def trained(encoder, graph, corpora, tmp_path_factory) -> Path:
    """A model that has learned its five sentences by heart and by its knowledge, for the encoder stood still."""
    output = tmp_path_factory.mktemp("trained") / "model"
    start = ["--encoder", encoder, "--knowledge", graph, "--dataset", corpora / "both", "--output_dir", output]
    trusting = [item for name in ("sentence", "concept") for item in (f"--{name}_dropout", 0)]
    rates = ["--learning_rate", 0, "--head_learning_rate", 1e-2]
    train(*start, *trusting, *rates, *ONCE, "--num_train_epochs", 60)
    return output


class Captured(Exception):
    """Raised in the trainer's place, with what it was given."""


@pytest.fixture
def captured(monkeypatch):
    """Run train.py up to the trainer and return the trainer's arguments."""

    def stop(**given):
        raise Captured(given)

    def run(*arguments: object) -> dict:
        monkeypatch.setattr("modeling_kogner.training.run.KognerTrainer", stop)
        with pytest.raises(Captured) as caught:
            train(*arguments)
        return caught.value.args[0]

    return run


def test_model_folder_is_complete(trained):
    """What is missing is noticed when the model is published; a pickle would be published with it."""
    names = {path.name for path in trained.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "training.json", "modeling_kogner.py"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pth"))]
    model = KognerForTokenClassification.from_pretrained(trained)
    assert (model.config.entity_types, model.config.evidence) == (TYPES, "graph")


def test_training_sentences_that_are_test_sentences_are_dropped(trained):
    """They would be scored as if they had never been seen."""
    report = json.loads((trained / "training.json").read_text())
    assert report["overlap"] == {"both": {"sentences": 6, "dropped": 1, "in_test_of": {"both": 1}}}
    assert report["train_windows"] == 5


def test_eval_scores_on_and_off(trained, corpora, tmp_path):
    """The switch must reach the model, and the file must say which of the two it holds."""
    scored = {
        state: evaluate(
            tmp_path / f"{state}.json",
            *("--model", trained, "--dataset", corpora / "both", "--split", "validation", "--knowledge", state),
        )
        for state in ("on", "off")
    }
    assert [(scored[s]["knowledge"], scored[s]["evidence"]) for s in scored] == [("on", "graph"), ("off", "none")]
    strict = scored["on"]["datasets"]["both"]["strict"]
    # By hand: 4 chemicals and 4 diseases in the six sentences of the validation split.
    assert (strict["gold"], {kind: row["gold"] for kind, row in strict["types"].items()}) == (
        8,
        {"Chemical": 4, "Disease": 4},
    )
    assert strict["f1"] > scored["off"]["datasets"]["both"]["strict"]["f1"] + 0.1


def test_eval_of_a_corpus_the_model_was_not_trained_on(trained, corpora, tmp_path):
    """Only the types that the corpus annotates count: others would be false alarms there."""
    names = ["disease", "chemical", "both"]
    sources = ["--dataset", *(corpora / name for name in names)]
    scores = evaluate(tmp_path / "m.json", "--model", trained, *sources, "--split", "validation")["datasets"]
    assert list(scores) == names
    for name, kind in (("disease", "Disease"), ("chemical", "Chemical")):
        assert list(scores[name]["strict"]["types"]) == scores[name]["types"] == [kind]
        # The sentences of `both`: with all types in competition, the same predictions.
        assert scores[name]["strict_every_type"]["types"][kind] == scores["both"]["strict"]["types"][kind]
        assert scores[name]["strict_every_type"]["predicted"] == scores["both"]["strict"]["types"][kind]["predicted"]


def test_metrics_are_written_whole_or_not_at_all(trained, corpora, tmp_path):
    """Half a report reads like a whole one."""
    output = tmp_path / "metrics.json"
    output.write_text("before")
    with pytest.raises(ValueError, match="no such folder or file"):
        evaluate(output, "--model", trained, "--dataset", corpora / "both", corpora / "typo")
    assert (output.read_text(), len(list(tmp_path.iterdir()))) == ("before", 1)


def test_baseline_has_no_knowledge(encoder, corpora, tmp_path):
    """A baseline that reads the graph, or that lacks the layers after it, is not a baseline."""
    train("--encoder", encoder, "--knowledge", "none", "--dataset", corpora / "both", "--output_dir", tmp_path / "m",
          *ONCE, "--num_train_epochs", 1)  # fmt: skip
    model = KognerForTokenClassification.from_pretrained(tmp_path / "m")
    assert (model.config.evidence, model.config.num_surfaces, len(model.kogner.fusion)) == ("none", 0, 1)
    assert model.config.tokenizer_fingerprint  # without knowledge, too, other token ids are other words
    scores = [
        evaluate(tmp_path / "x.json", "--model", tmp_path / "m", "--dataset", corpora / "both", "--knowledge", state)
        for state in ("on", "off")
    ]
    assert scores[0]["datasets"] == scores[1]["datasets"]


def test_resumed_run_equals_an_unbroken_one(encoder, graph, corpora, tmp_path):
    """An interrupted run would end elsewhere: other dropout, order, rate or optimiser state."""
    start = ["--encoder", encoder, "--knowledge", graph, "--dataset", corpora / "both", "--num_train_epochs", 4]
    start += ["--per_device_train_batch_size", 2, "--load_best_model_at_end", "False", "--save_total_limit", 9]
    train(*start, "--output_dir", tmp_path / "whole")
    middle = tmp_path / "whole" / "checkpoint-6"
    train(*start, "--output_dir", tmp_path / "resumed", "--resume_from_checkpoint", middle)
    assert {path.name for path in (tmp_path / "resumed").glob("checkpoint-*")} == {"checkpoint-9", "checkpoint-12"}
    whole, resumed = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "resumed"))
    assert [name for name in whole if not torch.equal(whole[name], resumed[name])] == []
    before = load_file(middle / "model.safetensors")
    assert not torch.equal(whole["classifier.weight"], before["classifier.weight"])


KEPT = {"": 0, "--load_best_model_at_end=False": 0, "--save_total_limit=1": 1, "--save_strategy=epoch": 2}


@pytest.mark.parametrize("option", KEPT)
def test_checkpoints_of_a_finished_run(encoder, corpora, tmp_path, option):
    """A gigabyte that nobody asked for stays behind; or what somebody asked for is gone."""
    start = ["--encoder", encoder, "--dataset", corpora / "both", "--num_train_epochs", 3]
    train(*start, *filter(None, [option]), "--output_dir", tmp_path)
    assert len(list(tmp_path.glob("checkpoint-*"))) == KEPT[option]
    KognerForTokenClassification.from_pretrained(tmp_path)
    assert len(list(tmp_path.glob("*.json"))) >= 3  # configuration, tokenizer and report are no checkpoints


def test_a_run_that_has_ended_is_not_resumed(encoder, corpora, tmp_path, monkeypatch, caplog):
    """It would train from the beginning again; and a run that is stopped after it would count as ended too."""
    start = ["--encoder", encoder, "--dataset", corpora / "both", "--num_train_epochs", 1, "--output_dir", tmp_path]
    train(*start)
    (tmp_path / "checkpoint-3").mkdir()  # what a kill while they are removed leaves
    ended = (tmp_path / "model.safetensors").stat().st_mtime_ns
    with caplog.at_level(logging.INFO):
        train(*start, "--resume_from_checkpoint", "last")
    assert f"{tmp_path}: the run has ended; to train again, leave out --resume-from-checkpoint" in caplog.text
    assert (tmp_path / "model.safetensors").stat().st_mtime_ns == ended
    assert not list(tmp_path.glob("checkpoint-*"))
    with monkeypatch.context() as stop:
        stop.setattr(KognerTrainer, "training_step", lambda *_, **__: sys.exit("stopped"))
        with pytest.raises(SystemExit, match="stopped"):
            train(*start)
    train(*start, "--resume_from_checkpoint", "last")
    assert (tmp_path / "model.safetensors").stat().st_mtime_ns > ended


def test_early_stopping(encoder, corpora, tmp_path):
    """Ignored, it wastes the budget; always on, it breaks comparisons of equal budgets."""
    start = ["--encoder", encoder, "--dataset", corpora / "both", "--num_train_epochs", 6]
    start += ["--learning_rate", 0, "--head_learning_rate", 0]  # no evaluation is better than the first
    train(*start, "--output_dir", tmp_path / "stopped", "--early_stopping_patience", 2)
    train(*start, "--output_dir", tmp_path / "unstopped")
    epochs = [
        [row["epoch"] for row in json.loads((tmp_path / name / "training.json").read_text())["log"] if "eval_f1" in row]
        for name in ("stopped", "unstopped")
    ]
    assert epochs == [[1, 2, 3], [1, 2, 3, 4, 5, 6]]


def test_encoder_and_fresh_layers_have_their_own_rates(encoder, graph, corpora, tmp_path):
    """One rate for both is too slow for the head or ruins the encoder."""
    start = ["--encoder", encoder, "--knowledge", graph, "--dataset", corpora / "both", *ONCE, "--num_train_epochs", 1]
    train(
        *start, "--output_dir", tmp_path / "m", "--learning_rate", 0, "--head_learning_rate", 1e-2, "--warmup_steps", 0
    )
    model = KognerForTokenClassification.from_pretrained(tmp_path / "m")
    given, found = BertModel.from_pretrained(encoder).state_dict(), model.kogner.encoder.state_dict()
    assert [name for name in found if not torch.equal(found[name], given[name])] == []
    assert model.classifier.bias.abs().max() > 1e-3


def test_each_corpus_supervises_its_own_types(encoder, corpora, captured, tmp_path):
    """A chemical corpus would teach that there are no diseases."""
    given = captured(
        *("--encoder", encoder, "--dataset", corpora / "disease", corpora / "chemical", "--output_dir", tmp_path)
    )
    assert given["model"].config.entity_types == TYPES
    for split, expected in (("train_dataset", 4), ("eval_dataset", 6)):
        masks = given[split]["type_mask"][:]
        assert masks == [[0, 1]] * expected + [[1, 0]] * expected, split


def test_train_fraction_and_seed_choose_the_sentences(encoder, corpora, captured, tmp_path):
    """Low-resource runs of one seed must see the same sentences, and validation must stay whole."""
    start = ["--encoder", encoder, "--dataset", corpora / "both", "--output_dir", tmp_path, "--train_fraction", 0.4]
    first, again, other = (captured(*start, "--seed", seed) for seed in (1, 1, 3))
    chosen = [given["train_dataset"]["input_ids"][:] for given in (first, again, other)]
    assert len(chosen[0]) == 2
    assert chosen[0] == chosen[1] != chosen[2]
    assert len(first["eval_dataset"]) == 6


def test_a_checkpoint_is_trained_further(trained, corpora, captured, tmp_path):
    """Fine-tuning from scratch by mistake would merely score lower."""
    start = ["--checkpoint", trained, "--dataset", corpora / "disease", "--output_dir", tmp_path]
    model = captured(*start, "--concept_dropout", 0.7)["model"]
    given = KognerForTokenClassification.from_pretrained(trained)
    assert all(torch.equal(tensor, given.state_dict()[name]) for name, tensor in model.state_dict().items())
    assert model.config.entity_types == TYPES
    assert model.kogner.graph.concept_dropout == 0.7
    assert {p.dtype for p in model.parameters()} == {torch.float32}


def test_a_share_of_the_weights_before_training_is_kept(trained, corpora, tmp_path):
    """A share mixed in from the wrong side would leave a model that has forgotten all the same, or learned nothing."""
    states = []
    for share in (0, 0.25):
        output = tmp_path / str(share)
        options = ["--dataset", corpora / "disease", "--output_dir", output, "--num_train_epochs", 2]
        train("--checkpoint", trained, *options, "--kept_share", share, *FAST, *ONCE)
        states.append(load_file(output / "model.safetensors"))
    before = load_file(trained / "model.safetensors")
    name = "kogner.encoder.encoder.layer.0.output.dense.weight"
    assert not torch.equal(before[name], states[0][name])
    torch.testing.assert_close(states[1][name], 0.25 * before[name] + 0.75 * states[0][name])


@pytest.mark.parametrize("wrong", [["--kept_share", "1"], ["--encoder", "E", "--kept_share", "0.5"]])
def test_a_share_that_makes_no_sense_is_refused(wrong, corpora):
    """Half of freshly drawn layers in a trained model is noise."""
    with pytest.raises(ValueError, match="--kept-share"):
        train(*wrong, "--dataset", corpora / "disease")


@pytest.mark.parametrize("evidence", ["graph", pytest.param("none", marks=pytest.mark.slow)])
def test_accelerate_launches_two_processes(encoder, graph, corpora, tmp_path, evidence):
    """Layers that a batch leaves unused stall or break parallel training; gathered scores can be out of order."""
    output = tmp_path / "model"
    process = launch_two(
        *(ROOT / "train.py", "--encoder", encoder, "--knowledge", graph if evidence == "graph" else "none"),
        *("--dataset", corpora / "chemical", corpora / "disease", "--output_dir", output, *QUICK, *FAST),
        *("--per_device_train_batch_size", 1, "--per_device_eval_batch_size", 2, "--num_train_epochs", 30),
        *("--eval_strategy", "steps", "--eval_steps", 120, "--save_strategy", "no"),
        *("--load_best_model_at_end", False),
        cwd=tmp_path,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    scored = [row for row in json.loads((output / "training.json").read_text())["log"] if "eval_f1" in row]
    # Eight windows, one a step and process: four steps an epoch, and one evaluation at the last.
    assert [(row["step"], row["epoch"]) for row in scored] == [(120, 30)]
    sources = ["--dataset", corpora / "chemical", corpora / "disease"]
    report = evaluate(tmp_path / "metrics.json", "--model", output, *sources, "--split", "validation")
    assert report["evidence"] == evidence
    for name, scores in report["datasets"].items():
        assert scored[0][f"eval_{name}_f1"] == pytest.approx(scores["strict"]["f1"])
    assert scored[0]["eval_f1"] > 0

"""Runs of train.py that are killed, run out of disk or memory, or diverge."""

import functools
import logging
import shutil

import pytest
import torch
import transformers
from doomed import kill_everywhere, run_doomed
from packaging.version import Version
from safetensors.torch import load_file, save_file
from support import ROOT, launch_two, rows, save_encoder, tiny_bert, write_corpus
from transformers import BertModel

from modeling_kogner import KognerForTokenClassification
from modeling_kogner.commands.main import call
from modeling_kogner.inference.load_model import load_model
from modeling_kogner.training.checkpoints import newest_whole, remove_checkpoints, resume_point

QUICK = ["--use_cpu", "--disable_tqdm", "True", "--logging_strategy", "no", "--eval_strategy", "no"]
# Six sentences, two a step: three steps an epoch, a checkpoint after each second step of six.
SIX_STEPS = ["--per_device_train_batch_size", 2, "--num_train_epochs", 2, "--save_strategy", "steps", "--save_steps", 2]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """As the children of :mod:`doomed` have."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def start(wordpiece, knowledge, tmp_path_factory):
    """Arguments of a run of six steps, but for the output folder."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("start")
    save_encoder(folder / "encoder", BertModel(tiny_bert(len(wordpiece), hidden=16)), wordpiece)
    knowledge.save(folder / "graph")
    write_corpus(folder / "corpus", train=rows())
    given = ["--encoder", folder / "encoder", "--knowledge", folder / "graph", "--dataset", folder / "corpus"]
    return [*given, *SIX_STEPS, *QUICK]


def train(*arguments):
    call("train", [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def unbroken(start, tmp_path_factory):
    output = tmp_path_factory.mktemp("unbroken")
    train(*start, "--output_dir", output)
    return output


def same_weights(one, other) -> bool:
    one, other = (load_file(folder / "model.safetensors") for folder in (one, other))
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def check_kills(start, unbroken, tmp_path, **where):
    output, cut_off = tmp_path / "m", 0
    command = [*start, "--output_dir", output, "--save_total_limit", 1, "--resume_from_checkpoint", "last"]
    for moment in kill_everywhere(functools.partial(train, *command), output, **where):
        try:
            assert same_weights(output, unbroken)
            load_model(output)
        except (ValueError, OSError):
            cut_off += 1
        train(*command)
        assert same_weights(output, unbroken), moment
        shutil.rmtree(output)
    return cut_off


def test_the_same_command_goes_on_after_a_kill(start, unbroken, tmp_path):
    """Resumed from half a checkpoint, or from another step, the run would end elsewhere; here bit for bit the same.

    The sizes kill in the middle of weights, optimizer and log; the stride takes a few of the moments between files.
    """
    assert check_kills(start, unbroken, tmp_path, stride=45, sizes=(100, 60_000)) > 2


@pytest.mark.slow
def test_the_same_command_goes_on_after_a_kill_at_any_moment(start, unbroken, tmp_path):
    """Every seventh moment between two changes of files, of three checkpoints and the model; with stride 1, all."""
    assert check_kills(start, unbroken, tmp_path, stride=7, sizes=(1, 3000, 9000, 60_000, 150_000)) > 14


def test_the_same_command_goes_on_after_a_kill_at_the_end(start, tmp_path):
    """With the newest checkpoint alone it would end with the last weights instead of the best, which are older."""
    corpus, place = write_corpus(tmp_path / "corpus", train=rows(), validation=rows()), start.index("--dataset") + 1
    scored = [*start[:place], corpus, *start[place + 1 :], "--eval_strategy", "steps", "--eval_steps", 2]
    scored += ["--metric_for_best_model", "loss", "--greater_is_better", "true"]  # so the first is the best
    output, ended, left = tmp_path / "m", tmp_path / "ended", []
    train(*scored, "--save_total_limit", 2, "--output_dir", output)
    output.rename(ended)
    assert {path.name for path in ended.glob("checkpoint-*")} == {"checkpoint-2", "checkpoint-6"}
    assert same_weights(ended, ended / "checkpoint-2")
    shutil.copytree(ended, output)
    for _ in kill_everywhere(functools.partial(remove_checkpoints, output), output, sizes=()):
        left.append(newest_whole(output))
        train(*scored, "--output_dir", output, "--resume_from_checkpoint", "last")
        assert same_weights(output, ended), left
        shutil.rmtree(output)
        shutil.copytree(ended, output)
    assert {path and path[-1] for path in left} == {"6", "2", None}
    assert not list(output.glob("checkpoint-*"))


@pytest.mark.slow
@pytest.mark.skipif(
    Version(transformers.__version__) < Version("5.18"), reason="its Trainer resumes several processes on GPUs only"
)
def test_two_processes_go_on_after_a_kill(start, tmp_path):
    """Each has its own random state and its own share of the sentences."""
    start = [ROOT / "train.py", *start, "--num_train_epochs", 3, "--output_dir"]
    assert launch_two(*start, tmp_path / "whole", cwd=tmp_path).returncode == 0
    for moment in (0, 6):  # of those in which the second of three checkpoints is written
        output = tmp_path / str(moment)
        doom = [ROOT / "tests/doomed.py", output / "checkpoint-4", moment]
        said = launch_two(*doom, *start, output, cwd=tmp_path).stderr
        assert "SIGKILL" in said, said
        assert newest_whole(output) == str(output / "checkpoint-2")
        ended = launch_two(*start, output, "--resume_from_checkpoint", "last", cwd=tmp_path)
        assert ended.returncode == 0, ended.stderr
        assert f"resumes from {output / 'checkpoint-2'}" in ended.stderr  # from the beginning it would end the same
        assert not [noise for noise in ("FutureWarning", "[transformers]") if noise in ended.stderr]
        assert same_weights(output, tmp_path / "whole"), moment


def test_a_model_saved_over_an_older_one(start, unbroken, tmp_path):
    """Killed between the two, the old weights would answer under the new configuration."""
    model = KognerForTokenClassification.from_pretrained(unbroken)
    model.save_pretrained(tmp_path)
    shutil.copy(unbroken / "tokenizer.json", tmp_path)
    others = [*start, "--output_dir", tmp_path, "--save_strategy", "no", "--concept_dropout", 0.9, "--seed", 5]
    for moment in kill_everywhere(functools.partial(train, *others), tmp_path, stride=12):
        try:
            left, _ = load_model(tmp_path)
        except ValueError:
            continue
        old = torch.equal(left.classifier.weight, model.classifier.weight)
        assert left.config.concept_dropout == (0.3 if old else 0.9), moment


def test_a_checkpoint_that_is_not_whole_is_named(start, unbroken, tmp_path, caplog):
    """Each of these would end in a traceback from below, or go on with another optimizer state."""
    shutil.copytree(unbroken, tmp_path, dirs_exist_ok=True)
    last, before = tmp_path / "checkpoint-6", tmp_path / "checkpoint-4"
    assert resume_point(str(last), tmp_path) == str(last)
    assert newest_whole(tmp_path) == str(last)
    optimizer = (last / "optimizer.pt").read_bytes()
    (last / "optimizer.pt").write_bytes(optimizer[:-1000])
    with pytest.raises(ValueError, match=rf"checkpoint-6: optimizer\.pt is damaged .*; delete it and .* {before}"):
        train(*start, "--output_dir", tmp_path, "--resume_from_checkpoint", last)
    flipped = bytearray(optimizer)
    flipped[len(flipped) // 2] ^= 1
    (last / "optimizer.pt").write_bytes(flipped)
    with caplog.at_level(logging.WARNING):
        assert resume_point("last", tmp_path) == str(before)
    assert "optimizer.pt is damaged" in caplog.text
    (before / "trainer_state.json").unlink()
    with pytest.raises(ValueError, match=r"checkpoint-4: is incomplete.* start again without"):
        resume_point(str(before), tmp_path)
    assert resume_point("last", tmp_path) is None
    with pytest.raises(ValueError, match="no such checkpoint"):
        resume_point(str(tmp_path / "checkpoint-5"), tmp_path)


def test_a_flipped_bit_in_the_tables_of_a_checkpoint(start, unbroken, tmp_path):
    """The run would go on with tables that link to other concepts."""
    shutil.copytree(unbroken, tmp_path, dirs_exist_ok=True)
    weights = tmp_path / "checkpoint-4/model.safetensors"
    tensors = load_file(weights)
    tensors["kogner.index.surface_concept"][3] ^= 1
    save_file(tensors, weights, metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"checkpoint-4: its knowledge tables are damaged, or from another"):
        train(*start, "--output_dir", tmp_path, "--resume_from_checkpoint", weights.parent)


def test_a_full_disk_ends_with_advice(start, unbroken, tmp_path):
    """The message of a writer names neither file nor fix."""
    output = tmp_path / "m"
    said = run_doomed(functools.partial(train, *start, "--output_dir", output), output, bytes_a_file=-60_000)
    assert said.startswith("InputError")
    assert "checkpoint-2: could not be written" in said
    assert "no checkpoint was kept" in said
    train(*start, "--output_dir", output, "--resume_from_checkpoint", "last")
    assert same_weights(output, unbroken)


@pytest.mark.parametrize("fault", [torch.OutOfMemoryError("CUDA out of memory. Tried"), MemoryError()])
def test_out_of_memory_ends_with_advice_and_the_run_goes_on(start, unbroken, tmp_path, monkeypatch, fault):
    """Days of training behind a traceback that says nothing of the checkpoint."""
    real, steps = KognerForTokenClassification.forward, []

    @functools.wraps(real)
    def forward(self, *args, **kwargs):
        steps.append(1)
        if len(steps) == 4:
            raise fault
        return real(self, *args, **kwargs)

    command = [*start, "--output_dir", tmp_path, "--resume_from_checkpoint", "last"]
    with monkeypatch.context() as patch:
        patch.setattr(KognerForTokenClassification, "forward", forward)
        with pytest.raises(ValueError, match=r"out of memory after step 3 .*train-batch-size \(now 2.*checkpoint-2 is"):
            train(*command)
    train(*command)
    assert same_weights(tmp_path, unbroken)


def test_a_bug_is_no_lack_of_memory(start, tmp_path, monkeypatch):
    """Advice to take smaller batches would hide it."""

    @functools.wraps(KognerForTokenClassification.forward)
    def forward(*_, **__):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(KognerForTokenClassification, "forward", forward)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        train(*start, "--output_dir", tmp_path)


def test_a_run_that_diverges_stops_and_saves_nothing(start, tmp_path):
    """The Trainer leaves losses that are not finite out of its log, trains on and saves NaN over what was good."""
    rates = ["--learning_rate", 1e30, "--head_learning_rate", 1e30, "--warmup_steps", 0, "--max_grad_norm", 0]
    with pytest.raises(ValueError, match=r"after step \d, so the run stops .* with a lower --learning-rate"):
        train(*start, *rates, "--output_dir", tmp_path)
    assert newest_whole(tmp_path) is None
    assert not list(tmp_path.rglob("*.safetensors"))


def test_a_single_loss_that_is_not_finite_stops_the_run(start, tmp_path, monkeypatch):
    """Weights that it has already ruined are noticed at the next step, not at the end of the budget."""
    real, steps = KognerForTokenClassification.forward, []

    @functools.wraps(real)
    def forward(self, *args, **kwargs):
        output = real(self, *args, **kwargs)
        steps.append(1)
        if len(steps) == 3:
            output.loss = output.loss * float("nan")
        return output

    monkeypatch.setattr(KognerForTokenClassification, "forward", forward)
    with pytest.raises(ValueError, match=rf"loss is nan .* from the weights of {tmp_path / 'checkpoint-2'}"):
        train(*start, "--output_dir", tmp_path)
    assert len(steps) == 4
    assert newest_whole(tmp_path) == str(tmp_path / "checkpoint-2")

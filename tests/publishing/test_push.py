"""What is pushed comes back whole, and nothing else of the machine leaves it."""

import hashlib
import json
import shutil
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from hub_server import TOKEN, PushHandler
from safetensors.torch import load_file
from support import ROOT, kogner, rows, run_as_user, run_process, save_encoder, tiny_bert, tiny_model, write_corpus
from test_hub import PIPELINE, TEXT, succeeded
from transformers import BertModel

from modeling_kogner.publishing import hub as publishing
from modeling_kogner.training.run import KognerTrainingArguments

CARD = "---\nlanguage: en\npipeline_tag: token-classification\n---\n\n# KoGNER\n"
PUSH = "import sys; sys.argv[0] = 'kogner'; from modeling_kogner.commands.main import app; app()"


@pytest.fixture
def hub(tmp_path):
    """An empty Hub; the repository's files come to lie in `hub.folder`."""
    folder = tmp_path / "hub"
    folder.mkdir()
    state = {"folder": folder, "refused": [], "objects": {}, "commits": [], "xet_files": {}}
    handler = type("Handler", (PushHandler,), state)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.folder, server.handler = folder, handler
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def model(knowledge, wordpiece):
    return tiny_model(knowledge, wordpiece)


@pytest.fixture
def folder(model, wordpiece, tmp_path) -> Path:
    """A model folder as training leaves it: with a checkpoint, arguments and paths of this machine."""
    folder = tmp_path / "private-home" / "kogner"
    model.save_pretrained(folder, max_shard_size="20KB")
    wordpiece.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    config["encoder_config"]["_name_or_path"] = str(tmp_path / "private-home" / "my-encoder")
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "README.md").write_text(CARD)
    (folder / "checkpoint-5").mkdir()
    for name in ("training_args.bin", "optimizer.pt", "training.json", "own.py", "checkpoint-5/optimizer.pt"):
        (folder / name).write_text(f"{TOKEN} {tmp_path}")
    return folder


def environment(hub, home: Path, **more: str) -> dict[str, str]:
    """A process that knows this Hub alone."""
    address = f"http://127.0.0.1:{hub.server_address[1]}"
    # Xet, the Hub's way for weights today, has a storage server of its own; without it they go through Git LFS.
    fixed = {"HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "*"}
    return fixed | {"HF_ENDPOINT": address, "HF_HOME": str(home), "PYTHONPATH": str(ROOT)} | more


def assert_nothing_private(hub, tmp_path) -> None:
    """The token and paths of this machine are in no uploaded file."""
    for file in hub.folder.rglob("*"):
        content = file.read_bytes()
        assert TOKEN.encode() not in content, file
        assert str(tmp_path).encode() not in content, file


def test_pushed_model_comes_back_equal(hub, folder, model, wordpiece, tmp_path):
    """Pushed and loaded by a stranger without the package: same logits; other files of the folder stay at home."""
    (hub.folder / "model-00009-of-00009.safetensors").write_bytes(b"of an earlier push")
    (hub.folder / "LICENSE").write_text("put there by hand")
    command = ["-c", PUSH, "push", str(folder), "org/kogner", "--private"]
    process = run_process(*command, cwd=tmp_path, **environment(hub, tmp_path / "home", HF_TOKEN=TOKEN))
    address = f"http://127.0.0.1:{hub.server_address[1]}/org/kogner/commit/{PushHandler.commit}"
    assert succeeded(process).splitlines()[-1] == f"-> {address}"
    assert TOKEN not in process.stdout + process.stderr
    assert hub.handler.commits[0]["created"]["visibility"] == "private"

    weights = {path.name for path in folder.glob("model[.-]*")}
    others = {"config.json", "README.md", "tokenizer.json", "tokenizer_config.json"}
    others |= publishing._CODE
    assert {str(path.relative_to(hub.folder)) for path in hub.folder.rglob("*")} == weights | others | {"LICENSE"}
    assert len(hub.handler.objects) == len(weights) - 1  # all but the list of shards went through Git LFS
    assert_nothing_private(hub, tmp_path)
    config = json.loads((hub.folder / "config.json").read_text())
    assert config["encoder_config"]["_name_or_path"] == "my-encoder"

    dump = tmp_path / "dump.safetensors"
    stranger = environment(hub, tmp_path / "stranger")
    succeeded(run_as_user(tmp_path, PIPELINE, "org/kogner", str(dump), TEXT, **stranger))
    with torch.no_grad():
        assert torch.equal(load_file(dump)["logits"], model(**wordpiece(TEXT, return_tensors="pt")).logits)


def test_weights_through_xet_come_back_equal(hub, folder, model, wordpiece, tmp_path):
    """Xet is how weights travel by default; a token or a path of the machine must not go astray on that way either.

    The client of Xet has a store in a folder of its own for tests, `local://FOLDER`: chunks, tables and all.
    """
    hf_xet = pytest.importorskip("hf_xet")
    (tmp_path / "store").mkdir()
    hub.handler.xet_store = f"local://{tmp_path / 'store'}"
    weights = sorted(folder.glob("*.safetensors"))
    for file, hashed in zip(weights, hf_xet.hash_files([str(file) for file in weights]), strict=True):
        content = file.read_bytes()
        hub.handler.xet_files[hashlib.sha256(content).hexdigest()] = hashed.hash, len(content)
    known = environment(hub, tmp_path / "home", HF_TOKEN=TOKEN, HF_HUB_DISABLE_XET="0")
    process = run_process("-c", PUSH, "push", str(folder), "org/kogner", cwd=tmp_path, **known)
    assert TOKEN not in succeeded(process) + process.stderr
    assert hub.handler.objects == {}  # nothing went through Git LFS
    shutil.rmtree(folder)
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and TOKEN.encode() in file.read_bytes()]

    dump, stranger = tmp_path / "dump.safetensors", environment(hub, tmp_path / "stranger", HF_HUB_DISABLE_XET="0")
    succeeded(run_as_user(tmp_path, PIPELINE, "org/kogner", str(dump), TEXT, **stranger))
    with torch.no_grad():
        assert torch.equal(load_file(dump)["logits"], model(**wordpiece(TEXT, return_tensors="pt")).logits)


@pytest.fixture
def here(hub, monkeypatch):
    """The same Hub for this process."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{hub.server_address[1]}")
    return hub


def test_pull_request(here, folder):
    """Without the flag in the request a visitor's push would fail, or change the branch at once."""
    assert publishing.publish(folder, "org/kogner", create_pr=True).endswith("/discussions/1")
    assert here.handler.commits[-1]["query"] == "create_pr=1"


def test_refusal_does_not_show_the_token(here, folder):
    """A server may send back what it was sent; the message ends up in logs."""
    here.handler.is_refusing = True
    result = kogner("push", str(folder), "org/kogner")
    assert result.exit_code == 1
    assert result.stderr.startswith("kogner push: org/kogner: the Hub refused the upload (")
    assert "***" in result.stderr
    assert TOKEN not in result.output


def test_hub_out_of_reach(folder, monkeypatch):
    """The client's own error is a page of traceback."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ValueError, match="org/kogner: the Hub refused the upload"):
        publishing.publish(folder, "org/kogner")


def without_card(folder):
    (folder / "README.md").unlink()


def with_bare_card(folder):
    (folder / "README.md").write_text("# KoGNER\n")


def without_code(folder):
    (folder / "losses.py").unlink()


def with_cut_weights(folder):
    next(folder.glob("model-*.safetensors")).write_bytes(b"cut")


def with_a_path(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"corpus": "/home/someone/corpus"}))


BROKEN = {
    without_card: "no model card in this folder; write one with `kogner card`, or pass --no-card",
    with_bare_card: "README.md: no metadata",
    without_code: "losses.py: the model's code is missing",
    with_cut_weights: "damaged or half downloaded",
    with_a_path: "config.json: names /home/someone/corpus, a path of this machine",
}


@pytest.mark.parametrize("breaks", BROKEN, ids=lambda breaks: breaks.__name__)
def test_folder_that_would_not_work_is_refused(breaks, folder, monkeypatch):
    """Refused before anything is sent: a half-published model is found by strangers first."""
    monkeypatch.setattr(publishing, "HfApi", lambda: pytest.fail("asked the Hub"))
    breaks(folder)
    with pytest.raises(ValueError, match=r"^\S") as raised:
        publishing.publish(folder, "org/kogner")
    assert BROKEN[breaks] in str(raised.value)


def test_repository_needs_an_owner(folder):
    """`kogner push MODEL kogner` would make a repository of whoever is logged in."""
    with pytest.raises(ValueError, match="OWNER/NAME"):
        publishing.publish(folder, "kogner")


def test_training_publishes_the_finished_model(hub, wordpiece, tmp_path):
    """The Trainer itself would also upload optimizer states, the pickled arguments, and a card with local paths."""
    torch.manual_seed(0)
    encoder = save_encoder(tmp_path / "my-encoder", BertModel(tiny_bert(len(wordpiece))), wordpiece)
    corpus = write_corpus(tmp_path / "corpus", train=rows(), validation=rows())
    output = tmp_path / "model"
    options = [ROOT / "train.py", "--encoder", encoder, "--dataset", corpus, "--output_dir", output, "--use_cpu"]
    options += ["--num_train_epochs", 1, "--push_to_hub", "--hub_model_id", "org/kogner", "--disable_tqdm", "true"]
    options += ["--save_total_limit", 1]
    known = environment(hub, tmp_path / "home", HF_TOKEN=TOKEN)
    process = run_process(*map(str, options), cwd=tmp_path, **known)
    succeeded(process)
    assert list(output.glob("checkpoint-*/optimizer.pt"))
    pushed = {str(path.relative_to(hub.folder)) for path in hub.folder.rglob("*")}
    assert pushed == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", *publishing._CODE}
    assert_nothing_private(hub, tmp_path)
    assert TOKEN not in process.stdout + process.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert (hub.folder / "model.safetensors").read_bytes() == (output / "model.safetensors").read_bytes()

    hub.handler.is_refusing = True
    process = run_process(*map(str, options), cwd=tmp_path, **known)
    assert process.returncode == 1
    assert process.stderr.strip().splitlines()[-1].startswith("train.py: org/kogner: the Hub refused the upload")
    assert TOKEN not in process.stdout + process.stderr


@pytest.mark.parametrize(
    ("option", "message"),
    [(["--hub_token", TOKEN], "HF_TOKEN"), (["--hub_strategy", "checkpoint"], "would publish optimizer states")],
)
def test_training_refuses_what_would_leak(option, message, tmp_path):
    """A token on the command line is pickled into every checkpoint; other strategies upload the checkpoints."""
    with pytest.raises(ValueError, match=message) as raised:
        KognerTrainingArguments(output_dir=str(tmp_path), **{option[0][2:]: option[1]})
    assert TOKEN not in str(raised.value)

"""A saved folder is complete: it loads bit-equal, elsewhere, in shards, without the package and from the Hub."""

import hashlib
import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from support import HIDE_MODULES, ROOT, run_as_user, run_process, save_encoder, tiny_bert, tiny_model
from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification, AutoTokenizer, BertModel, pipeline

from modeling_kogner import KognerConfig, KognerForTokenClassification, KognerModel

TEXT = "Aspirin cured the acute lymphoblastic leukemia of HeLa cells, not the heart failure."

# Every tensor and the logits of the model at sys.argv[2], into the file sys.argv[3].
DUMP = """
import sys, torch
from safetensors.torch import save_file
from transformers import AutoModelForTokenClassification, AutoTokenizer
model = AutoModelForTokenClassification.from_pretrained(sys.argv[2], trust_remote_code=True).eval()
tokenizer = AutoTokenizer.from_pretrained(sys.argv[2], trust_remote_code=True)
with torch.no_grad():
    logits = model(**tokenizer(sys.argv[4], return_tensors="pt")).logits
save_file({"logits": logits, **model.state_dict()}, sys.argv[3])
print(type(model).__module__)
"""

# What the stock pipeline does with the Hub id sys.argv[2]; its logits go to the file sys.argv[3].
PIPELINE = """
import sys, torch
from safetensors.torch import save_file
from transformers import pipeline
ner = pipeline("token-classification", model=sys.argv[2], trust_remote_code=True, aggregation_strategy="simple")
print([(m["word"], m["entity_group"], round(float(m["score"]), 5)) for m in ner(sys.argv[4])])
with torch.no_grad():
    save_file({"logits": ner.model(**ner.tokenizer(sys.argv[4], return_tensors="pt")).logits}, sys.argv[3])
"""


@pytest.fixture(scope="module")
def model(knowledge, wordpiece):
    return tiny_model(knowledge, wordpiece)


@pytest.fixture(scope="module")
def folder(model, wordpiece, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "kogner"
    model.save_pretrained(folder)
    wordpiece.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def state(model, wordpiece):
    with torch.no_grad():
        logits = model(**wordpiece(TEXT, return_tensors="pt")).logits
    return {"logits": logits, **model.state_dict()}


def assert_same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    assert [name for name in expected if not torch.equal(found[name], expected[name])] == []


def succeeded(process: subprocess.CompletedProcess) -> str:
    assert process.returncode == 0, process.stderr[-3000:]
    return process.stdout


def test_what_is_loaded_is_what_was_saved(model, folder):
    """A buffer that is not persistent comes back as whatever lay in memory."""
    loaded = KognerForTokenClassification.from_pretrained(folder)
    assert_same(loaded.state_dict(), model.state_dict())
    names = {name for name, _ in model.named_buffers()} - set(model.state_dict())
    assert names <= {"kogner.encoder.embeddings.position_ids", "kogner.encoder.embeddings.token_type_ids"}
    assert all(torch.equal(loaded.get_buffer(name), model.get_buffer(name)) for name in names)


def test_registered_classes_need_no_trust(folder):
    """Whoever installed the package would be asked to trust the code that they already run."""
    assert type(AutoConfig.from_pretrained(folder)) is KognerConfig
    assert type(AutoModelForTokenClassification.from_pretrained(folder)) is KognerForTokenClassification
    assert type(AutoModel.from_pretrained(folder)) is KognerModel
    assert type(pipeline("ner", model=str(folder)).model) is KognerForTokenClassification


def test_shards_load(model, folder, wordpiece, tmp_path):
    """The release is sharded; a table that is cut or left out would link nothing."""
    model.save_pretrained(tmp_path, max_shard_size="20KB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 3
    assert_same(KognerForTokenClassification.from_pretrained(tmp_path).state_dict(), model.state_dict())


def test_folder_holds_code_and_no_pickle(folder):
    """A missing module fails only on the machine of another; a pickle can run code there."""
    shipped = {path.name for path in (ROOT / "modeling_kogner").glob("*.py")} - {"__init__.py"}
    assert shipped == {path.name for path in folder.glob("*.py")}
    others = {path.name for path in folder.iterdir()} - shipped
    assert others == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}


def test_encoder_cannot_pull_in_code_of_others(model, wordpiece, tmp_path):
    """An encoder's own `auto_map` would make the checkpoint run a second repository's code."""
    torch.manual_seed(0)
    encoder = save_encoder(tmp_path / "encoder", BertModel(tiny_bert(len(wordpiece))), wordpiece)
    config = json.loads((encoder / "config.json").read_text())
    foreign = {"auto_map": {"AutoConfig": "other/code--evil.Config"}, "trust_remote_code": True}
    (encoder / "config.json").write_text(json.dumps(config | foreign))
    KognerForTokenClassification.from_encoder(str(encoder), ["Disease"]).save_pretrained(tmp_path / "model")
    saved = json.loads((tmp_path / "model" / "config.json").read_text())
    assert set(saved["auto_map"]) == {"AutoConfig", "AutoModelForTokenClassification"}
    assert not foreign.keys() & saved["encoder_config"].keys()

    # A checkpoint of someone else may carry it all the same.
    saved["encoder_config"] |= foreign
    (tmp_path / "model" / "config.json").write_text(json.dumps(saved))
    loaded = KognerForTokenClassification.from_pretrained(tmp_path / "model")
    assert not hasattr(loaded.config.encoder_config, "auto_map")
    assert isinstance(loaded.kogner.encoder, BertModel)


def test_fresh_start_takes_the_encoder_and_keeps_its_weights(wordpiece, tmp_path):
    """A silent mismatch of names would train from random weights, and scores would merely be low."""
    torch.manual_seed(0)
    bert = BertModel(tiny_bert(len(wordpiece)))
    encoder = save_encoder(tmp_path, bert, wordpiece)
    started = KognerForTokenClassification.from_encoder(str(encoder), ["Disease"]).kogner.encoder.state_dict()
    assert_same(started, {name: t for name, t in bert.state_dict().items() if not name.startswith("pooler.")})


def test_tables_of_another_version_are_refused(wordpiece, tmp_path):
    """Distilled weights under an old name would be dropped, and the student would stay random."""
    encoder = save_encoder(tmp_path, BertModel(tiny_bert(len(wordpiece))), wordpiece)
    tables = {"kogner.graph.student.att": torch.zeros(1)}
    with pytest.raises(ValueError, match=r"no such tables in this model: kogner\.graph\.student\.att"):
        KognerForTokenClassification.from_encoder(str(encoder), ["Disease"], tables)


def test_fresh_process_without_the_package(folder, state, tmp_path):
    """The folder must stand alone: no package, no torch_geometric, no pandas, and bit for bit the same."""
    dump = tmp_path / "dump.safetensors"
    process = run_as_user(tmp_path, DUMP, str(folder), str(dump), TEXT, HF_HOME=str(tmp_path / "home"))
    assert succeeded(process).startswith("transformers_modules.")
    assert_same(load_file(dump), state)


def test_code_that_is_not_trusted_does_not_run(folder, tmp_path):
    """Also guards the test above: were the package importable there, no trust would be needed."""
    code = DUMP.replace("trust_remote_code=True", "trust_remote_code=False")
    process = run_as_user(tmp_path, code, str(folder), "unused", TEXT, HF_HOME=str(tmp_path / "home"))
    assert process.returncode != 0
    assert "trust_remote_code" in process.stderr


def test_hidden_modules_are_hidden(tmp_path):
    """Guards the tests that rely on it."""
    code = "\nimport numpy\ntry:\n    import pandas\nexcept ModuleNotFoundError:\n    print('hidden')\n"
    process = run_process("-I", "-c", HIDE_MODULES + code, '["pandas"]', cwd=tmp_path)
    assert succeeded(process).strip() == "hidden"


class HubHandler(BaseHTTPRequestHandler):
    """As much of the Hub as a client asks of it: model info, file tree and files of one repository."""

    protocol_version = "HTTP/1.1"
    folder: Path
    commit = "0123456789abcdef0123456789abcdef01234567"
    refused: list[str]

    def do_HEAD(self):
        """Headers alone."""
        self.answer(with_body=False)

    def do_GET(self):
        """Headers and body."""
        self.answer(with_body=True)

    def answer(self, with_body: bool) -> None:
        """Answer as the Hub does; requests that have nothing to do with the repository are noted."""
        path = self.path.partition("?")[0].strip("/")
        files = sorted(file.name for file in self.folder.iterdir())
        status, body, headers = 200, b"", {"X-Repo-Commit": self.commit}
        if path in ("api/models/org/kogner", "api/models/org/kogner/revision/main"):
            siblings = [{"rfilename": name} for name in files]
            info = {"id": "org/kogner", "modelId": "org/kogner", "sha": self.commit, "private": False, "tags": []}
            body = json.dumps(info | {"pipeline_tag": "token-classification", "siblings": siblings}).encode()
            headers["Content-Type"] = "application/json"
        elif path == "api/models/org/kogner/tree/main":
            sizes = {name: (self.folder / name).stat().st_size for name in files}
            listing = [{"type": "file", "path": name, "size": size, "oid": name} for name, size in sizes.items()]
            body, headers["Content-Type"] = json.dumps(listing).encode(), "application/json"
        elif path.startswith("org/kogner/resolve/") and (name := path.split("/", 4)[-1]) in files:
            body = (self.folder / name).read_bytes()
            headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()}"'
        else:
            missing = path.startswith(("org/kogner/resolve/", "api/models/org/kogner/tree/"))
            status, headers["X-Error-Code"] = 404, "EntryNotFound" if missing else "RepoNotFound"
            if not missing:
                self.refused.append(self.path)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture
def hub(folder):
    """A Hub on the loopback interface that has the saved folder as `org/kogner`."""
    handler = type("Handler", (HubHandler,), {"folder": folder, "refused": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_stock_pipeline_from_the_hub(folder, state, hub, tmp_path):
    """The Hub path checks every file and loads code by commit: what works from a folder can fail there."""
    dump, port = tmp_path / "dump.safetensors", hub.server_address[1]
    hub_only = {"HF_ENDPOINT": f"http://127.0.0.1:{port}", "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0"}
    process = run_as_user(
        tmp_path, PIPELINE, "org/kogner", str(dump), TEXT, **hub_only, HF_HUB_DISABLE_TELEMETRY="1", NO_PROXY="*"
    )
    printed = succeeded(process).splitlines()[-1]
    assert torch.equal(load_file(dump)["logits"], state["logits"])
    local = pipeline("token-classification", model=str(folder), aggregation_strategy="simple")
    assert printed == str([(m["word"], m["entity_group"], round(float(m["score"]), 5)) for m in local(TEXT)])
    assert printed != "[]"
    assert hub.RequestHandlerClass.refused == []


def test_tokenizer_comes_with_the_folder(folder, wordpiece):
    """Saved with other settings, the tokenizer would cut text otherwise than the index expects."""
    loaded = AutoTokenizer.from_pretrained(folder)
    assert loaded(TEXT).input_ids == wordpiece(TEXT).input_ids
    assert loaded.model_max_length == wordpiece.model_max_length


def test_bundled_model_carries_the_code_of_this_version():
    """A fix that the package has and the published folder has not would reach nobody who loads it from the Hub.

    `python -m modeling_kogner.publishing.release hub_card hub_card` writes it again; the weights stay as they are.
    """
    code = sorted((ROOT / "hub_card").glob("*.py"))
    assert {file.name for file in code} == {file.name for file in (ROOT / "modeling_kogner").glob("[!_]*.py")}
    assert [file.name for file in code if file.read_text() != (ROOT / "modeling_kogner" / file.name).read_text()] == []

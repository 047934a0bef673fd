"""What a model folder and the files of others may not do: run code, reach the network, write, or lead astray."""

import json
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from support import ROOT, run_as_user, tiny_model

from modeling_kogner import KognerConfig
from modeling_kogner.graph.sources import read_obo
from modeling_kogner.inference.load_model import load_model

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Import the shipped files of the folder sys.argv[2] as a package, load its weights and tag a text, while every event
# of the interpreter that reaches out of the process is an error. What transformers does itself is done beforehand.
# At the end one module that does such a thing is imported for each line of sys.argv[4]; what stopped it is printed.
WATCHED = """
import importlib, json, os, sys, types, torch
from pathlib import Path
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import AutoModel, BertConfig, modeling_outputs
folder = Path(sys.argv[2])
AutoModel.from_config(BertConfig(vocab_size=8, hidden_size=8, num_attention_heads=1, num_hidden_layers=1))
ids = torch.tensor([Tokenizer.from_file(str(folder / "tokenizer.json")).encode(sys.argv[3]).ids])
state = load_file(folder / "model.safetensors")
for number, line in enumerate(json.loads(sys.argv[4])):
    (folder / f"planted_{number}.py").write_text(line)
sys.dont_write_bytecode = True
REFUSED = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile",
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown",
    "os.putenv", "shutil.", "tempfile.", "urllib.", "http.", "ftplib.", "smtplib.", "webbrowser.", "pickle.",
    "ctypes.dlopen", "pty.", "signal.", "winreg.", "mmap.")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
watching = True

class Refused(BaseException):
    pass

def watch(event, arguments):
    if not watching:
        return
    if event.startswith(REFUSED):
        raise Refused(event)
    if event == "open" and ((arguments[2] or 0) & WRITING or set(str(arguments[1] or "")) & set("wax+")):
        raise Refused(f"open {arguments[0]}")

sys.addaudithook(watch)
sys.modules["shipped"] = package = types.ModuleType("shipped")
package.__path__ = [str(folder)]
shipped = {path.stem: importlib.import_module(f"shipped.{path.stem}") for path in folder.glob("[!p]*.py")}
config = shipped["configuration_kogner"].KognerConfig.from_json_file(folder / "config.json")
model = shipped["modeling_kogner"].KognerForTokenClassification(config).eval()
model.load_state_dict(state)
logits = model(ids).logits
assert len(model.kogner.concepts.names) == config.num_concepts
done = [len(shipped), *logits.shape]
for number in range(len(json.loads(sys.argv[4]))):
    try:
        importlib.import_module(f"shipped.planted_{number}")
        done.append("not refused")
    except Refused as error:
        done.append(str(error))
watching = False
print(json.dumps(done))
"""
PLANTED = {
    "import socket; socket.socket()": "socket.__new__",
    "open('left-behind', 'w')": "open left-behind",
    "import os; os.open('left-behind', os.O_CREAT)": "open left-behind",
    "import os; os.system('true')": "os.system",
    "import subprocess; subprocess.run(['true'])": "subprocess.Popen",
    "import pickle; pickle.loads(pickle.dumps(print))": "pickle.find_class",
}


@pytest.fixture(scope="module")
def folder(knowledge, wordpiece, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("security") / "model"
    tiny_model(knowledge, wordpiece).save_pretrained(folder)
    wordpiece.save_pretrained(folder)
    return folder


def test_shipped_files_reach_nothing_outside(folder, tmp_path):
    """They run in the processes of others; what is planted shows that the watch would notice."""
    copied = shutil.copytree(folder, tmp_path / "model")
    text = "Aspirin reduced the fever of leukemia."
    process = run_as_user(tmp_path, WATCHED, str(copied), text, json.dumps([*PLANTED]))
    assert process.returncode == 0, process.stderr[-2000:]
    modules, batch, _, _, *refused = json.loads(process.stdout)
    assert (modules, batch) == (len(list(folder.glob("*.py"))), 1)
    assert refused == [*PLANTED.values()]
    assert not (tmp_path / "left-behind").exists()


def test_nested_configuration_names_no_code_of_others():
    """An encoder's own classes, or a kernel for its attention, would be fetched from a second repository."""
    encoder = {"model_type": "bert", "hidden_size": 8, "num_attention_heads": 2}
    foreign = {"auto_map": {"AutoConfig": "o/r--e.C"}, "trust_remote_code": True, "attn_implementation": "o/kernel"}
    nested = {"model_type": "kogner", "encoder_config": encoder | foreign}
    for config in (
        KognerConfig(encoder_config=encoder | foreign).encoder_config,
        KognerConfig(encoder_config=nested | foreign).encoder_config.encoder_config,
    ):
        assert config.hidden_size == 8
        assert "o/" not in json.dumps(config.to_dict())
        assert config._attn_implementation is None


def test_no_pickle_is_read_anywhere():
    """`ruff check` refuses what unpickles or evaluates; a rule that is switched off would let it in."""
    planted = "import pickle\nimport torch\n\npickle.loads(b'')\ntorch.load('x')\neval('1')\n"
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--output-format=concise",
        "--stdin-filename=modeling_kogner/x.py",
    ]
    found = subprocess.run([*command, "-"], cwd=ROOT, input=planted, capture_output=True, text=True)
    if "No module named ruff" in found.stderr:
        pytest.skip("needs the extra dev")
    assert {"S301", "S307", "TID251"} <= set(re.findall(r"[A-Z]+\d{3}", found.stdout)), found.stdout


@pytest.mark.parametrize("name", ["../elsewhere.safetensors", "/elsewhere.safetensors", "a/b.safetensors"])
def test_weights_lie_in_the_folder(folder, tmp_path, name):
    """An index of shards is a list of paths that others wrote."""
    copied = shutil.copytree(folder, tmp_path / "model")
    (copied / "model.safetensors").rename(tmp_path / "elsewhere.safetensors")
    (copied / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": name}}))
    with pytest.raises(ValueError, match=r"weight_map: .* is not a file of this folder"):
        load_model(copied)


XML = """<?xml version="1.0"?>
<!DOCTYPE r [<!ENTITY e SYSTEM "{secret}"><!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:owl="http://www.w3.org/2002/07/owl#"
 xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#"><owl:Ontology rdf:about="http://toy/toy.owl"/>
<owl:Class rdf:about="http://purl.obolibrary.org/obo/TOY_1"><rdfs:label>{entity}</rdfs:label></owl:Class></rdf:RDF>
"""


@pytest.mark.parametrize("entity", ["&e;", "&b;", "plain"])
def test_ontologies_are_no_xml(tmp_path, entity):
    """The parser of OBO files reads XML too, whose entities name files of the machine or grow without end."""
    pytest.importorskip("pronto")
    (tmp_path / "secret").write_text("secret")
    path = tmp_path / "toy.obo"
    path.write_text(XML.format(secret=(tmp_path / "secret").as_uri(), entity=entity))
    with pytest.raises(ValueError, match=r"toy\.obo: not a valid OBO file \(it begins with"):
        read_obo(path, {"": "Disease"})


def test_ontologies_import_nothing(tmp_path, monkeypatch):
    """An `import:` line would fetch from any address that its author chose."""
    pytest.importorskip("pronto")
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: pytest.fail("it reached for the network"))
    path = tmp_path / "toy.obo"
    for address in ("http://127.0.0.1:9/other.obo", "other.obo", "/etc/passwd"):
        path.write_text(f"format-version: 1.2\nimport: {address}\n\n[Term]\nid: TOY:1\nname: flurb\n")
        assert list(read_obo(path, {"": "Disease"}).nodes["name"]) == ["flurb"]


def test_every_dependency_is_listed_with_its_licence():
    """A new dependency under terms that users cannot accept would come in unseen."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    names = {Requirement(line).name for group in groups for line in group} - {"kogner"}
    listed = dict(re.findall(r"^\| ([\w-]+) \| ([^|]+) \|", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE))
    assert names <= set(listed)
    for name in names:
        try:
            found = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue
        terms = " ".join([*found.get_all("Classifier", []), found.get("License-Expression") or ""])
        assert not re.search(r"\b(A|L)?GPL", terms), name

"""A model as a package: where it is found, and what its wheel holds."""

import base64
import csv
import hashlib
import io
import subprocess
import sys
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from support import ROOT, kogner
from tiny_tagger import save_tagger

from modeling_kogner import __version__, load
from modeling_kogner.inference import find_model as found_in
from modeling_kogner.inference.find_model import find_model

TEXT = "Aspirin reduced the fever of BRCA1 leukemia"
# Loads the model also with the classes that the installed package registers: no code of the folder is trusted.
USE = """
import sys, kogner_biomed, modeling_kogner
from transformers import AutoModelForTokenClassification
from modeling_kogner import KognerForTokenClassification, load
model = AutoModelForTokenClassification.from_pretrained(kogner_biomed.FOLDER)
assert type(model) is KognerForTokenClassification
print(modeling_kogner.__file__, kogner_biomed.FOLDER, len(load()(sys.argv[1]).mentions))
"""


@pytest.fixture(scope="module")
def model_folder(knowledge, tmp_path_factory) -> Path:
    """A model with a card and what training leaves beside it."""
    folder = save_tagger(knowledge, tmp_path_factory.mktemp("models") / "tiny")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n\n# The card\n")
    (folder / "optimizer.pt").write_text("not published")
    return folder


@pytest.fixture(scope="module")
def wheel(model_folder, tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("dist")
    result = kogner("package", model_folder, "--output", output)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return output / f"kogner_biomed-{__version__}-py3-none-any.whl"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a wheel on the path, as pip does for a wheel without scripts, for this test alone."""

    def unpack(wheel: Path) -> Path:
        zipfile.ZipFile(wheel).extractall(tmp_path / wheel.stem)
        monkeypatch.syspath_prepend(str(tmp_path / wheel.stem))
        return tmp_path / wheel.stem

    yield unpack
    for name in [name for name in sys.modules if name.startswith(("kogner_biomed", "my_model"))]:
        del sys.modules[name]


def test_the_wheel_is_complete_and_its_record_right(wheel, model_folder):
    """Pip refuses a wheel of a wrong digest; a note of training would be published."""
    archive = zipfile.ZipFile(wheel)
    contents = {name: archive.read(name) for name in archive.namelist()}
    information = f"kogner_biomed-{__version__}.dist-info"
    rows = {name: row for name, *row in csv.reader(io.StringIO(contents[f"{information}/RECORD"].decode()))}
    assert set(rows) == set(contents)
    for name, (digest, size) in rows.items():
        if not name.endswith("RECORD"):
            expected = base64.urlsafe_b64encode(hashlib.sha256(contents[name]).digest()).decode().rstrip("=")
            assert (digest, size) == (f"sha256={expected}", str(len(contents[name])))
    metadata = contents[f"{information}/METADATA"].decode()
    for line in ("Name: kogner-biomed", f"Requires-Dist: kogner[torch]=={__version__}", "License: mit", "# The card"):
        assert f"\n{line}\n" in f"\n{metadata}\n"
    model = {name.rpartition("/")[2] for name in contents if "/model/" in name}
    assert {"config.json", "tokenizer.json", "model.safetensors", "README.md", "modeling_kogner.py"} <= model
    assert "optimizer.pt" not in model


def test_the_same_model_gives_the_same_wheel(wheel, model_folder, tmp_path):
    """A digest of the wheel could not be published otherwise."""
    kogner("package", model_folder, "--output", tmp_path)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_a_path_comes_first_then_a_package_then_the_checkout(wheel, model_folder, install, tmp_path, monkeypatch):
    """Another order would annotate with another model than the one that was asked for."""
    monkeypatch.setattr(found_in, "_CHECKOUT", model_folder)
    monkeypatch.chdir(tmp_path)
    assert find_model() == find_model("kogner-biomed") == str(model_folder)
    folder = str(install(wheel) / "kogner_biomed" / "model")
    assert find_model() == find_model("kogner-biomed") == folder
    assert find_model("OWNER/NAME") == "OWNER/NAME"
    assert find_model(model_folder) == str(model_folder)
    (tmp_path / "kogner-biomed").mkdir()
    assert find_model("kogner-biomed") == "kogner-biomed"


def test_several_packages(wheel, model_folder, install, tmp_path, monkeypatch):
    """A guess between two models of a user would be wrong half the time."""
    for name in ("my-model", "my-model-2"):
        assert kogner("package", model_folder, "--output", tmp_path, "--name", name).exit_code == 0
    one, two = (tmp_path / f"{name}-{__version__}-py3-none-any.whl" for name in ("my_model", "my_model_2"))
    monkeypatch.setattr(found_in, "_CHECKOUT", tmp_path / "none")
    with pytest.raises(ValueError, match="no model is installed; pip install kogner-biomed, or name a folder"):
        find_model()
    assert str(install(one) / "my_model" / "model") == find_model()
    install(two)
    with pytest.raises(ValueError, match="several models are installed; choose with --model: my-model, my-model-2"):
        find_model()
    install(wheel)
    assert "kogner_biomed" in find_model()


def test_folder_and_package_give_the_same(wheel, model_folder, install, tmp_path):
    """Every command takes either; the files of a package must not differ."""
    install(wheel)
    from_folder, from_package = load(model_folder, device="cpu"), load("kogner-biomed", device="cpu")
    assert from_folder(TEXT).to_dict() == from_package(TEXT).to_dict() == load(device="cpu")(TEXT).to_dict()
    for command in (["annotate", "--json", TEXT], ["explain", TEXT]):
        ways = ([], ["--model", "kogner-biomed"], ["--model", model_folder])
        assert len({kogner(*command, *way).stdout for way in ways}) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["absent"], 1, "no such folder"),
        (["FOLDER", "--name", "kogner"], 2, "'kogner' is not a name for the package; write one such as"),
        (["FOLDER", "--name", "A b"], 2, "is not a name for the package"),
    ],
)
def test_wrong_calls_leave_no_wheel(model_folder, tmp_path, arguments, code, message):
    """Half a wheel would be uploaded."""
    given = [model_folder if word == "FOLDER" else word for word in arguments]
    result = kogner("package", *given, "--output", tmp_path / "dist")
    assert result.exit_code == code
    assert message in result.stderr
    assert not list(tmp_path.glob("dist/*"))


@pytest.mark.slow
@pytest.mark.skipif(find_spec("setuptools") is None, reason="builds a wheel without the network")
def test_code_and_model_are_installed_in_a_clean_environment(wheel, tmp_path):
    """What a user without a checkout does: two wheels, then commands without a path, from another folder.

    A folder or page that packaging leaves out is missed only there.
    """
    place, elsewhere = tmp_path / "env", tmp_path / "elsewhere"
    elsewhere.mkdir()
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    (site,) = place.glob("lib/python*/site-packages")
    # The packages that both need are those of this environment; its own kogner comes after the one installed here.
    others = [path for path in sys.path if path.endswith("site-packages")]
    (site / "others.pth").write_text("".join(f"{path}\n" for path in others))
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (source / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(["cp", "-r", ROOT / "modeling_kogner", source], check=True)
    pip = [sys.executable, "-m", "pip", "--python", python, "--quiet", "--disable-pip-version-check", "install"]
    how = ["--no-deps", "--no-index", "--no-build-isolation", "--ignore-installed"]
    subprocess.run([*pip, *how, source, wheel], cwd=elsewhere, check=True, stdin=subprocess.DEVNULL)

    written, packaged = (
        {path.relative_to(folder) for path in (folder / "modeling_kogner").rglob("*.*") if path.suffix != ".pyc"}
        for folder in (ROOT, site)
    )
    assert packaged == written

    def run(*command):
        environment = {"PATH": "/usr/bin:/bin", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "HOME": str(elsewhere)}
        return subprocess.run(
            [place / "bin" / command[0], *command[1:]],
            cwd=elsewhere,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )

    used = run("python", "-c", USE, TEXT)
    assert used.returncode == 0, used.stderr
    assert used.stdout.count(str(site)) == 2
    assert int(used.stdout.split()[-1]) > 0
    example = run("kogner", "annotate", "--example")
    assert example.returncode == 0, example.stderr
    assert example.stderr == ""
    assert " concept " in example.stdout
    subprocess.run([*pip[:5], "uninstall", "--yes", "--quiet", "kogner-biomed"], check=True, cwd=elsewhere)
    missing = run("kogner", "annotate", TEXT)
    assert missing.returncode == 2
    assert "no model is installed" in missing.stderr
    assert "name a folder or Hub id with --model" in missing.stderr

"""Upload a model folder, checked and cleaned, to the Hub: for `kogner push` and `train.py --push-to-hub`."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from huggingface_hub import HfApi, ModelCard, get_token
from huggingface_hub.errors import HfHubHTTPError

from ..files.errors import InputError
from ..inference.load_model import load_model

# Only these are uploaded: not optimizer states, arguments (which may hold a token) or notes.
_PUBLISHED = re.compile(
    r"config\.json|model(-[a-z]+)?(-\d+-of-\d+)?\.safetensors|model\.safetensors\.index\.json|README\.md|LICENSE(\.\w+)?|"
    r"tokenizer(_config)?\.json|special_tokens_map\.json|learning_curve\.(png|svg)|added_tokens\.json|vocab\.(txt|json)|merges\.txt|"
    r"(spiece|spm|sentencepiece\.bpe|tokenizer)\.model"
)
_CODE = {path.name for path in Path(__file__).parents[1].glob("*.py")} - {"__init__.py"}
_CLEANED = ("config.json", "tokenizer_config.json")
# The first base is the HTTPError of httpx or of httpx2: versions of the Hub's client differ in which one they use.
HUB_ERRORS = (*HfHubHTTPError.__bases__, RuntimeError, ValueError)


def publish(
    folder: str | Path,
    repository: str,
    private: bool | None = None,
    create_pr: bool = False,
    needs_card: bool = True,
    revision: str | None = None,
    message: str = "Upload KoGNER model",
) -> str:
    """Upload the model of a folder to the Hub in one commit and return the commit's address.

    Paths of this machine in the configuration are cut to their last part; the folder itself stays as it is.

    Args:
        folder: a model that loads, with its code and card.
        repository: ``OWNER/NAME``; created if it does not exist.
        private: whether a new repository is; None for what the owner has set on the Hub.
        create_pr: open a pull request instead of committing.
        needs_card: refuse a folder without a model card.
        revision: branch; the main one if None.
        message: commit message.

    Raises:
        InputError: the folder is not a complete model, has no card, names a path of this machine, or the Hub refused
            the upload. No message contains the token.
    """
    folder = Path(folder)
    if not re.fullmatch(r"[\w][\w.-]*/[\w][\w.-]*", repository):
        raise InputError(f"{repository!r} is not a Hub id of the form OWNER/NAME", fix="for example my-lab/my-kogner")
    check_model(folder, needs_card)
    with tempfile.TemporaryDirectory() as staged:
        stage(folder, Path(staged))
        try:
            api = HfApi()
            api.create_repo(repository, private=private, exist_ok=True)
            commit = api.upload_folder(
                repo_id=repository,
                folder_path=staged,
                commit_message=message,
                create_pr=create_pr,
                revision=revision,
                # A repository that held other shards, or none, must not keep them.
                delete_patterns=["model*.safetensors", "model.safetensors.index.json"],
            )
        except HUB_ERRORS as error:
            raise refusal(repository, error) from None  # the error's own chain may hold what the server sent back
    return commit.pr_url or commit.commit_url


def refusal(repository: str, error: Exception) -> InputError:
    """The Hub's refusal in one line, without the token: servers may echo what they were sent."""
    text = " ".join(str(error).split()) or type(error).__name__
    if token := get_token():
        text = text.replace(token, "***")
    return InputError(
        f"{repository}: the Hub refused the upload ({text})",
        fix="check the name, and that you are logged in with a token that may write: `hf auth login`, or the "
        "environment variable HF_TOKEN",
    )


def check_model(folder: Path, needs_card: bool) -> None:
    """Refuse what would not work for whoever loads it elsewhere.

    Raises:
        InputError: the folder is not a complete model, or has no card.
    """
    if not folder.is_dir():
        raise InputError("no such folder", fix="give the model folder that train.py wrote", file=folder)
    load_model(folder)
    if missing := sorted(name for name in _CODE if not (folder / name).is_file()):
        raise InputError(
            "the model's code is missing, so the model would load nowhere else",
            fix=f"save it again with `python -m modeling_kogner.publishing.release {folder} NEW`",
            file=folder / missing[0],
        )
    card = folder / "README.md"
    if not card.is_file():
        if needs_card:
            raise InputError(
                "no model card in this folder", fix="write one with `kogner card`, or pass --no-card", file=folder
            )
    elif not ModelCard.load(card).data.to_dict():
        raise InputError("no metadata, by which the Hub finds a model", fix="write it with `kogner card`", file=card)


def stage(folder: Path, staged: Path) -> None:
    """Copy what is published; configurations lose the paths of this machine.

    Raises:
        InputError: a configuration names a path of this machine in a field that is not known.
    """
    for file in sorted(folder.iterdir()):
        if not (file.is_file() and (file.name in _CODE or _PUBLISHED.fullmatch(file.name))):
            continue
        if file.name in _CLEANED:
            content = json.loads(file.read_text())
            cut_names(content)
            if path := next((value for value in _strings(content) if _is_path(value)), None):
                raise InputError(f"names {path}, a path of this machine", fix="remove it", file=file)
            (staged / file.name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        else:
            shutil.copyfile(file, staged / file.name)


def cut_names(content: Any) -> None:
    """Cut the path of a folder that a model or tokenizer was loaded from to its name; Hub ids stay."""
    if not isinstance(content, dict):
        return
    for field, value in content.items():
        cut_names(value)
        if field in ("_name_or_path", "name_or_path") and isinstance(value, str) and _is_local(value):
            content[field] = re.split(r"[/\\]", value.rstrip("/\\"))[-1]


def _is_local(name: str) -> bool:
    return _is_path(name) or name.startswith((".", "~")) or Path(name).is_dir()


def _strings(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, (dict, list)):
        for value in content.values() if isinstance(content, dict) else content:
            yield from _strings(value)


def _is_path(text: str) -> bool:
    """Whether a text is an absolute path of more than the root alone."""
    return any(path.is_absolute() and len(path.parts) > 1 for path in (PurePosixPath(text), PureWindowsPath(text)))

"""What several test files share: tiny models, encoder folders and corpora, the scripts, and fresh processes."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from unittest import mock

import pytest
import torch
from packaging.requirements import Requirement
from transformers import BertConfig, PreTrainedConfig, PreTrainedModel

from modeling_kogner import KognerConfig, KognerForTokenClassification
from modeling_kogner.commands.main import app
from modeling_kogner.configuration_kogner import bio_labels
from modeling_kogner.graph.index_tables import build_tables

ROOT = Path(__file__).parents[1]
TYPES = ["Chemical", "Disease"]
NO_DROPOUT = dict.fromkeys(("sentence_dropout", "concept_dropout", "classifier_dropout"), 0.0)
SENTENCES = [
    ("Aspirin reduced the fever of patients with leukemia .", {0: "B-Chemical", 7: "B-Disease"}),
    (
        "Breast cancers and diabetes mellitus were seen .",
        {0: "B-Disease", 1: "I-Disease", 3: "B-Disease", 4: "I-Disease"},
    ),
    ("The level of aspirin fell in rats .", {3: "B-Chemical"}),
    ("Heart failure did not cause the low level .", {}),
    ("Patients with Parkinson's disease were measured .", {2: "B-Disease", 3: "I-Disease"}),
    ("Acetylsalicylic acid is written as aspirin .", {0: "B-Chemical", 1: "I-Chemical", 5: "B-Chemical"}),
]


def tiny_bert(vocabulary: int, hidden: int = 32, **fields) -> BertConfig:
    """Two layers of two heads."""
    sizes = {"hidden_size": hidden, "intermediate_size": 2 * hidden, "num_hidden_layers": 2, "num_attention_heads": 2}
    return BertConfig(vocab_size=vocabulary, max_position_embeddings=160, **sizes, **fields)


def tiny_model(knowledge, tokenizer, encoder: PreTrainedConfig | None = None, types=TYPES, seed=0, **fields):
    """A random tagger with the tables of a knowledge folder, in evaluation mode."""
    torch.manual_seed(seed)
    table_fields, tables = build_tables(knowledge, tokenizer)
    labels = bio_labels(types)
    config = KognerConfig(
        encoder_config=(encoder or tiny_bert(len(tokenizer))).to_dict(),
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
        **{**table_fields, **fields},
    )
    model = KognerForTokenClassification(config)
    assert not model.load_state_dict(tables, strict=False).unexpected_keys
    for name, parameter in model.named_parameters():  # far from 0, so that every path shows in the logits
        if parameter.dim() == 2 and not any(part in name for part in ("encoder", "student", "conventions")):
            torch.nn.init.normal_(parameter, std=0.2)
    return model.eval()


def mentions_of(annotator, texts, **options) -> list[list]:
    """The mentions of each text."""
    return [document.mentions for document in annotator.annotate(texts, **options)]


def save_encoder(folder: Path, encoder: PreTrainedModel, tokenizer) -> Path:
    """An encoder folder as `train.py --encoder` reads it."""
    encoder.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def rows(sentences=SENTENCES, kinds=TYPES) -> list[dict]:
    """Sentences as corpus rows, with the tags of some types."""
    tagged = [(text.split(), tags) for text, tags in sentences]
    return [
        {"tokens": words, "ner_tags": [t if (t := tags.get(i, "O"))[2:] in kinds else "O" for i in range(len(words))]}
        for words, tags in tagged
    ]


def write_corpus(folder: Path, **splits: list[dict]) -> Path:
    """A corpus folder of JSON lines."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in splits.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in content))
    return folder


@dataclass
class Ended:
    """How a command ended: its exit code and what it printed."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """All that was printed."""
        return self.stdout + self.stderr


def kogner(*arguments: object, input: str | None = None, width: int = 200) -> Ended:
    """Run the `kogner` command in this process, on a terminal of some width where there is none."""
    stdin = io.TextIOWrapper(io.BytesIO((input or "").encode()), encoding="utf-8")
    stdout, stderr = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, {"COLUMNS": str(width)}),
        mock.patch("sys.stdin", stdin),
        redirect_stdout(stdout),
        redirect_stderr(stderr),
        pytest.raises(SystemExit) as end,
    ):
        app(arguments)
    return Ended(int(end.value.code or 0), stdout.getvalue(), stderr.getvalue())


def heed_interrupts() -> None:
    """For the start of a child: what a shell runs in the background ignores interrupts, and its children too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run_process(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess:
    """A fresh process on the CPU, one thread, without the network."""
    fixed = {
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=inherited | fixed | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def launch_two(file: Path, *arguments: object, cwd: Path) -> subprocess.CompletedProcess:
    """Two processes that train together, as `accelerate launch` starts them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # `--cpu --num_processes 2` would start a single process: accelerate leaves CPU processes to mpirun.
    start = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", 2, "--num_machines", 1]
    command = [*start, "--main_process_port", port, file, *arguments]
    return run_process(*map(str, command), cwd=cwd, HF_HOME=str(cwd / "home"))


def user_packages() -> list[str]:
    """Modules that a user with torch, transformers and their dependencies alone would not have."""
    needed, queue = set(), ["torch", "transformers"]
    while queue:
        name = queue.pop().lower().replace("_", "-")
        if name in needed:
            continue
        needed.add(name)
        try:
            required = [Requirement(line) for line in metadata.requires(name) or []]
        except metadata.PackageNotFoundError:
            continue
        queue += [r.name for r in required if r.marker is None or r.marker.evaluate({"extra": ""})]
    owners = metadata.packages_distributions().items()
    spare = [module for module, owned in owners if not needed & {o.lower().replace("_", "-") for o in owned}]
    return sorted({*spare, "modeling_kogner"})


# Run first in a child: the modules in sys.argv[1] cannot be imported.
HIDE_MODULES = """
import json, sys
HIDDEN = set(json.loads(sys.argv[1]))
class Without:
    def __init__(self, finder): self.finder = finder
    def __getattr__(self, name): return getattr(self.finder, name)
    def find_spec(self, name, *rest):
        return None if name.partition(".")[0] in HIDDEN else self.finder.find_spec(name, *rest)
sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
"""


def run_as_user(folder: Path, code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run code outside the repository where nothing but torch, transformers and their dependencies is installed.

    The code finds its arguments in ``sys.argv[2:]``.
    """
    hidden = user_packages()
    assert {"torch_geometric", "pandas", "pyarrow", "datasets", "evaluate", "modeling_kogner"} <= set(hidden)
    assert not {"torch", "transformers", "huggingface_hub", "numpy"} & set(hidden)
    return run_process("-I", "-c", HIDE_MODULES + code, json.dumps(hidden), *arguments, cwd=folder, **environment)

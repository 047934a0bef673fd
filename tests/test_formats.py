"""Checkpoints of every format that was ever released load, and answer as they did.

`tests/checkpoints/FORMAT/` holds one tiny random model a format with its answer. A change that writes another format
adds a folder, by `python tests/test_formats.py NAME`, and never writes an old one again.
"""

import itertools
import json
import sys
from pathlib import Path

import pytest
import torch
from support import mentions_of, run_as_user

from modeling_kogner.inference.annotator import Annotator
from modeling_kogner.inference.load_model import load_model

FORMATS = sorted(path for path in (Path(__file__).parent / "checkpoints").iterdir() if path.is_dir())
TEXT = "Aspirin cured the acute lymphoblastic leukemia of HeLa cells, not the heart failure."
# Rounded sums of float32 differ between versions of torch by about 1e-6; a changed path shows in the second digit.
TOLERANCE = 1e-4


def answer(model, tokenizer) -> dict:
    """Logits of each level of evidence, and the mentions."""
    given, level, logits = tokenizer(TEXT, return_tensors="pt"), model.config.evidence, {}
    for model.config.evidence in ("none", "types", "concepts", "graph"):
        with torch.no_grad():
            logits[model.config.evidence] = model(**given).logits[0]
    model.config.evidence = level
    (mentions,) = mentions_of(Annotator(model, tokenizer), [TEXT])
    found = [[mention.start, mention.end, mention.type, mention.id] for mention in mentions]
    return {"input_ids": given.input_ids[0].tolist(), "logits": logits, "mentions": found}


@pytest.mark.parametrize("folder", FORMATS, ids=lambda folder: folder.name)
def test_a_stored_checkpoint_answers_as_it_did(folder):
    """Another hash, another order of the labels or a renamed weight would merely lower the scores."""
    expected = json.loads((folder / "answer.json").read_text())
    found = answer(*load_model(folder / "model"))
    assert (found["input_ids"], found["mentions"]) == (expected["input_ids"], expected["mentions"])
    assert len(found["mentions"]) > 2
    for level, logits in expected["logits"].items():
        torch.testing.assert_close(found["logits"][level], torch.tensor(logits), atol=TOLERANCE, rtol=0, msg=level)


def test_the_answers_of_a_stored_checkpoint_tell_its_levels_apart():
    """Guards the test above: equal logits would hide a level that is not read."""
    logits = json.loads((FORMATS[-1] / "answer.json").read_text())["logits"]
    values = [torch.tensor(logits[level]) for level in ("none", "types", "concepts", "graph")]
    assert min((one - other).abs().max() for one, other in itertools.pairwise(values)) > 100 * TOLERANCE


@pytest.mark.parametrize("folder", FORMATS, ids=lambda folder: folder.name)
def test_a_stored_checkpoint_runs_its_own_code(folder, tmp_path):
    """The code inside an old checkpoint meets the newest transformers on the machines of its users."""
    code = """
import sys
from transformers import pipeline
ner = pipeline("token-classification", model=sys.argv[2], trust_remote_code=True, aggregation_strategy="simple")
print(len(ner(sys.argv[3])))
"""
    process = run_as_user(tmp_path, code, str(folder / "model"), TEXT, HF_HOME=str(tmp_path / "home"))
    assert process.returncode == 0, process.stderr[-3000:]
    assert int(process.stdout.split()[-1]) > 2


if __name__ == "__main__":
    from conftest import make_knowledge, train_tokenizer
    from support import tiny_bert, tiny_model

    tokenizer, folder = train_tokenizer("wordpiece"), Path(__file__).parent / "checkpoints" / sys.argv[1]
    # Any two mentions are neighbours, so that the graph speaks.
    model = tiny_model(make_knowledge(), tokenizer, tiny_bert(len(tokenizer), hidden=16), related_cosine=-1.0)
    model.save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    made = answer(*load_model(folder / "model"))
    for level, logits in made["logits"].items():
        made["logits"][level] = [[round(value, 6) for value in row] for row in logits.tolist()]
    (folder / "answer.json").write_text(json.dumps(made) + "\n")

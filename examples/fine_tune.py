"""Teach the bundled model names that no graph holds, from six sentences, and show what it finds before and after.

    python examples/fine_tune.py --model hub_card --output my-model

Two CPU cores: half a minute; needs the extra `train`. Prints the mentions of a new sentence, such as:

    before: Patients (Species), kridol syndrome (Disease)
    after:  Patients (Species), kridol syndrome (Disease), zorvine (Chemical)
"""

import argparse
import json
import tempfile
from pathlib import Path

from modeling_kogner import load
from modeling_kogner.commands.main import call

SENTENCE = "Patients with kridol syndrome received zorvine ."
CHEMICALS, DISEASES = ["zorvine", "pelamite", "quandrine"], ["kridol syndrome", "velk disease"]


def rows() -> list[dict]:
    """Every invented chemical with every invented disease."""
    found = []
    for chemical in CHEMICALS:
        for disease in DISEASES:
            tokens = [chemical, "was", "given", "for", *disease.split(), "."]
            found.append({"tokens": tokens, "ner_tags": ["B-Chemical", *"OOO", "B-Disease", "I-Disease", "O"]})
    return found


def mentions(model: str) -> str:
    """What a model finds in the sentence."""
    found = load(model)(SENTENCE).mentions
    return ", ".join(f"{mention.text} ({mention.type})" for mention in found) or "nothing"


def main(arguments: list[str] | None = None) -> None:
    """Write the corpus, train, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="hub_card", help="folder or Hub id")
    parser.add_argument("--output", default="my-model")
    parser.add_argument("--steps", type=int, default=30)
    args = parser.parse_args(arguments)

    with tempfile.TemporaryDirectory() as corpus:
        Path(corpus, "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()))
        options = ["--eval_strategy", "no", "--save_strategy", "no", "--use_cpu", "--max_steps", str(args.steps)]
        call("train", ["--checkpoint", args.model, "--dataset", corpus, "--output_dir", args.output, *options])
    print("before:", mentions(args.model))
    print("after: ", mentions(args.output))


if __name__ == "__main__":
    main()

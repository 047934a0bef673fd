"""Choose a model's decision shifts by convention and type, on validation splits, and write them to its config.json.

    python benchmarks/choose_shifts.py MODEL --own CORPORA/NCBI-disease CORPORA/BC5CDR --default MORE/BioRED

Each corpus of --own chooses for its own convention, those of --default together for none. Two CPU cores: about a minute
for each corpus.
"""

import argparse
import json
from pathlib import Path

from modeling_kogner.corpora.corpus import load_corpus
from modeling_kogner.evaluation.decision_shifts import choose_shifts, write_shifts
from modeling_kogner.inference.load_model import device_of, load_model


def main() -> None:
    """Read the arguments, choose, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--own", nargs="*", default=[], help="corpora that choose for their own convention")
    parser.add_argument("--default", nargs="*", default=[], help="corpora that choose for no convention")
    parser.add_argument("--device", default=None)
    args = parser.parse_args()
    model, tokenizer = load_model(args.model)
    model.to(device_of(args.device))
    shifts = choose_shifts(model, tokenizer, map(load_corpus, args.own), map(load_corpus, args.default))
    write_shifts(args.model, shifts)
    print(json.dumps(shifts, indent=1))


if __name__ == "__main__":
    main()

"""Pack the training sentences of corpora, without their labels, as the text of self-training runs.

    python benchmarks/unlabelled_text.py CORPORA/NCBI-disease CORPORA/BC5CDR --encoder ENCODER --output FOLDER \
        --exclude_tests_of CORPORA/*

Writes `own_CORPUS.parquet` for each, the `{text}` of `benchmarks/evidence.json`. Seconds a corpus.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from modeling_kogner.commands.main import call
from modeling_kogner.corpora.corpus import load_corpus

LENGTH = 64  # ids a window, as train.py takes them


def main(arguments: list[str] | None = None) -> None:
    """Write one file a corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="+")
    parser.add_argument("--encoder", required=True, help="whose tokenizer packs the text")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--exclude_tests_of", nargs="+", required=True, help="corpora whose test sentences are dropped")
    args = parser.parse_args(arguments)
    for corpus in map(load_corpus, args.corpora):
        with tempfile.TemporaryDirectory() as folder:
            text = Path(folder, "text.jsonl")
            rows = (json.dumps({"text": " ".join(tokens)}) for tokens in corpus.split("train")["tokens"])
            text.write_text("\n".join(rows) + "\n")
            options = ["--text", str(text), "--max_length", str(LENGTH), "--encoder", args.encoder]
            options += ["--exclude_tests_of", *args.exclude_tests_of]
            call("pretrain", [*options, "--windows", str(args.output / f"own_{corpus.name}.parquet")])


if __name__ == "__main__":
    main()

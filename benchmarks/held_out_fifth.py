"""Split a PubTator file without a validation split: a fifth of its documents is held out, always the same ones.

    python benchmarks/held_out_fifth.py NLM-Gene_train.pubtator FOLDER

writes NLM-Gene_train.pubtator and NLM-Gene_validation.pubtator to FOLDER. A document is held out if the SHA-256 of its
id is a multiple of five, which does not depend on the order or number of documents.
"""

import argparse
import hashlib
from pathlib import Path

from modeling_kogner.files.whole import write_whole


def is_held_out(document: str) -> bool:
    """Whether a document of this id belongs to the fifth."""
    return int(hashlib.sha256(document.encode()).hexdigest(), 16) % 5 == 0


def main() -> None:
    """Read the arguments, split, say how many there are of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    blocks = [block for block in args.file.read_text(encoding="utf-8").split("\n\n") if block.strip()]
    args.folder.mkdir(parents=True, exist_ok=True)
    corpus = args.file.stem.partition("_")[0]
    for split, wanted in (("train", False), ("validation", True)):
        chosen = [block.strip("\n") for block in blocks if is_held_out(block.strip().partition("|")[0]) is wanted]
        write_whole(args.folder / f"{corpus}_{split}.pubtator", "\n\n".join([*chosen, ""]))
        print(f"{split}: {len(chosen)} documents")


if __name__ == "__main__":
    main()

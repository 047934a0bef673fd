"""A trained model as a Hub folder: half-precision shards that load as single precision.

python -m modeling_kogner.publishing.release MODEL hub_card
"""

from __future__ import annotations

import json
import sys
from fnmatch import fnmatch
from pathlib import Path

from ..files.whole import whole_folder
from ..inference.load_model import load_model
from .hub import cut_names
from .shards import separate_tables


def release(model_folder: str, output: str | Path) -> None:
    """Write weights, tables, tokenizer and shipped code; other files of the output folder, such as a card, stay.

    Weights are stored as float16, the tables of the knowledge in files of their own (:func:`separate_tables`). The
    configuration says float32, so that a plain ``from_pretrained`` computes in single precision on a CPU too.

    Raises:
        InputError: a table is too large for one file.
        ValueError: the model cannot be loaded.
    """
    model, tokenizer = load_model(model_folder)
    with whole_folder(Path(output), lambda name: fnmatch(name, "model*.safetensors*")) as partial:
        model.half().save_pretrained(partial)
        separate_tables(partial)
        tokenizer.save_pretrained(partial)
        config = json.loads((partial / "config.json").read_text())
        config["dtype"] = "float32"
        cut_names(config)
        (partial / "config.json").write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    release(*sys.argv[1:])

"""Knowledge folder for training, of the tables in a released model: names, types and distilled vectors.

    python benchmarks/released_knowledge.py hub_card FOLDER

It spares the graph (`kogner graph build`: 5 minutes, 5 GB) and its distillation (5 minutes of a GPU). The folder holds
the tables for the model's tokenizer alone, as `load_tables` keeps them. The student's layer stays out, as the joint
tagger trained it further with all labels: it starts at random. Seconds on a CPU.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from safetensors import safe_open

from modeling_kogner.files.tensor_file import write_tensors
from modeling_kogner.graph.index_tables import TABLE_FORMAT

PARTS = ("kogner.index.", "kogner.nodes.", "kogner.catalogue")
FIELDS = ("semantic_types", "num_token_keys", "num_surfaces", "num_concepts", "catalog_bytes", "num_codebooks")
FIELDS += ("max_mention_tokens", "max_candidates", "tokenizer_fingerprint", "concept_dim", "codebook_size")


def main(model: str, folder: str) -> None:
    """Write the folder."""
    config = json.loads(Path(model, "config.json").read_text())
    fields = {name: config[name] for name in FIELDS if name in config}
    tensors = {}
    for shard in sorted(Path(model).glob("*.safetensors")):
        with safe_open(str(shard), "pt") as file:
            tensors |= {name: file.get_tensor(name) for name in file.keys() if name.startswith(PARTS)}  # noqa: SIM118
    floats = {name: tensor.float() for name, tensor in tensors.items() if tensor.is_floating_point()}
    Path(folder).mkdir(parents=True, exist_ok=True)
    built_from = hashlib.sha256(str(TABLE_FORMAT).encode()).hexdigest()  # of a folder without the graph's tables
    about = {"built_from": built_from, "fields": json.dumps(fields)}
    write_tensors(Path(folder, f"index-{fields['tokenizer_fingerprint']}.safetensors"), tensors | floats, about)


if __name__ == "__main__":
    main(*sys.argv[1:])

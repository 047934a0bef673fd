"""Which weights a report of scores is of."""

import pytest
import torch
from safetensors.torch import save_file

from modeling_kogner.evaluation.report import digest

TAGGER = {
    "kogner.encoder.a": torch.zeros(3),
    "kogner.index.b": torch.ones(2, dtype=torch.long),
    "classifier.c": torch.ones(2),
}
LINKING = {f"kogner.{name}": torch.ones(1) for name in ("names.d", "name_adapter.e", "link_choice.f", "catalogue")}


def folder(path, *files):
    path.mkdir()
    for i, tensors in enumerate(files):
        save_file(tensors, path / f"model-{i}.safetensors")
    return path


def test_tables_of_linking_leave_scores_of_tags_valid(tmp_path):
    """Else a new linking table would ask for an hour of scores of tags that did not change."""
    tagger = digest(folder(tmp_path / "tagger", TAGGER))
    both = folder(tmp_path / "both", LINKING, TAGGER)
    assert digest(both) == tagger
    assert digest(both, links=True) != tagger == digest(tmp_path / "tagger", links=True)


def test_shards_do_not_count_but_values_and_names_do(tmp_path):
    """Scores would pass for those of other weights."""
    first, *rest = TAGGER
    parts = folder(tmp_path / "parts", {first: TAGGER[first]}, {name: TAGGER[name] for name in rest})
    whole = digest(parts)
    assert whole == digest(folder(tmp_path / "whole", TAGGER))
    assert whole != digest(folder(tmp_path / "value", TAGGER | {first: torch.tensor([0.0, 0.0, 1e-9])}))
    assert whole != digest(folder(tmp_path / "name", {f"{name}x": value for name, value in TAGGER.items()}))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.uint8])
def test_any_number_format_is_read(tmp_path, dtype):
    """Half precision has no counterpart in NumPy."""
    assert digest(folder(tmp_path / "m", {"classifier.c": torch.ones((2, 2), dtype=dtype)})).startswith("sha256:")

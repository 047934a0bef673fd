"""The throughput benchmark, before someone waits for an idle machine."""

import json
import sys

import pytest
from support import ROOT
from tiny_tagger import save_tagger

sys.path.insert(0, str(ROOT / "benchmarks"))
import throughput


@pytest.mark.slow
def test_conditions_read_the_same_and_shares_cover_all_time(knowledge, tmp_path, capsys):
    """A ratio of speeds over different texts says nothing, and a stage that is not timed hides where the time goes."""
    model = save_tagger(knowledge, tmp_path / "model")
    texts = [f"{number}|t|Aspirin and fever\n{number}|a|BRCA1 in HeLa cells, heart failure." for number in range(9)]
    (tmp_path / "texts.pubtator").write_text("\n\n".join(texts) + "\n")
    given = ["--model", model, "--text", tmp_path / "texts.pubtator", "--documents", 7, "--threads", 1]
    throughput.main([*map(str, given), "--conditions", "--precision fp32", "--batch-size 1 --types Gene"])
    report = json.loads(capsys.readouterr().out)
    assert report["documents"] == 7
    first, second = report["conditions"]
    assert (first["speed"], first["mentions"], first["ids"]) == (1, 1, 1)
    assert second["mentions"] < 1
    for condition in (first, second):
        assert sum(condition["shares"].values()) == pytest.approx(1, abs=0.01)
        assert condition["shares"]["else"] < 0.1
        assert min(condition["shares"][stage] for stage in ("tokenising", "matching", "encoder", "linking")) > 0
        assert condition["peak MB"] > 100

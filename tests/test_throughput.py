"""The throughput benchmark, before someone waits for an idle machine."""

import json
import sys

import pandas as pd
import pytest
from support import ROOT, kogner, rows, tiny_model

sys.path.insert(0, str(ROOT / "benchmarks"))
import throughput


@pytest.mark.slow
def test_every_condition_reads_the_same_documents(knowledge, wordpiece, tmp_path, capsys):
    """A ratio of speeds over different texts says nothing."""
    pytest.importorskip("onnxscript")
    tiny_model(knowledge, wordpiece).save_pretrained(tmp_path / "model")
    wordpiece.save_pretrained(tmp_path / "model")
    texts = [" ".join(row["tokens"]) for row in rows()]
    pd.DataFrame({"abstract": [None, "", *texts]}).to_parquet(tmp_path / "texts.parquet")
    given = ["--model", tmp_path / "model", "--text", tmp_path / "texts.parquet", "--documents", 5, "--rounds", 1]
    exported = kogner("export", str(tmp_path / "model"), "--output", str(tmp_path / "exported"))
    assert exported.exit_code == 0, exported.output
    throughput.main([*map(str, given), "--onnx", str(tmp_path / "exported")])
    report = json.loads(capsys.readouterr().out)
    assert (report["documents"], report["characters"]) == (5, sum(map(len, texts[:5])))
    speeds = report["documents a second"]
    assert list(speeds) == ["annotator", "tags", "plain tags", "annotator, exported"]
    ratio = report["speed over annotator"]["tags"]
    assert ratio == pytest.approx(speeds["tags"] / speeds["annotator"], rel=0.05, abs=0.01)

"""`examples/annotate_with_ray.py` on a local Ray."""

import os
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import TEXT
from support import ROOT
from tiny_tagger import save_tagger

from modeling_kogner.integrations.annotate_column import AnnotateColumn

ray = pytest.importorskip("ray", reason="needs the extra ray")

FILES, ROWS = 3, 512  # a file is a block


def dies_once(folder: Path):
    """A class whose first object to have annotated a batch waits until there is a second one, and ends its process."""

    class DiesOnce(AnnotateColumn):
        def __call__(self, table):
            (folder / f"worker-{os.getpid()}").touch()
            annotated = super().__call__(table)
            try:
                (folder / "died").touch(exist_ok=False)
            except FileExistsError:
                return annotated
            end = time.monotonic() + 60
            while len(list(folder.glob("worker-*"))) < 2 and time.monotonic() < end:
                time.sleep(0.1)
            (folder / f"worker-{os.getpid()}").rename(folder / "dead")
            os._exit(1)

    return DiesOnce


@pytest.fixture
def local_ray():
    """Four cores by name: two workers, one to read, one to write."""
    ray.init(num_cpus=4, include_dashboard=False, object_store_memory=10**8)
    yield
    ray.shutdown()


@pytest.mark.slow
def test_a_worker_that_dies_loses_and_repeats_nothing(knowledge, local_ray, tmp_path, monkeypatch, capsys):
    """Its batch was read and never written; a second reading must not write others twice."""
    model = save_tagger(knowledge, tmp_path / "model")
    (tmp_path / "in").mkdir()
    texts = {f"{file}-{row}": f"{TEXT[row % 5][:30]} {row}" for file in range(FILES) for row in range(ROWS)}
    for file in range(FILES):
        own = [each for each in texts if each.startswith(f"{file}-")]
        table = pa.table({"id": own, "text": [texts[each] for each in own]})
        pq.write_table(table, tmp_path / "in" / f"{file}.parquet")
    monkeypatch.setattr(sys, "path", [str(ROOT / "examples"), *sys.path])
    import annotate_with_ray

    (tmp_path / "workers").mkdir()
    monkeypatch.setattr(annotate_with_ray, "AnnotateColumn", dies_once(tmp_path / "workers"))
    command = ["--model", str(model), "--input", str(tmp_path / "in"), "--output", str(tmp_path / "out")]
    command += ["--workers", "2"]
    annotate_with_ray.main(command)
    assert (tmp_path / "workers/dead").exists()
    assert len(list((tmp_path / "workers").glob("worker-*"))) >= 2, "no second worker"
    rows = pq.read_table(tmp_path / "out").to_pylist()
    assert sorted(row["id"] for row in rows) == sorted(texts)
    assert all(row["text"] == texts[row["id"]] for row in rows)
    assert all(row["text"][m["start"] : m["end"]] == m["text"] for row in rows for m in row["mentions"])
    assert sum(len(row["mentions"]) for row in rows) > len(rows)
    assert "1,536 documents" in capsys.readouterr().out
    with pytest.raises(ValueError, match="already exists"):
        annotate_with_ray.main(command)
    with pytest.raises(SystemExit):
        annotate_with_ray.main([*command[:-1], "4"])
    assert "leave one of the cluster's 4 cores" in capsys.readouterr().err

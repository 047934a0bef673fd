"""Documents a second of one, two and four Ray workers on this machine, the start of the workers left out.

    python benchmarks/ray_rates.py --text ABSTRACTS.pubtator [--model MODEL] [--documents 200] [--workers 1 2 4]

Each number of workers is a Ray of its own, with two cores more for reading and writing; where the machine has fewer
cores, they share them. The time of a run over one document for each worker is taken off.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import ray

from modeling_kogner.corpora.pubtator import load_pubtator
from modeling_kogner.integrations.annotate_column import AnnotateColumn

BATCH = 16


def seconds(texts: list[str], model: str, workers: int, folder: Path) -> float:
    """Annotate texts, from a parquet file to another."""
    pq.write_table(pa.table({"text": texts}), folder / "in.parquet")
    began = time.perf_counter()
    documents = ray.data.read_parquet(str(folder / "in.parquet")).repartition(max(workers, len(texts) // BATCH))
    annotated = documents.map_batches(
        AnnotateColumn,
        fn_constructor_kwargs={"model": model},
        batch_format="pyarrow",
        batch_size=BATCH,
        compute=ray.data.ActorPoolStrategy(size=workers),
        num_cpus=1,
    )
    annotated.write_parquet(str(folder / "out"))
    return time.perf_counter() - began


def main() -> None:
    """Print rates as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=str(Path(__file__).resolve().parents[1] / "hub_card"))
    parser.add_argument("--text", nargs="+", required=True, help="PubTator files")
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    args = parser.parse_args()
    texts = [d.text for d in islice((d for path in args.text for d in load_pubtator(path)), args.documents)]
    rates = {}
    for workers in args.workers:
        ray.init(num_cpus=workers + 2, include_dashboard=False, log_to_driver=False)
        with tempfile.TemporaryDirectory() as folder:
            start = seconds(texts[:workers], args.model, workers, Path(folder))
            rates[workers] = len(texts) / (seconds(texts, args.model, workers, Path(folder)) - start)
        ray.shutdown()
    first = rates[args.workers[0]]
    print(json.dumps({"cores": os.cpu_count(), "documents": len(texts), "documents a second": {
        workers: {"rate": round(rate, 2), "speed": round(rate / first, 2)} for workers, rate in rates.items()
    }}, indent=1))  # fmt: skip


if __name__ == "__main__":
    main()

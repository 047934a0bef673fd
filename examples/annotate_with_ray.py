"""Annotate parquet files on all machines of a Ray cluster, or all cores of this one; needs the extra `ray`.

    python examples/annotate_with_ray.py --model hub_card --input abstracts --output annotated --workers 1

Two CPU cores: half a minute, plus the time for the texts. If a worker dies, Ray starts another one, which gets the same
batch; no document is lost or written twice. Prints a line, such as:

    1,000 documents -> annotated
"""

import argparse
from pathlib import Path

import ray

from modeling_kogner.integrations.annotate_column import AnnotateColumn


def main(arguments: list[str] | None = None) -> None:
    """Read, annotate, write one file per block."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="hub_card", help="folder that all machines can read, or Hub id")
    parser.add_argument("--input", required=True, help="parquet file or folder, local or such as s3://...")
    parser.add_argument("--output", required=True, help="folder to create")
    parser.add_argument("--column", default="text", help="column of texts")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--gpus", type=float, default=0, help="GPUs per worker; without them a worker has one core")
    parser.add_argument("--backend", help="onnx or openvino for an exported model; the fastest if left out")
    parser.add_argument("--precision", help="fp32 or bf16; bf16 on CPUs that calculate in it, if left out")
    args = parser.parse_args(arguments)

    ray.init(ignore_reinit_error=True)
    cores = int(ray.cluster_resources().get("CPU", 0))
    if not args.gpus and args.workers >= cores:  # Ray would wait for ever for a core to read
        parser.error(f"--workers {args.workers}: leave one of the cluster's {cores} cores for reading and writing")
    model = str(Path(args.model).resolve()) if Path(args.model).is_dir() else args.model
    # A worker takes a block at a time, and again after it died; small files would form a single block.
    documents = ray.data.read_parquet(args.input).repartition(target_num_rows_per_block=512)
    annotated = documents.map_batches(
        AnnotateColumn,
        fn_constructor_kwargs={
            "model": model,
            "column": args.column,
            "backend": args.backend,
            "precision": args.precision,
        },
        batch_format="pyarrow",
        batch_size=128,
        compute=ray.data.ActorPoolStrategy(size=args.workers),
        **({"num_gpus": args.gpus} if args.gpus else {"num_cpus": 1}),
    )
    annotated.write_parquet(args.output, mode="error")  # by default it adds to what an earlier run left
    print(f"{ray.data.read_parquet(args.output).count():,} documents -> {args.output}")


if __name__ == "__main__":
    main()

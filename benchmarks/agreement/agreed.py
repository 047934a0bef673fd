"""Copies of a knowledge folder without index rows that the pretrained model does not believe; chosen by dictionary F1."""
import shutil, sys
from pathlib import Path
import torch
sys.path[:0] = [".", "benchmarks"]
from modeling_kogner.graph.index_tables import load_tables, store_tables
from modeling_kogner.inference.load_model import load_tokenizer
source, agreement, encoder, output, *thresholds = sys.argv[1:]
tok = load_tokenizer(encoder)
a = torch.load(agreement)
mean = a["total"].double() / a["count"].clamp(min=1)
for threshold in thresholds:
    folder = Path(f"{output}_{threshold}")
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("index-*"), dirs_exist_ok=True)
    fields, tables = load_tables(source, tok)
    keep = (a["count"] < 5) | (mean >= float(threshold))
    tables["kogner.index.surface_hash"] = tables["kogner.index.surface_hash"][keep].contiguous()
    tables["kogner.index.surface_concept"] = tables["kogner.index.surface_concept"][keep].contiguous()
    store_tables(folder, tok, fields | {"num_surfaces": int(keep.sum())}, tables)
    print(threshold, "rows dropped", int((~keep).sum()))

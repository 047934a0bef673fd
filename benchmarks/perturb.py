"""Damage a knowledge folder, to see what the tagger loses: fewer names, wrong types, vectors of other concepts.

    python benchmarks/perturb.py KNOWLEDGE OUTPUT --encoder ENCODER [--keep_names 0.5] [--wrong_types 0.1]
        [--random_vectors] [--seed 1]

The output is a knowledge folder with its surface index. Types and vectors leave the index's rows as they are, so the
index is copied and its tables of types and codes replaced (seconds); with fewer names it is built from what is left.
"""

from __future__ import annotations

import argparse
import dataclasses

import numpy as np
import torch

from modeling_kogner.graph.index_tables import load_tables, store_tables
from modeling_kogner.graph.knowledge_folder import Knowledge
from modeling_kogner.inference.load_model import load_tokenizer


def perturbed(
    knowledge: Knowledge, keep_names: float = 1.0, wrong_types: float = 0.0, random_vectors: bool = False, seed: int = 1
) -> Knowledge:
    """A damaged copy with the same concepts, in the same order.

    Args:
        knowledge: left as it is.
        keep_names: share of the surface rows to keep, drawn at random.
        wrong_types: share of the concepts that get another semantic type, drawn evenly from the others.
        random_vectors: whether concepts exchange their codes at random; each vector still belongs to some concept, so
            the table has the same shape and distribution, but says nothing.
        seed: of all draws.

    Raises:
        ValueError: there are no vectors to exchange or names to draw from, or a share is no share.
    """
    if not (0 < keep_names <= 1 and 0 <= wrong_types <= 1):
        raise ValueError(f"keep_names {keep_names} and wrong_types {wrong_types} are shares: above 0, and from 0, to 1")
    draw = np.random.default_rng(seed)
    surfaces, concepts, codes = knowledge.surfaces, knowledge.concepts, knowledge.codes
    if keep_names < 1:
        if surfaces.empty:
            raise ValueError("the knowledge folder holds no surfaces to draw from; give the one that was built")
        kept = np.sort(draw.choice(len(surfaces), round(keep_names * len(surfaces)), replace=False))
        surfaces = surfaces.iloc[kept].reset_index(drop=True)
    if wrong_types:
        types = np.array(knowledge.semantic_types)
        numbers = np.array(concepts["type"].map({name: i for i, name in enumerate(types)}), np.int64)
        rows = draw.choice(len(numbers), round(wrong_types * len(numbers)), replace=False)
        numbers[rows] = (numbers[rows] + draw.integers(1, len(types), len(rows))) % len(types)
        concepts = concepts.assign(type=types[numbers])
    if random_vectors:
        if codes is None:
            raise ValueError("the knowledge folder holds no vectors to exchange; run `kogner graph distill` on it")
        codes = codes[torch.from_numpy(draw.permutation(len(codes)))]
    damage = {"keep_names": keep_names, "wrong_types": wrong_types, "random_vectors": random_vectors, "seed": seed}
    report = knowledge.report | {"perturbed": damage}
    return dataclasses.replace(knowledge, surfaces=surfaces, concepts=concepts, codes=codes, report=report)


def write(source: str, output: str, tokenizer, keep_names: float = 1.0, **damage) -> None:
    """Write the damaged folder and the index that belongs to it."""
    knowledge = perturbed(Knowledge.load(source), keep_names, **damage)
    knowledge.save(output)
    if keep_names < 1:
        load_tables(output, tokenizer)
        return
    fields, tables = load_tables(source, tokenizer)
    number = {name: i for i, name in enumerate(knowledge.semantic_types)}
    types = knowledge.concepts["type"].map(number).to_numpy()
    tables["kogner.index.concept_type"] = torch.tensor(types, dtype=torch.uint8)
    if knowledge.codes is not None:
        tables["kogner.nodes.codes"] = knowledge.codes
    store_tables(output, tokenizer, fields, tables)


def main() -> None:
    """Read the options and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("knowledge")
    parser.add_argument("output")
    parser.add_argument("--encoder", required=True, help="whose tokenizer the index is for")
    parser.add_argument("--keep_names", type=float, default=1.0)
    parser.add_argument("--wrong_types", type=float, default=0.0)
    parser.add_argument("--random_vectors", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    args = vars(parser.parse_args())
    write(args.pop("knowledge"), args.pop("output"), load_tokenizer(args.pop("encoder")), **args)


if __name__ == "__main__":
    main()

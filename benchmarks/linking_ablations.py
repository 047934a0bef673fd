"""What each part of linking adds: the choice fitted again without the part, scored on validation.

    python benchmarks/linking_ablations.py --model LINKED --documents TRAIN... --validation DEV... --exclude TEST...

prints the table of docs/evidence.md for the files that step 9 of benchmarks/release.sh names and its model, fitted
without `--further`: one that has learned the names of validation documents, such as the release, scores too high. All
takes ten minutes of one core. `--rows` chooses rows, by what their names begin with.

A row loses the features named below, what is known of how far a candidate is above the others in them, and the
candidates that they alone brought. *Exchanged at random*: all is computed with the vectors of other concepts
or names. *With messages of neighbours*, which needs --knowledge, a graph built from the model's sources: with vectors
that the model's student layer has passed along all edges of the graph; linking itself reads those before that layer.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch_geometric.nn import TransformerConv

from modeling_kogner.commands.progress import loading_model
from modeling_kogner.corpora.text_tokenizer import TextTokenizer
from modeling_kogner.distillation.student import Neighbours
from modeling_kogner.inference.choice_network import ChoiceNetwork
from modeling_kogner.inference.concept_choice import ConceptChoice
from modeling_kogner.inference.link_query import LinkedText
from modeling_kogner.inference.name_lookup import NameLookup
from modeling_kogner.inference.torch_tagger import TorchTagger
from modeling_kogner.link_feature_names import COMPARED, LATER, LINK_FEATURES
from modeling_kogner.training.link_choice import Example, as_text, fit_choice, fitting, training_texts
from modeling_kogner.training.linked_documents import linked_documents

NEAR = ("near", "near_rank", "near_gap", "near_votes", "own_near")
DOCUMENT = ("support", "group_support", "coherence", "organism_title", "case_document")
SPELLING = ("exact", "exact_rank", "long_form", "spelling", "preferred_name", "same_case")
ORGANISMS = tuple(name for name in LINK_FEATURES if name.startswith(("organism_", "case_")) and "lead" not in name)
ROWS: dict[str, tuple[str, ...]] = {
    "everything": (),
    "without leads over the other candidates": tuple(f"{name}_lead" for name in (*COMPARED, *LATER)),
    "without name vectors": NEAR,
    "without the document's other concepts and its title": DOCUMENT,
    "without organisms": ORGANISMS,
    "without distilled vectors of concepts": ("coherence",),
    "without orthologs and broader concepts": ("broader", "ortholog", "group_support"),
    "without what training documents say of names": ("seen", "seen_share", "own_seen"),
    "spelling alone": tuple(name for name in (*COMPARED, *LATER) if name not in SPELLING),
}
NAMES = "name vectors exchanged at random"
EXCHANGED = "distilled vectors of concepts exchanged at random"
MESSAGES = "distilled vectors of concepts with messages of neighbours"
EPOCHS = 8
Found = list[tuple[list[int], np.ndarray]]


def column(name: str) -> int:
    """Place of a feature."""
    return LINK_FEATURES.index(name)


def without(features: np.ndarray, dropped: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Features without some, and which candidates stay: ``(C, F)``, ``(C,)`` bool."""
    stays = np.ones(len(features), bool)
    for name in {"broader", "ortholog"} & set(dropped):
        stays &= features[:, column(name)] == 0
    changed = features.copy()
    names = [each for name in dropped for each in (name, f"{name}_lead") if each in LINK_FEATURES]
    changed[:, [column(name) for name in names]] = 0
    if "near" in dropped:
        stays &= (changed[:, [column(name) for name in ("exact", "long_form", "other_form")]] > 0).any(1)
    return changed, stays


def examples_without(examples: Sequence[Example], dropped: Sequence[str]) -> list[Example]:
    """Training examples of a row."""
    changed = [(each, *without(each.features, dropped)) for each in examples]
    return [replace(each, features=known[stays], right=each.right[stays]) for each, known, stays in changed]


def found_without(found: Found, dropped: Sequence[str]) -> Found:
    """Candidates of a row."""
    changed = [(concepts, *without(known, dropped)) for concepts, known in found]
    return [
        ([c for c, s in zip(concepts, stays, strict=True) if s], known[stays]) for concepts, known, stays in changed
    ]


class Study:
    """Candidates of all files, and the rows of the table."""

    def __init__(self, args: argparse.Namespace):
        self.model, self.tokenizer = loading_model(args.model)
        catalogue, types = self.model.kogner.concepts, self.model.config.entity_types
        held = [*args.exclude, *args.validation]
        self.train = linked_documents(args.documents, catalogue, types, held)
        self.validation = {path.stem: linked_documents([path], catalogue, types) for path in args.validation}
        self.look_up()

    def look_up(self) -> None:
        """Find and describe the candidates with the model's tables as they are."""
        lookup = NameLookup(TorchTagger(self.model), TextTokenizer.of(self.tokenizer))
        self.choice = ConceptChoice(lookup, fitting(self.model))
        places = [(each.id, mention.text, mention.type) for each in self.train for mention in each.mentions]
        gold = [concepts for each in self.train for concepts in each.concepts]
        found = self.described(training_texts(self.model, self.tokenizer, self.train, self.choice.features))
        self.examples = [
            Example(place, known, np.isin(concepts, right))
            for place, right, (concepts, known) in zip(places, gold, found, strict=True)
        ]
        self.found = {
            name: self.described(list(map(as_text, documents))) for name, documents in self.validation.items()
        }

    def described(self, texts: Sequence[LinkedText], together: int = 64) -> Found:
        """Candidates of all mentions."""
        parts = [texts[first : first + together] for first in range(0, len(texts), together)]
        return [pair for part in parts for mentions in self.choice.features.of_documents(part) for pair in mentions]

    def pass_messages(self, edges: pd.DataFrame) -> None:
        """Give concepts the vectors that the student's layer makes of theirs and their neighbours'."""
        body = self.model.kogner
        places = {each: place for place, each in enumerate(body.concepts.ids)}
        owners = {each: places[found[0]] for each, found in body.concepts.owners.items() if found[0] in places}
        ends = torch.tensor(edges[["head", "tail"]].apply(lambda ids: ids.map(owners | places)).dropna().to_numpy(int))
        layer = TransformerConv(
            body.config.concept_dim, body.config.concept_dim, body.config.student_heads, concat=False, root_weight=False
        )
        layer.load_state_dict(body.graph.student.state_dict(), strict=False)  # the unused root weight is missing
        before = sum(book[code.long()] for book, code in zip(body.nodes.codebooks, body.nodes.codes.T, strict=True))
        after = before + layer(before, Neighbours.from_triples(ends[:, [0, 0, 1]]).edge_index)
        body.nodes.codebooks = after.detach()[None]
        body.nodes.codes = torch.arange(len(before), dtype=torch.int32)[:, None]
        self.look_up()

    def exchange(self, table: torch.Tensor, seed: int = 0) -> None:
        """Give concepts the distilled vectors of others, or names the vectors of others."""
        before = table.clone()
        table.copy_(table[np.random.default_rng(seed).permutation(len(table))])
        self.look_up()
        table.copy_(before)

    def accuracy(self, dropped: Sequence[str], seed: int) -> dict[str, float]:
        """Percent by file and type, of one fit."""
        fitted = fit_choice(examples_without(self.examples, dropped), seed, EPOCHS)
        self.choice.network = ChoiceNetwork({name: each.numpy() for name, each in fitted.state_dict().items()})
        right: dict[str, list[bool]] = {}
        for name, documents in self.validation.items():
            ranked = iter(self.choice._ranked(found_without(self.found[name], dropped)))
            for mention, gold in ((m, g) for d in documents for m, g in zip(d.mentions, d.concepts, strict=True)):
                best = next(ranked)
                right.setdefault(f"{name.partition('_')[0]} {mention.type}", []).append(
                    bool(best) and best[0][0] in gold
                )
        return {name: 100 * sum(flags) / len(flags) for name, flags in right.items()}

    def line(self, row: str, dropped: Sequence[str], seeds: Sequence[int]) -> str:
        """Mean and standard deviation over the seeds."""
        runs = [self.accuracy(dropped, seed) for seed in seeds]
        table = np.array([[*run.values(), np.mean(list(run.values()))] for run in runs])
        cells = [f"{mean:.1f} ± {spread:.1f}" for mean, spread in zip(table.mean(0), table.std(0), strict=True)]
        head = f"| | {' | '.join(runs[0])} | mean |\n|{'---|' * (len(cells) + 1)}\n" if row == "everything" else ""
        return f"{head}| {row} | {' | '.join(cells)} |"


def main() -> None:
    """Read the arguments, print the rows as they are ready."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--documents", type=Path, nargs="+", required=True)
    parser.add_argument("--validation", type=Path, nargs="+", required=True)
    parser.add_argument("--exclude", type=Path, nargs="*", default=[])
    parser.add_argument("--knowledge", type=Path, help="folder that `kogner graph build` wrote")
    parser.add_argument("--rows", nargs="*", default=[*ROWS, NAMES, EXCHANGED, MESSAGES])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    args = parser.parse_args()
    study = Study(args)
    for row, dropped in ROWS.items():
        if row.startswith(tuple(args.rows)):
            print(study.line(row, dropped, args.seeds), flush=True)
    body = study.model.kogner
    changes = {
        NAMES: lambda: study.exchange(body.names.row),
        EXCHANGED: lambda: study.exchange(body.nodes.codes),
        MESSAGES: lambda: study.pass_messages(pd.read_parquet(args.knowledge / "edges.parquet")),
    }
    for row, change in changes.items():
        if row.startswith(tuple(args.rows)) and (args.knowledge or row != MESSAGES):
            change()
            print(study.line(row, (), args.seeds), flush=True)


if __name__ == "__main__":
    main()

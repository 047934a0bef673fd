"""Recall of gold mentions by the surfaces of a knowledge folder, with and without the authors' forms.

python benchmarks/surface_recall.py --knowledge artifacts/knowledge --source ../shared/kg --corpora ../shared/data/ner

One CPU core, about three minutes. Validation splits. Columns, in per cent of gold mentions: names that pass the noise
filter, as the vocabularies list them (case and white space ignored); the same names by the key of the surface index
(plural, hyphen); the folder's surfaces, authors' forms included; the same, of a fitting semantic type only.
"""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from modeling_kogner.corpora.tag_schemes import mention_spans
from modeling_kogner.graph.knowledge_folder import Knowledge
from modeling_kogner.graph.knowledge_graph import KnowledgeGraph
from modeling_kogner.graph.surface_filter import noise
from modeling_kogner.graph.surface_forms import surface_key
from modeling_kogner.inference.concept_choice import FITTING_TYPES

CORPORA = {
    "NCBI-disease": ["Disease"],
    "BC5CDR": ["Chemical", "Disease"],
    "BC2GM": ["Gene"],
    "linnaeus": ["Species"],
    "AnatEM": ["Anatomy"],
}


def gold_mentions(tokens: Iterable[list[str]], tags: Iterable[list[str]]) -> Iterator[tuple[str, str]]:
    """Yield (mention, entity type) of tagged sentences; a mention's tokens are joined by spaces."""
    for words, labels in zip(tokens, tags, strict=True):
        yield from ((" ".join(words[start:end]), kind) for kind, start, end in mention_spans(labels))


def recall(mentions: list[str], surfaces: Iterable[str], as_listed: bool = False) -> float:
    """Return the share of mentions that are among the surfaces.

    Args:
        mentions: written forms from a corpus, repeated as often as they occur.
        surfaces: the forms to look them up in.
        as_listed: compare letter by letter, ignoring only case and white space (a tokenised corpus has lost it),
            instead of by the key of the surface index.
    """
    normal = _without_space if as_listed else surface_key
    known = set(map(normal, surfaces))
    return sum(normal(mention) in known for mention in mentions) / max(len(mentions), 1)


def _without_space(text: str) -> str:
    return "".join(text.lower().split())


def listed_names(sources: list[str]) -> list[str]:
    """Names of the sources that are no noise, unchanged."""
    graph = KnowledgeGraph.read(sources)
    types = graph.names["id"].map(graph.nodes.set_index("id")["type"])
    rows = zip(graph.names["name"], types, graph.names["preferred"], strict=True)
    return [name for name, kind, preferred in rows if not noise(name, kind, "preferred" if preferred else "synonym")]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--knowledge", required=True, help="folder written by `kogner graph build`")
    parser.add_argument("--source", required=True, nargs="+", help="the sources it was built from")
    parser.add_argument("--corpora", required=True, type=Path, help="folder of CORPUS/validation.parquet")
    arguments = parser.parse_args()

    knowledge = Knowledge.load(arguments.knowledge)
    listed = listed_names(arguments.source)
    surfaces = knowledge.surfaces["surface"]
    types = knowledge.concepts["type"].to_numpy()[knowledge.surfaces["concept"]]
    table = Table("corpus", "type", "mentions", "as listed", "+ key", "+ authors' forms", "fitting type")
    for corpus, entity_types in CORPORA.items():
        frame = pd.read_parquet(arguments.corpora / corpus / "validation.parquet")
        gold = list(gold_mentions(frame["tokens"].map(list), frame["ner_tags"].map(list)))
        for entity_type in entity_types:
            mentions = [mention for mention, its_type in gold if its_type == entity_type]
            fitting = surfaces[pd.Series(types).isin(FITTING_TYPES.get(entity_type, (entity_type,)))]
            shares = [
                recall(mentions, listed, as_listed=True),
                recall(mentions, listed),
                recall(mentions, surfaces),
                recall(mentions, fitting),
            ]
            table.add_row(corpus, entity_type, str(len(mentions)), *(f"{100 * share:.1f}" for share in shares))
    Console().print(table)


if __name__ == "__main__":
    main()

"""`kogner graph vectors` and `kogner graph choice`: teach a trained model to link mentions."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..distillation.settings import NameSettings
from ..files.errors import UsageError
from ..files.option import option
from .progress import loading_model, quiet, waiting

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from ..modeling_kogner import KognerForTokenClassification
    from ..training.linked_documents import LinkedDocument

_EXCLUDED = (
    "Files of validation and test documents: these are left out of --documents by their id, wherever they occur."
)


@dataclass
class VectorOptions:
    """Options."""

    model: str = option("Folder or Hub id of a model that was trained with the knowledge folder.")
    knowledge: Path = option("Folder that `kogner graph distill` wrote.")
    documents: list[Path] = option("PubTator or BioC files for training, with ids.")
    output: Path = option("Folder to write; it must not exist.")
    exclude: list[Path] = option(_EXCLUDED, [])
    seconds: float = option("Training time on a GPU; a CPU needs far more.", NameSettings.seconds)
    steps: int | None = option("Training steps, in place of the time: the same every time.", None, least=1)
    batch: int = option("Pairs of names per step.", NameSettings.batch, least=2)
    rank: int = option("Rank of the adapter; with --further the model's own.", NameSettings.rank, least=1)
    mentions: float = option(
        "Share of pairs of a mention of the documents and a name.", NameSettings.mentions, least=0, most=1
    )
    dropped: float = option(
        "Share of names of three pieces or more that lose one.", NameSettings.dropped, least=0, most=1
    )
    further: bool = option("Go on with the vectors of a model that links, whose choice and tables stay.", False)
    names: list[Path] = option("With --further: tables with columns id and name, more names to train on.", [])
    seed: int = option("Seed of every random choice.", NameSettings.seed)


def vectors(options: VectorOptions) -> None:
    """Give a model vectors of names and the tables that linking reads; the tagger stays as it is.

    kogner graph vectors --model my-model --knowledge distilled --documents train.pubtator --output named

    Then `kogner graph choice` fits the choice among the candidates, and with --further vectors may be trained for long:
    before, they would know the documents by heart, and the choice would trust them too much.
    """
    import pandas as pd
    import torch

    from ..files.tables import read_table
    from ..graph.knowledge_folder import Knowledge
    from ..training.link_vectors import add_name_vectors, train_vectors_further

    _must_be_new(options.output)
    quiet()
    with waiting("reading the graph"):
        knowledge = Knowledge.load(options.knowledge)
    model, tokenizer = loading_model(options.model)
    if options.further and model.kogner.names is None:
        raise UsageError("the model has no name vectors to go on with", file=options.model, fix="leave out --further")
    if options.names and not options.further:
        raise UsageError("--names are for --further", fix="give both or neither")
    documents = _documents(model, tokenizer, options.documents, options.exclude)
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    known = {field.name for field in fields(NameSettings)}
    settings = NameSettings(**{name: value for name, value in vars(options).items() if name in known})
    if options.further:
        tables = [read_table(path, ["id", "name"]) for path in options.names]
        more = pd.concat(tables or [pd.DataFrame({"id": [], "name": []}, dtype=str)], ignore_index=True)
        counts = train_vectors_further(model, tokenizer, knowledge, documents, settings, more, _say)
    else:
        counts = add_name_vectors(model, tokenizer, knowledge, documents, settings, _say)
    print(f"{len(documents):,} documents, {counts['names']:,} names, of these {counts['vectors']:,} with a vector")
    print(f"{counts['rows']:,} rows of names for linking alone")
    _save(model.cpu(), tokenizer, options.output)


@dataclass
class ChoiceOptions:
    """Options."""

    model: str = option("Folder that `kogner graph vectors` wrote.")
    documents: list[Path] = option("The training files that it was given.")
    output: Path = option("Folder to write; it must not exist.")
    validation: list[Path] = option("Files by which the probability is chosen that makes a link.", [])
    exclude: list[Path] = option(f"{_EXCLUDED} Those of --validation always are.", [])
    further: list[Path] = option("Files whose names are learned last, such as those of --validation.", [])
    text: list[str] = option(
        "Articles whose words tell whose genes a document is about: parquet, jsonl or txt files, folders.", []
    )
    text_column: list[str] = option("Columns of text or of lists of sentences, in order.", ["text"])
    seed: int = option("Seed of every random choice.", 1)


def choice(options: ChoiceOptions) -> None:
    """Fit the choice among the candidates of a mention; choose the probability that makes a link.

    kogner graph choice --model named --documents train.pubtator --validation dev.pubtator --output linked

    Words of annotated documents, and of articles that name their organisms (--text), tell whose genes a text is about.

    Links of each type have a precision of 95 % on the validation files. Mentions without an id there do not count.
    Concepts get the ids that took their place in the vocabulary, as all of the documents show them.

    What --further names concepts is known in the end too; neither the choice nor the probability sees it. Scores on
    these files say nothing any more.
    """
    import pandas as pd

    from ..training.count_names import count_names
    from ..training.link_choice import add_choice
    from ..training.link_thresholds import best_links, link_thresholds
    from ..training.linked_documents import linked_documents
    from ..training.organism_words import Stretches, read_articles
    from ..training.retired_ids import add_retired_ids
    from ..training.running_text import joined_texts

    _must_be_new(options.output)
    quiet()
    model, tokenizer = loading_model(options.model)
    if model.kogner.linking is None:
        raise UsageError("the model has no tables for linking", file=options.model, fix="run `kogner graph vectors`")
    documents = _documents(model, tokenizer, options.documents, [*options.exclude, *options.validation])
    catalogue, types = model.kogner.concepts, model.config.entity_types
    validation = [linked_documents([path], catalogue, types) for path in options.validation]
    articles = Stretches()
    if options.text:
        with waiting("reading the articles"):
            articles = read_articles(joined_texts(options.text, options.text_column))
        print(f"{len(articles.words):,} stretches of articles say which words go with which organisms")
    with waiting("looking up candidates and fitting"):
        mentions = add_choice(model, tokenizer, documents, options.seed, articles)
    print(f"{mentions:,} mentions of {len(documents):,} documents")
    if validation:
        with waiting("linking the validation files"):
            links = [best_links(model, tokenizer, each) for each in validation]
        model.config.link_thresholds = link_thresholds(links)
        for kind, table in pd.concat(links).groupby("type"):
            least = model.config.link_thresholds.get(kind, model.config.link_threshold)
            linked = table[table["score"] >= least]
            print(
                f"{kind}: of {len(table):,} mentions the first concept is right for {table['right'].mean():.1%}; from "
                f"{least:.2f} on {len(linked) / len(table):.1%} are linked, {linked['right'].mean():.1%} of them right"
            )
    if options.further:
        held = [*options.exclude, *(path for path in options.validation if path not in options.further)]
        further = linked_documents(options.further, catalogue, types, held)
        added = count_names(model, tokenizer, [*documents, *further])
        print(f"{added:,} names of {len(further):,} further documents")
    add_retired_ids(model, tokenizer, [*documents, *(document for each in validation for document in each)])
    _save(model, tokenizer, options.output)


def _documents(
    model: KognerForTokenClassification,
    tokenizer: PreTrainedTokenizerBase,
    files: Sequence[Path],
    exclude: Sequence[Path],
) -> list[LinkedDocument]:
    """Documents with the concepts of their mentions, by ids that their vocabulary has retired too."""
    from ..training.linked_documents import linked_documents
    from ..training.retired_ids import add_retired_ids

    documents = linked_documents(files, model.kogner.concepts, model.config.entity_types, exclude)
    if not (added := add_retired_ids(model, tokenizer, documents)):
        return documents
    print(f"{added} ids that their vocabulary has retired")
    return linked_documents(files, model.kogner.concepts, model.config.entity_types, exclude)


def _must_be_new(folder: Path) -> None:
    if folder.exists():
        raise UsageError(f"{folder} exists already", fix="name a new folder with --output")


def _say(line: dict[str, Any]) -> None:
    print(", ".join(f"{name} {value}" for name, value in line.items()), file=sys.stderr, flush=True)


def _save(model: KognerForTokenClassification, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    from ..files.whole import whole_folder

    with waiting("saving"), whole_folder(folder, lambda name: False) as partial:
        model.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
    print(f"-> {folder}")

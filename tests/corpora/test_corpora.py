import json
import os
from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from datasets import Sequence as ListOf

from modeling_kogner.corpora import corpus as corpora
from modeling_kogner.corpora.corpus import load_corpus, train_subset
from modeling_kogner.training.arguments import DataArguments

ROWS = [
    {"id": "a", "tokens": ["Lung", "cancer", "risk"], "ner_tags": ["B-Disease", "I-Disease", "O"]},
    {"id": "b", "tokens": ["p53"], "ner_tags": ["B-Gene"]},
]
CONLL = "-DOCSTART- -X- O\n\nLung NN B-Disease\ncancer NN I-Disease\nrisk NN O\n\n\np53 NN B-Gene\n"


def write(folder: Path, name: str, rows: list[dict] | None = None) -> Path:
    """Write rows (those above by default) in the format of the file's ending."""
    path, rows = folder / name, ROWS if rows is None else rows
    if path.suffix == ".parquet":
        Dataset.from_list(rows).to_parquet(str(path))
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows))
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    else:
        path.write_text(CONLL.replace(" ", "\t") if path.suffix == ".tsv" else CONLL)
    return path


@pytest.mark.parametrize("ending", ["parquet", "json", "jsonl", "conll", "iob", "txt", "tsv"])
def test_every_format_gives_the_same_corpus(tmp_path: Path, ending: str) -> None:
    """A reader would lose the last sentence or take the wrong column."""
    write(tmp_path, f"train.{ending}")
    write(tmp_path, f"dev.{ending}")
    (tmp_path / "README.md").write_text("not a split")
    corpus = load_corpus(str(tmp_path))
    assert (corpus.name, corpus.entity_types) == (tmp_path.name, ["Disease", "Gene"])
    assert list(corpus.splits) == ["train", "validation"]
    assert corpus.split("train")["tokens"][:] == [row["tokens"] for row in ROWS]
    assert corpus.split("train")["ner_tags"][:] == [row["ner_tags"] for row in ROWS]


def test_entity_types_come_from_all_splits(tmp_path: Path) -> None:
    """A type that is rare would be unsupervised in the split that lacks it."""
    write(tmp_path, "train.jsonl", ROWS[1:])
    write(tmp_path, "test.jsonl", ROWS[:1])
    assert load_corpus(str(tmp_path)).entity_types == ["Disease", "Gene"]


def test_types_restrict_a_corpus(tmp_path: Path) -> None:
    """Genes would be trained in a run that was meant for diseases."""
    path = write(tmp_path, "small.jsonl")
    corpus = load_corpus(str(path)).only(["disease", "Cell"])
    assert corpus.entity_types == ["Disease"]
    assert corpus.split("train")["ner_tags"][:] == [["B-Disease", "I-Disease", "O"], ["O"]]
    with pytest.raises(ValueError, match=r"annotates Disease, none of Cell"):
        corpus.only(["Cell"])


def test_iob1_is_normalised(tmp_path: Path) -> None:
    """IOB1 read as IOB2 has no mention at all."""
    path = write(tmp_path, "test.jsonl", [{"tokens": ["a", "b", "c"], "ner_tags": ["I-D", "B-D", "O"]}])
    assert load_corpus(str(path)).split("test")["ner_tags"][:] == [["B-D", "B-D", "O"]]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"ner_tags": ["O", "X-Disease", "O"]},
            r"train\.jsonl, row 2 \(id z\), field ner_tags: token 2 \('b'\): unknown tag 'X-Disease'",
        ),
        ({"ner_tags": ["O", "B_Disease", "O"]}, "unknown tag 'B_Disease'.*PREFIX-TYPE"),
        ({"ner_tags": [0, 1, 2]}, "token 1: tag 0 is not a string"),
        ({"ner_tags": ["O", ["B-D"], "O"]}, "token 2: tag .* is not a string"),
        ({"ner_tags": ["O"]}, "row 2.*3 tokens but 1 tags"),
        ({"ner_tags": "O"}, "field ner_tags: is str, not a list"),
        ({"tokens": ["a", None, "c"]}, "token 2: None is not a string"),
    ],
)
def test_wrong_rows_are_named(tmp_path: Path, row: dict, message: str) -> None:
    """The mistake would surface in the loss, hours later, or never."""
    good = {"id": "z", "tokens": ["a", "b", "c"], "ner_tags": ["O", "B-D", "O"]}
    write(tmp_path, "train.jsonl", [good, {**good, **row}])
    with pytest.raises(ValueError, match=message):
        load_corpus(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("train.jsonl", "", r"train\.jsonl: the split is empty"),
        ("train.jsonl", '{"tokens": ["a"]}', "line 1, field ner_tags: no such column among"),
        ("train.jsonl", '{"tokens": ["a"', "line 1: not JSON"),
        ("train.json", '[{"tokens": ["a"', "not JSON"),
        ("train.jsonl", "[1]", "row 1: 1 is no object"),
        ("train.parquet", "no parquet", "not a readable parquet"),
        ("train.conll", "a O\nb\n", "line 2: 'b' is not a token and a tag"),
        ("train.conll", "a O\n", "every tag is O"),
        ("notes.md", "a O\n", "no split file"),
    ],
)
def test_wrong_files_are_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    """Each must end before training, with the file and the fix."""
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=message):
        load_corpus(str(tmp_path))


def test_splits_are_unambiguous(tmp_path: Path) -> None:
    """Of two files for one split, one would be ignored."""
    write(tmp_path, "train.jsonl")
    with pytest.raises(ValueError, match=r"no split 'test', only train; add test\.\*"):
        load_corpus(str(tmp_path)).split("test")
    write(tmp_path, "train.conll")
    with pytest.raises(ValueError, match=r"train\.conll and train\.jsonl both claim the split train"):
        load_corpus(str(tmp_path))


def test_a_wrong_path_is_not_sought_on_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing error would wait for the network."""
    monkeypatch.setattr(corpora, "load_dataset", lambda *_: pytest.fail("asked the Hub"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    for source in ("data/typo", "./typo", str(tmp_path / "typo")):
        with pytest.raises(ValueError, match="no such folder or file, and no Hub"):
            load_corpus(source)


def test_hub_class_labels_become_strings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Integer tags would be refused, or a parquet file written by datasets be read as numbers."""
    tags = ListOf(ClassLabel(names=["O", "B-Gene", "I-Gene"]))
    features = Features({"tokens": ListOf(Value("string")), "ner_tags": tags})
    data = Dataset.from_dict({"tokens": [["p53", "gene"]], "ner_tags": [[1, 2]]}, features=features)
    asked = []
    monkeypatch.setattr(
        corpora, "load_dataset", lambda *names: asked.append(names) or DatasetDict(train=data, dev=data, extra=data)
    )
    corpus = load_corpus("someone/genes:small")
    assert asked == [("someone/genes", "small")]
    assert (corpus.name, list(corpus.splits)) == ("genes", ["train", "validation"])
    assert corpus.split("train")["ner_tags"][:] == [["B-Gene", "I-Gene"]]
    data.to_parquet(str(tmp_path / "test.parquet"))
    local = load_corpus(str(tmp_path))
    assert local.split("test")["ner_tags"][:] == [["B-Gene", "I-Gene"]]


def test_an_unreachable_hub_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A traceback of the client says nothing about the path that was mistyped."""

    def fail(*_: object) -> None:
        raise ConnectionError("offline")

    monkeypatch.setattr(corpora, "load_dataset", fail)
    with pytest.raises(ValueError, match="no such folder or file, and no data set on the Hub"):
        load_corpus("someone/genes")


def test_subset_is_reproducible_and_nested() -> None:
    """Low-resource runs of one seed would not be comparable."""
    data = Dataset.from_dict({"id": list(range(200))})
    tenth, half = (train_subset(data, fraction, 13)["id"][:] for fraction in (0.1, 0.5))
    assert (len(tenth), len(half)) == (20, 100)
    assert set(tenth) < set(half)
    assert tenth == train_subset(data, 0.1, 13)["id"][:] == sorted(tenth)
    assert tenth != train_subset(data, 0.1, 14)["id"][:]
    assert len(train_subset(data, 0.0001, 1)) == 1
    for fraction in (0, -1, 1.5):
        with pytest.raises(ValueError, match="train_fraction"):
            train_subset(data, fraction, 1)


def test_counted_sentences_all_hold_a_mention():
    """Twenty-five sentences without a mention teach nothing, and fewer than asked would be another experiment."""
    tags = [["O", "B-Gene"] if row % 3 == 0 else ["O", "O"] for row in range(30)]
    data = Dataset.from_list([{"id": str(row), "tokens": ["a", "b"], "ner_tags": t} for row, t in enumerate(tags)])
    few, more = (train_subset(data, 1.0, 5, sentences=count)["id"][:] for count in (3, 6))
    assert (len(few), len(more)) == (3, 6)
    assert set(few) < set(more) <= {str(row) for row in range(0, 30, 3)}
    assert few != train_subset(data, 1.0, 6, sentences=3)["id"][:]
    with pytest.raises(ValueError, match="train_sentences: 11 asked for, but only 10"):
        train_subset(data, 1.0, 5, sentences=11)


@pytest.mark.parametrize(
    "given", [{"train_fraction": 0.0}, {"train_sentences": 0}, {"train_fraction": 0.1, "train_sentences": 5}]
)
def test_contradicting_amounts_are_refused_at_once(given):
    """After the model is built, the time is spent already; one of two amounts would be passed over in silence."""
    with pytest.raises(ValueError, match=r"--train-"):
        DataArguments(dataset=["x"], **given)


@pytest.mark.slow
@pytest.mark.corpora
@pytest.mark.skipif("KOGNER_DATA" not in os.environ, reason="KOGNER_DATA does not name a folder with corpora")
def test_real_corpora_load() -> None:
    """A corpus of the release would fail on the training machine only."""
    root = Path(os.environ["KOGNER_DATA"]) / "data"
    sources = [*(root / "ner").iterdir(), root / "pubtator" / "BC5CDR", root / "pubtator" / "NCBI-disease"]
    assert len(sources) >= 3
    for source in sources:
        corpus = load_corpus(str(source))
        assert list(corpus.splits) == ["train", "validation", "test"]
        assert corpus.entity_types

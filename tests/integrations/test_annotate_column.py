"""A column of mentions beside a column of texts, in ``datasets``."""

import pickle

import pyarrow as pa
import pytest
from conftest import TEXT
from datasets import Dataset, IterableDataset
from datasets.fingerprint import Hasher
from support import mentions_of
from tiny_tagger import make_tagger, save_tagger

from modeling_kogner.integrations.annotate_column import AnnotateColumn

ROWS = [{"id": n, "text": "" if n < 3 else f"{n}. {TEXT[n % 5]}"} for n in range(10)]


@pytest.fixture(scope="module")
def folder(knowledge, tmp_path_factory):
    return save_tagger(knowledge, tmp_path_factory.mktemp("models") / "tiny")


def annotate(dataset, worker, **options):
    return dataset.with_format("arrow").map(worker, batched=True, batch_size=2, **options).with_format(None)


def found(dataset):
    """Without scores, whose last digits depend on the texts that share a batch."""
    return [[(m["start"], m["end"], m["type"], m["id"]) for m in row] for row in dataset["mentions"]]


def test_mentions_are_those_of_the_annotator(folder):
    """The first rows have no mention, from which a type could be guessed: the rest would not fit into it."""
    worker = AnnotateColumn(folder, device="cpu")
    annotated = annotate(Dataset.from_list([*ROWS, {"id": 10, "text": None}]), worker)
    expected = [mentions_of(worker._annotator, [row["text"]])[0] for row in ROWS] + [[]]
    assert found(annotated) == [[(m.start, m.end, m.type, m.id) for m in row] for row in expected]
    assert sum(map(len, expected)) > 5
    assert annotated.column_names == ["id", "text", "mentions"]
    nothing = annotate(Dataset.from_list([{"text": ""}]), worker)
    assert nothing.features["mentions"] == annotated.features["mentions"]
    assert found(annotate(annotated, worker)) == found(annotated), "doubled instead of replaced"


def test_a_stream_is_read_as_it_is_consumed(folder):
    """Rows read ahead or kept would fill the memory on a stream without end."""
    pulled = 0

    def endless():
        nonlocal pulled
        while True:
            pulled += 1
            yield {"id": pulled, "text": TEXT[pulled % 5]}

    stream = iter(annotate(IterableDataset.from_generator(endless), AnnotateColumn(folder, device="cpu")))
    next(stream)
    before = pa.total_allocated_bytes()
    for number in range(2, 42):
        assert next(stream)["id"] == number
        assert pulled <= number + 1
    assert pa.total_allocated_bytes() < before + 2**16


@pytest.mark.slow  # seconds, but forked from a process in which other tests have run models, the workers may die
def test_processes_share_the_work(folder):
    """A model that travels to the workers would be copied for each, and its threads would lock up after a fork."""
    alone = annotate(Dataset.from_list(ROWS), AnnotateColumn(folder, device="cpu"))
    shared = annotate(Dataset.from_list(ROWS), AnnotateColumn(folder, device="cpu"), num_proc=2)
    assert found(shared) == found(alone)
    worker = AnnotateColumn(folder, device="cpu")
    before = len(pickle.dumps(worker))
    worker(pa.table({"text": ["aspirin"]}))
    assert len(pickle.dumps(worker)) == before < 2000


def test_the_cache_knows_settings_and_model(knowledge, wordpiece, tmp_path):
    """`datasets` would give the mentions of an older model, or of another threshold, from its cache."""
    folder = save_tagger(knowledge, tmp_path / "model")
    worker = AnnotateColumn(folder)
    first = Hasher.hash(worker)
    worker(pa.table({"text": ["aspirin"]}))
    assert Hasher.hash(worker) == Hasher.hash(AnnotateColumn(folder)) == first
    assert Hasher.hash(AnnotateColumn(folder, threshold=0.5)) != first
    make_tagger(knowledge, wordpiece).save_pretrained(folder)
    assert Hasher.hash(AnnotateColumn(folder)) != first


def test_wrong_columns_and_rows_are_one_message(folder):
    """A row as a dictionary, `datasets` own form, has no types to hold on to."""
    worker = AnnotateColumn(folder)
    for table, message in (
        ({"text": ["aspirin"]}, r"rows come as dict.*with_format\('arrow'\)"),
        (pa.table({"abstract": ["aspirin"]}), "no column 'text'; it has abstract"),
        (pa.table({"text": [1]}), "column 'text' is int64"),
    ):
        with pytest.raises(ValueError, match=message):
            worker(table)

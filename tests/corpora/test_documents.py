"""Documents of every format in and out."""

import dataclasses
import io
import itertools
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling_kogner.corpora.document import Document
from modeling_kogner.corpora.formats import OUTPUTS, READERS, input_files, read_records
from modeling_kogner.corpora.mention import Candidate, Mention, Passage
from modeling_kogner.corpora.parquet import MENTIONS
from modeling_kogner.corpora.pubtator import load_pubtator
from modeling_kogner.corpora.record import Fields
from modeling_kogner.inference.annotate_files import share_of, this_share

TITLE, ABSTRACT = "Aspirin 🧬 in rats", "It reduced\u2028the \tfever."


def paper(name="12"):
    """A title and an abstract with a mention in each; the second holds characters that end lines elsewhere."""
    document = Document(name, [Passage(TITLE), Passage(ABSTRACT, len(TITLE) + 1)])
    start = document.text.index("the \tfever")
    document.mentions = [
        Mention(0, 7, "Aspirin", "Chemical", 0.5, "MESH:D001241", "Aspirin", "Chemical"),
        Mention(start, start + 10, "the \tfever", "Disease", 0.25),
    ]
    return document


def rendered(kind, *documents):
    return OUTPUTS[kind].whole(list(documents))


def read(kind, content, fields=None):
    content = content.encode() if isinstance(content, str) else content
    return [record.parse() for record in READERS[kind](io.BytesIO(content), "file", fields or Fields())]


def failures(kind, content):
    found = []
    for record in READERS[kind](io.BytesIO(content), "file", Fields()):
        try:
            record.parse()
        except ValueError as error:
            found.append(str(error))
    return found


def test_bioc_that_was_written_is_read_with_its_passages():
    """Offsets that drift by a character an emoji or a passage would shift all that follows."""
    content = rendered("bioc", paper("1"), paper("2"))
    first, second = read("bioc", content)
    assert (first.id, second.id) == ("1", "2")
    assert [(each.text, each.offset) for each in first.passages] == [(TITLE, 0), (ABSTRACT, len(TITLE) + 1)]
    title, abstract = json.loads(content)["documents"][0]["passages"]
    assert [each["text"] for each in title["annotations"] + abstract["annotations"]] == ["Aspirin", "the \tfever"]
    (found,) = abstract["annotations"]
    (place,) = found["locations"]
    assert first.text[place["offset"] : place["offset"] + place["length"]] == found["text"]
    assert json.loads(rendered("bioc"))["documents"] == read("bioc", rendered("bioc")) == []


def test_sentences_of_bioc_stand_for_their_passage():
    """A collection at sentence level has passages without text, which would be read as empty."""
    sentences = [{"offset": 3, "text": "Fever."}, {"offset": 10, "text": "Rats."}]
    (document,) = read("bioc", json.dumps({"documents": [{"id": 1, "passages": [{"sentences": sentences}]}]}))
    assert document.text == "   Fever. Rats."


def test_pubtator_that_was_written_is_read_by_the_strict_reader(tmp_path):
    """The corpus reader checks every offset; a line break inside a text would tear the record."""
    path = tmp_path / "papers.pubtator"
    path.write_text(rendered("pubtator", paper("1"), Document("2", [Passage("Only\na line")])))
    first, second = load_pubtator(path)
    assert [(m.text, m.type, m.id) for m in first.mentions] == [
        ("Aspirin", "Chemical", "MESH:D001241"),
        ("the  fever", "Disease", "-"),
    ]
    assert second.passages[0].text == "Only a line"
    again, _ = read("pubtator", path.read_bytes())
    assert [len(each.text) for each in again.passages] == [len(TITLE), len(ABSTRACT)]


def test_pubtator_splits_at_titles_and_blank_lines_only():
    """A `|t|` inside an abstract would cut it; a wrong document would take its neighbour with it."""
    content = b"1|t|One\n1|a|x |t| y\n1\t0\t3\tOne\tGene\t-\n2|t|Two\r\n\n\noops\n\n3|t|Three\n3|a|\xff\n"
    assert [each.id for each in read("pubtator", content[: content.index(b"oops")])] == ["1", "2"]
    assert failures("pubtator", content) == [
        "file, line 7: 'oops' is unexpected; write ID|t|title, ID|a|abstract, then lines that begin with ID, and give "
        "each document an id of its own",
        "file, line 10: not UTF-8 text (invalid start byte at byte 4); convert it first",
    ]


def test_json_lines_keep_fields_and_half_pairs_break_nothing():
    """Half an emoji, as cut tweets have it, can be read from JSON but not written to any file."""
    (document,) = read("jsonl", '\ufeff{"pmid": 7, "text": "a\\ud83e b", "mentions": 1}\n\n', Fields(id="pmid"))
    assert document.id == "7"
    assert json.loads(rendered("jsonl", document).encode()) == {"pmid": 7, "text": "a? b", "mentions": []}
    line = json.loads(rendered("jsonl", paper()))
    assert [line["text"][m["start"] : m["end"]] for m in line["mentions"]] == [m["text"] for m in line["mentions"]]


def test_wrong_lines_are_named_and_the_rest_is_read():
    """A run over millions must not end, or go wrong in silence, at one of them."""
    lines = [b'{"text": "a"}', b'{"text": ', b"[1]", b'{"body": 1}', b'{"text": null}', b"\xff", b"[" * 100_000]
    wrong = failures("jsonl", b"\n".join(lines))
    assert [each.split(":")[0].removesuffix(", field 'text'") for each in wrong] == [
        f"file, line {number}" for number in range(2, 8)
    ]
    for message, part in zip(
        wrong, ["not JSON", "list instead of", "it has body", "NoneType", "UTF-8", "nested"], strict=True
    ):
        assert part in message
    assert [each.text for each in read("lines", "a\r\n\n b \u2028c\n")] == ["a", "", " b \u2028c"]


def test_wrong_bioc_documents_can_be_skipped():
    """An offset that contradicts the texts would give mentions that are not where they say."""
    good = {"id": "1", "passages": [{"offset": 0, "text": "abc"}, {"offset": 3, "text": "d"}]}
    wrong = [{"id": "2"}, {"id": "3", "passages": [good["passages"][0]] * 2}, {"id": "4", "passages": [{"text": "x"}]}]
    found = failures("bioc", json.dumps({"a": [{}], "documents": [*wrong, good]}).encode())
    assert len(found) == 3
    assert "field 'passages' is missing" in found[0]
    assert "file, document 2: document 3, passage 2: offset 0 does not follow 3" in found[1]
    for content in (
        "",
        "[]",
        '{"a": 1}',
        '{"documents": [{}',
        '{"documents": [{} {}]}',
        '{"documents": [tru]}',
        "{1: 2}",
    ):
        with pytest.raises(ValueError, match="not BioC JSON"):
            list(READERS["bioc"](io.BytesIO(content.encode()), "file", Fields()))


JSON = st.recursive(st.none() | st.integers() | st.text(), lambda e: st.lists(e) | st.dictionaries(st.text(), e))


@given(st.lists(JSON, max_size=4), st.integers(1, 7), st.sampled_from([None, 1]))
@settings(max_examples=60, deadline=None)
def test_elements_arrive_whole_however_the_file_is_cut(elements, size, indent):
    """A block that ends inside a character, a string or a number would end the document there."""

    class Trickle(io.BytesIO):
        def read(self, _=None):
            return super().read(size)

    documents = [{"id": "1", "passages": [{"text": "", "offset": 0, "infons": {"": each}}]} for each in elements]
    content = json.dumps({"date": {"documents": [1]}, "documents": documents}, indent=indent, ensure_ascii=False)
    records = READERS["bioc"](Trickle(content.encode("utf-8-sig")), "file", Fields())
    assert [record.parse().passages[0].infons[""] for record in records] == elements


def test_parquet_is_read_and_written(tmp_path):
    """Columns are carried along; files of all shards must have the same types, mentions or not."""
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"id": [3, 4], "text": ["Aspirin", None]}), path)
    first, second = READERS["parquet"](path.open("rb"), "in.parquet", Fields())
    assert first.parse().record == {"id": 3, "text": "Aspirin"}
    with pytest.raises(ValueError, match="'text': NoneType, not a string"):
        second.parse()
    with pytest.raises(ValueError, match="no column 'body'; it has id, text"):
        next(READERS["parquet"](path.open("rb"), "in.parquet", Fields(text="body")))
    with pytest.raises(ValueError, match="not a parquet file"):
        next(READERS["parquet"](io.BytesIO(b"{}"), "in.parquet", Fields()))
    odd = Document("9", [Passage("")], record={"mixed": "a", "empty": {}, "big": 2**70})
    even = Document("9", [Passage("")], record={"mixed": [1], "empty": {}, "none": None})
    for name, documents in (("some", [paper()]), ("none", [odd, even])):
        (tmp_path / "spool").write_text(rendered("jsonl", *documents))
        OUTPUTS["parquet"].pack(tmp_path / "spool", tmp_path / f"{name}.parquet")
    some, none = (pq.read_table(tmp_path / f"{name}.parquet") for name in ("some", "none"))
    assert some.schema.field("mentions").type == none.schema.field("mentions").type
    assert some.to_pylist()[0]["mentions"] == [mention.to_dict() for mention in paper().mentions]
    assert [row["mixed"] for row in none.to_pylist()] == ['"a"', "[1]"]


def test_parquet_knows_every_field_of_a_mention():
    """A field that is left to inference has one type in one shard and another where it is empty."""
    fields = {Mention: MENTIONS, Candidate: MENTIONS.value_type.field("alternatives").type}
    for described, kind in fields.items():
        names = {part.name for part in dataclasses.fields(described)} - {"weight"}
        assert {part.name for part in kind.value_type} == names


def test_tsv_has_a_line_a_mention():
    """A tab or line separator inside a mention would add a column or a line."""
    head, *lines = rendered("tsv", paper()).splitlines()
    assert [len(line.split("\t")) for line in (head, *lines)] == [10, 10, 10]


@given(st.integers(0, 20), st.integers(1, 5), st.integers(0, 6))
def test_shards_and_what_is_done_leave_no_record_out(size, count, done):
    """A record in two shards, or in none, would be counted twice or lost."""

    def numbers(index, done):
        stream = io.BytesIO(b"x\n" * size)
        records = read_records([(None, "lines")], Fields(), stream, done, (index, count))
        return [int(record.parse().id) for record in records]

    whole = [numbers(index, 0) for index in range(count)]
    assert sorted(itertools.chain(*whole)) == list(range(1, size + 1))
    assert [numbers(index, done) for index in range(count)] == [own[done:] for own in whole]


def test_shares_and_their_files(monkeypatch, tmp_path):
    """Two processes that write one file, or read one share, would spoil the run."""
    assert this_share(None) == (0, 1)
    assert this_share("2/3") == (1, 3)
    monkeypatch.setenv("WORLD_SIZE", "2")
    shares = set()
    for rank in "01":
        monkeypatch.setenv("RANK", rank)
        shares |= {this_share(None), this_share("1/2"), this_share("2/2")}
    assert shares == {(0, 2), (1, 2), (0, 4), (1, 4), (2, 4), (3, 4)}
    assert share_of(tmp_path / "a.b.jsonl", (1, 2)).name == "a.b-00002-of-00002.jsonl"
    for wrong in ("0/2", "3/2", "1", "a/b", "1/0"):
        with pytest.raises(ValueError, match="is not a share"):
            this_share(wrong)


def test_folders_and_unknown_names(tmp_path):
    """A folder is its files in order; a name that tells no format must not be guessed."""
    for name in ("b.txt", "a.jsonl", "notes.md"):
        (tmp_path / name).touch()
    assert [(path.name, kind) for path, kind in input_files([tmp_path], None)] == [
        ("a.jsonl", "jsonl"),
        ("b.txt", "lines"),
    ]
    assert input_files([tmp_path / "notes.md"], "text") == [(tmp_path / "notes.md", "text")]
    for path, message in (("notes.md", "does not tell the format"), ("absent.txt", "no such file")):
        with pytest.raises(ValueError, match=message):
            input_files([tmp_path / path], None)

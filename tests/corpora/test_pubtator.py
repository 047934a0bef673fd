from pathlib import Path

import pytest

from modeling_kogner.corpora.corpus import load_corpus
from modeling_kogner.corpora.document import Document
from modeling_kogner.corpora.mention import Mention, Passage
from modeling_kogner.corpora.pubtator import load_pubtator, to_rows

TEXT = (
    "1|t|Skin tumour in E. coli.\n"
    "1|a|We saw acute \u03b2-thalassaemia. It was bad.\n"
    "1\t0\t11\tSkin tumour\tDisease\tD012878\n"
    "1\t37\t51\t\u03b2-thalassaemia\tDisease\tD017086|D1\n"
    "1\tCID\tD1\tD2\n"
    "\n"
    "2|t|Plain title\n"
)


def write(folder: Path, text: str = TEXT, name: str = "X_train.pubtator") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def document(title: str, abstract: str, *mentions: tuple[int, int, str]) -> Document:
    text = f"{title} {abstract}"
    passages = [Passage(title), Passage(abstract, len(title) + 1)]
    return Document("1", passages, [Mention(a, b, text[a:b], kind) for a, b, kind in mentions])


def test_documents_keep_offsets_ids_and_order(tmp_path: Path) -> None:
    """Concept ids or spans would be lost before linking is scored."""
    first, second = load_pubtator(write(tmp_path))
    assert [mention.id for mention in first.mentions] == ["D012878", "D017086|D1"]
    assert (second.id, second.text, second.mentions) == ("2", "Plain title ", [])


def test_offsets_point_back_into_the_text(tmp_path: Path) -> None:
    """Annotations could not be written at their place in the abstract."""
    (first, _) = load_pubtator(write(tmp_path))
    rows, report = to_rows(first)
    for row in rows:
        assert [first.text[start:end] for start, end in row["offsets"]] == row["tokens"]
    assert [" ".join(row["tokens"]) for row in rows] == [
        "Skin tumour in E . coli .",
        "We saw acute \u03b2 - thalassaemia .",
        "It was bad .",
    ]
    assert rows[1]["ner_tags"] == ["O", "O", "O", "B-Disease", "I-Disease", "I-Disease", "O"]
    assert report == {"mentions": 2, "tagged": 2, "overlapping": 0, "widened": 0}


def test_of_overlapping_mentions_the_longest_stays() -> None:
    """The inner mention would break the outer one into pieces."""
    rows, report = to_rows(document("lung cancer risk", "", (5, 11, "D"), (0, 11, "D"), (0, 4, "A")))
    assert rows[0]["ner_tags"] == ["B-D", "I-D", "O"]
    assert (report["tagged"], report["overlapping"]) == (1, 2)


def test_misaligned_mentions_are_widened_and_counted() -> None:
    """A mention inside a token would vanish without a trace."""
    rows, report = to_rows(document("nonHodgkin lymphoma", "", (3, 19, "D")))
    assert rows[0]["ner_tags"] == ["B-D", "I-D"]
    assert report["widened"] == 1


def test_no_mention_is_split_between_sentences() -> None:
    """Half a mention would end one row and half begin the next."""
    rows, _ = to_rows(document("T", "Type vit. D deficiency.", (7, 24, "D")))
    assert [row["ner_tags"].count("B-D") for row in rows] == [0, 1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1\t1\t12\tSkin tumour\tDisease\tD1", "line 6: mention 'Skin tumour' is not at 1-12"),
        ("9\t0\t11\tSkin tumour\tDisease\tD1", "line 6: .*is unexpected"),
        ("1\tx\t11\tSkin tumour\tDisease\tD1", "line 6: .*is not a mention"),
        ("1|a|again", "line 6: .*is unexpected"),
        ("3|a|text", "line 6: .*is unexpected"),
        ("stray", "line 6: .*is unexpected"),
        ("\n1|t|again", "line 7: document 1 occurs twice"),
    ],
)
def test_wrong_lines_are_named(tmp_path: Path, line: str, message: str) -> None:
    """Shifted offsets would train on the wrong words."""
    path = write(tmp_path, TEXT.replace("\n\n", f"\n{line}\n\n"))
    with pytest.raises(ValueError, match=message):
        load_pubtator(path)


def test_prefix_picks_one_of_two_corpora(tmp_path: Path) -> None:
    """Two corpora of one folder would be mixed, or one taken by chance."""
    write(tmp_path)
    write(tmp_path, name="X_dev.pubtator")
    assert list(load_corpus(str(tmp_path)).splits) == ["train", "validation"]
    write(tmp_path, name="Y_test.pubtator")
    with pytest.raises(ValueError, match=r"several corpora \('X', 'Y'\)"):
        load_corpus(str(tmp_path))
    corpus = load_corpus(str(tmp_path / "X"))
    assert (corpus.name, corpus.entity_types) == ("X", ["Disease"])
    assert corpus.split("train").column_names == ["id", "document", "tokens", "ner_tags", "offsets"]


def test_types_get_other_names(tmp_path: Path) -> None:
    """A long mention of a type that is left out would hide the short ones inside it; a new type would pass unseen."""
    lines = "1|t|Skin tumour cells.\n1|a|\n1\t0\t17\tSkin tumour cells\tCell\n1\t5\t11\ttumour\tDisease\n"
    path = write(tmp_path, lines)
    corpus = load_corpus(str(path), {"Cell": None, "Disease": "Sign"})
    assert corpus.split("train")["ner_tags"][:] == [["O", "B-Sign", "O", "O"]]
    assert corpus.entity_types == ["Sign"]
    with pytest.raises(ValueError, match=r"X_train\.pubtator, row 1: type 'Cell' is not mapped to an entity type"):
        load_corpus(str(path), {"Disease": "Sign"})

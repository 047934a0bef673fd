"""Scores of whole documents."""

import json
from types import SimpleNamespace

import pytest

from modeling_kogner.corpora.annotated import load_documents
from modeling_kogner.corpora.document import Document
from modeling_kogner.corpora.mention import Mention
from modeling_kogner.evaluation.documents import documents_in, score_documents

PUBTATOR = """1|t|Fever of rats
1|a|The variant rs12 raised HER2 levels.
1\t0\t5\tFever\tDISEASE\tD1
1\t9\t13\trats\tSpecies\t10116
1\t26\t30\trs12\tSNP\t12
1\t38\t42\tHER2\tGene\t2064

2|t|No mention
2|a|here
"""


class Fixed:
    """An annotator that finds given places in document 1, and the first of them in all others."""

    def __init__(self, *places):
        self.places = places
        self.config = SimpleNamespace(entity_types=["Chemical", "Disease", "Gene", "Variant"])

    def annotate(self, documents):
        """As the annotator's."""
        for document in documents:
            mentions = [Mention(s, e, document.text[s:e], kind) for s, e, kind in self.places]
            yield Document(document.id, document.passages, mentions if document.id == "1" else mentions[:1])


@pytest.fixture
def pubtator(tmp_path):
    path = tmp_path / "d.pubtator"
    path.write_text(PUBTATOR)
    return path


def test_places_and_types_must_agree(pubtator):
    """Worked out by hand: the disease and the variant are right, the gene ends too late, document 2 has none."""
    annotator = Fixed((0, 5, "Disease"), (26, 30, "Variant"), (38, 43, "Gene"))
    found = score_documents(annotator, pubtator, mapped={"snp": "variant"})
    assert (found["documents"], found["types"], found["not_scored"]) == (2, ["Disease", "Gene", "Variant"], ["Species"])
    counts = {kind: (row["gold"], row["predicted"], row["correct"]) for kind, row in found["strict"]["types"].items()}
    assert counts == {"Disease": (1, 2, 1), "Gene": (1, 1, 0), "Variant": (1, 1, 1)}
    assert found["strict"]["f1"] == pytest.approx(2 * 2 / (3 + 4))


def test_types_that_the_file_does_not_mark_are_not_scored(pubtator):
    """A corpus says nothing of what it does not annotate, so a prediction there is not wrong."""
    found = score_documents(Fixed((0, 5, "Disease"), (26, 30, "Chemical")), pubtator)
    assert found["types"] == ["Disease", "Gene", "Variant"]
    assert found["strict"]["predicted"] == 2
    assert score_documents(Fixed(), pubtator, types=["gene"])["types"] == ["Gene"]
    with pytest.raises(ValueError, match="model has no type Mutation"):
        score_documents(Fixed(), pubtator, mapped={"SNP": "Mutation"})
    with pytest.raises(ValueError, match="no type to score"):
        score_documents(Fixed(), pubtator, types=["Chemical"])


def test_documents_of_training_files_can_be_left_out(pubtator, tmp_path):
    """Text seen in training, if only for one type, would raise the score of all."""
    other = tmp_path / "train.pubtator"
    other.write_text("1|t|Fever\n1|a|of rats\n\n7|t|None\n7|a|here\n")
    seen = documents_in([other, pubtator])
    assert seen == {"train": {"1", "7"}, "d": {"1", "2"}}
    found = score_documents(Fixed((0, 5, "Disease")), pubtator, seen={"train": seen["train"]})
    assert (found["documents"], found["left_out"]) == (1, {"train": 1})
    assert (found["strict"]["gold"], found["strict"]["predicted"]) == (0, 1)  # what the other document has
    assert score_documents(Fixed(), pubtator, seen={"none": {"9"}})["left_out"] == {}


def test_bioc_gives_what_pubtator_gives(pubtator, tmp_path):
    """Offsets that count from the passage in one format and from the document in the other."""
    documents = load_documents(pubtator)
    path = tmp_path / "d.json"
    path.write_text(documents[0].to_bioc())
    places = [(m.start, m.end, m.text, m.type, m.id) for m in documents[0].mentions]
    assert [(m.start, m.end, m.text, m.type, m.id) for m in load_documents(path)[0].mentions] == places
    content = json.loads(path.read_text())
    content["documents"][0]["passages"][0]["annotations"][0]["locations"][0]["offset"] = 3
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="annotation 'Fever' is not at 3-8"):
        load_documents(path)

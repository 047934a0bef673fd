"""Names of a user's own in a trained model."""

import pandas as pd
import pytest
import torch
from conftest import CONCEPTS
from support import kogner, mentions_of
from tiny_tagger import make_tagger, save_tagger

from modeling_kogner.files.errors import InputError
from modeling_kogner.inference.annotator import Annotator
from modeling_kogner.inference.linker import Linker
from modeling_kogner.inference.load_model import load_model
from modeling_kogner.inference.own_names import add_concepts, add_equivalents

ROWS = [
    ("LAB:1", "low level", "Chemical"),
    ("LAB:1", "IL-12", "Chemical"),
    ("LAB:2", "Aspirin", "Chemical"),
    ("MONDO:3", "ovarian fever", "Disease"),
    ("LAB:3", "Fever, Low", "Disease"),
]


def table(rows):
    return pd.DataFrame(rows, columns=["id", "name", "type"])


@pytest.fixture
def tagger(knowledge, tokenizer):
    return make_tagger(knowledge, tokenizer, "concepts")


@pytest.fixture
def model_folder(knowledge, tmp_path):
    return save_tagger(knowledge, tmp_path / "model")


def exact(linker, text, kind):
    """Ids of the concepts whose written form a text is; near names alone would hide a broken index."""
    return [linker._id(concept) for concept in linker._spelled.exact(text, kind)]


def links(model, tokenizer, text):
    encoded = tokenizer([text], return_tensors="pt")
    with torch.no_grad():
        return model.kogner.link(encoded.input_ids, encoded.attention_mask)


def test_the_next_prediction_finds_and_links_own_names(tagger, tokenizer):
    """A linker made before would go on with the old catalogue; a shifted row would give a neighbour's id."""
    linker = Linker(tagger, tokenizer)
    assert linker.candidates("low level", "Chemical") == []
    assert not links(tagger, tokenizer, "low level").is_mention.any()
    added = add_concepts(tagger, tokenizer, table(ROWS))
    assert added.concepts == 3
    assert linker.candidates("low level", "Chemical")[0].id == "LAB:1"
    for name, kind, concept in (
        ("low level", "Chemical", "LAB:1"),
        ("IL12", "Chemical", "LAB:1"),
        ("ovarian fevers", "Disease", "MONDO:3"),
        ("low fever", "Disease", "LAB:3"),
    ):
        assert exact(linker, name, kind) == [concept], name
    assert exact(linker, "aspirin", "Chemical") == ["LAB:2", "MESH:D001241"]
    assert links(tagger, tokenizer, "low level").is_mention.any()
    mentions_of(Annotator(tagger, tokenizer), ["Aspirin with low level in low fever"])


def test_what_was_known_stays_known(tagger, tokenizer):
    """Rows merged out of order would break the binary search for every name."""
    before = {form: exact(Linker(tagger, tokenizer), form, kind) for _, _, kind, forms in CONCEPTS for form in forms}
    add_concepts(tagger, tokenizer, table([row for row in ROWS if row[0] != "LAB:2"]))
    hashes = tagger.kogner.index.surface_hash
    assert (hashes[1:] >= hashes[:-1]).all()
    after = {form: exact(Linker(tagger, tokenizer), form, kind) for _, _, kind, forms in CONCEPTS for form in forms}
    assert before == after


def test_vectors_come_from_a_namesake_or_a_typical_concept(tagger, tokenizer):
    """Codes of zeros are a vector too: of whatever the first codebook entries happen to mean."""
    add_concepts(tagger, tokenizer, table(ROWS))
    codes, ids = tagger.kogner.nodes.codes, tagger.kogner.concepts.ids
    assert len(codes) == len(ids) == tagger.config.num_concepts == len(CONCEPTS) + 3
    assert torch.equal(codes[ids.index("LAB:2")], codes[ids.index("MESH:D001241")])
    diseases = [i for i, concept in enumerate(CONCEPTS) if concept[2] == "Disease"]
    vectors = tagger.kogner.nodes(torch.tensor(diseases))
    nearest = diseases[int((vectors - vectors.mean(0)).norm(dim=-1).argmin())]
    assert torch.equal(codes[ids.index("LAB:3")], codes[nearest])


def test_added_names_are_saved_with_the_model(tagger, tokenizer, tmp_path):
    """Sizes in the configuration that do not fit the tables would make the model unreadable."""
    add_concepts(tagger, tokenizer, table(ROWS))
    add_equivalents(tagger, pd.DataFrame([("X:1", "LAB:1"), ("X:2", "absent:1")], columns=["id", "preferred"]))
    tagger.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    loaded, _ = load_model(tmp_path)
    assert all(torch.equal(tensor, loaded.state_dict()[name]) for name, tensor in tagger.state_dict().items())
    assert loaded.kogner.concepts.ids == tagger.kogner.concepts.ids
    assert loaded.kogner.concepts.owners == {"X:1": ["LAB:1"]}
    assert exact(Linker(loaded, tokenizer, "X"), "low level", "Chemical") == ["X:1"]
    encoded = tokenizer(["Aspirin with low level"], return_tensors="pt")
    with torch.no_grad():
        assert torch.equal(tagger(encoded.input_ids).logits, loaded(encoded.input_ids).logits)


def test_an_id_of_two_concepts_names_neither(tagger, tokenizer):
    """A name would go to either of the two."""
    pairs = [("UMLS:7", CONCEPTS[0][0]), ("UMLS:7", CONCEPTS[1][0])]
    assert add_equivalents(tagger, pd.DataFrame(pairs, columns=["id", "preferred"])) == 2
    with pytest.raises(InputError, match=r"UMLS:7.*several concepts"):
        add_concepts(tagger, tokenizer, table([("UMLS:7", "heart level", CONCEPTS[0][2])]))


def test_an_id_of_another_vocabulary_is_its_concept(tagger, tokenizer):
    """A second concept for the same thing would split its links."""
    add_equivalents(tagger, pd.DataFrame([("DOID:5", "MONDO:5")], columns=["id", "preferred"]))
    assert add_concepts(tagger, tokenizer, table([("DOID:5", "heart level", "Disease")])).concepts == 0
    assert exact(Linker(tagger, tokenizer), "heart level", "Disease") == ["MONDO:5"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("LAB:9", "x", "Virus"), "row 2, field type: 'Virus' is not a known type .* use one of Chemical, Species"),
        (("LAB:9", " ", "Gene"), ", row 2, field name: '' is empty"),
        (("LAB 9", "x", "Gene"), "row 2, field id: 'LAB 9' is malformed .* PREFIX:NUMBER"),
        (("LAB:1", "x", "Gene"), "row 2, field type: 'Gene' contradicts an earlier row of its id"),
        (("MONDO:1", "x", "Gene"), "row 2, field type: 'Gene' is not the model's type of this id"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_changed(tagger, tokenizer, row, message):
    """Half of a list in a model is worse than none: nobody knows which half."""
    before = {name: tensor.clone() for name, tensor in tagger.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        add_concepts(tagger, tokenizer, table([ROWS[0], row]))
    assert all(torch.equal(tensor, before[name]) for name, tensor in tagger.state_dict().items())
    assert tagger.config.num_concepts == len(CONCEPTS)


def run(*arguments):
    return kogner("graph", "add", *map(str, arguments))


def test_the_command_writes_a_model_that_knows_the_names(model_folder, tmp_path):
    """From files to a model folder, OBO synonyms included."""
    names, obo, same = tmp_path / "names.tsv", tmp_path / "cells.obo", tmp_path / "same.tsv"
    names.write_text("\ufeffid\tname\ttype\r\nLAB:1\tNA\tChemical\r\n\r\n", encoding="utf-8")
    obo.write_text('format-version: 1.2\n\n[Term]\nid: LAB:7\nname: grey cell\nsynonym: "gray matter cell" EXACT []\n')
    same.write_text("id\tpreferred\nDOID:5\tMONDO:5\n")
    output = tmp_path / "new"
    arguments = (model_folder, "--names", names, "--obo", f"{obo}:Cell", "--equivalents", same, "--output", output)
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert "2 new concepts" in result.output
    linker = Linker(*load_model(output))
    assert exact(linker, "NA", "Chemical") == ["LAB:1"]
    assert exact(linker, "gray matter cell", "Cell") == ["LAB:7"]
    assert linker.candidates("diabetes", "Disease")[0].ids[1:] == ["DOID:5"]
    assert "exists already" in str(run(*arguments).output)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"id\tname\ttype\nLAB:1\tx\tGene\nLAB:2\tna\xefve\tGene\n", ", row 2: not UTF-8"),
        (b"id\tname\nLAB:1\tx\n", ", field type: the column is missing, found id, name"),
        (b"id\tname\ttype\nLAB:1\tx\n", ", row 1, field type: 2 fields where the header has 3"),
        (b"id\tname\ttype\nLAB:1\tx\tGene\ty\n", ", row 1, field type: 4 fields where the header has 3"),
        (b"id\tname\ttype\nLAB:1\tx\tGene\nLAB:2\t\tGene\n", ", row 2, field name: '' is empty"),
    ],
)
def test_a_bad_file_is_named_and_nothing_is_written(model_folder, tmp_path, content, message):
    """One line that says where the file is wrong; no traceback, no half-written model."""
    names, output = tmp_path / "names.tsv", tmp_path / "new"
    names.write_bytes(content)
    result = run(model_folder, "--names", names, "--output", output)
    assert result.exit_code == 1
    assert f"{names}{message}" in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "names.tsv"]


def test_a_model_without_tables_is_refused(tagger, tokenizer):
    """It has no index to add to."""
    tagger.config.num_surfaces = 0
    with pytest.raises(ValueError, match="no knowledge tables"):
        add_concepts(tagger, tokenizer, table(ROWS))

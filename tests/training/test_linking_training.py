"""From annotated documents to a model that links: names as vectors, tables, the choice."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from support import kogner, tiny_model

from modeling_kogner import KognerConfig, KognerForTokenClassification
from modeling_kogner.corpora.text_tokenizer import TextTokenizer
from modeling_kogner.distillation.name_pairs import make_pairs
from modeling_kogner.distillation.name_quantiser import quantise_names
from modeling_kogner.distillation.name_training import NameTrainer, without_a_piece
from modeling_kogner.distillation.settings import NameSettings
from modeling_kogner.graph.link_names import link_names
from modeling_kogner.inference.name_lookup import NameLookup
from modeling_kogner.inference.name_search import search_names
from modeling_kogner.inference.torch_tagger import TorchTagger
from modeling_kogner.link_feature_names import LINK_FEATURES
from modeling_kogner.name_vectors import NameTable
from modeling_kogner.training.count_names import count_names
from modeling_kogner.training.link_choice import Example, _weights, add_choice, describe, fit_choice
from modeling_kogner.training.link_thresholds import best_links, link_thresholds
from modeling_kogner.training.link_vectors import add_name_vectors, index_tokens, train_vectors_further
from modeling_kogner.training.linked_documents import document_names, linked_documents, named_mentions, training_names
from modeling_kogner.training.retired_ids import add_retired_ids, retired_ids

SETTINGS = NameSettings(steps=40, batch=32, width=16, bytes=4, rank=4, rate=1e-2, projection_rate=1e-2)
WIDTH = len(LINK_FEATURES)
LINES = {
    "1": ["1|t|Aspirin in leukemia.", "1|a|Low sugar disease (LSD) is LSD.", "1\t0\t7\tAspirin\tChemical\tMESH:D001241",
          "1\t11\t19\tleukemia\tDisease\tMONDO:1", "1\t21\t38\tLow sugar disease\tDisease\tMONDO:5",
          "1\t40\t43\tLSD\tDisease\tMONDO:5"],
    "2": ["2|t|Blood cancer and aspirin.", "2|a|It is seen.", "2\t0\t12\tBlood cancer\tDisease\tMONDO:1",
          "2\t17\t24\taspirin\tChemical\tD001241", "2\t17\t24\taspirin\tProtein\tX:1"],
    "3": ["3|t|Diabetes.", "3|a|Breast cancer.", "3\t0\t8\tDiabetes\tDisease\tMONDO:5",
          "3\t10\t23\tBreast cancer\tDisease\tMONDO:3|MONDO:1"],
    "4": ["4|t|Leukemia of none.", "4|a|.", "4\t0\t8\tLeukemia\tDisease\t-1"],
}  # fmt: skip


def write(path, *documents):
    path.write_text("".join("\n".join(LINES[each]) + "\n\n" for each in documents))
    return path


@pytest.fixture(scope="module")
def graph(knowledge):
    """The tiny graph with two names for linking alone."""
    further = pd.DataFrame({"surface": ["fever", "ASA"], "concept": pd.Series([1, 0], dtype="int32")})
    return replace(knowledge, further=further)


@pytest.fixture
def model(graph, wordpiece):
    return tiny_model(graph, wordpiece)


@pytest.fixture
def documents(model, tmp_path):
    return linked_documents(
        [write(tmp_path / "t.pubtator", "1", "2", "3", "4")], model.kogner.concepts, model.config.entity_types
    )


def test_documents_bring_ids_of_any_spelling(model, documents):
    """A mention whose id has another spelling would count as one without a concept."""
    assert [each.id for each in documents] == ["1", "2", "3"]
    ids = model.kogner.concepts.ids
    found = [
        (m.text, [ids[c] for c in cs]) for each in documents for m, cs in zip(each.mentions, each.concepts, strict=True)
    ]
    assert ("aspirin", ["MESH:D001241"]) in found
    assert ("Breast cancer", ["MONDO:3", "MONDO:1"]) in found
    named = dict(named_mentions(documents))
    assert "LSD" not in named  # its long form is learned in its place
    assert "Breast cancer" not in named  # of two concepts


def test_excluded_documents_are_not_read(model, tmp_path):
    """Documents of one corpus's validation split are in another's training files: scores would be too good."""
    train, held = write(tmp_path / "t.pubtator", "1", "2"), write(tmp_path / "v.pubtator", "2", "3")
    given = model.kogner.concepts, model.config.entity_types
    assert [each.id for each in linked_documents([train], *given, [held])] == ["1"]
    with pytest.raises(ValueError, match="no mention has a concept"):
        linked_documents([train], *given, [train])


RETIRED = [
    ("Blood cancer", "Disease", "OLD:1"), ("leukemia", "Disease", "OLD:1"), ("Leukemia", "Disease", "OLD:1"),
    ("Aspirin", "Chemical", "MESH:C9"), ("aspirin", "Chemical", "MESH:C9"),
    ("Aspirin", "Chemical", "MESH:C8"),
    ("Leukemia", "Disease", "OLD:2"), ("Breast cancer", "Disease", "OLD:2"),
    ("Leukemia", "Disease", "OLD:3"), ("Leukemia", "Disease", "OLD:3"), *[("blood trouble", "Disease", "OLD:3")] * 3,
    ("Leukemia", "Disease", "OLD:4|OLD:5"),
    *[("BRCA1", "Gene", "NCBIGene:99")] * 3,
]  # fmt: skip


def test_retired_ids_are_those_of_one_concept(model, wordpiece, tmp_path):
    """A former id given to another concept of its mentions makes wrong links right; one not given, right ones wrong."""
    lines = []
    for number, (text, kind, each) in enumerate(RETIRED, 100):
        start = len(f"{number} on ")
        lines += [f"{number}|t|{number} on {text}.", f"{number}|a|."]
        lines += [f"{number}\t{start}\t{start + len(text)}\t{text}\t{kind}\t{each}", ""]
    lines += LINES["1"]
    (tmp_path / "old.pubtator").write_text("\n".join(lines) + "\n")

    def read():
        return linked_documents([tmp_path / "old.pubtator"], model.kogner.concepts, model.config.entity_types)

    table = retired_ids(model, wordpiece, read())
    expected = {"MESH:C9": "MESH:D001241", "MESH:C8": "MESH:D001241", "OLD:1": "MONDO:1"}
    assert dict(zip(table["id"], table["preferred"], strict=True)) == expected
    assert add_retired_ids(model, wordpiece, read()) == 3
    ids = model.kogner.concepts.ids
    assert [ids[each] for each in read()[0].concepts[0]] == ["MONDO:1"]
    assert add_retired_ids(model, wordpiece, read()) == 0


def test_what_stands_for_a_concept_gets_its_retired_id_too(graph, model, wordpiece, documents):
    """A salt that is linked by its substance would stay wrong under the id that MeSH had for it."""
    add_name_vectors(model, wordpiece, graph, documents, replace(SETTINGS, steps=2))
    model.kogner.linking.broader = torch.tensor([[1, 0], [3, 0]], dtype=torch.int32)  # 0 has an id of MeSH
    mention = replace(documents[0].mentions[1], text="leukemia")
    for retired, expected in (("MESH:C7", {"MONDO:1", "MESH:D001241"}), ("OLD:7", {"MONDO:1"})):
        old = [replace(documents[0], mentions=[mention] * 2, ids=[[retired]] * 2, concepts=[[]] * 2)]
        table = retired_ids(model, wordpiece, old)
        assert set(table["id"]) == {retired}
        assert set(table["preferred"]) == expected


def test_training_brings_spellings_of_a_concept_together(graph, model, wordpiece, documents):
    """Names that stay where the encoder put them would be found by their spelling alone."""
    names = link_names(graph.concepts, graph.edges, graph.surfaces, graph.further)
    pairs = make_pairs(graph, names, named_mentions(documents), wordpiece)
    assert pairs.siblings.shape == (12, 6)
    trainer = NameTrainer(model.kogner.encoder, pairs, SETTINGS, lambda line: None)

    def cosines():
        vectors = trainer.embed_all(pairs.tokens).float()
        same = pairs.concept[:, None] == pairs.concept
        same.fill_diagonal_(False)
        score = vectors @ vectors.T
        return score[same].mean() - score[~same].mean()

    before = cosines()
    trainer.train()
    assert cosines() > before + 0.2


def table_of(vectors, cells):
    rows = torch.arange(len(vectors)) * 3
    buffers = quantise_names(vectors, rows, cells=cells, parts=8)
    config = KognerConfig(name_cells=cells, num_name_vectors=len(vectors), name_dim=16, name_bytes=8)
    table = NameTable(config)
    table.load_state_dict(buffers)
    return {name: buffer.numpy() for name, buffer in table.named_buffers()}


def test_the_quantiser_finds_the_nearest_name():
    """Rows out of order would answer with another name's concept."""
    vectors = torch.nn.functional.normalize(torch.randn(200, 16, generator=torch.Generator().manual_seed(1)), dim=-1)
    table = table_of(vectors, 10)
    found = [int(search_names(table, vector, 1)[0][0]) for vector in vectors.numpy()]
    assert np.mean(np.array(found) == np.arange(200) * 3) > 0.95


def test_a_search_of_all_cells_is_a_search_of_all_names():
    """Bounds of cells that are off by one would lose names at their edges."""
    generator = torch.Generator().manual_seed(2)
    vectors = torch.nn.functional.normalize(torch.randn(300, 16, generator=generator), dim=-1)
    table, query = table_of(vectors, 12), torch.nn.functional.normalize(torch.randn(16, generator=generator), dim=0)
    cell = np.searchsorted(table["first"], np.arange(300), side="right") - 1
    rest = table["books"][np.arange(8), table["codes"]].reshape(300, 16)
    every = (table["centres"][cell] + rest) @ query.numpy()
    best = np.argsort(-every)[:20]
    rows, scores = search_names(table, query.numpy(), 20, probes=12)
    assert rows.tolist() == table["row"][best].tolist()
    assert scores == pytest.approx(every[best], abs=1e-5)


def test_names_of_training_and_further_names_are_looked_up(graph, model, wordpiece, documents):
    """The tables' rows and the vectors' rows must lead to the same concepts."""
    counts = add_name_vectors(model, wordpiece, graph, documents, replace(SETTINGS, steps=10))
    lookup = NameLookup(TorchTagger(model), TextTokenizer.of(wordpiece))
    exact = lookup.exact(["fever", "Blood cancer", "aspirin", "Low sugar disease"])
    assert [(each.concept, each.uses) for each in exact["fever"]] == [(1, 0)]
    assert [(each.concept, each.uses) for each in exact["Blood cancer"]] == [(1, 1)]
    assert [(each.concept, each.uses) for each in exact["aspirin"]] == [(0, 2)]
    assert "LSD" not in exact
    near = lookup.near(["heart failure", "fever"], limit=3)
    assert near["heart failure"][0][0].concept == 9
    assert near["fever"][0][0].concept == 1
    assert counts["vectors"] == len(model.kogner.names.row)
    with pytest.raises(ValueError, match="concepts are not those"):
        add_name_vectors(model, wordpiece, replace(graph, concepts=graph.concepts[:-1]), documents, SETTINGS)


def test_further_training_keeps_the_choice_and_the_tables(graph, model, wordpiece, documents):
    """The choice is fitted before, and names from outside of the graph must train without getting rows of their own."""
    add_name_vectors(model, wordpiece, graph, documents, replace(SETTINGS, steps=2))
    add_choice(model, wordpiece, documents)

    def kept():
        parts = model.kogner.linking, model.kogner.link_choice
        return {name: each.clone() for part in parts for name, each in part.state_dict().items()}

    before, row = kept(), model.kogner.names.row.sort().values
    more = pd.DataFrame({"id": ["MONDO:9999", "MESH:D001241"], "name": ["no concept", "a very long name of aspirin"]})
    wider = replace(SETTINGS, steps=30, dropped=0.5, rank=7, width=9)
    counts = train_vectors_further(model, wordpiece, graph, documents, wider, more)
    assert all(torch.equal(each, before[name]) for name, each in kept().items())
    assert torch.equal(model.kogner.names.row.sort().values, row)
    assert counts["vectors"] == len(row) == model.config.num_name_vectors
    lookup = NameLookup(TorchTagger(model), TextTokenizer.of(wordpiece))
    (found, score), *_ = lookup.near(["fever"], limit=3)["fever"]
    assert found.concept == 1
    assert model.config.name_scale != 1
    model.config.name_scale, model.config.name_shift = 0.5, 0.2
    (_, moved), *_ = NameLookup(lookup.tagger, lookup.tokenizer).near(["fever"], limit=3)["fever"]
    assert moved != pytest.approx(score)
    assert 0.6 < moved <= 0.71
    with pytest.raises(ValueError, match="concepts are not those"):
        train_vectors_further(model, wordpiece, replace(graph, concepts=graph.concepts[:-1]), documents, SETTINGS, more)


def test_long_names_lose_one_piece():
    """A name without its first or last special token, or of a single piece left, is no name."""
    tokens = torch.tensor([[2, 11, 12, 13, 3, 0], [2, 11, 12, 3, 0, 0], [2, 11, 12, 13, 14, 3]], dtype=torch.int16)
    assert torch.equal(without_a_piece(tokens, 0.0), tokens)
    torch.manual_seed(1)
    found = {tuple(row) for _ in range(200) for row in without_a_piece(tokens, 1.0).tolist()}
    short = {(2, 12, 13, 3, 0, 0), (2, 11, 13, 3, 0, 0), (2, 11, 12, 3, 0, 0)}
    long = {(*(x for x in (2, 11, 12, 13, 14, 3) if x != gone), 0) for gone in (11, 12, 13, 14)}
    assert found == short | long


def test_the_choice_ranks_the_gold_concept_first(graph, model, wordpiece, documents):
    """On its own training documents at least; a document's own names must not count as seen."""
    add_name_vectors(model, wordpiece, graph, documents, replace(SETTINGS, steps=10))
    examples = describe(model, wordpiece, documents)
    assert len(examples) == sum(len(each.mentions) for each in documents)
    seen = {each.place: each.features[:, LINK_FEATURES.index("seen")].max() for each in examples}
    assert seen["2", "Blood cancer", "Disease"] == 0  # no other document calls it so
    assert seen["2", "aspirin", "Chemical"] > 0
    add_choice(model, wordpiece, documents)
    model.kogner.link_choice = fit_choice(examples, epochs=100)
    links = best_links(model, wordpiece, documents)
    reachable = np.array([each.right.any() for each in examples])
    assert reachable.mean() > 0.7
    assert links["right"][reachable].all()
    assert links["score"].between(0, 1.0001).all()


def test_names_of_further_documents_are_known_and_vectors_still_find_theirs(graph, model, wordpiece, documents):
    """New rows in between would make each name vector stand for another name."""
    add_name_vectors(model, wordpiece, graph, documents, replace(SETTINGS, steps=2))

    def lookup():
        return NameLookup(TorchTagger(model), TextTokenizer.of(wordpiece))

    def keys():
        return [lookup()._key_of(int(row)) for row in model.kogner.names.row]

    before = keys()
    assert not lookup().exact(["odd trouble"])["odd trouble"]
    mentions = [
        replace(documents[0].mentions[1], text=text) for text in ("odd trouble", "odd blood", "leukemia of odd")
    ]
    more = [replace(documents[0], id="9", mentions=mentions, ids=[["MONDO:3"]] * 3, concepts=[[3]] * 3)]
    assert count_names(model, wordpiece, [*documents, *more]) == 3
    (found,) = lookup().exact(["odd trouble"])["odd trouble"]
    assert (found.concept, found.uses, found.is_listed) == (3, 1, False)
    assert keys() == before
    assert model.config.num_link_names == len(model.kogner.linking.name_hash)
    assert count_names(model, wordpiece, [*documents, *more]) == 0


def test_short_forms_of_few_documents_are_no_names(model, wordpiece, documents):
    """In another document "DM" is another disease; where many documents agree it is a name."""
    mention = replace(documents[2].mentions[0], text="DM")
    short = [replace(documents[2], id=str(n), mentions=[mention], ids=[["MONDO:5"]], concepts=[[11]]) for n in range(3)]
    tokens = index_tokens(model.kogner)
    assert training_names(short[:2], wordpiece, tokens).empty
    assert len(document_names(short[:2], wordpiece, tokens)) == 2  # yet a document's own
    assert training_names(short, wordpiece, tokens)["concept"].tolist() == [11] * 3


def test_what_has_no_label_teaches_nothing():
    """A name of another vocabulary's concept may be right: to learn that it is none would unlink such names."""
    features = np.zeros((1, WIDTH), np.float32)
    features[0, LINK_FEATURES.index("exact")] = 1
    one = Example(("1", "x", "Disease"), features, np.array([False]))
    none = Example(("1", "y", "Gene"), np.zeros((0, WIDTH), np.float32), np.zeros(0, bool))
    some = Example(("1", "z", "Gene"), np.ones((2, WIDTH), np.float32), np.array([True, False]))
    assert _weights([one, none, some]).tolist() == [0.0, 1.5, 1.5]
    assert torch.isfinite(fit_choice([one, none, some], epochs=3).score[0][0].weight).all()


def test_thresholds_give_the_precision_with_corpora_alike():
    """By hand: a corpus of many mentions must not decide alone; a type without the precision keeps the default."""
    small = pd.DataFrame({"type": "Gene", "score": [0.4, 0.6, 0.8, 0.9], "right": [False, True, True, True]})
    assert link_thresholds([small], 0.75) == {"Gene": 0.3}
    assert link_thresholds([small], 0.95) == {"Gene": pytest.approx(0.41)}
    big = pd.DataFrame({"type": "Gene", "score": [0.5] * 400, "right": [True] * 400})
    assert link_thresholds([small, big], 0.87) == {"Gene": 0.3}
    assert link_thresholds([small, big], 0.89) == {"Gene": pytest.approx(0.41)}
    assert link_thresholds([small.assign(right=False)], 0.95) == {}


def test_commands_write_models_that_load(graph, model, wordpiece, tmp_path):
    """The whole way on disk: folder, vectors, choice; a file of validation is left out of training."""
    graph.save(tmp_path / "graph")
    model.save_pretrained(tmp_path / "model")
    wordpiece.save_pretrained(tmp_path / "model")
    train, held = write(tmp_path / "t.pubtator", "1", "2", "3"), write(tmp_path / "v.pubtator", "3")
    given = ["--documents", train, "--exclude", held]
    ended = kogner("graph", "vectors", "--model", tmp_path / "model", "--knowledge", tmp_path / "graph", *given,
                   "--steps", "5", "--batch", "32", "--output", tmp_path / "named")  # fmt: skip
    assert ended.exit_code == 0, ended.output
    assert "2 documents" in ended.stdout
    articles = tmp_path / "articles.jsonl"
    lines = ["genes and proteins, expression in mice. " * 20, "genes of proteins in the receptor. Patients. " * 20]
    articles.write_text("".join(json.dumps({"text": line}) + "\n" for line in [*lines, "about nothing"]))
    ended = kogner("graph", "choice", "--model", tmp_path / "named", "--documents", train, "--validation", held,
                   "--further", held, "--text", articles, "--output", tmp_path / "linked")  # fmt: skip
    assert ended.exit_code == 0, ended.output
    assert "further documents" in ended.stdout
    assert "2 stretches of articles" in ended.stdout
    config = json.loads((tmp_path / "linked" / "config.json").read_text())
    assert isinstance(config["link_thresholds"], dict)
    assert {name.split(".")[0] for name in config["table_checksums"]} >= {"names", "linking"}
    read = KognerForTokenClassification.from_pretrained(tmp_path / "linked")
    named = KognerForTokenClassification.from_pretrained(tmp_path / "named")
    assert torch.equal(read.kogner.names.codes, named.kogner.names.codes)
    assert torch.equal(read.kogner.index.surface_hash, model.kogner.index.surface_hash)
    assert all(torch.equal(p, dict(read.named_parameters())[n]) for n, p in model.named_parameters())
    again = kogner("graph", "choice", "--model", tmp_path / "model", "--documents", train, "--output", tmp_path / "x")
    assert "no tables for linking" in again.stderr
    more = tmp_path / "more.tsv"
    more.write_text("id\tname\nMESH:D001241\tAspirin of long ago\n")
    longer = ("graph", "vectors", "--knowledge", tmp_path / "graph", *given, "--steps", "5", "--batch", "32")
    ended = kogner(*longer, "--model", tmp_path / "linked", "--further", "--names", more, "--output", tmp_path / "more")
    assert ended.exit_code == 0, ended.output
    further = KognerForTokenClassification.from_pretrained(tmp_path / "more")
    assert torch.equal(further.kogner.linking.name_hash, read.kogner.linking.name_hash)
    assert further.config.name_scale != read.config.name_scale == 1
    for words, message in ((["--names", more], "--names are for --further"), (["--further"], "no name vectors")):
        wrong = kogner(*longer, "--model", tmp_path / "model", *words, "--output", tmp_path / "wrong")
        assert wrong.exit_code == 2
        assert message in wrong.stderr
        assert not (tmp_path / "wrong").exists()

"""Scores of concept linking, on gold mentions and end to end."""

import dataclasses
import json
import sys

import pandas as pd
import pytest
from support import ROOT
from tiny_tagger import make_tagger, save_tagger

from modeling_kogner.commands.main import call
from modeling_kogner.corpora.annotated import load_documents
from modeling_kogner.corpora.mention import Candidate, Mention
from modeling_kogner.evaluation import linking
from modeling_kogner.evaluation.document_ids import score_ids
from modeling_kogner.evaluation.gold import gold_ids, predicted_concepts, type_names
from modeling_kogner.evaluation.linking import concepts_in, evaluate_linking, link_scores
from modeling_kogner.inference.linker import Linker

sys.path.insert(0, str(ROOT / "benchmarks"))
import held_out_fifth

EQUIVALENTS = pd.DataFrame([("MESH:D010300", "MONDO:4"), ("UMLS:1", "MONDO:1"), ("UMLS:1", "MONDO:2")])
GOLD = """1|t|Parkinson's disease (PD).
1|a|Aspirin.
1\t0\t19\tParkinson's disease\tSpecificDisease\tMONDO:4
1\t21\t23\tPD\tModifier\tD010300
1\t26\t33\tAspirin\tChemical\tD001241
"""


@pytest.fixture(scope="module")
def linker(knowledge, wordpiece):
    equivalents = EQUIVALENTS.set_axis(["id", "preferred"], axis=1)
    return Linker(make_tagger(dataclasses.replace(knowledge, equivalents=equivalents), wordpiece), wordpiece)


@pytest.fixture
def gold(tmp_path):
    path = tmp_path / "gold.pubtator"
    path.write_text(GOLD)
    return path


@pytest.mark.parametrize(
    ("written", "kind", "ids"),
    [
        ("D015738", "Disease", ["MESH:D015738"]),
        (" D1+MESH:C2", "Chemical", ["MESH:D1", "MESH:C2"]),
        ("OMIM:164400|MIM:183090", "Disease", ["OMIM:164400", "OMIM:183090"]),
        ("3643,3480", "Gene", ["NCBIGene:3643", "NCBIGene:3480"]),
        ("17125;17129;17125", "GeneFamily", ["NCBIGene:17125", "NCBIGene:17129"]),
        ("172659(Tax:6239)", "Gene", ["NCBIGene:172659"]),
        ("24309(tax:10116);3643", "Gene", ["NCBIGene:24309", "NCBIGene:3643"]),
        ("10090", "Species", ["NCBITaxon:10090"]),
        ("CVCL_0030", "CellLine", ["CVCL:0030"]),
        ("Taxonomy: 9606", "Species", ["NCBITaxon:9606"]),
        ("c|DEL|436_436+1|AG", "Variant", ["c.436_436+1del"]),
        ("c|DEL||32", "Variant", ["c|DEL||32"]),
        ("1799983", "Variant", ["rs1799983"]),
        ("D1|-1", "Disease", ["MESH:D1"]),
        *((nothing, "Gene", []) for nothing in ("", "-", "-1", "None")),
    ],
)
def test_gold_ids_of_every_form(written, kind, ids):
    """An id read as another one would count every link of it wrong."""
    assert gold_ids(written, kind) == ids


def test_types_of_corpora_have_the_models_names():
    """The division of NCBI-disease must not be read as four unknown types, which link to nothing."""
    known = ["Disease", "Gene", "Species"]
    found = ["Modifier", "disease", "SNP", "Strain", "Species"]
    assert type_names(found, known, {"strain": "species"}) == {
        "Modifier": "Disease",
        "disease": "Disease",
        "Strain": "Species",
        "Species": "Species",
    }
    with pytest.raises(ValueError, match="model has no type Variant"):
        type_names(found, known, {"SNP": "Variant"})


def test_a_file_is_scored_in_context(linker, gold, tmp_path):
    """A short form has a concept only in the text that defines it; and BioC must score as PubTator does."""
    scores = evaluate_linking(gold, linker)
    assert {kind: (row["mentions"], row["parts"]["all"]["accuracy@1"]) for kind, row in scores.items()} == {
        "Disease": (2, 1.0),
        "Chemical": (1, 1.0),
    }
    bioc = tmp_path / "gold.json"
    bioc.write_text(load_documents(gold)[0].to_bioc())
    assert evaluate_linking(bioc, linker) == scores
    gold.write_text("1|t|Nothing.\n1|a|Here.\n1\t0\t7\tNothing\tGene\t\n")
    with pytest.raises(ValueError, match=r"gold\.pubtator: no mentions with a concept"):
        evaluate_linking(gold, linker)


def test_seen_concepts_are_those_of_training_under_any_id(linker, gold, tmp_path):
    """Compared as strings, a concept that training names by another vocabulary's id would count as unseen."""
    training = tmp_path / "train.pubtator"
    training.write_text("2|t|PD\n2|a|\n2\t0\t2\tPD\tDisease\tMESH:D010300\n")
    seen = concepts_in([training], linker)
    parts = evaluate_linking(gold, linker, seen=seen)["Disease"]["parts"]
    assert {part: row["mentions"] for part, row in parts.items()} == {"all": 2, "seen": 2}
    assert list(evaluate_linking(gold, linker, seen=seen)["Chemical"]["parts"]) == ["all", "unseen"]


def test_link_scores_worked_out_by_hand():
    """Five mentions: right, right second, out of reach, composite half right, composite right; the last two no link."""

    def mention(*ids, linked=True):
        ranked = [Candidate(each, "", "Disease", 1.0, [each]) for each in ids]
        first = ranked.pop(0) if linked else None
        chosen = {"id": first.id, "ids": [first.id, "X:1"]} if first else {}
        return Mention(0, 1, "x", "Disease", alternatives=ranked, **chosen)

    rows = [
        linking._judge("1", mention("M:5"), ["X:1"], True, False),  # by an equivalent id
        linking._judge("1", mention("M:1", "M:2"), ["M:2"], True, False),
        linking._judge("1", mention("M:1"), ["M:9"], False, False),
        linking._judge("1", mention("M:1", linked=False), ["M:1", "M:2"], True, False),
        linking._judge("1", Mention(0, 1, "x", "Disease"), ["M:1"], True, False),
    ]
    assert link_scores(rows) == pytest.approx(
        {
            "mentions": 5,
            "accuracy@1": 2 / 5,
            "accuracy@5": 3 / 5,
            "reach": 4 / 5,
            "equal_sets": 1 / 5,
            "no_link": 2 / 5,
            "precision": 1 / 3,
        }
    )
    both = Mention(0, 1, "x", "Disease", id="M:1|M:2", ids=["M:1", "M:2"])
    assert predicted_concepts(both) == [{"M:1"}, {"M:2"}]
    several = Mention(0, 1, "x", "Disease", id="M:1|M:2", ids=["M:1", "X:1", "M:2", "X:2"])
    assert predicted_concepts(several) == [{"M:1", "X:1"}, {"M:2", "X:2"}]
    assert linking._judge("1", both, ["M:2", "M:1"], True, False).is_equal
    assert not linking._judge("1", both, ["M:2"], True, False).is_equal


def test_end_to_end_worked_out_by_hand():
    """A right concept at a wrong place counts for the document alone; what has no gold concept counts nowhere."""

    def at(start, kind, concept, *others):
        return Mention(start, start + 2, "xx", kind, id=concept, ids=[concept, *others] if others else [])

    gold = [[at(0, "Gene", "7"), at(5, "Disease", "D1"), at(9, "Disease", "-"), at(20, "Disease", "OMIM:1")]]
    guess = [
        [
            at(1, "Gene", "NCBIGene:7", "HGNC:1"),
            at(5, "Disease", "M:1", "MESH:D1", "OMIM:1"),
            at(9, "Disease", "M:2", "MESH:D2"),
            at(30, "Disease", "M:3", "MESH:D3"),
            Mention(40, 42, "xx", "Gene"),
        ]
    ]
    scores = score_ids(gold, guess, ["Disease", "Gene"], {"MESH:D1": ["M:1"], "OMIM:1": ["M:1"], "MESH:D3": ["M:3"]})

    def counts(what):
        return {kind: (r["gold"], r["predicted"], r["correct"]) for kind, r in scores[what]["types"].items()}

    assert counts("mentions") == {"Disease": (2, 2, 1), "Gene": (1, 1, 0)}
    assert counts("concepts") == {"Disease": (1, 2, 1), "Gene": (1, 1, 1)}


def test_the_held_out_fifth_does_not_depend_on_the_other_documents(tmp_path, monkeypatch, capsys):
    """Were documents drawn by their place, a shorter file would move training documents into validation."""
    source = tmp_path / "C_train.pubtator"
    source.write_text("".join(f"{i}|t|a\n{i}|a|b\n{i}\t0\t1\ta\tGene\t1\n\n" for i in range(100)))
    monkeypatch.setattr(sys, "argv", ["held_out_fifth.py", str(source), str(tmp_path / "out")])
    held_out_fifth.main()
    train, held = (load_documents(tmp_path / "out" / f"C_{split}.pubtator") for split in ("train", "validation"))
    assert {d.id for d in held} == {str(i) for i in range(100) if held_out_fifth.is_held_out(str(i))}
    assert len(train) + len(held) == 100
    assert 10 < len(held) < 30
    assert all(len(document.mentions) == 1 for document in (*train, *held))
    assert "documents" in capsys.readouterr().out


def test_the_command_prints_both(knowledge, gold, tmp_path, capsys):
    """An option that reaches nothing would leave the table without the figures asked for."""
    model = save_tagger(knowledge, tmp_path / "model")
    gold.write_text(GOLD.replace("D001241", "D9"))
    words = ["--model", model, "--linking", gold, "--seen", gold, "--documents", gold, "--ids", "--device", "cpu"]
    words += ["--wrong-links", tmp_path / "wrong.tsv"]
    call("eval", [*map(str, [*words, "--output", tmp_path / "scores.json"])])
    printed = capsys.readouterr().out
    for each in ("accuracy@1", "seen", "gold, mentions", "gold, concepts"):
        assert each in printed
    assert list(json.loads((tmp_path / "scores.json").read_text())["documents"]) == ["gold"]  # none is unseen
    rows = pd.read_csv(tmp_path / "wrong.tsv", sep="\t").to_dict("records")
    (row,) = [row for row in rows if row["mention"] == "Aspirin"]
    assert (row["file"], row["mention"], row["gold"], row["id"]) == ("gold", "Aspirin", "MESH:D9", "MESH:D001241")
    assert pd.isna(row["rank"])

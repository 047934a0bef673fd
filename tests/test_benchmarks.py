"""The benchmark: its plan, its lines and its comparisons, against values worked out by hand."""

import json
import re
import sys

import numpy as np
import pytest
from support import ROOT, SENTENCES, rows, save_encoder, tiny_bert, write_corpus
from tiny_tagger import save_tagger
from transformers import BertModel

from modeling_kogner.commands.options import read_options
from modeling_kogner.commands.train import train
from modeling_kogner.graph.index_tables import build_tables, load_tables
from modeling_kogner.inference.tokenizers import load_tokenizer

sys.path.insert(0, str(ROOT / "benchmarks"))
import comparison
import front_page
import joint_tables
import plan
import released_knowledge
import report
import run

PLAN = {
    "settings": ["--encoder", "{encoder}"],
    "budgets": {"C": ["--full"]},
    "low_resource_budget": ["--few"],
    "variants": {"plain": [], "graph": ["--knowledge", "{knowledge}"]},
    "transfers": {"C": ["D/T"]},
    "groups": [
        {"name": "a", "corpora": ["C"], "variants": ["plain", "graph"], "fractions": [1, 0.01], "seeds": [1, 2]},
        {"name": "b", "corpora": ["C"], "variants": ["plain"], "fractions": [1], "sentences": [25], "seeds": [1]},
    ],
}


def counted(*sentences: tuple[int, int, int]) -> dict:
    """A score whose F1 is that of its sentences' true positives, false positives and false negatives."""
    counts = np.array(sentences)
    true, wrong, missed = counts.sum(0)
    return {"f1": 2 * true / (2 * true + wrong + missed), "sentences": comparison.pack(counts)}


def line(variant, seed, score, corpus="C", **more):
    score = {"f1": score} if isinstance(score, float) else score
    return {"corpus": corpus, "fraction": 1, "variant": variant, "seed": seed, "scores": {"test": score}, **more}


def test_a_plan_is_the_product_of_its_axes_in_its_order():
    """A lost axis would leave cells of the comparison empty; a wrong budget would make it unfair."""
    runs = plan.expand(PLAN)
    assert len({plan.key(r) for r in runs}) == len(runs) == 9  # the second group's full run is the first's
    assert runs[0]["settings"] == ["--encoder", "{encoder}", "--full"]
    assert [runs[7]["settings"][2:], runs[8].get("sentences")] == [["--few", "--knowledge", "{knowledge}"], 25]
    assert runs[0]["splits"] == ["validation", "test", "D/T:test"]
    assert plan.missing_fields(runs[7], {"encoder": "x"}) == ["knowledge"]


def test_a_line_without_all_splits_is_run_again():
    """It would silently leave a front of the report empty for ever."""
    wanted = plan.expand(PLAN)[0]
    full = {split: counted((1, 0, 0)) for split in wanted["splits"]}
    assert plan.complete({"scores": full}, wanted)
    assert not plan.complete({"scores": {split: full[split] for split in ("validation", "test")}}, wanted)


def test_a_line_of_another_encoder_is_run_again():
    """The table of a new encoder would silently keep the scores of the old one."""
    wanted = plan.expand(PLAN)[0]
    made = {"encoder": "old", "scores": dict.fromkeys(wanted["splits"])}
    assert plan.complete(made, wanted | {"encoder": "old"})
    assert not plan.complete(made, wanted | {"encoder": "new"})
    with pytest.raises(SystemExit, match="new and old"):
        report.encoder_of([line("plain", 1, 0.5) | {"encoder": name} for name in ("old", "new")])


def test_the_plan_is_the_table_that_the_page_shows():
    """A share, seed or transfer lost from the plan would be missed after hours of training; so would a wrong option."""
    runs = plan.expand(json.loads((ROOT / "benchmarks" / "evidence.json").read_text()))
    corpora = {each["corpus"] for each in runs}
    shown = {("all", v) for v in ("plain", "graph", "pretrained_graph")}
    shown |= {(share, v) for share in (0.01, 50) for v in ("plain", "graph", "complete")}
    shown |= {(0.01, v) for v in ("plain_self_trained", "self_trained", "ensemble_trained")}
    shares = {1: "all", 0.01: 0.01, 50: 50}
    assert {(shares[r.get("fraction", r.get("sentences"))], r["variant"]) for r in runs} == shown
    assert len(runs) == len(corpora) * 3 * len(shown) == 252
    assert sum(":" in split for each in runs for split in each["splits"]) == 6 * 3 * len(shown)
    for settings in {tuple(each["settings"]) for each in runs}:
        fields = dict.fromkeys(("encoder", "knowledge", "pretrained", "text", "corpus", "seed"), "x")
        words = ["--dataset", "corpus", "--use_cpu", *(setting.format(**fields) for setting in settings)]
        words += ["--teacher", "x"] * ("--text" in words)
        assert read_options(train, words, "train")[-1].bf16


def test_the_table_averages_seeds():
    """Seeds mixed between variants or shares of the labels would publish a wrong number."""
    lines = [line("plain", 1, 0.80), line("plain", 2, 0.82), line("graph", 1, 0.9)]
    lines.append({**line("plain", 1, 0.5), "fraction": 0.01})
    made = report.table(comparison.cells(lines, "test")).splitlines()
    assert made[0] == "| labels | corpus | plain | graph |"
    assert made[2:] == ["| 100 % | C | 81.0 ± 1.4 [2] | 90.0 [1]; **+10.0** |", "| 1 % | C | 50.0 [1] | - |"]


def made_up_lines() -> list[dict]:
    """Two corpora, two seeds, one of which D lacks with knowledge; C is also scored on E."""
    scores = {("C", "plain"): (0.5, 0.7), ("C", "graph"): (0.6, 0.8), ("D", "plain"): (0.9, 0.1)}
    lines = [line(v, seed, f1, corpus) for (corpus, v), of in scores.items() for seed, f1 in enumerate(of, 1)]
    lines.append(line("graph", 1, 0.88, "D"))
    for each in lines:
        if each["corpus"] == "C":
            each["scores"]["E:test"] = counted(*[(1, 0, 0)] * 9, (0, 1, 1) if each["variant"] == "plain" else (1, 0, 0))
    return [each | {"encoder": "e12"} for each in lines]


def test_the_overview_compares_the_same_seeds():
    """The mean of plain over other seeds than those of the variant would turn luck into a gain."""
    encoder, overview, *tables = report.sections(made_up_lines())
    assert encoder == "Encoder: `e12`."
    both = "75.0 → 79.0 (**+4.0**; least -2.0, D)"  # plain: (60 + 90) / 2; D's second seed has no pair
    new = "90.0 → 100.0 (**+10.0**; least +10.0, C → E)"
    assert overview.splitlines()[2:] == [f"| 100 % | `graph` | {both} | {new} | 2, 1 to 2 |"]
    assert [body.split("<summary>")[1].split("<")[0] for body in tables] == ["All labels", "New corpora"]
    assert "| 100 % | C → E | 90.0 ± 0.0 [2] | 100.0 ± 0.0 [2]; **+10.0** (+0.0 to " in tables[1]


def test_the_evidence_page_keeps_its_prose_and_gets_the_tables(tmp_path):
    """A page that keeps older tables, or loses its introduction, would be published all the same."""
    pytest.importorskip("matplotlib")
    (tmp_path / "lines").write_text("".join(json.dumps(each) + "\n" for each in made_up_lines()))
    page = tmp_path / "evidence.md"
    marks = [f"<!-- {name}: begin -->\nold\n<!-- {name}: end -->\n" for name in ("runs", "left out", "errors")]
    page.write_text(f"What it means.\n\n{''.join(marks)}After.\n")
    report.main([str(tmp_path / "lines"), "--page", str(page)])
    made = page.read_text()
    assert made.startswith("What it means.\n\n<!-- runs: begin -->\nEncoder: `e12`.\n")
    assert made.index("| `graph` |") < made.index("](gains.png)") < made.index("| C | 60.0 ± 14.1 [2] | 70.0")
    assert made.endswith("<!-- errors: end -->\nAfter.\n")
    assert "old" not in made
    assert (tmp_path / "gains.png").read_bytes().startswith(b"\x89PNG")
    page.write_text("no marks")
    with pytest.raises(SystemExit, match="no <!-- runs: begin -->"):
        report.main([str(tmp_path / "lines"), "--page", str(page)])


def test_the_readme_shows_the_scores_of_the_bundled_model():
    """After a release the README would go on showing the scores of an older model."""
    shown = (ROOT / "README.md").read_text().split("<!-- scores: begin -->\n")[1].split("<!-- scores: end -->")[0]
    files = (ROOT / "benchmarks" / "results" / "release").glob("*[cs]*.json")
    files = sorted(path for path in files if path.name.startswith(("metrics", "documents")))
    assert shown == front_page.front_table(files) + "\n", "make card"


def test_the_front_page_sets_apart_what_cannot_be_compared(tmp_path):
    """With and without a convention exchanged, or a number of another protocol without its mark, would mislead."""
    row = {"precision": 1.0, "recall": 1.0, "gold": 9}
    for name, convention, f1 in (("none", "none", 0.836), ("own", "own", 0.875)):
        scores = row | {"f1": f1, "types": {"Disease": row | {"f1": f1}}}
        corpus = {"split": "test", "types": ["Disease"], "strict": scores, "strict_every_type": scores}
        documents = {"BioRED_validation": {"documents": 64, "types": ["Disease"], "strict": scores}}
        documents["BioRED_validation_unseen"] = {
            **documents["BioRED_validation"],
            "documents": 21,
            "left_out": {"N": 43},
        }
        content = {"model": "m", "knowledge": "on", "convention": convention, "datasets": {"NCBI-disease": corpus}}
        (tmp_path / f"{name}.json").write_text(json.dumps(content | {"documents": documents}))
    header, _, disease, _, notes = front_page.front_table([tmp_path / "none.json", tmp_path / "own.json"]).splitlines()
    assert header == "| type | test sets, with / without convention | whole documents | published |"
    published = "NCBI-disease 87.8 to 89.1<sup>a</sup> · BioRED 88.1<sup>b</sup>"
    documents = "BioRED validation 83.6 · BioRED validation unseen 83.6"
    assert disease == f"| Disease | NCBI-disease 87.5 / 83.6 | {documents} | {published} |"
    assert notes.endswith(
        "without the 43 of 64 documents that are also in training files, with some of their types annotated (43 in N)."
    )
    assert "CompactBioBERT" not in notes


def test_the_evidence_page_holds_all_runs(monkeypatch):
    """New lines would stay out of the page, and an edit of the page out of the lines."""
    monkeypatch.setattr(comparison, "DRAWS", 2)  # so intervals, which take long, are not compared
    interval = re.compile(r" \([+-][\d.]+ to [+-][\d.]+\)")
    page = interval.sub("", (ROOT / "docs" / "evidence.md").read_text())
    lines = comparison.read_lines(ROOT / "benchmarks" / "results" / "evidence.jsonl")
    comparison._weights.cache_clear(), comparison._drawn_f1.cache_clear()
    assert [body for body in report.sections(lines) if interval.sub("", body) not in page] == []
    comparison._weights.cache_clear(), comparison._drawn_f1.cache_clear()


def test_the_tables_of_the_joint_model_are_on_the_page():
    """After a release the page would go on showing the errors of an older model."""
    page = (ROOT / "docs" / "evidence.md").read_text()
    assert joint_tables.errors_table() in page, "make evidence"
    assert joint_tables.left_out_table(joint_tables.read_runs(joint_tables.RESULTS / "joint_tagger.jsonl")) in page


def test_a_corpus_left_out_is_scored_by_the_runs_without_it():
    """Scores of a model that saw the corpus would look like a gain."""
    runs = {
        "b.g1": {"left_out": ["BC5CDR"], "f1": {"BC5CDR/Chemical win none": 90.0, "BC5CDR/Disease win none": 70.0}},
        "b.g2": {"left_out": ["linnaeus"], "f1": {"BC5CDR/Chemical win none": 99.0, "BC5CDR/Disease win none": 99.0}},
    }
    assert joint_tables.left_out_f1(runs, ["b"], "BC5CDR", "win none") == 80
    with pytest.raises(SystemExit, match="0 runs of b without BioRED"):
        joint_tables.left_out_f1(runs, ["b"], "BioRED", "win none")


def test_a_repeated_run_counts_once(tmp_path):
    """Older lines of the same run would be averaged in as if they were other seeds."""
    (tmp_path / "lines").write_text("".join(json.dumps(line("plain", 1, f1)) + "\n" for f1 in (0.1, 0.7)))
    assert [x["scores"]["test"]["f1"] for x in comparison.read_lines(tmp_path / "lines")] == [0.7]


def test_gains_are_paired_by_seed():
    """With other seeds on both sides, luck of the seeds would be reported as gain."""
    gain = comparison.gain({1: {"f1": 0.5}, 2: {"f1": 0.7}}, {2: {"f1": 0.8}, 1: {"f1": 0.5}, 3: {"f1": 0.0}})
    assert (gain.mean, gain.deviation, gain.pairs, gain.p) == (pytest.approx(5), pytest.approx(50**0.5), 2, None)
    assert comparison.gain({1: {"f1": 0.5}}, {2: {"f1": 0.8}}) is None


def test_the_bootstrap_tells_a_gain_from_chance():
    """A test that always or never finds significance says nothing; sentences must stay paired."""
    hit, miss = (1, 0, 0), (0, 1, 1)
    everywhere = comparison.gain({1: counted(*[hit, miss] * 50)}, {1: counted(*[hit, hit] * 50)})
    assert (everywhere.mean, everywhere.p) == (pytest.approx(50), pytest.approx(2 / 2001))
    assert 30 < everywhere.low < 50 < everywhere.high < 70
    shuffled = comparison.gain({1: counted(*[hit, miss] * 50)}, {1: counted(*[miss, hit] * 50)})
    assert (shuffled.low < 0 < shuffled.high, shuffled.p > 0.5) == (True, True)
    same = comparison.gain({1: counted(*[hit, miss] * 50)}, {1: counted(*[hit, miss] * 50)})
    assert (same.low, same.high, same.p) == (0, 0, 1)


def test_counts_by_sentence_survive_packing():
    """Shifted rows would pair the wrong sentences without any error."""
    found = [["B-T", "O", "B-T"], ["O"], ["B-T"]]
    gold = [["B-T", "O", "O"], ["B-T"], ["B-T"]]
    counts = run.sentence_counts(found, gold)
    assert comparison.unpack(comparison.pack(counts)).tolist() == [[1, 1, 0], [0, 0, 1], [1, 0, 0]]


@pytest.fixture
def place(knowledge, wordpiece, tmp_path):
    """Corpora, an encoder and a knowledge folder, as the runner's options name them."""
    train = [*SENTENCES[:4], SENTENCES[5]]
    tested = [("New fever of leukemia and heart failure .", {3: "B-Disease", 5: "B-Disease", 6: "I-Disease"})]
    kind = ["Disease"]
    write_corpus(tmp_path / "data/C", train=rows(train), validation=rows(), test=rows(tested, kind))
    write_corpus(tmp_path / "data/D", train=rows(train), validation=rows(), test=rows(SENTENCES[4:5], kind))
    knowledge.save(tmp_path / "k")
    save_encoder(tmp_path / "e", BertModel(tiny_bert(len(wordpiece))), wordpiece)
    return tmp_path


def test_a_run_yields_its_line_and_resumes(place, monkeypatch):
    """One line must serve all fronts, and a second start must train nothing again."""
    shape = {"corpora": ["C/Disease"], "seeds": [1]}
    small = PLAN | {
        "settings": ["--encoder", "{encoder}", "--bf16", "true", "--eval_strategy", "no", "--save_strategy", "no"],
        "low_resource_budget": ["--max_steps", "1"],
        "transfers": {"C/Disease": ["D/Disease"]},
        "groups": [
            {"name": "a", "variants": ["graph"], "sentences": [2], **shape},
        ],
    }
    (place / "plan.json").write_text(json.dumps(small))
    given = [str(place / "plan.json"), "--data", str(place / "data"), "--", "--use_cpu", "--disable_tqdm", "true"]
    args = run.read_arguments([f"--field=encoder={place / 'e'}", f"--field=knowledge={place / 'k'}", *given])
    monkeypatch.setattr(run, "_worker", {"args": args})
    (wanted,) = plan.expand(small)
    made, failure = run.perform(wanted)
    assert failure == ""
    assert plan.complete(json.loads(json.dumps(made)), wanted)
    assert {"versions", "device", "train_seconds"} <= made.keys()
    score = made["scores"]["test"]
    assert score["gold"] == 2
    right, wrong, missed = comparison.unpack(score["sentences"]).sum(0)
    assert (right, right + wrong, right + missed) == (score["correct"], score["predicted"], score["gold"])


def test_knowledge_of_a_released_model_is_that_of_its_graph(tmp_path, knowledge):
    """Runs would read other names or vectors than the graph's, or the student that learned from all labels."""
    model = str(save_tagger(knowledge, tmp_path / "model"))
    released_knowledge.main(model, str(tmp_path / "knowledge"))
    tokenizer = load_tokenizer(model)
    (fields, tables), (expected_fields, expected) = (
        load_tables(tmp_path / "knowledge", tokenizer),
        build_tables(knowledge, tokenizer),
    )
    assert fields == expected_fields
    assert tables.keys() == {name for name in expected if ".student." not in name}
    assert all((tables[name] == expected[name]).all() for name in tables)

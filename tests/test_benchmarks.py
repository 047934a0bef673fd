"""The benchmark: its plan, its lines and its comparisons, against values worked out by hand."""

import json
import sys

import numpy as np
import pytest
from support import ROOT, SENTENCES, rows, save_encoder, tiny_bert, write_corpus
from transformers import BertModel

sys.path.insert(0, str(ROOT / "benchmarks"))
import comparison
import plan
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
    assert not plan.complete({"scores": {split: {"f1": 1.0} for split in full}}, wanted)


def test_the_table_averages_seeds():
    """Seeds mixed between variants or shares of the labels would publish a wrong number."""
    lines = [line("plain", 1, 0.80), line("plain", 2, 0.82), line("graph", 1, 0.9)]
    lines.append({**line("plain", 1, 0.5), "fraction": 0.01})
    made = report.table(comparison.cells(lines, "test")).splitlines()
    assert made[0] == "| labels | corpus | plain | graph |"
    assert made[2:] == ["| 100 % | C | 81.0 ± 1.4 (2) | 90.0 (1) |", "| 1 % | C | 50.0 (1) | - |"]


def test_the_evidence_page_keeps_its_prose_and_gets_the_tables(tmp_path):
    """A page that keeps older tables, or loses its introduction, would be published all the same."""
    pytest.importorskip("matplotlib")
    lines = [line(variant, 1, f1) for variant, f1 in (("plain", 0.8), ("graph", 0.9))]
    (tmp_path / "lines").write_text("".join(json.dumps(each) + "\n" for each in lines))
    page = tmp_path / "evidence.md"
    page.write_text("What it means.\n\n<!-- runs: begin -->\nold\n<!-- runs: end -->\nAfter.\n")
    report.main([str(tmp_path / "lines"), "--page", str(page)])
    made = page.read_text()
    assert made.startswith("What it means.\n\n<!-- runs: begin -->\n![Gain over plain](gains.png)\n")
    assert "| 100 % | C | 80.0 (1) | 90.0 (1) |" in made
    assert made.endswith("<!-- runs: end -->\nAfter.\n")
    assert "old" not in made
    assert (tmp_path / "gains.png").read_bytes().startswith(b"\x89PNG")
    page.write_text("no marks")
    with pytest.raises(SystemExit, match="no <!-- runs: begin -->"):
        report.main([str(tmp_path / "lines"), "--page", str(page)])


def test_the_readme_shows_the_scores_of_the_bundled_card():
    """After a release the README would go on showing the scores of an older model."""
    shown = (ROOT / "README.md").read_text().split("<!-- scores: begin -->\n")[1].split("<!-- scores: end -->")[0]
    fix = "python benchmarks/report.py benchmarks/results/evidence.jsonl --readme README.md"
    assert shown == report.released_scores(ROOT / "hub_card" / "README.md") + "\n", fix


def test_the_evidence_page_holds_all_runs():
    """New lines would stay out of the page, and an edit of the page out of the lines."""
    page = (ROOT / "docs" / "evidence.md").read_text()
    lines = comparison.read_lines(ROOT / "benchmarks" / "results" / "evidence.jsonl")
    assert all(body in page for _, body in report.sections(lines))


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


def test_comparisons_without_lines_are_left_out():
    """An empty section reads as if something had been measured."""
    lines = [line(variant, 1, 0.8) for variant in ("plain", "graph")]
    assert [title[0] for title, _ in report.sections(lines)] == ["1"]
    lines[0]["scores"]["D:test"] = lines[1]["scores"]["D:test"] = counted((1, 0, 0))
    lines += [line("noise_10", 1, 0.7), {**line("plain", 1, 0.5), "fraction": 0.01}]
    assert [title[0] for title, _ in report.sections(lines)] == ["1", "2", "3", "4"]


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
        "settings": ["--encoder", "{encoder}", "--eval_strategy", "no", "--save_strategy", "no"],
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

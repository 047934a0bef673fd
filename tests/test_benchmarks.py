"""The benchmark: its plan, its lines and its comparisons, against values worked out by hand."""

import json
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest
from support import ROOT, SENTENCES, rows, save_encoder, tiny_bert, tiny_model, write_corpus
from transformers import BertModel

sys.path.insert(0, str(ROOT / "benchmarks"))
import comparison
import plan
import report
import run
import scoring
import soak
import unlabelled_text
from scoring import DictionaryTagger, candidates, load_index

PLAN = {
    "settings": ["--encoder", "{encoder}"],
    "budgets": {"C": ["--full"]},
    "low_resource_budget": ["--few"],
    "variants": {"plain": [], "graph": ["--knowledge", "{knowledge}"], "dictionary": None},
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
    return {"f1": 2 * true / (2 * true + wrong + missed), "sentences": scoring.pack(counts)}


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
    lines = [{**each, "scores": {"test": {"f1": 0.0, "constrained": each["scores"]["test"]}}} for each in lines]
    (tmp_path / "lines").write_text("".join(json.dumps(each) + "\n" for each in lines))
    page = tmp_path / "evidence.md"
    page.write_text("What it means.\n\n<!-- runs: begin -->\nold\n<!-- runs: end -->\nAfter.\n")
    report.main([str(tmp_path / "lines"), "--page", str(page)])
    made = page.read_text()
    assert made.startswith("What it means.\n\n<!-- runs: begin -->\n## Overview\n")
    assert "| 100 % | C | 80.0 (1) | 90.0 (1) |" in made
    assert made.endswith("<!-- runs: end -->\nAfter.\n")
    assert "old" not in made
    assert "![Gain over plain](gains.png)" in made
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
    assert comparison.overview(lines) in page
    assert report.forgetting([line for line in lines if line["variant"] in report.TUNED]) in page


def test_decodings_do_not_mix():
    """A variant decoded on whole paths against one decoded token by token would gain what the decoding gains."""
    both = line("graph", 1, {"f1": 0.5, "constrained": {"f1": 0.6}})
    lines = [both, line("plain", 1, 0.4), line("dictionary", 0, 0.3)]
    found = comparison.on_whole_paths(lines)
    assert [(x["variant"], x["scores"]["test"]["f1"]) for x in found] == [("graph", 0.6), ("dictionary", 0.3)]
    assert both["scores"]["test"]["f1"] == 0.5


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
    found = [{("T", 0, 1), ("T", 2, 3)}, set(), {("T", 0, 1)}]
    gold = [{("T", 0, 1)}, {("T", 1, 2), ("T", 3, 4)}, {("T", 0, 1)}]
    assert scoring.unpack(scoring.pack(scoring.sentence_counts(found, gold))).tolist() == [
        [1, 1, 0],
        [0, 0, 2],
        [1, 0, 0],
    ]


def test_comparisons_without_lines_are_left_out():
    """An empty section reads as if something had been measured."""
    lines = [line(variant, 1, 0.8) for variant in ("plain", "graph")]
    assert [title[0] for title, _ in report.sections(lines)] == ["1"]
    lines[0]["scores"]["D:test"] = lines[1]["scores"]["D:test"] = counted((1, 0, 0))
    lines += [line("noise_10", 1, 0.7), {**line("plain", 1, 0.5), "fraction": 0.01}]
    assert [title[0] for title, _ in report.sections(lines)] == ["1", "2", "3", "5"]


def test_every_comparison_is_one_row():
    """A gain over other seeds or corpora, or over another decoding, would be published as the gain of knowledge."""

    def both(tokens: float, paths: float, **unseen) -> dict:
        return {"f1": tokens, "constrained": {"f1": paths, "unseen": unseen}}

    lines = [
        line("plain", 1, both(0.4, 0.5, surface=[1, 4], concept=[0, 0])),
        line("graph", 1, both(0.5, 0.7, surface=[3, 4], concept=[0, 0])),
        line("plain", 2, both(0.0, 0.0)),  # graph was not run with it
        line("plain", 1, both(0.4, 0.6), corpus="D"),
        line("graph", 1, both(0.5, 0.5), corpus="D"),
        line("graph", 1, both(0.9, 0.9), corpus="E"),  # nor plain here
        {**line("plain", 1, 0.2), "fraction": 0.01},
        {**line("graph", 1, 0.3), "fraction": 0.01},
    ]
    for each, f1 in zip(lines, (0.1, 0.3), strict=False):
        each["scores"]["F/T:test"] = both(0.0, f1)
    assert comparison.overview(lines).splitlines()[2:] == [
        "| 100 % | `graph`: knowledge | 55.0 → 60.0 (+5.0; least -10.0, D) | 10.0 → 30.0 (+20.0)"
        " | 25.0 → 75.0 (+50.0) | - | 2, 1 |",
        "| 1 % † | `graph`: knowledge | 20.0 → 30.0 (+10.0) | - | - | - | 1, 1 |",
    ]
    assert comparison.overview(lines[:1]) == ""


def test_forgetting_is_counted_against_the_model_before_tuning():
    """A loss against another model, or hidden in a mean, would call a forgetful model a safe one."""
    lines = []
    for variant, own, one, other in (("joint", 0.5, 0.8, 0.6), ("kept_0", 0.7, 0.7, 0.62), ("kept_50", 0.6, 0.8, 0.61)):
        scores = {"test": {"f1": own}, "D:test": {"f1": one}, "E:test": {"f1": other}}
        lines.append({"corpus": "C", "variant": variant, "sentences": 50, "seed": 1, "scores": scores})
    assert report.sections(lines) == [("6. Forgetting: the joint model tuned on one corpus", report.forgetting(lines))]
    assert report.forgetting(lines).splitlines()[2:] == [
        "| C | not tuned | 50.0 ± 0.0 | 70.0 ± 0.0 |  | 1 |",
        "| C | 0 % | 70.0 ± 0.0 | 66.0 ± 0.0 | -10.0, D | 1 |",
        "| C | 50 % | 60.0 ± 0.0 | 70.5 ± 0.0 | +0.0, D | 1 |",
    ]


def test_the_dictionary_reads_the_longest_match_of_fitting_types(knowledge, wordpiece, tmp_path):
    """A phenotype is a Disease to a corpus; a shorter match inside it must not split it."""
    knowledge.save(tmp_path / "k")
    index, kinds = load_index(str(tmp_path / "k"), wordpiece)
    words = "Aspirin , heart failure and acute lymphoblastic leukemia"
    ids = wordpiece(words, return_tensors="pt")
    logits = DictionaryTagger(index, kinds, ["Disease"])(ids["input_ids"], ids["attention_mask"]).logits
    begins = [ids.token_to_word(0, i) for i in (logits[0].argmax(-1) == 1).nonzero().flatten().tolist()]
    assert begins == [2, 5]
    found = candidates(
        load_index(str(tmp_path / "k"), wordpiece)[0], wordpiece, ["BRCA1", "heart failures", "heart and"]
    )
    assert found == [{3, 4}, {9}, set()]


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
            {"name": "b", "variants": ["dictionary"], "fractions": [0], **shape},
            {"name": "c", "variants": ["taught"], "fractions": [0.5], **shape},
        ],
        "variants": PLAN["variants"]
        | {"taught": ["--teacher", "{teacher}", "--text", "{text}", "--text_length", "16"]},
        "teachers": {"taught": "graph"},
    }
    (place / "text.txt").write_text("Patients with breast cancers had a new fever .\n" * 9)
    (place / "plan.json").write_text(json.dumps(small))
    given = [str(place / "plan.json"), "--data", str(place / "data"), "--", "--use_cpu", "--disable_tqdm", "true"]
    fields = [
        f"--field=encoder={place / 'e'}",
        f"--field=knowledge={place / 'k'}",
        f"--field=text={place / 'text.txt'}",
    ]
    args = run.read_arguments([*fields, *given])
    monkeypatch.setattr(run, "_worker", {"args": args, "scorer": scoring.Scorer(args.data, args.fields["knowledge"])})
    lines = []
    for wanted in plan.expand(small):
        made, failure = run.perform(wanted)
        assert failure is None
        assert all(plan.complete(json.loads(json.dumps(line)), wanted) for line in made)
        lines += made
    assert [line["variant"] for line in lines] == ["graph", "dictionary", "graph", "taught"]
    assert all({"versions", "device", "train_seconds"} <= made.keys() for made in lines)
    score = lines[1]["scores"]["test"]
    # Leukemia is a training mention of the corpus; heart failure is none, and its concept neither.
    assert (score["gold"], score["correct"], score["unseen"]) == (2, 2, {"surface": [1, 1], "concept": [1, 1]})
    assert scoring.unpack(score["sentences"]).tolist() == [[2, score["predicted"] - 2, 0]]


def test_text_of_a_corpus_lacks_its_test_sentences(wordpiece, tmp_path):
    """A teacher that labels test sentences would make self-training a look at the test."""
    encoder = save_encoder(tmp_path / "e", BertModel(tiny_bert(len(wordpiece))), wordpiece)
    tested = "Patients with leukemia were seen near the river ."
    filler = [(f"New fever of breast cancers and heart failure in year {year} .", {}) for year in range(40)]
    test = rows([(tested, {2: "B-Disease"})])
    corpus = write_corpus(tmp_path / "C", train=rows([(tested, {2: "B-Disease"}), *filler]), test=test)
    text = tmp_path / "text"
    unlabelled_text.main(
        [str(corpus), "--encoder", str(encoder), "--output", str(text), "--exclude_tests_of", str(corpus)]
    )
    found = pq.read_table(text / "own_C.parquet")["input_ids"].to_pylist()
    assert "heart failure" in wordpiece.decode(found[0])
    assert not any("river" in wordpiece.decode(window) for window in found)


@pytest.mark.parametrize("part", soak.PARTS)
def test_soak_reads_all_it_was_asked_to(part, knowledge, wordpiece, tmp_path, capsys):
    """A part that stops early would report a memory that never grew."""
    tiny_model(knowledge, wordpiece).save_pretrained(tmp_path / "model")
    wordpiece.save_pretrained(tmp_path / "model")
    corpus = write_corpus(tmp_path / "corpus", test=rows())
    options = {"model": tmp_path / "model", "dataset": corpus, "sentences": 40, "megabytes": 0.002, "device": "cpu"}
    given = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    soak.main([*given, "--inside", "--parts", part])
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    if part.startswith("document"):
        assert report["characters"] >= 2000
        assert report.get("last mention ends at", 2000) > 1900
    else:
        assert report["peak MB"] > 100
        assert len(report["MB at each tenth"]) == 11
        assert report["sentences read"] == 40


def test_soak_reads_the_same_from_a_text_file(tmp_path):
    """Machines without the corpora's reader would soak in other sentences."""
    corpus = write_corpus(tmp_path / "corpus", test=rows())
    texts = soak.texts_of(str(corpus), "test")
    (tmp_path / "t.txt").write_text("\n".join(texts) + "\n")
    assert soak.texts_of(str(tmp_path / "t.txt"), "test") == texts
    assert len(texts) == 6

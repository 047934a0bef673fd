"""The benchmark: its plan, its lines, its comparisons and its damaged knowledge, against values worked out by hand."""

import json
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from support import ROOT, SENTENCES, rows, save_encoder, tiny_bert, tiny_model, write_corpus
from transformers import BertModel

from modeling_kogner.graph.index_tables import build_tables, load_tables
from modeling_kogner.graph.knowledge_folder import Knowledge

sys.path.insert(0, str(ROOT / "benchmarks"))
import comparison
import fronts
import perturb
import plan
import report
import run
import scoring
import soak
import unlabelled_text
from surface_lookup import DictionaryTagger, candidates, load_index
from surface_recall import gold_mentions, recall

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


def test_the_readme_has_both_tables(tmp_path):
    """The short table would go on showing older scores; a corpus without all five numbers would leave a hole."""
    lines = [line(variant, 1, f1) for variant, f1 in (("plain", 0.8), ("graph", 0.9), ("self_trained", 0.7))]
    lines += [{**each, "fraction": 0.01} for each in lines] + [line("plain", 1, 0.1, corpus="D")]
    # The README shows scores on whole paths.
    lines = [{**each, "scores": {"test": {"f1": 0.0, "constrained": each["scores"]["test"]}}} for each in lines]
    (tmp_path / "lines").write_text("".join(json.dumps(each) + "\n" for each in lines))
    readme = tmp_path / "README.md"
    marks = "".join(f"<!-- {name}: begin -->\nold\n<!-- {name}: end -->\n" for name in ("summary", "results"))
    readme.write_text(marks)
    report.main([str(tmp_path / "lines"), "--readme", str(readme)])
    made = readme.read_text()
    assert "| C | 80.0 (1) | 90.0 (1) | 80.0 (1) | 90.0 (1) | 70.0 (1) |\n<!-- summary: end -->" in made
    assert "| 100 % | D | 10.0 (1) | - | - |" in made
    assert "old" not in made
    readme.write_text("no marks")
    with pytest.raises(SystemExit, match="no <!-- results: begin -->"):
        report.main([str(tmp_path / "lines"), "--readme", str(readme)])


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


def test_fronts_without_lines_are_left_out():
    """An empty section reads as if something had been measured."""
    lines = [line(variant, 1, 0.8) for variant in ("plain", "graph")]
    assert [title[0] for title, _ in report.sections(lines)] == ["1"]
    lines[0]["scores"]["D:test"] = lines[1]["scores"]["D:test"] = counted((1, 0, 0))
    lines += [line("noise_10", 1, 0.7), {**line("plain", 1, 0.5), "fraction": 0.01}]
    assert [title[0] for title, _ in report.sections(lines)] == ["1", "2", "3", "5"]


def test_every_front_is_one_row():
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
    assert fronts.fronts(lines).splitlines()[2:] == [
        "| 100 % | `graph`: knowledge | 55.0 → 60.0 (+5.0; least -10.0, D) | 10.0 → 30.0 (+20.0)"
        " | 25.0 → 75.0 (+50.0) | - | 2, 1 |",
        "| 1 % † | `graph`: knowledge | 20.0 → 30.0 (+10.0) | - | - | - | 1, 1 |",
    ]
    assert fronts.fronts(lines[:1]) == ""


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


@pytest.mark.parametrize(
    "damage", [{"wrong_types": 0.5}, {"random_vectors": True}, {"keep_names": 0.5, "wrong_types": 0.3}]
)
def test_damaged_knowledge_and_its_index_agree(knowledge, wordpiece, tmp_path, damage):
    """A run would be said to have read what its index never held."""
    knowledge.save(tmp_path / "whole")
    perturb.write(str(tmp_path / "whole"), str(tmp_path / "damaged"), wordpiece, **damage)
    fields, tables = load_tables(tmp_path / "damaged", wordpiece)
    built_fields, built = build_tables(Knowledge.load(tmp_path / "damaged"), wordpiece)
    assert fields == built_fields
    assert [name for name in built if not torch.equal(built[name], tables[name])] == []
    _, whole = load_tables(tmp_path / "whole", wordpiece)
    changed = {name for name in whole if name in tables and not torch.equal(whole[name], tables[name])}
    assert ("kogner.index.concept_type" in changed) == ("wrong_types" in damage)
    assert ("kogner.nodes.codes" in changed) == ("random_vectors" in damage)
    assert ("kogner.index.surface_hash" in changed) == ("keep_names" in damage)


def test_damage_is_as_much_as_asked(knowledge):
    """Noise of another share than the report's label would mislead."""
    damaged = perturb.perturbed(knowledge, keep_names=0.5, wrong_types=0.5, random_vectors=True, seed=3)
    assert len(damaged.surfaces) == round(0.5 * len(knowledge.surfaces))
    assert (damaged.concepts["type"] != knowledge.concepts["type"]).sum() == round(0.5 * len(knowledge.concepts))
    assert sorted(damaged.codes.tolist()) == sorted(knowledge.codes.tolist()) != damaged.codes.tolist()


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
    told = "Patients with leukemia were seen near the river ."
    filler = [(f"New fever of breast cancers and heart failure in year {year} .", {}) for year in range(40)]
    test = rows([(told, {2: "B-Disease"})])
    corpus = write_corpus(tmp_path / "C", train=rows([(told, {2: "B-Disease"}), *filler]), test=test)
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
    if part == "threads":
        assert [way["that differ"] for way in report.values()] == [0, 0]
        assert report["annotator"]["readings"] == 4 * 40
    elif part.startswith("document"):
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


def test_recall_by_hand():
    """Two of three mentions by key, one letter by letter."""
    tokens = [["Basal", "cell", "carcinomas", "and", "IL", "-", "2", "in", "foo"]]
    tags = [["B-D", "I-D", "I-D", "O", "B-G", "I-G", "I-G", "O", "B-D"]]
    mentions = [mention for mention, _ in gold_mentions(tokens, tags)]
    assert mentions == ["Basal cell carcinomas", "IL - 2", "foo"]
    surfaces = ["basal cell carcinoma", "IL-2"]
    assert recall(mentions, surfaces) == pytest.approx(2 / 3)
    assert recall(mentions, surfaces, as_listed=True) == pytest.approx(1 / 3)
    assert recall([], surfaces) == 0.0

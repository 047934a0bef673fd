"""`kogner card`: what the card says is what the files say."""

import json

import jinja2.meta
import pytest
from huggingface_hub import ModelCard
from support import ROOT, kogner, tiny_model

from modeling_kogner.publishing.card import TEMPLATE, context, make_card
from modeling_kogner.publishing.card_inputs import read_inputs
from modeling_kogner.publishing.card_reports import CREDITS
from modeling_kogner.publishing.card_scores import PEERS, score_rows


def score(gold: int, predicted: int, correct: int) -> dict:
    precision, recall = correct / predicted, correct / gold
    f1 = 2 * correct / (gold + predicted)
    counts = {"gold": gold, "predicted": predicted, "correct": correct}
    return {"precision": precision, "recall": recall, "f1": f1, **counts}


def with_total(**types: dict) -> dict:
    counts = {key: sum(of[key] for of in types.values()) for key in ("gold", "predicted", "correct")}
    return {**score(**counts), "types": types}


def metrics(knowledge: str, correct: int, convention: str = "none") -> dict:
    """Two corpora, one of them with two types; all types competing cost one mention."""
    datasets = {}
    for name in ("NCBI-disease", "own"):
        modes, types = {}, ["Disease"] if name == "NCBI-disease" else ["Chemical", "Disease"]
        for mode, lost in (("strict", 0), ("strict_every_type", 1)):
            scores = {"Chemical": score(7, 6, 5 - lost), "Disease": score(9, 8, correct - lost)}
            modes[mode] = with_total(**{kind: scores[kind] for kind in types})
        datasets[name] = {"split": "test", "sentences": 5, "types": types, **modes}
    evidence = "graph" if knowledge == "on" else "none"
    versions = {"kogner": "0.0.7", "torch": "2.6"}
    header = {"model": "m", "revision": "sha256:0a1b", "evidence": evidence, "knowledge": knowledge}
    header["convention"] = convention
    return {**header, "versions": versions, "datasets": datasets}


@pytest.fixture(scope="module")
def model(knowledge, wordpiece, tmp_path_factory):
    folder = tmp_path_factory.mktemp("card") / "model"
    tiny_model(knowledge, wordpiece, guideline={"Disease": ["NCBI-disease"]}).save_pretrained(folder)
    wordpiece.save_pretrained(folder)
    counts = {"NCBI-disease": (5424, 2), "BC5CDR": (4560, 0), "SPECIES-800": (639, 0)}
    overlap = {name: {"sentences": of, "dropped": out, "in_test_of": {}} for name, (of, out) in counts.items()}
    (folder / "training.json").write_text(json.dumps({"train_windows": 5433, "overlap": overlap}))
    return folder


@pytest.fixture
def files(model, tmp_path):
    """Arguments of a good call; every test starts without a card."""
    (model / "README.md").unlink(missing_ok=True)
    for name, content in (("on", metrics("on", 6)), ("off", metrics("off", 3))):
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    return tmp_path


def run(*arguments):
    return kogner("card", *map(str, arguments))


def make(model, files, *more):
    result = run(model, "--metrics", files / "off.json", "--metrics", files / "on.json", *more)
    assert result.exit_code == 0, result.stderr
    return ModelCard.load(model / "README.md")


def test_the_model_index_holds_the_scores_of_the_file(model, files):
    """A score of the wrong corpus, type or mode would be published as this model's."""
    card = make(model, files, "--revision", "abc123")
    found = {(r.dataset_name, r.metric_args["entity_type"]): r for r in card.data.eval_results}
    datasets = metrics("on", 6)["datasets"]
    wanted = {(name, kind): of["f1"] for name in datasets for kind, of in datasets[name]["strict"]["types"].items()}
    wanted["own", "all, micro"] = datasets["own"]["strict"]["f1"]
    assert {key: result.metric_value for key, result in found.items()} == wanted
    shared = ("knowledge", "revision", "convention")
    assert {(r.dataset_split, *map(r.metric_args.get, shared)) for r in found.values()} == {
        ("test", "on", "abc123", "none")
    }
    assert all("0.0.7" in result.metric_args["scorer"] for result in found.values())
    noted = make(model, files).data.eval_results
    assert {result.metric_args["revision"] for result in noted} == {"sha256:0a1b"}  # of the weights that were scored


def test_metadata_and_both_columns(model, files):
    """The Hub sorts a model by its metadata; swapped columns would make knowledge look harmful."""
    card = make(model, files)
    data = card.data
    assert (data.pipeline_tag, data.library_name, data.license) == (
        "token-classification",
        "transformers",
        "apache-2.0",
    )
    assert data.datasets == ["bigbio/bc5cdr", "ncbi/ncbi_disease"]
    assert data.base_model is None  # the encoder has no Hub id, and a path is none
    assert "| NCBI-disease | Disease | test | 9 | 75.0 | 66.7 | 70.6 | 58.8 | 35.3 |" in card.text
    assert "| own † | all, micro | test | 16 |" in card.text  # not in training.json
    assert "12 concepts" in card.text


def test_conventions_documents_and_published_heights(model, files):
    """Told and not told exchanged, or another protocol's number without its mark, would mislead every reader."""
    (files / "told.json").write_text(json.dumps(metrics("on", 8, "own")))
    strict = with_total(Disease=score(10, 10, 9), Chemical=score(10, 10, 7))
    documents = {"BioRED_validation": {"documents": 64, "types": ["Chemical", "Disease"], "strict": strict}}
    documents["BioRED_validation_unseen"] = {
        **documents["BioRED_validation"],
        "documents": 21,
        "left_out": {"N_train": 43},
    }
    whole = metrics("on", 6) | {"datasets": {}, "documents": documents}
    (files / "whole.json").write_text(json.dumps(whole))
    card = make(model, files, "--metrics", files / "told.json", "--metrics", files / "whole.json")
    told = [r for r in card.data.eval_results if r.metric_args["convention"] == "own"]
    assert [r.metric_value for r in told if r.dataset_name == "NCBI-disease"] == [pytest.approx(16 / 17)]
    assert all(r.metric_name.endswith("with the corpus's convention") for r in told)
    assert "| 75.0 | 66.7 | 70.6 | 58.8 | 100.0 | 88.9 | 94.1 | 35.3 |" in card.text
    assert "| BioRED_validation | 64 | Disease | 10 | 90.0 | 90.0 | 90.0 |" in card.text
    assert "| BioRED_validation | 64 | all, micro | 20 | 80.0 | 80.0 | 80.0 |" in card.text
    assert "| BioRED_validation_unseen | 21 | Disease | 10 | 90.0 | 90.0 | 90.0 |" in card.text
    assert "**BioRED_validation_unseen**: without the documents that are also in training files" in card.text
    assert "43 in N_train. " in card.text
    beside = card.text.split("### Beside published scores")[1].split("\n## ")[0]
    assert "| NCBI-disease | Disease | 70.6 | 94.1 | 87.8<sup>a</sup> (PubMedBERT, 110 M); 88.2<sup>a</sup>" in beside
    assert "88.7<sup>d</sup> (CompactBioBERT, 65 M) |" in beside
    assert "| BioRED_validation | Disease | 90.0 | - | 88.1<sup>b</sup> (AIONER, 110 M) |" in beside
    assert all(PEERS["protocols"][name]["text"] in beside for name in ("one corpus", "BioRED", "own"))
    assert PEERS["protocols"]["many corpora"]["text"] not in beside  # nothing here has that mark
    assert "Gu et al. 2021" in beside


def test_corpora_have_types_credit_and_licence(model, files):
    """A licence that is not named cannot be kept; a type in bold says whose rules a user gets."""
    text = make(model, files).text
    assert "| Disease | postural hypotension | NCBI-disease | BC5CDR |" in text
    assert "| NCBI-disease | **Disease** | 5,424 | 2 | Doğan et al. 2014, J Biomed Inform 47 | CC BY 4.0, as" in text
    assert "| BC5CDR | Chemical, Disease | 4,560 | 0 |" in text
    assert "No licence is stated for SPECIES-800: they" in text
    assert "No corpus under a non-commercial or share-alike licence was used." in text


def test_the_report_of_a_recipe_counts_tokens(model, files):
    """A joint model's training report has no windows; its card could not be made."""
    report = json.loads((model / "training.json").read_text())
    report["tokens"] = dict.fromkeys(report["overlap"], 1000)
    del report["train_windows"]
    (files / "recipe.json").write_text(json.dumps(report))
    assert "The model was trained on 3,000 word pieces." in make(model, files, "--training", files / "recipe.json").text


def test_every_corpus_at_hand_is_credited(data_folder):
    """A corpus that is trained on without credit would break its licence."""
    found = {path.name for path in (data_folder / "data/ner").iterdir() if path.is_dir()}
    found |= {path.stem.split("_")[0] for path in (data_folder / "data/more").glob("*.[pc]*")}
    assert found == CREDITS["corpora"].keys()
    assert all({"who", "licence", "annotates"} <= of.keys() for of in CREDITS["corpora"].values())


def test_the_recipe_and_the_credits_agree_on_what_is_annotated():
    """The card would name types that a corpus did not teach."""
    recipe = json.loads((ROOT / "benchmarks" / "joint.json").read_text())["corpora"]
    taught = {name: {kind for kind in of["types"].values() if kind and kind[0] != "?"} for name, of in recipe.items()}
    assert taught == {name: set(CREDITS["corpora"][name]["annotates"]) for name in recipe}


def test_every_system_has_a_protocol_and_a_source():
    """A number without its protocol looks comparable."""
    assert {of["protocol"] for of in PEERS["systems"]} == PEERS["protocols"].keys()
    assert all(of["source"] and of["f1"] for of in PEERS["systems"])
    assert PEERS["notes"].keys() <= {name for of in PEERS["systems"] for name in of["f1"]}


def test_what_is_not_given_has_no_section(model, files):
    """An empty section, or the word None, would be published."""
    (model / "training.json").rename(files / "training.json")
    try:
        assert run(model, "--metrics", files / "on.json").exit_code == 0
    finally:
        (files / "training.json").rename(model / "training.json")
    text = (model / "README.md").read_text()
    assert not [word for word in ("## Training data", "## Knowledge graph\n\n\n", "F1, off", "None") if word in text]


def test_every_report_has_its_numbers_in_the_card(model, files):
    """A field renamed in a report, or in the template alone, would leave a hole where a number should be."""
    ranks = {name: {"both": {"mrr": 0.204, "hits@10": 0.3649}} for name in ("teacher", "TransR")}
    teacher = {"ranks": "filtered", "test": ranks}
    student = {"cosine": {"raw": {"whole": 0.8}}, "neighbour_overlap@10": {"z1": 0.4}, "held_out_concepts": 30727}
    graph = {
        "concepts": 719291,
        "edges": 12,
        "sources": {"HGNC": 42382, "a|b": 1, "MONDO-v2026": 2, "MONDO": 3},
        "relations": {"targets": 3},
    }
    surfaces = {"dropped": {"ordinary English": 8368, "generic head": 772}}
    distilled = {"teacher": teacher, "student": {**student, "parameters_over_teacher": 0.0891}}
    report = {"graph": graph, "surfaces": surfaces, "distillation": distilled, "unified": {"further_ids": 9}}
    (files / "knowledge.json").write_text(json.dumps({"rows": {"concepts": 12}, "report": report}))
    (files / "pretraining.json").write_text(json.dumps({"tokens_seen": 98304000}))
    batch = {"sentences a second": {"tag, knowledge": 1182.6}}
    batch |= {"speed over plain, text to tags": 0.891, "speed over bare encoder": 0.77}
    speed = {"device": "cpu", "sentences": 640, "batch 32": batch, "loading time over bare encoder": 1.634}
    (files / "speed.json").write_text(json.dumps(speed))
    reports = ("--knowledge", files, "--pretraining", files / "pretraining.json", "--speed", files / "speed.json")
    text = make(model, files, *reports).text
    for line in (
        "| Disease | 5 | MONDO 5 |",
        "| HGNC | 42,382 | HUGO Gene Nomenclature Committee | CC0 |",
        "| a\\|b | 1 | unknown | see its own terms |",
        "| MONDO | 5 | Mondo Disease Ontology | CC BY 4.0 |",
        "Further ids of a concept are cross-references of ChEBI,",
        "Relations also come from DrugCentral (CC BY 4.0 or CC0).",
        "Written forms left out: 8,368 ordinary English, 772 generic head.",
        "| TransR | 0.204 | 0.365 |",
        "on 30,727 held-out concepts 0.800 (raw); neighbour overlap@10 0.400 (z1); 0.089 of the teacher's",
        "pretrained on 98,304,000 tokens",
        "| 32 | 1,183 | 0.89 | 0.77 |",
        "Medians over 640 sentences on cpu. Loading takes 1.63 times",
    ):
        assert line in text


def drop_recall(content):
    del content["datasets"]["own"]["strict"]["types"]["Chemical"]["recall"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop_recall, "field datasets > own > strict > types > Chemical > recall: missing"),
        (lambda c: c["datasets"]["own"]["strict"].update(f1=70.6), "70.6 is not a fraction"),
        (lambda c: c["datasets"]["own"].update(types=["Virus"]), "Virus, which the model does not know"),
        (lambda c: c.update(datasets={}), "field datasets: empty"),
        (lambda c: c.update(evidence="types"), "scores of another model"),
        (lambda c: c.update(knowledge="off"), "both have knowledge off"),
        (lambda c: c.update(convention="BC5CDR"), "field convention: 'BC5CDR'; own and none are published"),
        (lambda c: c.update(model="other"), "field model: 'm', but"),
        (lambda c: c["datasets"]["own"].update(split="validation"), "run eval.py with the same options for both"),
    ],
)
def test_bad_scores_are_one_error_and_no_card(model, files, change, message):
    """A card with a hole, or with another model's scores, would look finished."""
    content = metrics("on", 6)
    change(content)
    (files / "on.json").write_text(json.dumps(content))
    result = run(model, "--metrics", files / "off.json", "--metrics", files / "on.json")
    assert result.exit_code == 1
    assert message in result.stderr
    assert "on.json" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (model / "README.md").exists()


def test_another_knowledge_folder_is_refused(model, files):
    """Counts and licences of a graph that is not in the model would be published."""
    (files / "knowledge.json").write_text(json.dumps({"rows": {"concepts": 13}, "report": {}}))
    result = run(model, "--metrics", files / "on.json", "--knowledge", files)
    assert result.exit_code == 1
    assert "13 concepts, but the model holds 12" in result.stderr


def test_the_work_of_others_is_kept(model, files):
    """A card written by hand would be lost without warning."""
    readme = model / "README.md"
    readme.write_text("# Mine\n")
    result = run(model, "--metrics", files / "on.json")
    assert result.exit_code == 1
    assert "--force" in result.stderr
    assert readme.read_text() == "# Mine\n"
    make(model, files, "--force")
    make(model, files)  # its own card is replaced
    readme.write_text("<!-- made by kogner card; changes are lost, but for the comparison between its marks -->\n")
    make(model, files)  # so is one of an older version


def test_the_template_and_the_code_name_the_same_values(model, files):
    """Jinja prints nothing for a name that it does not know: the card would have a hole."""
    read = jinja2.meta.find_undeclared_variables(jinja2.Environment().parse(TEMPLATE.read_text()))
    inputs = read_inputs(model, [files / "on.json"])
    given = context(inputs, score_rows(inputs.scored))
    assert read == given.keys() | {"card_data", "model_id"}
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    environment.from_string(TEMPLATE.read_text()).render(card_data="", model_id="m", **given)


def test_the_bundled_card_is_what_its_reports_say():
    """A card that was not made again would go on showing an older template, or the scores of older weights."""
    reports = ROOT / "benchmarks" / "results" / "release"
    files = {name: reports / f"{name}.json" for name in ("training", "pretraining", "speed")}
    found = {name: path for name, path in files.items() if path.exists()}
    metrics = sorted([*reports.glob("metrics*.json"), *reports.glob("documents*.json")])
    inputs = read_inputs(ROOT / "hub_card", metrics, reports / "knowledge", **found)
    made, card = (str(each).split("## Versions")[0] for each in (make_card(inputs, "hub_card"), bundled_card()))
    assert made == card, "make card"


def bundled_card():
    return (ROOT / "hub_card" / "README.md").read_text()


def test_the_bundled_card_agrees_with_itself_and_with_the_model():
    """The Hub shows the model-index, readers see the table: a score edited in one of them would be two scores."""
    card = ModelCard(bundled_card())
    config = json.loads((ROOT / "hub_card" / "config.json").read_text())
    table = card.text.split("## Scores")[1].split("\n## ")[0].split("\n### ")[0]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines() if row.startswith("| ")][2:]
    shown = {(corpus.removesuffix(" †"), kind): float(row[4]) for corpus, kind, *row in rows}
    plain = [r for r in card.data.eval_results if r.metric_args["convention"] == "none"]
    assert shown == {(r.dataset_name, r.metric_args["entity_type"]): round(100 * r.metric_value, 1) for r in plain}
    assert f"The model holds {config['num_concepts']:,} concepts" in card.text
    assert ", ".join(config["conventions"]) in card.text

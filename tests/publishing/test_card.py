"""`kogner card`: what the card says is what the files say."""

import json
import re

import jinja2.meta
import pytest
from huggingface_hub import ModelCard
from support import ROOT, kogner, tiny_model

from modeling_kogner.publishing.card import TEMPLATE, context, score_rows
from modeling_kogner.publishing.card_inputs import read_inputs


def score(gold: int, predicted: int, correct: int) -> dict:
    precision, recall = correct / predicted, correct / gold
    f1 = 2 * correct / (gold + predicted)
    counts = {"gold": gold, "predicted": predicted, "correct": correct}
    return {"precision": precision, "recall": recall, "f1": f1, **counts}


def with_total(**types: dict) -> dict:
    counts = {key: sum(of[key] for of in types.values()) for key in ("gold", "predicted", "correct")}
    return {**score(**counts), "types": types}


def metrics(knowledge: str, correct: int) -> dict:
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
    return {**header, "versions": versions, "datasets": datasets}


@pytest.fixture(scope="module")
def model(knowledge, wordpiece, tmp_path_factory):
    folder = tmp_path_factory.mktemp("card") / "model"
    tiny_model(knowledge, wordpiece).save_pretrained(folder)
    wordpiece.save_pretrained(folder)
    overlap = {"NCBI-disease": {"sentences": 5424, "dropped": 2, "in_test_of": {}}}
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
    assert {(r.dataset_split, r.metric_args["knowledge"], r.metric_args["revision"]) for r in found.values()} == {
        ("test", "on", "abc123")
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
    assert data.datasets == ["ncbi/ncbi_disease"]
    assert data.base_model is None  # the encoder has no Hub id, and a path is none
    assert "| NCBI-disease | Disease | test | 9 | 75.0 | 66.7 | 70.6 | 58.8 | 37.5 | 33.3 | 35.3 |" in card.text
    assert "| own † | all, micro | test | 16 |" in card.text  # not in training.json
    assert "| NCBI-disease | 5,424 | 2 |" in card.text
    assert "12 concepts" in card.text


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
    graph = {"concepts": 719291, "edges": 12, "sources": {"HGNC": 42382, "a|b": 1}, "relations": {"targets": 3}}
    surfaces = {"dropped": {"ordinary English": 8368, "generic head": 772}}
    distilled = {"teacher": teacher, "student": {**student, "parameters_over_teacher": 0.0891}}
    report = {"graph": graph, "surfaces": surfaces, "distillation": distilled}
    (files / "knowledge.json").write_text(json.dumps({"rows": {"concepts": 12}, "report": report}))
    (files / "pretraining.json").write_text(json.dumps({"tokens_seen": 98304000}))
    batch = {"sentences a second": {"tag, knowledge": 1182.6}}
    batch |= {"speed over plain, text to tags": 0.891, "speed over bare encoder": 0.77}
    speed = {"device": "cpu", "sentences": 640, "batch 32": batch, "loading time over bare encoder": 1.634}
    (files / "speed.json").write_text(json.dumps(speed))
    reports = ("--knowledge", files, "--pretraining", files / "pretraining.json", "--speed", files / "speed.json")
    text = make(model, files, *reports).text
    for line in (
        "| HGNC | 42,382 | HUGO Gene Nomenclature Committee | CC0 |",
        "| a\\|b | 1 | unknown | see its own terms |",
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
    given = context(inputs, score_rows(inputs))
    assert read == given.keys() | {"card_data", "model_id"}
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    environment.from_string(TEMPLATE.read_text()).render(card_data="", model_id="m", **given)


def test_the_bundled_card_follows_the_template():
    """A card that was not made again would go on saying what an older template said."""
    card = (ROOT / "hub_card" / "README.md").read_text()
    prose = [part.strip() for part in re.split(r"{%.*?%}|{{.*?}}(?=[^}])", TEMPLATE.read_text())]
    assert {part for part in prose if len(part) > 3 and part not in card} == {
        "It was trained without a knowledge graph.",
        "The stock pipeline cannot read a text that is longer than the encoder's position table: split it first.",
        "† not a training corpus.",
        "Concepts have no vectors.",
    }  # what does not hold for this model


def test_the_bundled_card_agrees_with_itself_and_with_the_model():
    """The Hub shows the model-index, readers see the table: a score edited in one of them would be two scores."""
    card = ModelCard.load(ROOT / "hub_card" / "README.md")
    config = json.loads((ROOT / "hub_card" / "config.json").read_text())
    table = card.text.split("## Scores")[1].split("## ")[0]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines() if row.startswith("| ")][2:]
    shown = {(corpus, kind): float(row[4]) for corpus, kind, *row in rows}
    index = {
        (r.dataset_name, r.metric_args["entity_type"]): round(100 * r.metric_value, 1) for r in card.data.eval_results
    }
    assert shown == index
    assert f"The model holds {config['num_concepts']:,} concepts" in card.text
    assert ", ".join(config["conventions"]) in card.text

"""Recipes of joint models: what may stand in them, and what their rules mean for a token."""

import copy
import json
from pathlib import Path

import pytest
import torch

from modeling_kogner.files.errors import InputError, UsageError
from modeling_kogner.training.recipe import read_recipe
from modeling_kogner.training.supervision import Rules, label_numbers, supervise

RECIPE = {
    "types": ["Gene", "Chemical", "Family"],
    "guideline": {"Gene": ["all"], "Family": ["all"]},
    "claims": {"Gene": ["Chemical"]},
    "silent": {"Family": ["Gene"]},
    "corpora": {
        "all": {"source": "all", "types": {"G": "Gene", "F": "Family", "X": None}},
        "chemicals": {"source": "chemicals", "types": {"C": "Chemical", "Class": "?Chemical"}},
    },
}
# Gene, Chemical, Family
GENE, CHEMICAL, FAMILY = range(3)


def write(folder: Path, recipe: dict) -> Path:
    path = folder / "recipe.json"
    path.write_text(json.dumps(recipe))
    return path


@pytest.fixture
def recipe(tmp_path):
    return read_recipe(write(tmp_path, RECIPE))


def changed(*place, to) -> dict:
    """The recipe with another value at a place."""
    recipe = copy.deepcopy(RECIPE)
    inner = recipe
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = to
    return recipe


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            changed("guideline", "Gene", to=["none"]),
            r"field guideline.Gene: no such corpus: 'none'; known are all, chemi",
        ),
        (changed("guideline", "Gene", to=["chemicals"]), r"guideline.Gene: chemicals does not annotate Gene"),
        (changed("guideline", "Cell", to=[]), r"field guideline: no such type: 'Cell'; known are Gene"),
        (changed("corpora", "all", "types", "G", to="Protein"), r"field corpora.all.types: no such type: 'Protein'"),
        (changed("corpora", "all", "source", to=3), r"field corpora.all.source: 3 is not a string"),
        (changed("corpora", "all", "weight", to="2"), r"field corpora.all.weight: '2' is not a number"),
        (changed("corpora", "all", "tests", to=["x"]), r"field corpora.all: no such field: 'tests'; known are source"),
        (changed("corpora", to=["all"]), r"field corpora: \['all'\] is not an object"),
        (changed("claims", "Gene", to=["Cell"]), r"field claims: no such type: 'Cell'"),
        (changed("silent", to={"Family": ["Cell"]}), r"field silent: no such type: 'Cell'"),
        (changed("sampling_exponent", to="half"), r"field sampling_exponent: 'half' is not a number"),
        ({"types": []}, r"recipe.json, field corpora: is missing; add it"),
    ],
)
def test_a_wrong_recipe_is_refused(tmp_path, wrong, message):
    """A misspelled type or corpus would be left out of training in silence."""
    with pytest.raises(InputError, match=message):
        read_recipe(write(tmp_path, wrong))


def test_corpora_are_left_out(recipe):
    """Left in the default guideline, it would be looked for; a wrong name would change nothing."""
    assert recipe.without(["all"]).guideline == {"Gene": [], "Family": []}
    with pytest.raises(UsageError, match=r"--exclude-corpora: the recipe has no corpus other; it has all, chemicals"):
        recipe.without(["other"])
    with pytest.raises(UsageError, match="no corpus is left"):
        recipe.without(["all", "chemicals"])


def test_the_recipe_of_the_release_is_whole():
    """A slip in the committed recipe would be found after the corpora were read."""
    recipe = read_recipe(Path(__file__).parents[2] / "benchmarks/joint.json")
    assert len(recipe.corpora) == 23
    assert set(recipe.guideline) == set(recipe.types)
    assert not any(kind in claimed for kind, claimed in recipe.claims.items())
    assert recipe.guideline["Anatomy"] == recipe.guideline["Cell"]  # one corpus that tells them apart


def decisions(recipe, corpus, told, *tags):
    numbers = label_numbers(recipe.types)
    given = torch.tensor([[numbers[tag] for tag in tags]])
    names = list(recipe.corpora)
    labels, counted = supervise(given, torch.tensor([names.index(corpus)]), torch.tensor([told]), Rules.of(recipe))
    return labels.tolist()[0], counted.int().tolist()[0]


def test_what_a_token_supervises(recipe):
    """Worked out by hand, column by column: Gene, Chemical, Family."""
    tags = ("O", "B-Gene", "B-Family", "I-Family")
    labels, counted = decisions(recipe, "all", True, *tags)
    assert labels == [0, 1, 5, 6]
    assert counted == [[1, 0, 1], [1, 0, 1], [0, 0, 1], [0, 0, 1]]  # a family says nothing about Gene
    # Without its convention a gene is in addition no chemical; of families it says what the corpus annotates.
    assert decisions(recipe, "all", False, *tags)[1] == [[1, 0, 1], [1, 1, 1], [0, 0, 1], [0, 0, 1]]
    labels, counted = decisions(recipe, "chemicals", True, "B-Chemical", "I-?Chemical", "O")
    assert labels == [3, 0, 0]
    assert counted == [[0, 1, 0], [0, 0, 0], [0, 1, 0]]  # what the corpus calls a class may be a chemical or not
    assert decisions(recipe, "chemicals", False, "B-Chemical", "O")[1] == [[0, 0, 0], [0, 0, 0]]


def test_mentions_outside_of_the_guideline_claim_nothing(tmp_path):
    """A corpus that is not trusted for genes would teach that its genes are no chemicals."""
    recipe = read_recipe(write(tmp_path, changed("guideline", "Gene", to=[])))
    assert decisions(recipe, "all", False, "B-Gene")[1] == [[0, 0, 1]]

"""Command lines become options, or one line that says what is wrong with them."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from modeling_kogner.commands.options import help_of, knowledge_of, read_options
from modeling_kogner.files.errors import UsageError
from modeling_kogner.files.option import option


@dataclass
class Paper:
    """What is read."""

    text: str | None = option("Text to read.", None, positional=True)
    input_files: list[Path] = option("Files.", [], flag="input")
    types: list[str] | None = option("Types.", None, commas=True)
    level: str = option("How much.", "all", choices=("all", "Some"))
    share: float = option("Of 100 %.", 0.5, least=0, most=1)
    quick: bool = option("Be quick.", False)
    shown: bool = option("Show it.", True)


@dataclass
class Needed:
    """What must be given."""

    model: str = option("Model.", positional=True)
    batch_size: int = option("Batch.")
    names: list[str] = option("Names.", [])
    careful: bool = field(default=True, metadata={"help": "Take care."})


@dataclass
class Rest:
    """Read by others."""

    seed: int = 1

    @classmethod
    def read_rest(cls, words):
        """Takes --seed."""
        taken = [word for word in words if word not in ("--seed", "7")]
        return cls(7 if "--seed" in words else 1), taken, ["--seed"]


@dataclass
class Heavy:
    """Read by others, who import much."""

    @classmethod
    def read_rest(cls, words):
        """Too late."""
        raise AssertionError("imported before the call was checked")


@dataclass
class Checked:
    """Goes with one other."""

    recipe: str | None = option("Recipe.", None)

    def check_others(self, paper):
        """Either."""
        if not (self.recipe or paper.text):
            raise UsageError("give either --text or --recipe")


@dataclass
class Plain:
    """No positional."""

    dataset: list[str] = option("Corpora.")
    tf32: bool = option("Fast.", False)


def read(paper: Paper) -> None:
    """Read a paper.

    kogner read "a paper"
    """


def work(needed: Needed) -> None:
    """Work."""


def train(plain: Plain, rest: Rest) -> None:
    """Train."""


def slow(paper: Paper, checked: Checked, heavy: Heavy) -> None:
    """Import much."""


def given(command, *words):
    return read_options(command, words, "kogner test")


def test_every_spelling_means_the_same():
    """An old script with underscores, or one that repeats an option, would stop working or lose its first value."""
    for words in (
        ("x", "--input", "a", "b"),
        ("--input", "a", "--input", "b", "--text", "x"),
        ("x", "--input=a", "--input=b"),
    ):
        (paper,) = given(read, *words)
        assert (paper.text, paper.input_files) == ("x", [Path("a"), Path("b")])
    assert given(work, "m", "--batch_size", "3") == given(work, "--batch-size=3", "--model", "m")
    assert given(read, "--types", "A,B", "C")[0].types == ["A", "B", "C"]
    assert given(read, "--level", "SOME")[0].level == "Some"
    assert given(read)[0] == Paper()


def test_switches_take_no_word_that_is_a_text():
    """`kogner annotate --json TEXT` would read the text as the value of the switch."""
    (paper,) = given(read, "--quick", "some text", "--no-shown")
    assert (paper.text, paper.quick, paper.shown) == ("some text", True, False)
    for words, expected in ((("--tf32",), True), (("--tf32", "false"), False), (("--tf32", "True"), True), ((), False)):
        assert given(train, "--dataset", "d", *words)[0].tf32 is expected


def test_a_list_before_a_positional_word_does_not_take_it():
    """`kogner annotate --types Gene TEXT` would look for a type TEXT, and read standard input."""
    for words in (
        ("--types", "A,B", "some text"),
        ("some text", "--types", "A, B"),
        ("--types", "A", "B", "--quick", "some text"),
    ):
        (paper,) = given(read, *words)
        assert (paper.types, paper.text) == (["A", "B"], "some text")
    (needed,) = given(work, "--names", "a", "b", "m", "--batch-size", "3")
    assert (needed.names, needed.model) == (["a", "b"], "m")


def test_words_that_look_like_options_can_be_texts():
    """A text may start with a hyphen."""
    assert given(read, "--", "--quick")[0].text == "--quick"
    assert given(read, "- a list of things")[0].text == "- a list of things"
    assert given(read, "")[0].text == ""
    assert given(read, "--text=--quick")[0].text == "--quick"


def test_the_rest_is_read_by_others():
    """All options of the Trainer apply beside ours."""
    plain, rest = given(train, "--seed", "7", "--dataset", "a", "--dataset", "b")
    assert (plain.dataset, rest.seed) == (["a", "b"], 7)


@pytest.mark.parametrize(
    ("command", "words", "message"),
    [
        (read, ["--quik"], "no option --quik; did you mean --quick?"),
        (read, ["--model", "m", "text"], "no option --model; kogner test --help lists the options"),
        (read, ["a", "b"], "'b' is one argument too many"),
        (read, ["--quick", "--", "a", "-b"], "no option -b|'-b' is one argument too many"),
        (read, ["--share", "2"], "--share: 2 is out of range; give at least 0 and at most 1"),
        (read, ["--share", "x"], "--share: invalid float value: 'x'"),
        (read, ["--level", "none"], "--level: 'none' is none of all, Some"),
        (read, ["--input"], "--input: expected at least one argument"),
        (work, ["--batch-size", "3"], "MODEL is missing; kogner test --help shows an example"),
        (work, ["m"], "--batch-size is missing"),
        (train, ["--sed", "7"], "no option --sed; did you mean --seed?"),
        (train, ["--datset", "7"], "no option --datset; did you mean --dataset?"),
        (train, [], "--dataset is missing"),
        (train, ["--dataset", "d", "--tf32", "perhaps"], "--tf32: 'perhaps' is neither true nor false"),
        (work, ["--names", "a"], "MODEL is missing"),
    ],
)
def test_what_is_wrong_with_a_call_is_said(command, words, message):
    """A usage of two hundred options hides the one that was misspelled."""
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        given(command, *words)


def test_a_wrong_call_is_told_before_anything_is_imported():
    """`kogner train` alone would take ten seconds to say what is missing."""
    with pytest.raises(UsageError, match="give either"):
        given(slow)


def test_help_shows_example_options_and_defaults():
    """What is read must be what is shown."""
    shown = help_of(read, "kogner read")
    assert shown.startswith("usage: kogner read [TEXT] --OPTION VALUE ...")
    assert 'kogner read "a paper"' in shown
    assert "Of 100 %. Default: 0.5." in shown
    assert {"--input", "--no-shown", "--level"} <= set(re.findall(r"--[\w-]+", shown))
    assert "Required." in help_of(work, "kogner work")
    assert "--seed" in help_of(train, "kogner train")


def test_words_of_earlier_versions_for_the_graph():
    """Scripts say --knowledge off."""
    assert [knowledge_of(word) for word in (None, "on", "off", "None", "folder")] == [
        None,
        None,
        "none",
        "none",
        "folder",
    ]

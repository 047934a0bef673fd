import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_kogner.corpora.tag_schemes import (
    check_scheme,
    keep_types,
    mention_spans,
    rename_types,
    split_tag,
    to_iob2,
)
from modeling_kogner.files.errors import InputError

GOLD = ["B-D", "I-D", "B-D", "O", "B-G", "B-D"]


@pytest.mark.parametrize(
    "tags",
    [
        GOLD,
        ["I-D", "I-D", "B-D", "O", "I-G", "I-D"],  # IOB1
        ["B-D", "E-D", "S-D", "O", "S-G", "S-D"],  # BIOES
        ["B-D", "L-D", "U-D", "O", "U-G", "U-D"],  # BILOU
    ],
)
def test_every_scheme_gives_the_same_iob2(tags: list[str]) -> None:
    """Two adjacent mentions would silently become one, or a type change be missed."""
    assert to_iob2(tags) == GOLD


def test_an_ended_mention_is_not_continued() -> None:
    """After E or S an I would be glued to the mention before it."""
    assert to_iob2(["B-D", "E-D", "I-D", "S-D", "E-D"]) == ["B-D", "I-D", "B-D", "B-D", "B-D"]


@pytest.mark.parametrize("tag", ["X-Disease", "B_Disease", "b-Disease", "B-", "B", "", "B- x", 1, None])
def test_unknown_tags_are_refused(tag: object) -> None:
    """A tag of no scheme would count as O and its mentions vanish."""
    with pytest.raises(ValueError, match="unknown tag"):
        split_tag(tag)  # type: ignore[arg-type]


def test_types_may_hold_hyphens() -> None:
    """Cutting at the last hyphen would make "type" of every "cell-type"."""
    assert split_tag("B-cell-type") == ("B", "cell-type")


def test_mixed_schemes_are_refused() -> None:
    """Tags pasted from two tools would be read by chance."""
    with pytest.raises(ValueError, match=r"corpus X.*mix BIOES"):
        check_scheme({"B", "E", "L"}, "corpus X")
    check_scheme({"B", "I", "O"}, "corpus X")


def test_keep_types_drops_the_others() -> None:
    """A type left over would be trained although the corpus was restricted."""
    assert keep_types(GOLD, ["G"]) == ["O", "O", "O", "O", "B-G", "O"]


@given(st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"]), max_size=12))
def test_iob2_is_stable_and_keeps_the_mentions(tags: list[str]) -> None:
    """Normalising twice must change nothing, nor may it move a mention."""
    once = to_iob2(tags)
    assert to_iob2(once) == once
    assert mention_spans(once) == mention_spans(tags)


def test_types_are_renamed_or_left_out() -> None:
    """Borders of neighbouring mentions would be lost where two types become one."""
    names = {"Family": "GeneFamily", "Domain": "GeneFamily", "Place": None}
    tags = ["B-Family", "I-Family", "B-Domain", "O", "B-Place"]
    assert rename_types(tags, names) == ["B-GeneFamily", "I-GeneFamily", "B-GeneFamily", "O", "O"]
    with pytest.raises(InputError, match=r"type 'Gene' is not mapped"):
        rename_types(["B-Gene"], names)

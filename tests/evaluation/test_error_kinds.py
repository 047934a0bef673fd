"""Kinds of errors, counted by hand."""

from modeling_kogner.corpora.mention import Mention
from modeling_kogner.evaluation.error_kinds import error_kinds


def mentions(*rows):
    return [Mention(start, end, "x" * (end - start), kind) for kind, start, end in rows]


def test_each_error_is_of_one_kind():
    """A border counted as spurious and missed too would hide what is wrong with a model."""
    gold = mentions(("Gene", 0, 4), ("Gene", 10, 20), ("Disease", 30, 40), ("Gene", 50, 54), ("Chemical", 60, 62))
    found = mentions(
        ("Gene", 0, 4),  # right
        ("Gene", 12, 20),  # border, and the gold mention is no error again
        ("Chemical", 30, 34),  # another type over the disease, which is missed for it
        ("Gene", 70, 72),  # spurious; gene and chemical at 50 and 60 are missed
    )
    assert error_kinds([gold], [found]) == {"border": 1, "type": 1, "spurious": 1, "missed": 2, "missed_for_type": 1}


def test_documents_are_kept_apart():
    """The same offsets in another document are another place."""
    one, other = mentions(("Gene", 0, 4)), mentions(("Gene", 0, 5))
    expected = {"border": 0, "type": 0, "spurious": 1, "missed": 1, "missed_for_type": 0}
    assert error_kinds([one, []], [[], other]) == expected


def test_neighbours_do_not_overlap():
    """An end that is another's start is not shared."""
    assert error_kinds([mentions(("Gene", 0, 4))], [mentions(("Gene", 4, 6))])["border"] == 0

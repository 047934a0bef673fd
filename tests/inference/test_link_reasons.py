"""Why a mention is linked to this concept and not to the next three."""

from modeling_kogner.corpora.mention import Candidate, Mention
from modeling_kogner.inference.link_reasons import considered, reasons_of


def test_the_chosen_concept_comes_before_the_next_three():
    """A reader compares what was given with what came next; a fourth alternative is not shown."""
    others = [Candidate(f"MONDO:{n}", f"palsy {n}", "Disease", 0.5) for n in range(4)]
    chosen = {"id": "MESH:D010300", "name": "Parkinson Disease", "link_score": 1.0, "ids": ["MESH:D010300", "DOID:1"]}
    mention = Mention(0, 2, "PD", "Disease", 0.9, **chosen, alternatives=others)
    found = considered(mention, "PD. Parkinson disease (PD) is a palsy.")
    assert [each.candidate.id for each in found] == ["MESH:D010300", "MONDO:0", "MONDO:1", "MONDO:2"]
    assert [each.is_chosen for each in found] == [True, False, False, False]
    assert found[0].reasons == [
        "a written form of it is the long form that the document defines",
        "its preferred name",
        "has an id of the preferred vocabulary",
    ]
    assert found[1].reasons == ["its name is similar (0.50)"]


def test_without_a_link_nothing_is_chosen():
    """What was not close enough must not look like the concept of the mention."""
    mention = Mention(0, 2, "PD", "Disease", 0.9, alternatives=[Candidate("MONDO:1", "palsy", "Disease", 0.3)])
    assert [each.is_chosen for each in considered(mention, "PD")] == [False]


def test_what_an_exact_name_makes_needless_is_not_said():
    """Of a name that is the same it is no news that it is similar."""
    features = {"exact": 1.0, "near": 0.99, "other_form": 0.5, "organism_near": 1.0, "seen": 0.0, "candidates": 0.4}
    assert reasons_of(features) == ["a written form of it", "its organism is the one named nearest"]
    assert reasons_of({"near": 0.9}) == ["its name is similar (0.90)"]
    assert reasons_of({}) == []

"""Why a mention is linked to this concept and not to the next three."""

import numpy as np

from modeling_kogner.concept_catalogue import ConceptCatalogue
from modeling_kogner.corpora.mention import Candidate, Mention
from modeling_kogner.inference.link_reasons import _REASONS, considered, reasons_of
from modeling_kogner.inference.organism_names import OrganismNames
from modeling_kogner.inference.tables import Tables
from modeling_kogner.link_feature_names import LINK_FEATURES


def test_the_chosen_concept_comes_before_the_next_three():
    """A reader compares what was given with what came next; a fourth alternative is not shown."""
    others = [Candidate(f"MONDO:{n}", f"palsy {n}", "Disease", 0.5) for n in range(4)]
    chosen = {"id": "MESH:D010300", "name": "Parkinson Disease", "link_score": 1.0, "ids": ["MESH:D010300", "DOID:1"]}
    mention = Mention(0, 2, "PD", "Disease", 0.9, **chosen, alternatives=others)
    found = considered(mention, "PD. Parkinson disease (PD) is a palsy.")
    assert [each.candidate.id for each in found] == ["MESH:D010300", "MONDO:0", "MONDO:1", "MONDO:2"]
    assert [each.is_chosen for each in found] == [True, False, False, False]
    assert found[0].reasons == [
        "a written form of it is what the mention is short for",
        "its preferred name",
        "has an id of the preferred vocabulary",
    ]
    assert found[1].reasons == ["its name is similar (0.50)"]


def test_without_a_link_nothing_is_chosen():
    """What was not close enough must not look like the concept of the mention."""
    mention = Mention(0, 2, "PD", "Disease", 0.9, alternatives=[Candidate("MONDO:1", "palsy", "Disease", 0.3)])
    assert [each.is_chosen for each in considered(mention, "PD")] == [False]


def test_what_the_document_says_is_a_reason():
    """A strain's number is like no name, and the choice knows nothing of its species."""
    mention = Mention(0, 3, "A-1", "Species", 0.9, id="NCBITaxon:1", name="Gordonia humi", link_score=0.9)
    assert [each.reasons for each in considered(mention, "A-1", {})] == [["the document itself says so"]]
    assert [each.reasons for each in considered(mention, "A-1")] == [
        ["its name is similar (0.90)", "has an id of the preferred vocabulary"]
    ]


def test_what_an_exact_name_makes_needless_is_not_said():
    """Of a name that is the same it is no news that it is similar."""
    features = {"exact": 1.0, "near": 0.99, "other_form": 0.5, "organism_near": 1.0, "seen": 0.0, "candidates": 0.4}
    assert reasons_of(features) == ["a written form of it", "its organism is the one named nearest"]
    assert reasons_of({"near": 0.9}) == ["its name is similar (0.90)"]
    assert reasons_of({}) == []


def test_reasons_are_of_features_that_the_choice_reads():
    """A feature that was renamed would silently be no reason any more."""
    assert set(_REASONS) <= set(LINK_FEATURES)
    mention = Mention(0, 2, "PD", "Disease", 0.9, alternatives=[Candidate("MONDO:1", "palsy", "Disease", 0.3)])
    (only,) = considered(mention, "PD", {"MONDO:1": {"seen": 0.5}})
    assert only.reasons == ["annotated so in training documents"]


def test_organisms_are_named():
    """The number of an organism, off by one, would make every mouse gene a human one."""
    catalogue = ConceptCatalogue(["NCBITaxon:9606", "NCBIGene:1", "NCBIGene:2"], ["Homo sapiens", "A", "a"])
    linking = {"organism": np.array([0, 1, 2], dtype=np.uint8)}
    names = OrganismNames(Tables({"linking": linking}, catalogue), ["NCBITaxon:9606", "NCBITaxon:10090"])
    assert [names.of(concept) for concept in range(4)] == [None, "Homo sapiens", "NCBITaxon:10090", None]
    assert OrganismNames(Tables({}, catalogue), None).of(1) is None

"""Rules of written forms, by example and by property."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_kogner.graph.noise import noise
from modeling_kogner.graph.surface_forms import author_forms, changes, surface_key, surface_keys


@pytest.mark.parametrize(
    ("name", "semantic_type", "forms"),
    [
        ("Carcinoma, Basal Cell", "Disease", ["Basal Cell Carcinoma"]),
        ("Leukemia, Myeloid, Acute", "Disease", ["Acute Myeloid Leukemia", "Acute Myeloid Leukaemia"]),
        ("Diabetes, Type 2", "Disease", ["Type 2 Diabetes", "Diabetes Type 2"]),
        ("astrocytoma (disease) [Ambiguous]", "Disease", ["astrocytoma"]),
        ("ft protein, Drosophila", "Protein", ["ft protein"]),
        ("USP31 protein, human", "Protein", ["USP31", "USP31 protein"]),
        ("HUT-125 cell", "CellLine", ["HUT-125 cell", "HUT-125"]),
        ("glioma stem cell", "CellLine", ["glioma stem cell"]),
        ("Parkinson's disease", "Disease", ["Parkinson's disease", "Parkinson disease"]),
        ("myopathy", "Disease", ["myopathy", "myopathies"]),
        ("psychosis", "Disease", ["psychosis", "psychoses"]),
        ("abscess", "Disease", ["abscess", "abscesses"]),
        ("brain tumour", "Disease", ["brain tumour", "brain tumor"]),
        ("anemia", "Disease", ["anemia", "anaemia"]),
        ("edema", "Disease", ["edema", "oedema"]),
        ("oedema", "Disease", ["oedema", "edema"]),
        ("interferon alpha", "Protein", ["interferon alpha", "interferon \u03b1"]),
        ("PDGFR-\u03b2", "Protein", ["PDGFR-\u03b2", "PDGFR-beta"]),
        ("Escherichia coli", "Species", ["Escherichia coli", "E. coli"]),
        ("ADVAIR COMPONENT SALMETEROL", "Chemical", ["ADVAIR COMPONENT SALMETEROL", "ADVAIR"]),
        # lists, afterthoughts, locants and charges stay as they are
        ("Nevi, Keratocysts, and Anomalies", "Disease", ["Nevi, Keratocysts, and Anomalies"]),
        ("asthma, susceptibility to", "Disease", ["asthma, susceptibility to"]),
        ("1,4-dioxane", "Chemical", ["1,4-dioxane"]),
        ("copper (II)", "Chemical", ["copper (II)"]),
        ("systemic", "Disease", ["systemic"]),
        ("chemical", "Disease", ["chemical"]),
    ],
)
def test_author_forms(name, semantic_type, forms):
    """Each rule does what its sentence says; a wrong one fills the index with forms nobody writes."""
    assert author_forms(name, semantic_type) == forms


@given(st.text(max_size=40), st.sampled_from(["Disease", "Chemical", "Protein", "Species", "CellLine"]))
def test_any_name_keeps_a_form_and_none_twice(name, semantic_type):
    """A rule that yields nothing for some odd name would lose its concept."""
    forms = author_forms(name, semantic_type)
    assert forms
    assert len(forms) == len(set(forms))


_NAMES = st.lists(
    st.text(max_size=40) | st.sampled_from(["tumors", "x-ray, thorax", "Parkinson's disease", "TGF beta"])
)


@given(_NAMES, st.sampled_from(["Disease", "Chemical", "Protein", "Species", "CellLine"]))
def test_columns_are_treated_as_single_names_are(names, semantic_type):
    """Another key than the index compares is never found; a name taken for one without variants loses them."""
    column = pd.Series(names, dtype="str")
    assert surface_keys(column).tolist() == [surface_key(name) for name in names]
    changed = changes(column, pd.Series(semantic_type, index=column.index, dtype="str"))
    for name, may_change in zip(names, changed, strict=True):
        assert may_change or author_forms(name, semantic_type) == [name]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Beta-Blockers", "beta blocker"), ("Down's syndrome", "downs syndrome"), ("T cells", "T-cell")],
)
def test_key_sees_through_case_space_hyphen_apostrophe_and_plural(one, other):
    """The index compares these; a key that differs would count recall the index does not have."""
    assert surface_key(one) == surface_key(other)
    assert surface_key("mass") == "mass"  # four letters keep their "s"


NOISE = [
    ("p5", "Gene", "preferred", "one or two letters"),
    ("A-T", "Disease", "synonym", "one or two letters"),
    ("XIV", "Gene", "preferred", "number"),
    ("12-34", "Chemical", "preferred", "number"),
    ("x" * 61, "Chemical", "preferred", "over 60"),
    ("Proteins", "Protein", "preferred", "generic"),
    ("CAMP", "Gene", "synonym", "English"),
    ("S-a-m-e", "Chemical", "synonym", "English"),
    ("not shown", "Species", "synonym", "English"),
    ("Poa annua Linnaeus, 1753", "Species", "synonym", "author"),
    ("Canna flaccida Salisb.", "Species", "synonym", "author"),
    ("min", "Gene", "listed", "English"),
    ("Data", "Species", "listed", "English"),
    ("HeLa", "CellLine", "listed", None),
    ("insulin", "Protein", "preferred", None),
    ("VEGF", "Gene", "synonym", None),
    ("heart", "Anatomy", "preferred", None),
    ("mouse", "Species", "synonym", None),
    ("cancer", "Disease", "preferred", None),
    ("oxygen", "Chemical", "preferred", None),
    ("Homo sapiens", "Species", "preferred", None),
    ("xeroderma pigmentosum", "Disease", "preferred", None),
    ("all-trans retinoic acid", "Chemical", "preferred", None),
]


def test_noise():
    """Too lax, and common words are tagged everywhere; too strict, and insulin and mice are lost."""
    forms = [
        {"surface": surface, "key": surface_key(surface), "type": semantic_type}
        | {origin: origin == evidence for origin in ("synonym", "derived", "listed")}
        for surface, semantic_type, evidence, _ in NOISE
    ]
    found = noise(pd.DataFrame(forms))
    for (surface, *_, reason), said in zip(NOISE, found, strict=True):
        assert pd.isna(said) if reason is None else reason in str(said), (surface, said)


def test_a_word_that_one_vocabulary_prefers_is_a_synonym_in_others():
    """MeSH's Neoplasms lost "cancer", which it lists as a synonym, to other vocabularies' concept of that name."""
    rows = [
        {"surface": "cancer", "key": "cancer", "type": kind, "synonym": synonym, "derived": False, "listed": False}
        for kind, synonym in (("Disease", False), ("Disease", True), ("Gene", True))
    ]
    assert noise(pd.DataFrame(rows)).notna().tolist() == [False, False, True]
    assert noise(pd.DataFrame(rows[1:])).notna().all()

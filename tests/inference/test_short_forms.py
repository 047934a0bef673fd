"""Formulas and common short forms, and when they count."""

import pytest
from support import ROOT

from modeling_kogner import load
from modeling_kogner.corpora.document import Document
from modeling_kogner.corpora.mention import Mention
from modeling_kogner.inference.explained_short_forms import with_long_forms
from modeling_kogner.inference.short_forms import known_short_forms, written_out

FORMULAS = {
    "ZnCl2": "zinc chloride",
    "FeCl3": "ferric chloride",
    "FeCl2": "ferrous chloride",
    "Cu2O": "cuprous oxide",
    "CuO": "cupric oxide",
    "Al2(SO4)3": "aluminum sulfate",
    "(NH4)2SO4": "ammonium sulfate",
    "TiO2": "titanium dioxide",
    "MgSO4\u00b77H2O": "magnesium sulfate",
    "CO": "carbon monoxide",
    "CO\u2082": "carbon dioxide",
    "HNO3": "nitric acid",
    "Ca2+": "calcium",
    "Ca\u00b2\u207a": "calcium",
    "Mg(2+)": "magnesium",
    "Zn++": "zinc",
    "Fe(III)": "iron",
    "Cr(VI)": "chromium",
    "NO3-": "nitrate",
    "SO42-": "sulfate",
    "SO4(2-)": "sulfate",
    "Cl-": "chloride",
    "Zn": "zinc",
    "As": "arsenic",
    "13C": "carbon-13",
    "(15)N": "nitrogen-15",
    "3H": "tritium",
    "99mTc": "technetium-99m",
    "OsO4": "osmium tetroxide",
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas(formula):
    """Unread, the most common chemicals have no concept; read wrong, zinc would become zinc chloride."""
    assert written_out(formula, "Chemical")[0] == FORMULAS[formula]


@pytest.mark.parametrize(
    "text", ["CO2X", "zn", "CD4+", "IL-2", "aspirin", "zncl2", "Zn2", "", "NaClx", "C6H12O6", "13", "C13orf2"]
)
def test_what_is_no_formula(text):
    """Words look like elements, and cells like ions."""
    assert written_out(text, "Chemical") == []


def test_names_depend_on_the_type():
    """RA is a disease or an acid; a formula is a chemical."""
    assert written_out("RA", "Disease") == ["rheumatoid arthritis"]
    assert written_out("RA", "Chemical") == ["retinoic acid"]
    assert written_out("MSCs", "Cell") == written_out("MSC", "Cell") == ["mesenchymal stem cell"]
    assert written_out("Participants", "Species") == ["Homo sapiens"]
    assert written_out("RA", "Gene") == written_out("ra", "Disease") == written_out("CO", "Gene") == []


@pytest.fixture(scope="module")
def kogner():
    return load(ROOT / "hub_card", device="cpu")


def test_names_of_short_forms_are_in_the_graph(kogner):
    """A name that no vocabulary has would do nothing, or bring up what is similar to it."""
    linker = kogner.linker
    exact = linker._lookup.exact([*known_short_forms().values()])
    unknown = [
        (kind, short)
        for (kind, short), name in known_short_forms().items()
        if not any(linker._fitting(kind)[named.concept] for named in exact.get(name, ()))
    ]
    assert not unknown


def test_genes_of_plants_are_no_human_ones(kogner):
    """The graph has hardly a gene of rice, and human ones with the same symbols."""
    about_rice = kogner("Under drought CAT and SOD1 were induced in rice seedlings. Transgenic rice plants survived.")
    genes = [mention for mention in about_rice.mentions if mention.type == "Gene"]
    assert [mention.text for mention in genes] == ["CAT", "SOD1"]
    assert not any(mention.id for mention in genes)
    insect = kogner("Rice plants with resistance to BPH. Rice cultivars.")
    assert [m.id for m in insect.mentions if (m.text, m.type) == ("BPH", "Disease")] == [None]
    prostate = kogner("Men with BPH.")
    assert [m.name for m in prostate.mentions if m.text == "BPH"] == ["Prostatic Hyperplasia"]
    of_rats = kogner("Expression of CAT and SOD1 in livers of rats.")
    assert [(m.text, m.name) for m in of_rats.mentions if m.type == "Gene"] == [("CAT", "Cat"), ("SOD1", "Sod1")]


def test_symbols_of_elements_have_their_case(kogner):
    """NA is noradrenaline or something else, and Na alone sodium."""
    names = [m.name for text in ("Uptake of NA fell.", "Uptake of Na fell.") for m in kogner(text).mentions]
    assert names == [None, "Sodium"]


def test_cells_are_told_by_the_line_within_them(kogner):
    """Two names of one thing would have two concepts, or one of them none."""
    document = kogner("COS-7 cells and HeLa cells were used, but no T cells.")
    found = {(mention.text, mention.type): mention.id for mention in document.mentions}
    assert found["COS-7 cells", "Cell"] == found["COS-7", "CellLine"] == "CVCL:0224"
    assert found["HeLa cells", "Cell"] == found["HeLa", "CellLine"] == "CVCL:0030"
    assert found["T cells", "Cell"] == "CL:0000084"


def test_what_the_document_defines_comes_first(kogner):
    """MS is not multiple sclerosis where it is said to be something else."""
    alone, defined = kogner("Patients with MS."), kogner("Patients with mitral stenosis (MS).")
    assert [m.name for m in alone.mentions if m.text == "MS"] == ["Multiple Sclerosis"]
    assert [m.name for m in defined.mentions if m.text == "MS"] == ["Mitral Valve Stenosis"]


def linked(kogner, text: str, kind: str, *mentions: str) -> list[str | None]:
    """Names of the concepts of mentions of one type."""
    document = Document.of(text)
    for mention in mentions:
        start = text.index(mention)
        document.mentions.append(Mention(start, start + len(mention), mention, kind))
    kogner.linker.link([document])
    return [mention.name for mention in document.mentions]


def test_what_nothing_explains_has_no_concept(kogner):
    """CD was Cowden's disease, as training documents say, and PAA a protein of yeast."""
    assert linked(kogner, "CD was diagnosed.", "Disease", "CD") == [None]
    assert linked(kogner, "Celiac disease (CD) was diagnosed.", "Disease", "CD") == ["Celiac Disease"]
    assert linked(kogner, "Uptake of PAA fell.", "Chemical", "PAA") == [None]
    assert linked(kogner, "T2DM is common.", "Disease", "T2DM") == ["Diabetes Mellitus, Type 2"]


def test_a_short_form_is_what_another_mention_spells(kogner):
    """Only what stands in brackets was a definition: ALF had no concept beside acute liver failure."""
    failure, alf = linked(
        kogner, "Acute liver failure is rare. ALF was fatal.", "Disease", "Acute liver failure", "ALF"
    )
    assert failure == alf == "Liver Failure, Acute"
    text = "Cyproterone acetate was given. CPA was stopped later."
    assert linked(kogner, text, "Chemical", "Cyproterone acetate", "CPA") == ["Cyproterone Acetate"] * 2
    text = "Benzodiazepines (BZD) were taken. BZDs were stopped."
    assert linked(kogner, text, "Chemical", "BZDs") == ["Benzodiazepines"]
    text = "Atropine was given before ATP was measured."
    assert linked(kogner, text, "Chemical", "Atropine", "ATP") == ["Atropine", "Adenosine Triphosphate"]


def test_a_common_short_form_yields_to_what_the_document_names(kogner):
    """DM is diabetes, but not in a document on myotonic dystrophy."""
    text = "Myotonic dystrophy runs in families. DM was mild."
    assert linked(kogner, text, "Disease", "DM") == ["Diabetes Mellitus"]
    assert linked(kogner, text, "Disease", "Myotonic dystrophy", "DM") == ["Myotonic Dystrophy"] * 2
    nitrogen = linked(kogner, "Nitrate and N were low.", "Chemical", "Nitrate", "N")
    assert nitrogen == ["Nitrates", "Nitrogen"]


def test_what_drugs_bring_about_needs_one(kogner):
    """Documents about drugs call drug-induced liver injury hepatitis; others mean an infection."""
    names = [
        {mention.text: mention.name for mention in kogner(text).mentions}["hepatitis"]
        for text in ("Blood donors are tested for hepatitis.", "Isoniazid may cause hepatitis.")
    ]
    assert names == ["Hepatitis", "Chemical and Drug Induced Liver Injury"]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("IOP rise", "intraocular pressure rise"),
        ("intraocular pressure (IOP) rise", "intraocular pressure (IOP) rise"),
        ("IOP", "IOP"),  # a short form alone is no part of a name
        ("low-IOP glaucoma", "low-intraocular pressure glaucoma"),
        ("the rise", "the rise"),
    ],
)
def test_short_forms_within_names_are_written_out(name, written):
    """The toxicity of "GI" would be celiac disease."""
    assert with_long_forms(name, {"IOP": "intraocular pressure", "the": "theory"}) == written

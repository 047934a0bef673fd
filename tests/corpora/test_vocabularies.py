"""Ids and their pages."""

import pytest

from modeling_kogner.corpora.document import Document
from modeling_kogner.corpora.mention import Mention
from modeling_kogner.corpora.vocabularies import PAGES, PREFERRED, page_of, vocabulary_of
from modeling_kogner.corpora.writers import COLUMNS, rows


@pytest.mark.parametrize(
    ("concept", "page"),
    [
        ("MESH:D001241", "https://meshb.nlm.nih.gov/record/ui?ui=D001241"),
        ("CVCL:0030", "https://www.cellosaurus.org/CVCL_0030"),
        ("UBERON:0002107", "http://purl.obolibrary.org/obo/UBERON_0002107"),
        ("rs113488022", "https://www.ncbi.nlm.nih.gov/snp/rs113488022"),
        ("p.Val600Glu", None),
        ("SNOMEDCT:39005004", None),
        ("LAB:1", None),
    ],
)
def test_pages_of_ids(concept, page):
    """A link to nowhere, or to a page that only subscribers may read."""
    assert page_of(concept) == page


def test_the_vocabulary_of_an_id():
    """Ids of variants have no prefix."""
    assert [vocabulary_of(each) for each in ("MESH:D1", "rs12", "c.1799T>A")] == ["MESH", "dbSNP", "HGVS"]
    assert set(PREFERRED.values()) - set(PAGES) == {"FPLX"}


def test_brat_has_a_vocabulary_before_each_id():
    """Brat refuses an id without one, and two in one reference."""
    document = Document.of("R1L, BRCA1/2")
    document.mentions = [
        Mention(0, 3, "R1L", "Variant", id="p.Arg1Leu", name="p.Arg1Leu"),
        Mention(5, 12, "BRCA1/2", "Gene", id="NCBIGene:672|NCBIGene:675", name="BRCA1|BRCA2"),
    ]
    notes = [line for line in document.to_brat().splitlines() if line.startswith("N")]
    assert notes == [
        "N1\tReference T1 HGVS:p.Arg1Leu\tp.Arg1Leu",
        "N2\tReference T2 NCBIGene:672\tBRCA1",
        "N3\tReference T2 NCBIGene:675\tBRCA2",
    ]


def test_tables_have_link_score_and_organism():
    """Without the organism, TP53 of mouse and of human look alike."""
    mention = Mention(0, 4, "Tp53", "Gene", 0.9, "NCBIGene:22059", "Trp53", link_score=0.81234, organism="Mus musculus")
    document = Document.of("Tp53")
    document.mentions = [mention]
    (row,) = rows(document)
    assert dict(zip(COLUMNS, row, strict=True))["organism"] == "Mus musculus"
    assert dict(zip(COLUMNS, row, strict=True))["link_score"] == 0.8123
    assert 'data-organism="Mus musculus"' in document.to_html()
    assert '"organism": "Mus musculus"' in document.to_bioc()

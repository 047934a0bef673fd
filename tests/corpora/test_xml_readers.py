"""Full texts of PubMed Central, PubMed's XML and BioC XML, as they come from their servers."""

import gzip
import io
import itertools
import tracemalloc

import pytest

from modeling_kogner.corpora.formats import OUTPUTS, READERS, input_files, read_records
from modeling_kogner.corpora.record import Fields

JATS = """<?xml version="1.0"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96)//EN" "JATS-archivearticle1.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink"><front>
<journal-meta><journal-title-group><journal-title>J Tests</journal-title></journal-title-group></journal-meta>
<article-meta><article-id pub-id-type="pmid">7</article-id><article-id pub-id-type="pmc">123</article-id>
<title-group><article-title>Fever in <italic>E. coli</italic>
   studies</article-title></title-group>
<pub-date pub-type="collection"><year>2020</year></pub-date>
<pub-date pub-type="epub"><day>7</day><month>3</month><year>2020</year></pub-date>
<contrib-group><contrib><name>Nobody</name></contrib></contrib-group>
<abstract><sec><title>Aims</title><p>To see &alpha; fever &amp; CO<sub>2</sub>.</p></sec></abstract>
</article-meta></front>
<body><p>Before any section.</p><sec><title>Methods</title>
<p>Rats<sup><xref ref-type="bibr" rid="b1">12</xref></sup> were fed<xref ref-type="bibr" rid="b2">[3]</xref>
<inline-formula><alternatives><tex-math>\\begin{document}p\\end{document}</tex-math><mml:math
 xmlns:mml="http://m">p&lt;1</mml:math></alternatives></inline-formula> daily.
<fig id="f"><label>Fig 1</label><caption><title>Growth.</title><p>Of the rats.</p></caption><graphic/></fig> The end.
<list><list-item><p>one item</p></list-item></list></p>
<table-wrap><label>Table 1</label><caption><p>Doses of aspirin.</p></caption><table><tr><td>99</td></tr></table>
<table-wrap-foot><p>foot</p></table-wrap-foot></table-wrap>
<sec><title>Inner</title><p>Deep.</p></sec></sec></body>
<back><ref-list><ref><mixed-citation>A work</mixed-citation></ref></ref-list></back>
<floats-group><fig><caption><p>Floating.</p></caption></fig></floats-group>
</article>"""
PUBMED = """<?xml version="1.0"?>
<PubmedArticleSet>
<PubmedArticle><MedlineCitation><PMID Version="1">11</PMID><Article><Journal><JournalIssue><PubDate><Year>1999</Year>
<Month>Mar</Month></PubDate></JournalIssue><Title>J Tests</Title></Journal>
<ArticleTitle>Aspirin <i>in</i> rats.</ArticleTitle>
<Abstract><AbstractText Label="AIM">First.</AbstractText><AbstractText>Second<sup>2</sup>.</AbstractText>
<CopyrightInformation>no</CopyrightInformation></Abstract></Article>
<CommentsCorrectionsList><CommentsCorrections><PMID>99</PMID></CommentsCorrections></CommentsCorrectionsList>
</MedlineCitation><PubmedData><History><PubMedPubDate><Year>2001</Year></PubMedPubDate></History></PubmedData></PubmedArticle>
<PubmedArticle><MedlineCitation><PMID>12</PMID><Article><Journal><JournalIssue><PubDate><MedlineDate>1998 Dec-1999 Jan
</MedlineDate></PubDate></JournalIssue></Journal><ArticleTitle>Only a title.</ArticleTitle></Article></MedlineCitation>
</PubmedArticle><DeleteCitation><PMID>5</PMID></DeleteCitation></PubmedArticleSet>"""


def read(kind, content):
    content = content.encode() if isinstance(content, str) else content
    return [record.parse() for record in READERS[kind](io.BytesIO(content), "file", Fields())]


def test_full_text_is_read_as_prose(tmp_path):
    """Numbers of references glued to words, tables and TeX would be tagged; a caption that is lost is missed."""
    (article,) = read("jats", JATS)
    assert article.id == "PMC123"
    assert [(each.infons["type"], each.infons.get("section", ""), each.text) for each in article.passages] == [
        ("title", "", "Fever in E. coli studies"),
        ("abstract", "Aims", "Aims"),
        ("abstract", "Aims", "To see \u03b1 fever & CO2."),
        ("paragraph", "", "Before any section."),
        ("section_title", "Methods", "Methods"),
        ("paragraph", "Methods", "Rats 12 were fed [3] p<1 daily. The end."),
        ("caption", "Methods", "Growth."),
        ("caption", "Methods", "Of the rats."),
        ("paragraph", "Methods", "one item"),
        ("caption", "Methods", "Doses of aspirin."),
        ("section_title", "Inner", "Inner"),
        ("paragraph", "Inner", "Deep."),
        ("caption", "", "Floating."),
    ]
    for each in article.passages:
        assert article.text[each.offset : each.offset + len(each.text)] == each.text
    assert {key: article.record[key] for key in ("id", "date", "journal")} == {
        "id": "PMC123",
        "date": "2020-03-07",
        "journal": "J Tests",
    }
    assert article.record["text"] == article.text


def test_pubmed_is_read_with_dates(tmp_path):
    """The numbers and dates of cited or deleted articles must not become documents or dates."""
    first, second = read("pubmed", PUBMED)
    assert (first.id, first.text) == ("11", "Aspirin in rats. First. Second2.")
    assert [each.infons for each in first.passages] == [
        {"type": "title"},
        {"type": "abstract", "section": "AIM"},
        {"type": "abstract"},
    ]
    assert (first.record["date"], first.record["journal"], second.record["date"]) == ("1999-03", "J Tests", "1998")
    assert "journal" not in second.record


def test_xml_tells_its_format_and_may_be_compressed(tmp_path):
    """All three end in .xml; what the servers send is compressed."""
    bioc = OUTPUTS["bioc-xml"].whole(read("pubmed", PUBMED))
    (tmp_path / "a.xml").write_text(JATS)
    (tmp_path / "b.xml.gz").write_bytes(gzip.compress(PUBMED.encode()))
    (tmp_path / "c.xml").write_text(bioc)
    (tmp_path / "d.nxml").write_text(JATS)
    files = input_files([tmp_path], None)
    assert [kind for _, kind in files] == ["jats", "pubmed", "bioc-xml", "jats"]
    records = list(read_records(files, Fields()))
    assert [each.parse().id for each in records] == ["PMC123", "11", "12", "11", "12", "PMC123"]
    assert records[-1].position == sum(path.stat().st_size for path, _ in files)
    (tmp_path / "page.xml").write_text("<html/>")
    with pytest.raises(ValueError, match="an XML file of <html>; give BioC, JATS"):
        input_files([tmp_path / "page.xml"], None)
    (tmp_path / "b.xml.gz").write_bytes(gzip.compress(PUBMED.encode())[:200])
    with pytest.raises(ValueError, match=r"b\.xml\.gz: damaged .*download it again"):
        list(read_records([(tmp_path / "b.xml.gz", "pubmed")], Fields()))


def test_bioc_xml_that_was_written_is_read_again():
    """Passages, offsets and what is said of a passage."""
    (article,) = read("jats", JATS)
    (again,) = read("bioc-xml", OUTPUTS["bioc-xml"].whole([article]))
    assert (again.id, again.passages) == (article.id, article.passages)
    sentences = "<collection><document><id>1</id><passage><offset>0</offset><sentence><offset>3</offset><text>Hi</text>"
    (document,) = read("bioc-xml", f"{sentences}</sentence></passage></document></collection>")
    assert document.text == "   Hi"


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"{LAUGHS}<PubmedArticleSet>&b;</PubmedArticleSet>", "file, line 1: the entity a is declared"),
        (
            '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><PubmedArticleSet>&f;</PubmedArticleSet>',
            "entity f is",
        ),
        ("<PubmedArticleSet><PubmedArticle></PubmedArticleSet>", "file, line 1: not XML \\(mismatched tag"),
        ("<PubmedArticleSet>" + "<a>" * 501, "more than 500 elements in one another"),
        ("<html></html>", "an XML file of <html>; this reader takes"),
        ("", "not XML \\(no element found"),
    ],
)
def test_hostile_and_damaged_files_are_refused(content, message):
    """A few lines may stand for gigabytes, or for another file of this machine; deep nesting would end the process."""
    with pytest.raises(ValueError, match=message):
        read("pubmed", content)


def test_wrong_documents_can_be_skipped():
    """One article without an id must not end the run over millions."""
    content = PUBMED.replace('<PMID Version="1">11</PMID>', "")
    wrong, right = READERS["pubmed"](io.BytesIO(content.encode()), "file", Fields())
    with pytest.raises(ValueError, match="file, article 1: an article without a PMID"):
        wrong.parse()
    assert right.parse().id == "12"


def test_memory_does_not_grow_with_the_file():
    """A yearly file of PubMed has gigabytes."""
    article = PUBMED[PUBMED.index("<PubmedArticle>") : PUBMED.index("<DeleteCitation>")]

    class Many(io.RawIOBase):
        """A file of so many articles."""

        def __init__(self, count):
            middle = itertools.repeat(article.encode(), count)
            self.parts = itertools.chain([b"<PubmedArticleSet>"], middle, [b"</PubmedArticleSet>"])

        def read(self, _=-1):
            """One of them."""
            return next(self.parts, b"")

    def peak(count):
        tracemalloc.start()
        found = sum(len(record.parse().text) > 0 for record in READERS["pubmed"](Many(count), "file", Fields()))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found == 2 * count
        return most

    peak(10)
    assert peak(1000) < 2 * peak(50) + 100_000

"""Variants found by their written form."""

import re

import pytest
from tiny_tagger import make_tagger

from modeling_kogner.corpora.mention import Mention
from modeling_kogner.inference.annotator import Annotator
from modeling_kogner.inference.written_variants import SCORE, with_written, written_variants

# What is to be found stands in «», and nothing else is.
TEXTS = [
    "three SNPs («rs4810424», «rs1884614», and «rs 2144908»), Spearman's rs = 0.54, rs12 and RS4810424",
    "«c.1799T>A», «c.1546_1547insC», «c.2380 +1G>A», «g.3455_3460del», «m.3243A>G», «c.-366A>G» and c.1799",
    "«p.Val600Glu», «p.V600E», «p.Gly705ArgfsX16», «p.Asp46_Gln48delinsGlu», «p.E947stop», («p.R50X»), «p.(Val600Glu)»",
    "«p.R469[R,X]», «p.[D448H;H294Q]» and «p.11_12insAAAA»; page p. 12, p.Med, P. vivax",
    "«Val600Glu», «Arg158 Pro», «Gln106----Stop», «Trp24X»; Ser473, Ser15-Thr18, zinc finger Cys3His, Glu8/Asp9",
    "«K426fsX23», «F508del», «D487_S488del», «delta F508» and «ΔF508»; DDR1, delta 9, S100A4del",
    "«35delG», «185delAG», «1494del6», «5382insC», «899dupC»; 15 kb deletion, 2ins",
    "«-308 G/A», «\u22121945G/T», «-592C/A», «521T>C», «1123T-->G», «621 + 1G-->T», «3849 + 10kb C > T», «46C-->T»",
    "«-3279, A/C»; «-924, A/G»; «IVS9+459, A/G»; «IVS14+1G>A», «IVS4-2A-->G»; «-6054, deletion/ATT»",
    "«C-1228T», «A(-6054)G» and «H3K27M»; C-33A cells, H3K27me3, H3K27ac, T-47D",
    "T47D, A4GALT, E2F1, S100A, H1N1, C57BL/6, P450C, Figure S10A, G1316A, V600E, E5520S, at 10:30 AM",
    "at -80 C, 10-20 G/C per site, pH 7.4, 5 A/B tests, -20 to -70C, IL-6 and IL-12A, 3G/4G, 100 g/L",
    "the mutation «V600E», a «H42V» mutant, («L1014F») amino acid substitution; mutation A12A, T47D mutant",
    "«arginine to tryptophan at codon 198», «arginine (CGA) by a stop (TGA) at amino-acid 469»; serine to glycine",
    "«C-to-T substitution at -31», «T allele at -511», «glutamic acid 333 by aspartic acid»",
    "«A was replaced by a G in codon 38» and «G>A at position -174», not A to C in Figure 3",
]


@pytest.mark.parametrize("marked", TEXTS, ids=range(len(TEXTS)))
def test_forms_are_found_and_look_alikes_are_not(marked):
    """A form would be missed or cut, or a cell line, gene, figure, catalogue number or temperature be a variant."""
    text, expected = re.sub("[«»]", "", marked), re.findall("«(.*?)»", marked)
    assert [text[start:end] for start, end in written_variants(text)] == expected


def at(text, words, kind, score=0.8):
    return Mention(text.index(words), text.index(words) + len(words), words, kind, score)


def test_a_form_takes_the_place_of_its_parts():
    """Alleles cut at a comma would be two variants, and a gene's name with half a form would cross it."""
    text = "FOXP3 (-3279, A/C)"
    found = with_written(text, [at(text, "FOXP3", "Gene"), at(text, "-3279", "Variant"), at(text, "A/C", "Variant")])
    assert [(m.text, m.type, m.score) for m in found] == [("FOXP3", "Gene", 0.8), ("-3279, A/C", "Variant", SCORE)]


def test_what_the_tagger_found_around_a_form_stays():
    """A description that holds a form would be cut to it; brackets around a whole variant go."""
    text = "G/A polymorphism at -1082G/A, and (C165A)"
    wide, bracketed = at(text, "G/A polymorphism at -1082G/A", "Variant"), at(text, "(C165A)", "Variant")
    found = with_written(text, [wide, bracketed])
    assert [(m.start, m.text, m.score) for m in found] == [(0, wide.text, 0.8), (35, "C165A", 0.8)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("IL8-251A/A genotype", "-251A/A"), ("MTHFR-677C>T, that is 677C>T", "677C>T")],
)
def test_a_glued_sign_belongs_to_the_position_unless_the_document_shows_otherwise(text, expected):
    """Without its sign a promoter's variant is one of the coding sequence, and the other way round."""
    assert with_written(text, [])[0].text == expected


@pytest.mark.parametrize(
    ("types", "convention", "expected"),
    [(["Variant"], None, ["rs4810424"]), (["Gene"], None, []), (["Variant"], "one", [])],
)
def test_rules_speak_where_variants_are_asked_for_and_no_convention_is_told(
    knowledge, wordpiece, types, convention, expected
):
    """A corpus that marks no rs numbers would get them with its convention, and so would who asked for genes alone."""
    model = make_tagger(knowledge, wordpiece, types=["Gene", "Variant"], conventions=["one"])
    model.classifier.weight.data.zero_()
    model.classifier.bias.data.fill_(-9)  # the tagger finds nothing
    found = Annotator(model, wordpiece, types=types, convention=convention)("SNP rs4810424.").mentions
    assert [mention.text for mention in found] == expected
    assert all(mention.id == "rs4810424" and mention.score == SCORE for mention in found)

"""Normal forms of sequence variants."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling_kogner.corpora.mention import Mention
from modeling_kogner.inference.hgvs import from_tmvar, hgvs, is_normal
from modeling_kogner.inference.variants import link_variants, variant_ids

FORMS = {
    "V600E": "p.Val600Glu",
    "Val600Glu": "p.Val600Glu",
    "p.(Val600Glu)": "p.Val600Glu",
    "c.1799T>A": "c.1799T>A",
    "1799T->A": "c.1799T>A",
    "1799 T → A": "c.1799T>A",
    "T1799A": "c.1799T>A",
    "delta F508": "p.Phe508del",
    "ΔF508": "p.Phe508del",
    "F508del": "p.Phe508del",
    "Phe508 deletion": "p.Phe508del",
    "R553X": "p.Arg553Ter",
    "Trp26*": "p.Trp26Ter",
    "Ala190Ala": "p.Ala190=",
    "K426fsX23": "p.Lys426fs",
    "p.Gly705ArgfsX16": "p.Gly705ArgfsTer16",
    "p.Asp46_Gln48delinsGlu": "p.Asp46_Gln48delinsGlu",
    "192Q/R": "p.Gln192Arg",
    "arginine to tryptophan at codon 198": "p.Arg198Trp",
    "valine (Val) to alanine (Ala) substitution at amino acid 16": "p.Val16Ala",
    "stop codon for glutamine at codon 298": "p.Gln298Ter",
    "codon 358, tyrosine to histidine": "p.Tyr358His",
    "C-1228T": "c.-1228C>T",
    "-308 G/A": "c.-308G>A",
    "IVS8-35G-->A": "c.IVS8-35G>A",
    "c.357-3C>G": "c.357-3C>G",
    "g.3352delG": "g.3352del",
    "8765delAG": "c.8765_8766del",
    "1494del6": "c.1494_1499del",
    "c.2970-2972 delAAT": "c.2970_2972del",
    "5382insC": "c.5382_5383insC",
    "2183AA-->G": "c.2183_2184delinsG",
    "G>T substitution at nucleotide c.898": "c.898G>T",
    "deletion of C at nucleotide 888": "c.888del",
    "(C677T)": "c.677C>T",
    "A222V (MTHFR)": "p.Ala222Val",
    "(C2029T nucleotide substitution)": "c.2029C>T",
    "G-to-A transition at base 374 in exon 3": "c.374G>A",
    "threonine for isoleucine at codon 278": "p.Ile278Thr",
    "c.2097-2098insT": "c.2097_2098insT",
    "c.1102delGinsTTATAC": "c.1102delinsTTATAC",
    "c.1730+1delG": "c.1730+1del",
    "K175-D176del": "p.Lys175_Asp176del",
    "DEL366S": "p.Ser366del",
    "Lys109Arg (A/G)": "p.Lys109Arg",
    "-127 bp T-->A": "c.-127T>A",
    "T/C(-3712)": "c.-3712T>C",
    "Gly --> Ser269": "p.Gly269Ser",
    "An A>G single nucleotide polymorphism (SNP) at position -579": "c.-579A>G",
}


@pytest.mark.parametrize("text", FORMS)
def test_forms_that_papers_write(text):
    """One variant under two ids does not join; a change of bases read as residues is another variant."""
    assert hgvs(text) == FORMS[text]
    assert is_normal(FORMS[text])


@pytest.mark.parametrize(
    "text",
    ["delta32", "32-bp deletion", "CAG repeat", "C to T", "G to C at codon 158", "735-6 TG>AT", "factor V Leiden", "("],
)
def test_what_the_text_does_not_tell_has_no_form(text):
    """An id that is made up is worse than none."""
    assert hgvs(text) is None
    assert variant_ids(text) == []


@settings(max_examples=200)
@given(st.text(st.sampled_from("pcg.VvTA*X0123456789_-+>/()[] delinsdupfsIVS\u0394\u0663\u00b2"), max_size=40))
def test_any_text_has_a_form_or_none(text):
    """One odd mention among millions must not end a run."""
    form = hgvs(text)
    assert form is None or is_normal(form)


def test_rs_numbers_go_first():
    """DbSNP's number says more than the change."""
    assert variant_ids("rs 113488022 (V600E)") == ["rs113488022"]
    assert variant_ids("rs12/rs34") == ["rs12", "rs34"]


def linked(text, *names):
    mentions, start = [], 0
    for name in names:
        start = text.index(name, start)
        mentions.append(Mention(start, start + len(name), name, "Variant"))
        start += len(name)
    link_variants([*mentions, Mention(0, 1, text[0], "Gene")], text)
    return [(mention.id, mention.ids) for mention in mentions]


def test_the_document_decides_what_a_mention_leaves_open():
    """C61G is a change of residues among such, of bases among those; and an allele alone names no change."""
    assert linked("C61G, V11A and L52F", "C61G", "V11A", "L52F")[0][0] == "p.Cys61Gly"
    assert linked("C61G, 12delA and c.5C>T", "C61G", "12delA", "c.5C>T")[0][0] == "c.61C>G"
    found = linked("Val66Met: Met66 and Leu12 carriers", "Val66Met", "Met66", "Leu12")
    assert found == [("p.Val66Met", ["p.Val66Met"])] * 2 + [(None, [])]


def test_a_number_in_brackets_belongs_to_the_form_before_it():
    """In a list, the number of the next variant stands as near."""
    both = ("rs22", ["rs22", "p.Val103Ile"])
    assert linked("V103I (rs22), and V103I", "V103I", "rs22", "V103I") == [both, ("rs22", ["rs22"]), both]
    assert linked("V103I, rs22", "V103I", "rs22")[0][0] == "p.Val103Ile"
    assert linked("rs22 A>G", "rs22", "A>G")[1] == ("rs22", ["rs22"])


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("p|SUB|V|600|E", "p.Val600Glu"),
        ("c|SUB|T|1799|A", "c.1799T>A"),
        ("p|FS|R|58||", "p.Arg58fs"),
        ("p|FS|N|102|D|4", "p.Asn102AspfsTer4"),
        ("c|DEL|436_437|AG", "c.436_437del"),
        ("p|DEL|239|V", "p.Val239del"),
        ("c|INS|5382|C", "c.5382_5383insC"),
        ("c|DEL||32", None),
        ("c|Allele|G|111", None),
    ],
)
def test_gold_of_tmvar(written, form):
    """Gold in another notation would count every right form as wrong."""
    assert from_tmvar(written) == form

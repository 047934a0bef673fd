"""Where mentions of the bundled model begin and end: sentences of our own, with the mentions that a reader expects."""

import itertools

import pytest
from support import ROOT
from transformers import pipeline

from modeling_kogner import load
from modeling_kogner.corpora.pubtator import load_pubtator

SEPARATORS = " ,;:/|"
FLOOR = 65
# Sentence, then what is to be found in it: mention|type.
SENTENCES = {
    "Inhaled fluticasone/salmeterol was compared with budesonide.": [
        "fluticasone|Chemical",
        "salmeterol|Chemical",
        "budesonide|Chemical",
    ],
    "Biopsies (of lung and liver) tissue showed metastatic melanoma.": ["metastatic melanoma|Disease"],
    "Patients with hepatitis C virus infection received sofosbuvir.": [
        "hepatitis C virus infection|Disease",
        "sofosbuvir|Chemical",
        "Patients|Species",
    ],
    "Trastuzumab was given to women with HER2-positive breast cancer.": [
        "HER2|Gene",
        "breast cancer|Disease",
        "women|Species",
    ],
    "Severe Plasmodium falciparum malaria was treated with artesunate.": [
        "Plasmodium falciparum malaria|Disease",
        "artesunate|Chemical",
    ],
    "The BRAF p.Val600Glu substitution predicts response to vemurafenib.": [
        "BRAF|Gene",
        "p.Val600Glu|Variant",
        "vemurafenib|Chemical",
    ],
    "We genotyped rs123456 in the promoter of TNF.": ["rs123456|Variant", "TNF|Gene"],
    "Hearing loss was caused by c.35delG in GJB2.": ["Hearing loss|Disease", "c.35delG|Variant", "GJB2|Gene"],
    "Cells with Val600Glu were resistant to dabrafenib.": ["Val600Glu|Variant", "dabrafenib|Chemical"],
    "Morphine sulfate and diclofenac sodium relieved the pain.": [
        "Morphine sulfate|Chemical",
        "diclofenac sodium|Chemical",
        "pain|Disease",
    ],
    "Serum TNF-\u03b1 and IL-1\u03b2 fell in mice with colitis.": [
        "TNF-\u03b1|Gene",
        "IL-1\u03b2|Gene",
        "mice|Species",
        "colitis|Disease",
    ],
    "Breast and ovarian cancer are frequent in BRCA1 carriers.": ["Breast and ovarian cancer|Disease", "BRCA1|Gene"],
    "Aspirin-induced asthma (AIA) is not an allergy.": ["Aspirin|Chemical", "asthma|Disease", "allergy|Disease"],
    "Acute lymphoblastic leukaemia (ALL), a cancer of children, responds to 6-mercaptopurine.": [
        "Acute lymphoblastic leukaemia|Disease",
        "ALL|Disease",
        "cancer|Disease",
        "6-mercaptopurine|Chemical",
    ],
    "N-acetyl-L-cysteine protected against cisplatin-induced nephrotoxicity in rats.": [
        "N-acetyl-L-cysteine|Chemical",
        "cisplatin|Chemical",
        "nephrotoxicity|Disease",
        "rats|Species",
    ],
    "Expression of NF-\u03baB/p65 rose in HeLa cells [24 h].": ["p65|Gene"],
    "The EGFR (ErbB1)-targeting drug gefitinib inhibits growth.": ["EGFR|Gene", "ErbB1|Gene", "gefitinib|Chemical"],
    "Type 2 diabetes/obesity and hypertension were more common.": [
        "Type 2 diabetes|Disease",
        "obesity|Disease",
        "hypertension|Disease",
    ],
    "Poly(ADP-ribose) polymerase inhibitors such as olaparib help.": ["olaparib|Chemical"],
    "Escherichia coli and Staphylococcus aureus were isolated.": [
        "Escherichia coli|Species",
        "Staphylococcus aureus|Species",
    ],
    "KRAS G12D; TP53 R175H; no other mutation was found.": ["KRAS|Gene", "G12D|Variant", "TP53|Gene", "R175H|Variant"],
    "Non-small-cell lung cancer, Crohn's disease and Alzheimer's disease.": [
        "Non-small-cell lung cancer|Disease",
        "Crohn's disease|Disease",
        "Alzheimer's disease|Disease",
    ],
    "17\u03b2-estradiol binds ER\u03b1 in MCF-7 cells.": ["17\u03b2-estradiol|Chemical", "ER\u03b1|Gene"],
    "Cyclosporine A- and tacrolimus-treated patients had less graft rejection.": [
        "tacrolimus|Chemical",
        "patients|Species",
    ],
    "Levels of (+)-catechin, (\u2212)-epicatechin and Ca2+ were low.": [
        "(+)-catechin|Chemical",
        "(\u2212)-epicatechin|Chemical",
        "Ca2+|Chemical",
    ],
    "Human papillomavirus-related cervical intraepithelial neoplasia regressed.": [
        "Human papillomavirus|Species",
        "cervical intraepithelial neoplasia|Disease",
    ],
}


@pytest.fixture(scope="module")
def kogner():
    return load(ROOT / "hub_card", device="cpu")


@pytest.fixture(scope="module")
def found(kogner):
    return {document.text: document.mentions for document in kogner.annotate(SENTENCES)}


def is_balanced(text):
    while (shorter := text.replace("()", "").replace("[]", "")) != text:
        text = shorter
    return not text


def faults(text, start, end):
    """What is wrong with a stretch, whatever it means."""
    borders = [
        place for place in (start, end) if text[place - 1 : place].isalnum() and text[place : place + 1].isalnum()
    ]
    held = text[start:end]
    brackets = "".join(character for character in held if character in "()[]")
    return [
        *(f"{text[place - 1 : place + 1]!r} is one word" for place in borders if 0 < place < len(text)),
        *(f"separator in {held!r}" for character in (held[0], held[-1]) if character in SEPARATORS),
        *([] if is_balanced(brackets) else [f"half a bracket in {held!r}"]),
    ]


def test_no_mention_ends_in_a_word_at_a_separator_or_with_half_a_bracket(found):
    """`fluticasone/` and `) tissue` are no names of anything."""
    wrong = [fault for text, mentions in found.items() for m in mentions for fault in faults(text, m.start, m.end)]
    assert not wrong
    assert faults("see )rat/", 4, 9) == ["separator in ')rat/'", "half a bracket in ')rat/'"]
    assert faults("rats", 0, 3) == ["'ts' is one word"]


def test_the_bundled_model_finds_what_a_reader_expects(found):
    """Borders that fall apart at hyphens, slashes or brackets would go unnoticed in a mean of corpora."""
    missed = {
        text: sorted(set(expected) - {f"{mention.text}|{mention.type}" for mention in found[text]})
        for text, expected in SENTENCES.items()
    }
    assert all(each.rpartition("|")[0] in text for text, expected in SENTENCES.items() for each in expected)
    total = sum(map(len, SENTENCES.values()))
    assert total - sum(map(len, missed.values())) >= FLOOR, {text: names for text, names in missed.items() if names}


def test_the_stock_pipeline_gives_whole_words(kogner):
    """Half of a word is no mention, and a user of the stock pipeline knows no argument that would complete it."""
    kogner.model.config.whole_words = True
    tagger = pipeline("ner", model=kogner.model, tokenizer=kogner.tokenizer, aggregation_strategy="simple")
    texts = list(SENTENCES)
    wrong = [
        fault
        for text, entities in zip(texts, tagger(texts), strict=True)
        for each in entities
        for fault in faults(text, each["start"], each["end"])
        if "one word" in fault
    ]
    assert not wrong


@pytest.mark.slow
@pytest.mark.corpora
def test_the_stock_pipeline_on_abstracts(data_folder):
    """500 real texts have words that no sentence of ours has. The model's first 512 tokens are what is read of each."""
    tagger = pipeline("ner", model=str(ROOT / "hub_card"), trust_remote_code=True, aggregation_strategy="simple")
    texts = [document.text for document in load_pubtator(data_folder / "data/pubtator/BC5CDR_test.pubtator")]
    assert len(texts) == 500
    limits = [
        offsets[-2][1]
        for offsets in tagger.tokenizer(texts, truncation=True, return_offsets_mapping=True)["offset_mapping"]
    ]
    wrong, found = [], 0
    for text, limit, entities in zip(texts, limits, tagger(texts), strict=True):
        whole = [each for each in entities if each["end"] < limit or limit == len(text)]
        found += len(whole)
        for each in whole:
            held = text[each["start"] : each["end"]]
            wrong += [fault for fault in faults(text, each["start"], each["end"]) if "one word" in fault]
            if "".join(held.lower().split()) != "".join(each["word"].split()):
                wrong.append((held, each["word"]))
    assert not wrong
    assert found > 10_000


def test_the_stock_pipeline_at_its_limit(kogner):
    """The pages say that a word on the limit is cut, and that with their stride, or with `load`, it is whole."""
    tagger = pipeline("ner", model=kogner.model, tokenizer=kogner.tokenizer, aggregation_strategy="simple")
    sentence, word = "They were seen again . ", "pheochromocytoma"
    assert kogner.tokenizer.tokenize(word) == ["phe", "##ochrom", "##ocytoma"]
    text = f"{sentence * 101}Two patients with {word} were treated."
    assert kogner.tokenizer(text, truncation=True).tokens()[-3:] == ["phe", "##ochrom", "[SEP]"]
    found = tagger(text), tagger(text, stride=16)
    cut, read = ([text[each["start"] : each["end"]] for each in entities] for entities in found)
    assert word not in cut  # what is left of it may be a mention or none
    assert read == [mention.text for mention in kogner(text).mentions] == ["patients", word]


def test_mentions_of_one_type_do_not_overlap(found):
    """Types are decided independently; within one, a word would be counted twice."""
    for mentions in found.values():
        for kind in {mention.type for mention in mentions}:
            own = [mention for mention in mentions if mention.type == kind]
            assert all(one.end <= two.start for one, two in itertools.pairwise(own))

"""The choice among concepts in the context of a document, on a tiny model whose choice adds up what it is told to."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits
from tiny_tagger import make_tagger

from modeling_kogner.concept_catalogue import ConceptCatalogue
from modeling_kogner.corpora.document import Document
from modeling_kogner.corpora.mention import Mention, Passage
from modeling_kogner.corpora.text_tokenizer import TextTokenizer
from modeling_kogner.distillation.name_quantiser import quantise_names
from modeling_kogner.graph.surface_hashes import hash_surfaces
from modeling_kogner.inference.choice_network import ChoiceNetwork
from modeling_kogner.inference.composite_mentions import names_several, says_more
from modeling_kogner.inference.concept_choice import named_alone, named_surely, scores_by_name
from modeling_kogner.inference.document_organism import document_words, organism_class, organism_odds, plain_words
from modeling_kogner.inference.link_candidates import Candidates, stands_for
from modeling_kogner.inference.link_features import _with_leads
from modeling_kogner.inference.linker import Linker
from modeling_kogner.inference.mention_forms import mention_forms, parts_of
from modeling_kogner.inference.name_lookup import Named, NameLookup
from modeling_kogner.inference.organisms import HUMAN, MOUSE, RAT, Organisms, is_about_plants, organism_word
from modeling_kogner.inference.own_names import add_concepts
from modeling_kogner.inference.torch_tagger import TorchTagger
from modeling_kogner.link_feature_names import LATER, LINK_FEATURES
from modeling_kogner.link_tables import LinkChoice, LinkTables
from modeling_kogner.name_vectors import NameAdapter, NameTable
from modeling_kogner.training.linked_documents import LinkedDocument
from modeling_kogner.training.organism_words import Stretches, organism_words, read_articles, unseen_odds

FURTHER = [("trp", 4, 0), ("trp", 5, 2), ("sugar", 7, 0), ("lump", 1, 0)]  # BRCA1, IL2, Parkinson disease, leukemia


def weighted_sum(**weights):
    """A choice whose score of a candidate is a weighted sum of its features, and that of none 0."""
    choice = LinkChoice(width=1, members=1).requires_grad_(False)
    for parameter in choice.parameters():
        parameter.zero_()
    hidden, output = choice.score[0][0], choice.score[0][2]
    hidden.weight[:] = torch.tensor([weights.get(name, 0.0) for name in LINK_FEATURES])
    hidden.bias[:], output.weight[:], output.bias[:] = 50, 1, -50  # there the activation changes nothing
    return choice


@pytest.fixture
def tagger(knowledge, wordpiece):
    tagger = make_tagger(knowledge, wordpiece)
    config, index = tagger.config, tagger.kogner.index
    tokens = {name: getattr(index, name).numpy() for name in ("token_hash", "token_length", "token_flags")}
    hashes, whole = hash_surfaces([name for name, _, _ in FURTHER], TextTokenizer.of(wordpiece), tokens)
    assert whole.all()
    order = np.argsort(hashes, kind="stable")
    config.organisms, config.num_link_names, config.num_orthologs, config.num_broader = [HUMAN, MOUSE], 4, 2, 1
    tables = LinkTables(config)
    tables.name_hash = torch.from_numpy(hashes[order])
    tables.name_concept = torch.tensor([FURTHER[place][1] for place in order], dtype=torch.int32)
    tables.name_count = torch.tensor([FURTHER[place][2] for place in order], dtype=torch.uint8)
    tables.organism[4], tables.organism[5] = 1, 2
    tables.ortholog = torch.tensor([[4, 4], [6, 4]], dtype=torch.int32)
    tables.broader = torch.tensor([[1, 3]], dtype=torch.int32)
    tagger.kogner.linking = tables
    return tagger


def link(tagger, tokenizer, text, mention, kind="Gene", **weights):
    tagger.kogner.link_choice = weighted_sum(**weights)
    start = text.index(mention)
    document = Document("1", [Passage(text)], [Mention(start, start + len(mention), mention, kind)])
    Linker(tagger, tokenizer).link([document])
    return document.mentions[0]


def test_the_organism_named_nearest_decides_among_genes_of_one_name(tagger, wordpiece):
    """A symbol of mouse and human would go to whichever the index lists first."""
    weights = {"exact": 3.0, "organism_near": 3.0}
    assert link(tagger, wordpiece, "In mice trp rose.", "trp", **weights).id == "HGNC:6001"
    assert link(tagger, wordpiece, "In patients trp rose.", "trp", **weights).id == "HGNC:1100"
    found = link(tagger, wordpiece, "In mice trp rose.", "trp", **weights)
    assert (found.organism, [each.id for each in found.alternatives][:1]) == (MOUSE, ["HGNC:1100"])
    assert found.link_score == pytest.approx(np.exp(6) / (np.exp(6) + np.exp(3) + np.exp(0) + 0), rel=0.2)


def test_an_organism_that_no_gene_of_the_document_is_of_does_not_count(tagger, wordpiece):
    """A toxin of E. coli would make mouse genes human ones: E. coli is named nearest, and as often as mice."""
    text = "In mice E. coli moved trp."
    weights = {"exact": 3.0, "organism_near": 3.0, "organism_document": 3.0}
    assert link(tagger, wordpiece, text, "trp", **weights).link_score > 0.95
    organisms = Organisms(text, 0)
    assert organisms.nearest(text.index("trp"), "trp") == "NCBITaxon:511145"
    organisms.keep({HUMAN, MOUSE})
    assert (organisms.nearest(text.index("trp"), "trp"), organisms.main) == (MOUSE, MOUSE)
    assert dict(organisms.counts) == {MOUSE: 1}


def test_training_documents_and_threshold(tagger, wordpiece):
    """A link below the threshold would be given, or the model's own threshold be ignored."""
    assert link(tagger, wordpiece, "trp", "trp", exact=1.0, seen=9.0).id == "HGNC:6001"
    tagger.config.link_thresholds = {"Gene": 0.9}
    unsure = link(tagger, wordpiece, "trp", "trp", exact=1.0, seen=3.0)
    assert (unsure.id, unsure.alternatives[0].id) == (None, "HGNC:6001")


def test_a_name_of_another_type_is_no_candidate(tagger, wordpiece):
    """A disease named as a gene would be linked to the gene."""
    mention = link(tagger, wordpiece, "trp", "trp", "Disease", exact=9.0)
    assert (mention.id, mention.alternatives) == (None, [])


def test_types_that_no_document_links_go_by_name():
    """The network never saw them: plasma and hippocampus would be linked to nothing, ventricles to the stomach."""

    def best(*candidates):
        known = np.zeros((len(candidates), len(LINK_FEATURES)), np.float32)
        for row, candidate in zip(known, candidates, strict=True):
            for name, value in candidate.items():
                row[LINK_FEATURES.index(name)] = value
        scores = scores_by_name(known)
        return int(scores.argmax()), float(scores.max())

    exact, preferred = {"exact": 1, "exact_rank": 1}, {"vocabulary": 1}
    other, near = {"other_form": 1}, {"near": 1.0, "spelling": 1.0, "vocabulary": 1}
    assert best(near)[1] < 0.5 < best(other)[1] < best(exact)[1] < best(exact | preferred)[1]
    assert best(exact, exact | preferred)[0] == 1
    assert best(exact | {"preferred_name": 1, "spelling": 1}, exact | preferred)[0] == 1  # its synonym there is as good
    assert best(exact | preferred, exact | preferred | {"spelling": 0.6})[0] == 1  # bone tissue, not bone element
    assert best(exact | preferred, other | preferred | {"spelling": 0.6})[0] == 1  # a heart ventricle, not the stomach
    assert best(exact | {"is_short": 1})[1] < 0.5 < best({"long_form": 1, "is_short": 1})[1]
    assert best(exact | preferred | {"broader": 1}, near)[0] == 1
    assert best(exact | preferred | {"preferred_name": 1, "spelling": 1})[1] <= 1
    assert scores_by_name(np.zeros((0, len(LINK_FEATURES)), np.float32)).shape == (0,)


def test_a_chemical_that_another_vocabulary_alone_names():
    """No corpus could annotate it, so the network gives it nothing: levothyroxine."""

    def chosen(values, *candidates):
        known = np.zeros((len(candidates), len(LINK_FEATURES)), np.float32)
        for row, names in zip(known, candidates, strict=True):
            row[[LINK_FEATURES.index(name) for name in ("chemical", *names)]] = 1
        scores = named_alone(known, np.array(values))
        return int(scores.argmax()), float(scores.max()) > 0.5

    here, elsewhere, near = ("exact", "vocabulary"), ("exact", "preferred_name"), ("vocabulary",)
    assert chosen([0.3, 0.2], near, elsewhere) == (1, True)
    assert chosen([0.3, 0.2], near, ("exact",)) == (0, False)  # a synonym there may mean something else
    assert chosen([0.1, 0.2], here, elsewhere) == (0, True)
    assert chosen([0.6, 0.2], near, elsewhere) == (0, True)
    assert chosen([0.3, 0.2], ("is_short", *near), ("is_short", *elsewhere)) == (0, False)
    assert named_alone(np.zeros((0, len(LINK_FEATURES)), np.float32), np.zeros(0)).shape == (0,)


def test_the_concept_that_is_called_so_takes_what_its_namesakes_have():
    """Ethylene would be the class of ethylenes, and kidney failure without a link though nothing else is meant."""

    def chosen(values, *candidates):
        known = np.zeros((len(candidates), len(LINK_FEATURES)), np.float32)
        for row, names in zip(known, candidates, strict=True):
            row[[LINK_FEATURES.index(name) for name in names]] = 1
        return named_surely(known, np.array(values)).round(2).tolist()

    first, namesake = ("chemical", "exact", "vocabulary", "preferred_name"), ("chemical", "exact", "vocabulary")
    assert chosen([0.3, 0.6, 0.1], first, namesake, ("chemical",)) == [0.9, 0.0, 0.1]
    assert chosen([0.3, 0.6], first, ("seen", *namesake)) == [0.3, 0.6]  # documents call another one so
    assert chosen([0.2, 0.6], ("chemical",), ("seen", *namesake)) == [0.2, 0.75]
    assert chosen([0.3, 0.6], ("is_short", *first), namesake) == [0.3, 0.6]
    assert chosen([0.3, 0.6], ("gene", *first[1:]), ("gene", *namesake[1:])) == [0.3, 0.6]
    assert chosen([0.5, 0.2], ("disease", "long_form"), ("disease",)) == [0.75, 0.2]
    assert chosen([0.3, 0.2], ("disease", "long_form"), ("disease",)) == [0.3, 0.2]
    assert chosen([0.5, 0.2], ("disease", "exact"), ("disease",)) == [0.5, 0.2]
    assert named_surely(np.zeros((0, len(LINK_FEATURES)), np.float32), np.zeros(0)).shape == (0,)


def test_own_short_forms_come_before_common_ones(tagger, wordpiece):
    """A lab's own HF would be heart failure."""
    common = link(tagger, wordpiece, "HF was mild", "HF", "Disease", exact=3.0)
    assert common.name
    add_concepts(tagger, wordpiece, pd.DataFrame([("LAB:1", "HF", "Disease")], columns=["id", "name", "type"]))
    assert link(tagger, wordpiece, "HF was mild", "HF", "Disease", exact=3.0).id == "LAB:1" != common.id


def test_own_names_of_such_types_come_first(tagger, wordpiece):
    """A lab's own name of a part of the heart would be linked to the heart."""
    assert link(tagger, wordpiece, "The heart beat", "heart", "Anatomy").id == "UBERON:1"
    add_concepts(tagger, wordpiece, pd.DataFrame([("LAB:1", "heart", "Anatomy")], columns=["id", "name", "type"]))
    mention = link(tagger, wordpiece, "The heart beat", "heart", "Anatomy")
    assert (mention.id, mention.link_score) == ("LAB:1", 1.0)


def test_leads_are_over_the_best_of_the_others():
    """By hand: a candidate would be compared with itself, or an only one with nothing at all."""
    features = np.zeros((3, len(LINK_FEATURES)), np.float32)
    exact, lead = LINK_FEATURES.index("exact"), LINK_FEATURES.index("exact_lead")
    features[:, exact] = [0.25, 1.0, 0.5]
    assert _with_leads(features)[:, lead].tolist() == [-0.75, 0.5, -0.5]
    assert _with_leads(features[1:2])[:, lead].tolist() == [1.0]
    features[:, exact] = [1.0, 1.0, 0.5]
    assert _with_leads(features)[:, lead].tolist() == [0.0, 0.0, -0.5]
    assert _with_leads(features[:0]).shape == (0, len(LINK_FEATURES))


def test_a_name_that_a_document_alone_gives_is_none_in_it():
    """The choice would be trained on names that no other document of the world has, and trust near ones too little."""
    once, own = Named(4, 0, 1, 77, is_listed=False), {(77, 4): 1}
    assert (once.without({}), once.without(own)) == (once, None)
    assert once._replace(uses=2).without(own).uses == 1
    assert once._replace(is_listed=True).without(own).uses == 0
    assert once._replace(uses=0).without({(77, 5): 1}).uses == 0


def test_one_document_does_not_overrule_a_preferred_name(tagger, wordpiece):
    """A slip of one annotator would make glutamine glutamic acid in every text from then on."""
    candidates = Candidates(
        NameLookup(TorchTagger(tagger), TextTokenizer.of(wordpiece)), lambda kind: np.ones(12, bool)
    )
    name, once = Named(0, 0, 0, 7, is_listed=True), Named(2, 1, 1, 7, is_listed=False)
    without = partial(candidates._without_single_uses, [name, once])
    assert (without("ASPIRIN"), without("acetylsalicylic acid")) == ([name], [name, once])
    twice = once._replace(uses=2)
    assert candidates._without_single_uses([name, twice], "aspirin") == [name, twice]
    both = [name._replace(is_listed=False, uses=1), once]
    assert candidates._without_single_uses(both, "aspirin") == both


def test_a_common_word_is_its_organism():
    """The word "Zebrafish" would go to another fish whose own name it is."""
    assert [organism_word(text) for text in ("Zebrafish", "mice", "carp")] == ["NCBITaxon:7955", MOUSE, None]


def test_what_the_preferred_vocabulary_lacks_goes_to_what_stands_for_it(tagger, wordpiece):
    """Salt and substance would share the probability, and neither be given."""
    assert link(tagger, wordpiece, "lump", "lump", "Disease", exact=2.0).id == "MONDO:3"


def test_a_composite_mention_gets_the_concepts_of_its_parts(tagger, wordpiece):
    """A mention that joins two diseases would be linked to one of them, or to nothing."""
    text = "leukemia and breast cancer"
    mention = link(tagger, wordpiece, text, text, "Disease", exact=5.0)
    assert mention.id == "MONDO:3"  # what leukemia, in no preferred vocabulary, is linked by here, and breast cancer
    tagger.kogner.linking.broader = torch.zeros(0, 2, dtype=torch.int32)
    mention = link(tagger, wordpiece, text, text, "Disease", exact=5.0)
    assert (mention.id, mention.name) == ("MONDO:1|MONDO:3", "leukemia|breast cancer")


def test_a_disease_that_omim_has_is_not_given_the_id_of_a_broader_one(tagger, wordpiece, monkeypatch):
    """Complement C2 deficiency would get MeSH's id of all complement deficiencies."""
    weights = {"exact": 5.0, "broader": -1.0}
    assert link(tagger, wordpiece, "leukemia", "leukemia", "Disease", **weights).id == "MONDO:3"
    monkeypatch.setattr(ConceptCatalogue, "further_ids", lambda _, concept: ["OMIM:1"] if concept == 1 else [])
    assert link(tagger, wordpiece, "leukemia", "leukemia", "Disease", **weights).id == "MONDO:1"
    weights["broader"] = 1.0  # the broader one is likelier
    assert link(tagger, wordpiece, "leukemia", "leukemia", "Disease", **weights).id == "MONDO:3"


@pytest.mark.parametrize(
    ("parts", "whole", "joined"),
    [
        ([0.95, 0.8], 0.6, True),  # likelier than the whole
        ([0.95, 0.5], 0.6, False),
        ([0.99, 0.99], 0.95, False),  # "head and neck cancer" has a concept of its own
        ([0.95, 0.4], 0.0, False),  # a part without a link
        ([0.95, 0.8], 0.0, True),
    ],
)
def test_a_sure_whole_is_not_split(parts, whole, joined):
    """A syndrome would become two diseases, or two diseases one syndrome."""
    ranked = [[(place, score)] for place, score in enumerate(parts)]
    assert says_more(ranked, whole, 0.5) == joined
    assert not says_more([[(0, 0.9)], [(0, 0.9)]], 0.6, 0.5)  # one concept twice says no more


@pytest.mark.parametrize(
    ("before", "name", "after", "joined"),
    [
        ("cases of ", "breast and ovarian cancer", " in the register", True),
        ("risk of ", "breast and/or ovarian cancer", ".", True),
        ("the ", "breast and ovarian cancer", " susceptibility gene", False),
        ("ten ", "breast and ovarian cancer", " families", False),
        ("in hereditary ", "breast and ovarian cancer", ".", False),
        ("", "breast/ovarian cancer", " patients", False),
    ],
)
def test_names_that_training_documents_alone_take_for_a_syndrome_are_two(before, name, after, joined):
    """Two cancers of a register would be a hereditary syndrome, or the gene of the syndrome one of two cancers."""
    mention = Mention(len(before), len(before) + len(name), name, "Disease")
    parts = [[(0, 0.95)], [(1, 0.99)]]
    assert names_several(before + name + after, mention, parts) == joined
    assert not names_several(before + name + after, mention, [[(0, 0.95)], [(1, 0.7)]])  # one is unsure
    assert not names_several(before + name + after, mention, [[(0, 0.95)], [(0, 0.95)]])
    assert not names_several(before + name + after, replace(mention, type="Chemical"), parts)


def test_a_name_is_a_vocabularys_unless_documents_alone_use_it():
    """A vocabulary's name of one disease that only linking knows would be taken for the names of two."""
    assert Named(1, 0, 0, 5, is_listed=False).is_of_vocabulary
    assert Named(1, 0, 2, 5, is_listed=True).is_of_vocabulary
    assert not Named(1, 0, 2, 5, is_listed=False).is_of_vocabulary


def test_what_stands_for_too_many_stands_for_none(monkeypatch):
    """A rare syndrome would be linked to "Syndrome"."""
    assert stands_for({"broader": np.array([[1, 3], [2, 3], [2, 4]])}) == {1: [3], 2: [3, 4]}
    monkeypatch.setattr("modeling_kogner.inference.link_candidates._MOST_BELOW", 1)
    assert stands_for({"broader": np.array([[1, 3], [2, 3], [2, 4]])}) == {2: [4]}


def test_a_choice_fitted_before_reads_the_first_features_alone():
    """The released choice would fail, or read each feature as another."""
    before = LINK_FEATURES.index(LATER[0])
    choice = LinkChoice(width=4, members=2, features=before).requires_grad_(False)
    assert "organism_words" not in choice.state_dict()
    features, mask = torch.randn(3, 2, len(LINK_FEATURES)), torch.ones(3, 2, dtype=torch.bool)
    found = ChoiceNetwork({name: weight.numpy() for name, weight in choice.state_dict().items()})
    expected = choice(features[..., :before], mask).exp().mean(0)
    assert found.probabilities(features.numpy(), mask.numpy()) == pytest.approx(expected.numpy(), abs=1e-6)


def test_words_of_a_document_tell_whose_genes_it_is_about(tagger, wordpiece):
    """In a text that names no organism a gene of knockouts would be human."""
    choice = weighted_sum(exact=3.0, organism_words=3.0)
    lines = [("knockout trp", MOUSE, 5), ("carriers of trp", HUMAN, 4)]
    documents = [
        LinkedDocument(str(n), text, 0, [Mention(0, 1, "trp", "Gene")], [["X:1"]], [[concept]], {})
        for n, (text, _, concept) in enumerate(lines * 3)
    ]
    choice.organism_words.copy_(torch.from_numpy(organism_words(documents, {5: MOUSE, 4: HUMAN}.get)))
    tagger.kogner.link_choice = choice
    for text, organism, _ in lines:
        start = text.index("trp")
        document = Document("1", [Passage(text)], [Mention(start, start + 3, "trp", "Gene")])
        Linker(tagger, wordpiece).link([document])
        assert document.mentions[0].organism == organism
    odds = organism_odds(document_words("knockout", Organisms("knockout", 0), 0.5), choice.organism_words.numpy())
    assert odds.sum() == pytest.approx(1)
    assert odds.argmax() == organism_class(MOUSE)
    assert not organism_words(documents, lambda _: None).any()  # no gene, nothing learned
    alike = [replace(each, text="trp") for each in [*documents, *documents[1::2] * 3]]  # twelve of 15 are of human
    often = organism_words(alike, {5: MOUSE, 4: HUMAN}.get)
    odds = organism_odds(document_words("", Organisms("", 0), 0.0), often)
    assert odds[organism_class(HUMAN)] == pytest.approx(0.8, abs=0.02)  # where nothing is said


def test_articles_teach_words_that_no_document_has():
    """Two hundred documents of a corpus lack most words that tell; articles name their organism themselves."""
    about, other = "genes of proteins for expression in podocytes. ", "genes of proteins for expression in carriers. "
    short = "podocytes of mice. "
    texts = [about * 9 + "Mice. " * 10, other * 9 + "Patients. " * 10]
    found = read_articles([*texts * 20, about + "Mice. " * 9, short * 20, about + "Mice and patients. " * 10])
    assert len(found.words) == len(found.shares) == 40  # too seldom named, not about genes, of two organisms
    assert found.shares[0].argmax() == organism_class(MOUSE)
    mice, none = plain_words("mice patients"), plain_words("")
    assert not set(np.setdiff1d(mice, none)) & set(np.concatenate(found.words))  # what names them is no clue
    document = LinkedDocument("1", "trp", 0, [Mention(0, 3, "trp", "Gene")], [["X:1"]], [[4]], {})
    documents = [document, replace(document, id="2", concepts=[[5]])]
    table = organism_words(documents, {5: MOUSE, 4: HUMAN}.get, found)
    for word, organism in (("podocytes", MOUSE), ("carriers", HUMAN)):
        assert organism_odds(plain_words(word), table).argmax() == organism_class(organism)
    assert not organism_words(documents, {5: MOUSE, 4: HUMAN}.get)[plain_words("podocytes")[1]].any()


def test_organisms_of_articles_weigh_as_in_documents():
    """By hand: articles about plants, which are half of them, would make human genes those of another organism."""
    shares = np.array([[0.0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 1], [1, 0, 0, 0]])
    weights = Stretches([np.array([0])] * 4, shares).weights(np.array([0.5, 0, 0, 0.5]))
    assert weights == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2])


def test_a_long_article_gives_a_few_stretches():
    """One review would count for as much as thirty abstracts."""
    found = read_articles(["genes, proteins, expression in mice. " * 1_000])
    assert len(found.words) == 4


def test_odds_of_a_training_document_are_those_of_other_documents():
    """The choice would learn to trust words that the document itself taught."""
    text = "wholly singular trp"
    mention = Mention(16, 19, "trp", "Gene")
    others = [LinkedDocument(str(n), "trp", 0, [mention], [["X:1"]], [[4]], {}) for n in range(9)]
    alone = LinkedDocument("9", text, 0, [mention], [["X:1"]], [[5]], {})
    odds = unseen_odds([*others, alone], {5: MOUSE, 4: HUMAN}.get)
    assert odds[-1].argmax() == organism_class(HUMAN)


def test_the_choice_is_a_distribution_and_that_of_the_trained_network():
    """A candidate that is not there would take probability, or a mention without any give an error."""
    choice = LinkChoice(width=4, members=2).requires_grad_(False)
    features, mask = torch.randn(3, 2, len(LINK_FEATURES)), torch.tensor([[True, True], [True, False], [False, False]])
    weights = {name: weight.numpy() for name, weight in choice.state_dict().items()}
    found = ChoiceNetwork(weights).probabilities(features.numpy(), mask.numpy())
    assert found == pytest.approx(choice(features, mask).exp().mean(0).numpy(), abs=1e-6)
    assert found.sum(-1) == pytest.approx(1)
    assert found[1, 1] == found[2, 0] == found[2, 1] == 0


@pytest.mark.parametrize(
    ("text", "kind", "form"),
    [
        ("hTERT", "Gene", "TERT"),
        ("TGF-\u03b21 mRNA", "Gene", "TGF-beta1"),
        ("caspase III", "Gene", "caspase 3"),
        ("sporadic breast cancers", "Disease", "breast neoplasms"),
        ("selegiline hydrochloride", "Chemical", "selegiline"),
        ("PGE(2)", "Chemical", "PGE2"),
        ("SR 48,968", "Chemical", "SR 48968"),
        ("fenoterol-hydrobromide", "Chemical", "fenoterol"),
        ("epipregnanolone sulphate", "Chemical", "epipregnanolone"),
        ("potassium sulphate", "Chemical", "potassium sulfate"),
        ("Thrombocytopaenia", "Disease", "thrombocytopenia"),
        ("Renal", "Anatomy", "kidney"),
        ("Leaves", "Anatomy", "leaf"),
        ("liver sections", "Anatomy", "liver"),
        ("MCF-7 cells", "CellLine", "MCF-7"),
        ("Zea mays subsp. mays", "Species", "Zea mays"),
    ],
)
def test_forms_of_mentions(text, kind, form):
    """A mention written in another way than its concept's names would have no candidate."""
    assert form in mention_forms(text, kind)
    assert text not in mention_forms(text, kind)


def test_a_salt_of_a_metal_is_not_the_metal():
    """Sodium sulfate was sodium, as morphine sulfate is morphine."""
    assert "potassium" not in mention_forms("potassium sulfate", "Chemical")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("breast and ovarian cancer", [["breast cancer", "breast"], ["ovarian cancer"]]),
        ("type 1 and type 2 diabetes", [["type 1 2 diabetes", "type 1 diabetes", "type 1"], ["type 2 diabetes"]]),
        ("SOCS-1 and -3", [["SOCS-1"], ["SOCS-3"]]),
        ("BRCA1/2", [["BRCA1"], ["BRCA2"]]),
        ("TCF-4J and K", [["TCF-4J"], ["TCF-4K"]]),
        ("hepatitis B and C", [["hepatitis B"], ["hepatitis C"]]),
        ("TNF-alpha and -beta", [["TNF-alpha"], ["TNF-beta"]]),
        ("SEC and B", [["SEC"], ["B"]]),
        ("p53/p21", [["p53"], ["p21"]]),
        ("cancer", []),
    ],
)
def test_parts_of_composite_mentions(text, parts):
    """The head that several names share belongs to each of them."""
    assert parts_of(text) == parts


def test_organisms_by_sentence_title_and_count():
    """A gene would get the organism of another sentence."""
    text = "Rats and genes. In mice p53 rose. Later p21 fell. Patients and human cells, women."
    organisms = Organisms(text, title_end=15)
    assert organisms.nearest(text.index("p53"), "p53") == MOUSE
    assert organisms.nearest(text.index("p21"), "p21") is None
    assert organisms.nearest(text.index("p21"), "hTERT") == HUMAN
    assert (organisms.title, organisms.main) == ({RAT}, HUMAN)
    assert Organisms("nothing", 0).main == HUMAN


def test_linking_takes_one_core(tagger, wordpiece, monkeypatch):
    """Beside another job, the threads of numpy's small products wait for each other: a fifth of the time was lost."""
    threads = []

    def rank(self, documents):
        threads.append({each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"})
        return [[[] for _ in document.mentions] for document in documents]

    monkeypatch.setattr("modeling_kogner.inference.concept_choice.ConceptChoice.rank", rank)
    with threadpool_limits(2, "blas"):
        link(tagger, wordpiece, "In mice trp rose.", "trp", exact=1.0)
        after = {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}
    assert (threads, after) == ([{1}], {2})


@pytest.fixture
def embedding(tagger):
    """The same with an adapter for names that changes something."""
    tagger.config.name_dim, tagger.config.adapter_rank = 8, 2
    adapter = tagger.kogner.name_adapter = NameAdapter(tagger.kogner.encoder, 2, 8).requires_grad_(False)
    for part in (*adapter.up.values(), *adapter.down.values()):
        part.normal_(generator=torch.Generator().manual_seed(1))
    return TorchTagger(tagger)


def test_names_are_embedded_while_texts_are_read(embedding):
    """Weights exchanged in the encoder itself would be read by the other thread, and change its mentions."""
    batch = np.arange(5, 13)[None], np.ones((1, 8), np.int64)
    expected, vectors = embedding.odds(*batch), embedding.embed(*batch)
    body = embedding.model.kogner
    exchanged = body.name_adapter(body.encoder, *map(torch.from_numpy, batch))
    np.testing.assert_allclose(vectors, exchanged.numpy(force=True), atol=1e-6)
    meanwhile = []
    embedding._names.register_forward_hook(lambda *_: meanwhile.append(embedding.odds(*batch)))
    assert np.array_equal(embedding.embed(*batch), vectors)
    assert np.array_equal(meanwhile[0], expected)


def test_names_of_the_same_pieces_are_embedded_once(embedding, wordpiece):
    """Whatever their case and place in the batch, texts get the vectors that they have alone."""
    lookup = NameLookup(embedding, TextTokenizer.of(wordpiece))
    texts = ["sugar", "a much longer name of sugar", "Sugar", "trp", "sugar"]
    expected = np.concatenate([lookup.embed([text]) for text in texts])
    np.testing.assert_allclose(lookup.embed(texts), expected, atol=1e-6)
    assert lookup.embed([]).shape == (0, expected.shape[1])


def test_names_that_a_user_adds_are_linked_and_found_by_near_names(tagger, wordpiece):
    """Rows of the index move when names are added; a vector would then point to another name's concept."""
    config, body = tagger.config, tagger.kogner
    forms = ["leukemia", "heart failure", "breast cancer"]
    tokens = {name: getattr(body.index, name).numpy() for name in ("token_hash", "token_length", "token_flags")}
    keys = torch.from_numpy(hash_surfaces(forms, TextTokenizer.of(wordpiece), tokens)[0])
    config.name_dim, config.name_bytes, config.adapter_rank = 8, 2, 2
    body.name_adapter = NameAdapter(body.encoder, 2, 8)
    vectors = torch.nn.functional.normalize(torch.randn(3, 8, generator=torch.Generator().manual_seed(1)), dim=-1)
    rows = torch.searchsorted(body.index.surface_hash, keys)
    buffers = quantise_names(vectors, rows, cells=2, parts=2)
    config.name_cells, config.num_name_vectors = 2, 3
    body.names = NameTable(config)
    body.names.load_state_dict(buffers)
    added = pd.DataFrame([("LAB:1", "low level", "Disease")], columns=["id", "name", "type"])
    add_concepts(tagger, wordpiece, added)
    lookup = NameLookup(TorchTagger(tagger), TextTokenizer.of(wordpiece))
    named = lookup._of_keys(map(lookup._key_of, body.names.row.tolist()))
    assert sorted(found[0].concept for found in named.values()) == [1, 3, 9, 12]
    mention = link(tagger, wordpiece, "The low level rose", "low level", "Disease")
    assert (mention.id, mention.link_score) == ("LAB:1", 1.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Catalase in rice, wheat and barley.", True),
        ("Arabidopsis seedlings and yeast: rice CAT in E. coli.", True),
        ("Catalase in rice and barley.", False),
        ("Mice ate rice, wheat and barley.", False),
        ("An extract of rice, wheat and barley inhibits CAT.", False),
        ("Plants " * 20 + "and a rabbit antibody.", True),
        ("Plants " * 9 + "and a rabbit antibody.", False),
    ],
)
def test_documents_about_plants(text, expected):
    """A diet of cereals must not take the ids of a rat's genes away, nor one antibody a plant's document."""
    assert is_about_plants(text) == expected

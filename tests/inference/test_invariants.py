"""What holds for any text on its way through tokenizer, linker and model, whatever the batch, its padding and type."""

import copy
import itertools
import re

import pytest
import torch
from any_text import ANY_TEXT, WHOLE_TEXT, check, places
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from support import TYPES, mentions_of, tiny_model

from modeling_kogner import KognerForTokenClassification
from modeling_kogner.configuration_kogner import EVIDENCE_LEVELS
from modeling_kogner.corpora.text_tokenizer import TextTokenizer
from modeling_kogner.corpora.text_windows import make_windows
from modeling_kogner.inference.abbreviations import find_abbreviations
from modeling_kogner.inference.annotator import Annotator

TOLERANCE = 1e-9  # in double precision, where no label can hang on the order of a sum
BATCH = st.lists(WHOLE_TEXT, min_size=1, max_size=4)


@pytest.fixture(scope="module")
def model(knowledge, tokenizer):
    return tiny_model(knowledge, tokenizer).double()


@pytest.fixture(scope="module")
def annotator(model, tokenizer):
    return Annotator(model, tokenizer, max_length=24, stride=6)


def encode(tokenizer, text):
    return tokenizer(text, truncation=True, max_length=100).input_ids


def padded(tokenizer, rows, side, extra):
    """Token ids and mask, padded on one side to more than the longest."""
    width = max(map(len, rows)) + extra
    ids = torch.full((len(rows), width), tokenizer.pad_token_id)
    mask = torch.zeros_like(ids)
    for number, row in enumerate(rows):
        place = slice(0, len(row)) if side == "right" else slice(width - len(row), width)
        ids[number, place], mask[number, place] = torch.tensor(row), 1
    return ids, mask


@torch.no_grad()
@given(BATCH, st.sampled_from(["left", "right"]), st.integers(0, 9))
def test_padding_and_company_do_not_change_a_prediction(model, tokenizer, texts, side, extra):
    """A sentence scored otherwise in a batch, or where the padding stands in front, would be scored at random."""
    rows = [encode(tokenizer, text) for text in texts]
    ids, mask = padded(tokenizer, rows, side, extra)
    together, links = model(ids, mask).logits, model.kogner.link(ids, mask)
    for number, row in enumerate(rows):
        own, alone = mask[number].bool(), torch.tensor([row])
        torch.testing.assert_close(together[number][own], model(alone).logits[0], atol=TOLERANCE, rtol=0)
        expected = model.kogner.link(alone)
        for name in ("evidence", "is_mention", "covered", "candidates"):
            assert torch.equal(getattr(links, name)[number][own], getattr(expected, name)[0]), name
        assert not links.covered[number][~own].any()


@given(st.lists(ANY_TEXT, max_size=5), st.randoms(use_true_random=False), st.integers(1, 4))
def test_order_changes_nothing(annotator, texts, random, batch_size):
    """Results that depend on neighbours cannot be repeated; in another order they would go to wrong texts."""
    order = random.sample(range(len(texts)), len(texts))
    expected = mentions_of(annotator, texts)
    shuffled = mentions_of(annotator, [texts[row] for row in order], batch_size=batch_size)
    for row, mentions in zip(order, shuffled, strict=True):
        check(texts[row], mentions)
        assert places(mentions) == places(expected[row])
        assert [m.score for m in mentions] == pytest.approx([m.score for m in expected[row]], abs=1e-6)


@given(st.lists(ANY_TEXT, min_size=1, max_size=4).map(" ".join))
@example("Aspirin reduced the fever of patients with leukemia. " * 9)
def test_a_text_twice_as_long_keeps_its_first_half(annotator, text):
    """What is appended may change the last window of a text; a mention before it that changes would be lost by length.

    Words before the last window are read from windows that both texts have.
    """
    once, twice = text, f"{text}\n{text}"
    readable = [each.encode("utf-8", "replace").decode() for each in (once, twice)]
    plain = TextTokenizer.of(annotator.tokenizer)
    windows = [make_windows([each], plain, annotator.max_length, annotator.stride)[0] for each in readable]
    before = [window.input_ids for window in windows[0][:-1]]
    if find_abbreviations(twice):
        return  # a short form that only the longer text defines is read as its long form from the start
    if not before or before != [window.input_ids for window in windows[1][: len(before)]]:
        return  # one window, or an end that is one run of pieces with what follows
    cut = windows[0][-1].offsets[0][0]
    mentions = [mentions_of(annotator, [each])[0] for each in (once, twice)]
    last_word = re.search(r"\S*\s*$", text[:cut]).start()  # which is common too, and ends what stands before it
    # A mention that reaches into the last window may end elsewhere, and what lies in it may go with it.
    reaching = [start for found in mentions for start, end, *_ in places(found) if start < last_word < end]
    kept = [[place for place in places(found) if place[1] <= min([last_word, *reaching])] for found in mentions]
    assert kept[0] == kept[1]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@given(texts=BATCH)
def test_half_precision_reads_the_same_graph(model, tokenizer, dtype, texts):
    """Weights may be rounded, keys of the index never; a logit that overflows would be a label out of nothing."""
    tagger = _as(model, dtype)
    ids, mask = padded(tokenizer, [encode(tokenizer, text) for text in texts], "right", 0)
    for found, expected in zip(tagger.kogner.link(ids, mask), model.kogner.link(ids, mask), strict=True):
        assert torch.equal(found, expected)
    with torch.no_grad():
        logits, exact = tagger(ids, mask).logits, model(ids, mask).logits
    assert logits.dtype == dtype
    error = (logits.double() - exact)[mask.bool()].abs().max()
    assert error < (1e-3 if dtype == torch.float32 else 0.5), error
    for text, mentions in zip(texts, mentions_of(Annotator(tagger, tokenizer), texts), strict=True):
        check(text, mentions)


_CAST: dict = {}


def _as(model, dtype):
    """The model in another type, made once."""
    key = id(model), dtype
    if key not in _CAST:
        _CAST[key] = model, copy.deepcopy(model).to(dtype)
    return _CAST[key][1]


@torch.no_grad()
@given(BATCH)
def test_knowledge_off_is_the_plain_model_bit_for_bit(pair, tokenizer, texts):
    """A baseline that still reads the graph would hide what the graph is worth."""
    off, plain = pair
    ids, mask = padded(tokenizer, [encode(tokenizer, text) for text in texts], "right", 0)
    assert torch.equal(off(ids, mask).logits, plain(ids, mask).logits)


@pytest.fixture(scope="module")
def pair(knowledge, tokenizer):
    """A model whose evidence is off, and one of the same weights that never had tables."""
    off = tiny_model(knowledge, tokenizer)
    fields = dict.fromkeys(("num_surfaces", "num_concepts", "num_token_keys", "catalog_bytes"), 0)
    config = copy.deepcopy(off.config)
    for name, value in fields.items():
        setattr(config, name, value)
    plain = KognerForTokenClassification(config).eval()
    state = {name: tensor for name, tensor in off.state_dict().items() if name in dict(plain.named_parameters())}
    plain.load_state_dict(state, strict=False)
    off.config.evidence = "none"
    return off, plain


@given(
    evidence=st.sampled_from(EVIDENCE_LEVELS),
    dtype=st.sampled_from([torch.float32, torch.bfloat16, torch.float16]),
    types=st.sampled_from([TYPES, ["A-B", "\u00e9", "B I"]]),
    conventions=st.sampled_from([None, ["one", "two"]]),
    layers=st.integers(0, 2),
)
@settings(max_examples=5, phases=[Phase.explicit, Phase.generate])  # one takes long, and shrinking longer
def test_save_load_save_gives_the_same_files(knowledge, tokenizer, tmp_path_factory, dtype, layers, **fields):
    """A field or tensor that changes on the way would drift with every copy."""
    folders = [tmp_path_factory.mktemp("saved") for _ in range(3)]
    tiny_model(knowledge, tokenizer, fusion_layers=layers, **fields).to(dtype).save_pretrained(folders[0])
    for folder, copied in itertools.pairwise(folders):
        KognerForTokenClassification.from_pretrained(folder).save_pretrained(copied)
    files = [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders]
    files[0]["config.json"] = files[1]["config.json"]  # only what is loaded names the type of the encoder's weights
    assert files[0] == files[1] == files[2]

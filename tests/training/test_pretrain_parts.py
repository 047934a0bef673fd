"""The parts of typed pretraining: text, windows, labels, masks and losses."""

import re
from math import log
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from conftest import CONCEPTS, train_tokenizer
from datasets import Dataset
from support import NO_DROPOUT, tiny_model

from modeling_kogner.losses import three_way_loss
from modeling_kogner.training.arguments import TextArguments
from modeling_kogner.training.packed_windows import (
    collate,
    pack,
    prepare_windows,
    split_windows,
    write_windows,
)
from modeling_kogner.training.pretraining import (
    PARTS,
    PretrainingModel,
    dictionary_agreement,
    mask_units,
    type_targets,
)
from modeling_kogner.training.running_text import drop_test_sentences, find_text_files

TEXT = [
    "Heart failure and breast cancer were seen in patients with acute lymphoblastic leukemia.",
    "The BRCA1 gene and aspirin fell; the heart did not.",
]


def pretraining_model(knowledge, tokenizer, **fields) -> PretrainingModel:
    types = knowledge.semantic_types
    tagger = tiny_model(knowledge, tokenizer, types=types, **{"evidence": "types", **NO_DROPOUT, **fields})
    return PretrainingModel(tagger, tokenizer.mask_token_id)


def labelled_by_hand(text: str, offsets: list[tuple[int, int]], kinds: list[str]) -> torch.Tensor:
    """Every surface of a type is searched in the text, the longest first, and marked where nothing is marked."""
    target = torch.zeros(len(offsets), len(kinds), dtype=torch.long)
    for column, kind in enumerate(kinds):
        surfaces = {form for *_, of_kind, forms in CONCEPTS if of_kind == kind for form in forms}
        for surface in sorted(surfaces, key=len, reverse=True):
            for match in re.finditer(rf"\b{re.escape(surface)}s?\b", text, re.IGNORECASE):
                tokens = [i for i, (a, b) in enumerate(offsets) if match.start() <= a < b <= match.end()]
                if not target[tokens, column].any():
                    target[tokens, column] = 2
                    target[tokens[0], column] = 1
    return target


def test_targets_are_the_longest_match_of_every_type(knowledge, wordpiece):
    """Nested and two-typed mentions (heart in heart failure, BRCA1 as gene and disease) would teach one type only."""
    model = pretraining_model(knowledge, wordpiece)
    for text in TEXT:
        encoded = wordpiece(text, return_offsets_mapping=True)
        found = type_targets(model.tagger.kogner.index(torch.tensor([encoded["input_ids"]])))[0]
        expected = labelled_by_hand(text, encoded["offset_mapping"], knowledge.semantic_types)
        assert torch.equal(found, expected)
        assert (expected > 0).sum(0).count_nonzero() >= 3  # several types


def test_every_type_counts_at_a_token():
    """With one label a token, a second type that claims it would be learned as outside."""
    odds = torch.tensor([[[log(2), log(3), 0, log(2)]] * 2])  # softmax: [1, 2, 3] / 6 and [1, 1, 2] / 4
    target = torch.tensor([[[1, 2], [0, 0]]])
    both = torch.ones(1, 2, 1, dtype=torch.bool)
    assert three_way_loss(odds, target, both).item() == pytest.approx((log(3) + log(2) + log(6) + log(4)) / 2)
    first = torch.tensor([[[True], [False]]])
    assert three_way_loss(odds, target, first).item() == pytest.approx(log(3) + log(2))


@pytest.fixture(scope="module")
def masked():
    """256 rows of 64 tokens: special ones at the borders, and mentions of three tokens at every multiple of ten."""
    torch.manual_seed(0)
    place = torch.arange(64).expand(256, 64)
    covered = (place % 10 < 3) & (place > 9)
    start = torch.where(covered, place - place % 10, place)
    maskable = (place > 0) & (place < 63)
    ids = torch.randint(5, 1000, (256, 64))
    hidden = mask_units(ids, start, covered & maskable, maskable, 0.2, 4.0, 4, 1000)
    return ids, start, covered & maskable, maskable, hidden


def test_masking_never_splits_a_mention_nor_touches_special_tokens(masked):
    """A mention half seen gives its type away, and a masked separator is not text."""
    ids, start, _, maskable, hidden = masked
    assert torch.equal(hidden.chosen[maskable], hidden.chosen.gather(1, start)[maskable])
    assert not hidden.chosen[~maskable].any()
    assert torch.equal(hidden.input_ids[~hidden.chosen], ids[~hidden.chosen])


def test_masking_hits_the_share_and_prefers_mentions(masked):
    """Mention density differs between texts; a fixed rate would hide too much of a dense one."""
    *_, covered, maskable, hidden = masked
    assert hidden.chosen.sum() / maskable.sum() == pytest.approx(0.2, abs=0.01)
    rates = [hidden.chosen[where].float().mean() for where in (covered, maskable & ~covered)]
    assert rates[0] / rates[1] == pytest.approx(4, rel=0.1)


def test_hidden_tokens_are_masked_replaced_or_kept_as_whole_units(masked):
    """A model that never sees real tokens at the places it must label learns nothing for them."""
    ids, start, covered, _, hidden = masked
    is_mask = (hidden.input_ids == 4) & hidden.chosen
    kept = (hidden.input_ids == ids) & hidden.chosen
    total = hidden.chosen.sum()
    assert is_mask.sum() / total == pytest.approx(0.8, abs=0.03)
    assert kept.sum() / total == pytest.approx(0.1, abs=0.03)
    assert torch.equal(is_mask[covered], is_mask.gather(1, start)[covered])


def test_hidden_tokens_are_scored_with_what_stood_there(knowledge, wordpiece):
    """Scored against the masked text, or at visible places, the loss falls without any language learned."""
    model = pretraining_model(knowledge, wordpiece)
    ids = collate([np.array(wordpiece(text)["input_ids"][:12]) for text in TEXT])["input_ids"]
    hidden = torch.randn(*ids.shape, 32, generator=torch.Generator().manual_seed(0))
    chosen = torch.zeros_like(ids, dtype=torch.bool)
    chosen[0, 3] = chosen[1, 5] = True
    logits = model.head(hidden[chosen], model.tagger.kogner.get_input_embeddings())
    expected = torch.nn.functional.cross_entropy(logits, ids[chosen])
    assert model._restore(hidden, ids, chosen).item() == pytest.approx(expected.item(), rel=1e-5)


def test_concept_vectors_are_targets_where_there_are_any(knowledge, wordpiece):
    """L_dist on text without reading vectors must still find them; without vectors it must be no obstacle."""
    ids = collate([np.array(wordpiece(text)["input_ids"][:12]) for text in TEXT])["input_ids"]
    model = pretraining_model(knowledge, wordpiece)
    output = dict(zip(PARTS, model(ids)["parts"].tolist(), strict=True))
    assert output["distillation_loss"] > 0.1
    model(ids)["loss"].backward()
    assert model.tagger.span_projection.weight.grad.abs().sum() > 0
    model.tagger.config.num_codebooks = 0
    assert dict(zip(PARTS, model(ids)["parts"].tolist(), strict=True))["distillation_loss"] == 0


def test_agreement_counts_the_model_alone(knowledge, wordpiece, monkeypatch):
    """With the evidence in sight, a model that learned nothing would agree with the dictionary."""
    tagger = pretraining_model(knowledge, wordpiece).tagger
    windows = np.array([wordpiece(text)["input_ids"][:12] for text in TEXT])
    columns = [knowledge.semantic_types.index(kind) for kind in ("Phenotype", "Disease")]

    def by_heart(input_ids):
        assert tagger.config.evidence == "none"
        target = type_targets(tagger.kogner.index(input_ids))
        target[..., columns[1]] = 0  # knows no disease
        odds = torch.nn.functional.one_hot(target, 3)[..., 1:].flatten(-2) * 9.0 - 1
        return SimpleNamespace(logits=torch.nn.functional.pad(odds, (1, 0)))

    monkeypatch.setattr(tagger, "forward", by_heart)
    scores = dictionary_agreement(tagger, windows, 1)
    assert [scores[kind]["f1"] for kind in ("Phenotype", "Disease", "Species")] == [1.0, 0.0, 0.0]
    assert scores["Phenotype"]["gold"] > 0 < scores["Disease"]["gold"]
    assert tagger.config.evidence == "types"


def test_test_sentences_are_dropped_though_split_at_abbreviations():
    """A test sentence with "et al." inside would stay in the text, cut in two."""
    tests = {"asshownbysmithetal1999thefeverfell", "results"}
    fragments = ["Results", "As shown by Smith et al.", "(1999), the fever fell.", "The fever fell."]
    assert drop_test_sentences(fragments, tests) == (["The fever fell."], 2)


def test_windows_hold_the_whole_text_once(wordpiece):
    """Lost or repeated tokens would go unnoticed."""
    stream = np.arange(5, 5 + 6 * 20 + 3, dtype=np.int32) % 150
    windows = pack(stream, wordpiece, 8)
    first, last = wordpiece.cls_token_id, wordpiece.sep_token_id
    assert (windows[:, 0] == first).all()
    assert (windows[:, -1] == last).all()
    assert windows[:, 1:-1].ravel().tolist() == stream[:120].tolist()
    assert windows.dtype == np.uint16
    train, held_out = split_windows(windows, 0.1)
    assert len(held_out) == 2
    assert sorted([*train.tolist(), *held_out.tolist()]) == sorted(windows.tolist())


def test_written_windows_are_read_as_they_were(wordpiece, tmp_path):
    """Windows of another tokenizer or length would train on nonsense."""
    windows = np.random.default_rng(0).integers(0, 200, (9, 16), dtype=np.uint16)
    for name in ("a", "b"):
        write_windows(tmp_path / f"{name}.parquet", windows, {"dropped": 3}, wordpiece)
    read, report = prepare_windows(TextArguments([str(tmp_path)], max_length=16), wordpiece, {})
    assert np.array_equal(read, np.concatenate([windows] * 2))
    assert report == {"files": {"a.parquet": {"dropped": 3}, "b.parquet": {"dropped": 3}}, "tokens": 288}
    with pytest.raises(ValueError, match="windows of 16 ids"):
        prepare_windows(TextArguments([str(tmp_path)], max_length=32), wordpiece, {})


def test_windows_that_may_hold_test_sentences_are_refused(wordpiece, tmp_path):
    """Once packed they cannot be searched."""
    windows = np.zeros((2, 16), dtype=np.uint16)
    write_windows(tmp_path / "w.parquet", windows, {"excluded_tests_of": ["a", "b"]}, wordpiece)
    text = TextArguments([str(tmp_path / "w.parquet")], max_length=16)
    tests = {name: Dataset.from_dict({"tokens": []}) for name in "abc"}
    assert len(prepare_windows(text, wordpiece, {"a": tests["a"]})[0]) == 2
    with pytest.raises(ValueError, match="may contain test sentences of c;"):
        prepare_windows(text, wordpiece, tests)


def test_windows_of_another_tokenizer_are_refused(wordpiece, tmp_path):
    """Their ids mean other pieces."""
    windows = np.zeros((2, 16), dtype=np.uint16)
    write_windows(tmp_path / "w.parquet", windows, {}, train_tokenizer("bytelevel"))
    with pytest.raises(ValueError, match="packed for another tokenizer"):
        prepare_windows(TextArguments([str(tmp_path / "w.parquet")], max_length=16), wordpiece, {})


def test_text_that_is_not_there(tmp_path):
    """A misspelled path must not be taken for a Hub id, nor an empty folder for a text."""
    for source in ("typo.parquet", "."):
        with pytest.raises(ValueError, match="no text there"):
            find_text_files([str(tmp_path / source)])

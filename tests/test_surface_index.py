"""The vectorised surface index against a slow, obvious matcher, for every kind of tokenizer."""

import random

import pytest
import torch
from conftest import CONCEPTS, TEXT
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling_kogner import KognerConfig
from modeling_kogner.graph.index_tables import MAX_MENTION_TOKENS, build_tables
from modeling_kogner.graph.token_keys import tokenizer_fingerprint
from modeling_kogner.inference.matching import lookup
from modeling_kogner.surface_index import SurfaceIndex
from modeling_kogner.surface_keys import hash_key, normalise_key


def make_index(knowledge, tokenizer) -> SurfaceIndex:
    fields, tables = build_tables(knowledge, tokenizer)
    index = SurfaceIndex(KognerConfig(**fields))
    prefix = "kogner.index."
    index.load_state_dict({k.removeprefix(prefix): v for k, v in tables.items() if k.startswith(prefix)})
    return index


def fold(text: str) -> str:
    key = normalise_key(text)
    return key[:-1] if len(key) >= 5 and key.endswith("s") else key


def slow_lookup(knowledge, tokenizer, text, encoded):
    """Every n-gram of tokens at word borders whose characters spell a surface: {(start, end): {concepts}}."""
    surfaces = {}
    for surface, concept in knowledge.surfaces.itertuples(index=False):
        surfaces.setdefault(fold(surface), set()).add(concept)
    spans = encoded["offset_mapping"]
    marks = str.maketrans("", "", "\u2581\u0120#")
    spelled = [normalise_key(t.translate(marks)) for t in tokenizer.convert_ids_to_tokens(encoded["input_ids"])]
    found = {}
    for start in range(len(spans)):
        for end in range(start + 1, min(start + MAX_MENTION_TOKENS, len(spans)) + 1):
            (a, z), first = (spans[start][0], spans[end - 1][1]), spans[start]
            if any(x == y for x, y in spans[start:end]):  # special tokens, or a piece without characters
                continue
            a += len(text[first[0] : first[1]]) - len(text[first[0] : first[1]].lstrip())
            written = text[a:z]
            at_border = not (a and text[a - 1].isalnum() and written[:1].isalnum())
            at_border &= not (z < len(text) and text[z].isalnum() and written[-1:].isalnum())
            edges_spelled = spelled[start] and spelled[end - 1]
            short_with_space = len(normalise_key(written)) < 5 and any(
                written[i].isspace() and written[i - 1].isalnum() and written[i + 1].isalnum()
                for i in range(1, len(written) - 1)
            )
            if at_border and edges_spelled and not short_with_space and fold(written) in surfaces:
                found[start, end] = surfaces[fold(written)]
    return found


def slow_evidence(knowledge, found, tokens):
    """Begin and inside of the longest, then leftmost, match that covers each token, per type."""
    kinds = knowledge.semantic_types
    evidence = torch.zeros(tokens, 2 * len(kinds))
    for k, kind in enumerate(kinds):
        spans = [s for s, ids in found.items() if any(CONCEPTS[i][2] == kind for i in ids)]
        for t in range(tokens):
            cover = sorted((s for s in spans if s[0] <= t < s[1]), key=lambda s: (s[0] - s[1], s[0]))
            if cover:
                evidence[t, k if cover[0][0] == t else len(kinds) + k] = 1
    return evidence


def random_text(seed: int) -> str:
    """Words of the training text and of the surfaces, shuffled, joined by spaces, hyphens and marks."""
    rng = random.Random(seed)
    words = " ".join(TEXT).split() + [s for c in CONCEPTS for s in c[3]] * 3
    return "".join(
        rng.choice(words) + rng.choice([" ", " ", " ", "-", ", ", " (", ") ", "s ", "'s "]) for _ in range(25)
    )


@pytest.mark.parametrize("seed", range(40))
def test_index_finds_what_an_obvious_matcher_finds(knowledge, tokenizer, seed):
    """A wrong border, plural, hyphen or leading-space rule would lose or invent mentions without any error."""
    text = random_text(seed) if seed >= len(TEXT) else TEXT[seed]
    encoded = tokenizer(text, return_offsets_mapping=True)
    if tokenizer.unk_token_id in encoded["input_ids"]:
        pytest.skip("an unknown character in this text")
    index = make_index(knowledge, tokenizer)
    ids = torch.tensor([encoded["input_ids"]])
    concepts = index.lookup(ids)
    found = {
        (t, t + n + 1): {c for c in concepts[0, t, n].tolist() if c >= 0}
        for _, t, n in (concepts >= 0).any(-1).nonzero().tolist()
    }
    expected = slow_lookup(knowledge, tokenizer, text, encoded)
    assert found == expected
    assert torch.equal(index(ids).evidence[0], slow_evidence(knowledge, expected, ids.shape[1]))


def test_the_fixture_text_has_the_hard_cases(knowledge, wordpiece):
    """Guards the test above: if nothing matched, it would compare nothing."""
    index, texts = make_index(knowledge, wordpiece), [
        ("IL-2", 5), ("IL 2", None), ("il2", 5), ("breast cancers", 3), ("Parkinsons disease", 7),
        ("at 1 h", None), ("HeLa cells", 10), ("Diabetes", 11), ("hearts", 8), ("heartsease", None),
    ]  # fmt: skip
    for text, concept in texts:
        hits = index.lookup(wordpiece(text, return_tensors="pt")["input_ids"])
        assert ({c for c in hits.flatten().tolist() if c >= 0}) == ({concept} if concept is not None else set()), text


def test_short_surfaces_keep_both_candidates(knowledge, wordpiece):
    """One surface of two concepts must offer both, in the order of the knowledge folder."""
    links = make_index(knowledge, wordpiece)(wordpiece("BRCA1", return_tensors="pt")["input_ids"])
    assert links.candidates[0, 1].tolist() == [3, 4, -1, -1]


def test_padding_changes_nothing(knowledge, tokenizer):
    """A batch is padded; a sentence alone is not. Both must be linked alike, on either side."""
    index = make_index(knowledge, tokenizer)
    ids = tokenizer(TEXT[0], return_tensors="pt")["input_ids"]
    pad = torch.full((1, 7), tokenizer.pad_token_id)
    alone = index(ids).evidence
    for padded, mask, part in (
        (torch.cat([ids, pad], 1), torch.cat([torch.ones_like(ids), torch.zeros_like(pad)], 1), slice(None, -7)),
        (torch.cat([pad, ids], 1), torch.cat([torch.zeros_like(pad), torch.ones_like(ids)], 1), slice(7, None)),
    ):
        assert torch.equal(index(padded, mask).evidence[:, part], alone)
        assert index(padded, mask).evidence.sum() == alone.sum()


@pytest.mark.parametrize("seed", range(5))
def test_without_torch_the_same_is_found(knowledge, tokenizer, seed):
    """An exported model would read other evidence than the one it was made from."""
    index = make_index(knowledge, tokenizer)
    batch = tokenizer([random_text(seed), "fever", *TEXT], padding=True, return_tensors="pt")
    ids, mask = batch["input_ids"], batch["attention_mask"]
    expected = index.lookup(ids, mask)
    arrays = {name: buffer.numpy() for name, buffer in index.named_buffers()}
    found = lookup(ids.numpy(), mask.numpy(), arrays, index.max_tokens, index.max_candidates)
    assert (expected >= 0).sum() > 5
    assert torch.equal(torch.from_numpy(found), expected)


def test_edges_are_defined(knowledge, wordpiece):
    """No match, only padding, 512 tokens: all answer, with nothing found where nothing is."""
    index = make_index(knowledge, wordpiece)
    only_padding = torch.full((2, 5), wordpiece.pad_token_id)
    assert not index(only_padding, torch.zeros(2, 5)).covered.any()
    assert not index(wordpiece("fell in", return_tensors="pt")["input_ids"]).covered.any()
    long = torch.tensor([wordpiece("aspirin " * 500)["input_ids"][:512]])
    assert index(long).covered.sum() > 400


@given(st.lists(st.sampled_from("abs1é"), min_size=1, max_size=9), st.lists(st.sampled_from("abs1é"), max_size=9))
@settings(max_examples=50, deadline=None)
def test_different_keys_have_different_hashes(left, right):
    """A weak hash would link unrelated names."""
    a, b = "".join(left).encode(), "".join(right).encode()
    assert (hash_key(a) == hash_key(b)) == (a == b)


def test_fingerprint_tells_tokenizers_apart(wordpiece):
    """Tables for another vocabulary would link at random."""
    other = wordpiece.__class__(tokenizer_object=wordpiece.backend_tokenizer)
    assert tokenizer_fingerprint(other) == tokenizer_fingerprint(wordpiece)
    other.add_tokens(["novel"])
    assert tokenizer_fingerprint(other) != tokenizer_fingerprint(wordpiece)

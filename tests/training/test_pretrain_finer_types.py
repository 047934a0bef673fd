"""Finer types of pretraining: hubs of the hierarchy, their loss, and the report on those never trained."""

import numpy as np
import pandas as pd
import pytest
import torch
from support import NO_DROPOUT, tiny_model

from modeling_kogner.training.pretraining.finer_type_report import finer_type_report
from modeling_kogner.training.pretraining.finer_types import (
    FinerTypes,
    Hubs,
    choose_hubs,
    embed_names,
    mention_means,
    mentioned_concepts,
)
from modeling_kogner.training.pretraining.packed_windows import PackedWindows
from modeling_kogner.training.pretraining.pretraining_model import PARTS, PretrainingModel


def random_graph(seed: int) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """120 concepts of two types with up to two parents each, some of the other type, some in no concept table."""
    draw = np.random.default_rng(seed)
    types = draw.choice(["Disease", "Chemical"], 120)
    edges = []
    for child in range(1, 120):
        for parent in draw.integers(0, child, draw.integers(1, 3)):
            edges.append(
                (f"X:{child}", draw.choice(["is_a", "mapped_to", "part_of"], p=[0.8, 0.1, 0.1]), f"X:{parent}")
            )
    edges += [("X:90", "is_a", "X:90"), ("X:3", "is_a", "X:119"), ("X:119", "is_a", "X:3")]  # cycles
    kept = np.flatnonzero(draw.random(120) < 0.95)
    concepts = pd.DataFrame({"id": [f"X:{i}" for i in kept], "name": [f"name {i}" for i in kept], "type": types[kept]})
    return concepts, pd.DataFrame(edges, columns=["head", "relation", "tail"]), draw.random(len(kept)) < 0.6


def cut_slowly(concepts, parent: dict, depth: dict, mentioned, enough: int) -> dict[str, str]:
    """Hub of each concept, found by walking: children before parents, then every concept up to its first hub."""
    kind, hubs = dict(zip(concepts["id"], concepts["type"], strict=True)), set()
    seen = dict(zip(concepts["id"], mentioned, strict=True))

    def path(one, until=()):
        walked = [one]
        while walked[-1] in parent and walked[-1] not in until:
            walked.append(parent[walked[-1]])
        return walked

    for one in sorted(kind, key=depth.__getitem__, reverse=True):
        below = [other for other in kind if seen[other] and one in path(other)]
        loose = [other for other in below if one in path(other, hubs)]
        of_kind = sum(seen[other] for other in kind if kind[other] == kind[one])
        if one in parent and len(below) <= 0.25 * of_kind and len(loose) >= enough:
            hubs.add(one)
    return {one: last for one in kind if (last := path(one, hubs)[-1]) in hubs}


@pytest.mark.parametrize("seed", range(2))
def test_hubs_are_those_of_a_slow_walk(seed):
    """A concept under a wrong hub would be taught a wrong type, and the losses would fall all the same."""
    concepts, edges, mentioned = random_graph(seed)
    hubs = choose_hubs(concepts, edges, mentioned, 12)
    kind = dict(zip(concepts["id"], concepts["type"], strict=True))
    up = edges[edges["relation"].isin(["is_a", "mapped_to"])]
    pairs = {
        (a, b)
        for a, b in zip(up["head"], up["tail"], strict=True)
        if a != b and (kind.get(a) == kind.get(b) or not {a, b} <= kind.keys())
    }
    depth = dict.fromkeys({one for pair in pairs for one in pair} | kind.keys(), 0)
    for _ in range(64):
        depth |= {a: max(before[b] + 1 for x, b in pairs if x == a) for before in [dict(depth)] for a, _ in pairs}
    parent = {}
    order = {one: i for i, one in enumerate([*concepts["id"], *up["tail"], *up["head"]][::-1])}  # of first appearance
    for a, b in sorted(pairs, key=lambda pair: (depth[pair[1]], order[pair[1]])):
        if depth[b] < depth[a]:
            parent[a] = b
    ours = {one: hubs.names[hub] for one, hub in zip(concepts["id"], hubs.hub_of, strict=True) if hub >= 0}
    name = dict(zip(concepts["id"], concepts["name"], strict=True))
    slow = [cut_slowly(concepts, parent, depth, mentioned, enough) for enough in range(1, 25)]
    matching = [{one: name[hub] for one, hub in cut.items()} for cut in slow]
    chosen = matching.index(ours)
    assert len(set(slow[chosen].values())) == len(hubs.names) <= 12 < len(set(slow[chosen - 1].values()))
    assert 0 < hubs.trained < len(hubs.names)


def test_a_graph_without_hierarchy_is_refused(knowledge):
    """Otherwise the loss would be 0 all along and nobody would know why."""
    everything = np.ones(len(knowledge.concepts), bool)
    with pytest.raises(ValueError, match="pass 0"):
        choose_hubs(knowledge.concepts, knowledge.edges, everything, 4)


@pytest.fixture
def learner(knowledge, wordpiece):
    """A tagger, two equal windows, and three hubs, the last of them never trained."""
    tagger = tiny_model(knowledge, wordpiece, types=knowledge.semantic_types, evidence="types", **NO_DROPOUT)
    text = (
        "Aspirin reduced the acute lymphoblastic leukemia and breast cancer. In Parkinson's disease the heart failure"
    )
    ids = wordpiece(text)["input_ids"]
    windows = PackedWindows(np.array([ids] * 2))
    names = ["aspirin", "cancer", "parkinson"]
    hub_of = np.array([0, 1, 1, 1, -1, -1, -1, 2, -1, -1, -1, -1], np.int32)
    hubs = Hubs(names, ["Chemical", "Disease", "Disease"], 2, hub_of)
    torch.manual_seed(0)
    return tagger, windows, hubs, FinerTypes(hubs, embed_names(tagger.kogner, wordpiece, names))


def test_concepts_that_the_text_mentions(learner, knowledge):
    """Hubs would be those of names that nobody writes."""
    tagger, windows, *_ = learner
    found = knowledge.concepts["name"][mentioned_concepts(tagger.kogner, windows)]
    assert {"Aspirin", "breast cancer", "heart failure", "Parkinson disease"} <= set(found)
    assert not {"IL2", "HeLa", "BRCA1"} & set(found)


def test_mentions_are_the_mean_of_their_own_tokens(learner):
    """The mean of a neighbour's tokens teaches its type."""
    tagger, windows, *_ = learner
    links = tagger.kogner.index(torch.from_numpy(windows.ids))
    hidden = torch.randn(*windows.ids.shape, 5)
    means = mention_means(hidden, links)
    for row, column in links.is_mention.nonzero().tolist():
        own = links.covered[row] & (links.start[row] == column)
        assert torch.allclose(means[row, column], hidden[row, own].mean(0), atol=1e-6)


def test_loss_counts_trained_hubs_alone(learner):
    """A hub that is asked for afterwards must not have been trained, not even as a wrong answer."""
    tagger, windows, _, finer = learner
    links = tagger.kogner.index(torch.from_numpy(windows.ids))
    hidden = torch.randn(*windows.ids.shape, 32)
    gold = finer.gold(links)
    assert set(gold.unique().tolist()) == {-1, 0, 1, 2}
    which = (gold >= 0) & (gold < 2)
    odds = finer.scores(mention_means(hidden, links)[which], finer.names[:2]) / 0.05
    expected = torch.nn.functional.cross_entropy(odds, gold[which]).item()
    assert finer(hidden, links).item() == pytest.approx(expected, rel=1e-5)
    finer.names[2] = 9.0
    assert finer(hidden, links).item() == pytest.approx(expected, rel=1e-5)


def test_finer_types_are_learned_and_reported(learner, wordpiece):
    """A loss that is not added, or a report of something else, looks like an idea that does not help."""
    tagger, windows, hubs, finer = learner
    model = PretrainingModel(tagger, wordpiece.mask_token_id, 0.2, 4.0, 0.0, finer, 2.0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    ids = torch.from_numpy(windows.ids)
    losses = []
    for _ in range(40):
        output = model(ids)
        parts = dict(zip(PARTS, output["parts"].tolist(), strict=True))
        losses.append(parts["finer_type_loss"])
        weighted = parts["type_loss"] + tagger.config.distillation_weight * parts["distillation_loss"] + 2 * losses[-1]
        assert output["loss"].item() == pytest.approx(weighted, rel=1e-4)
        output["loss"].backward()
        optimizer.step()
        optimizer.zero_grad()
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])
    report = finer_type_report(tagger, finer, hubs, windows, 1)
    assert report["trained"]["among_part"]["accuracy"] >= 0.8
    assert report["trained"]["hubs"].keys() == {"aspirin", "cancer"}
    new = report["by_name_alone"]
    assert list(new["hubs"]) == ["parkinson"]
    assert new["among_all"]["chance"] == pytest.approx(1 / 3, abs=1e-3)
    assert new["among_type"]["chance"] == new["most_frequent"] / 2 == 0.5
    assert new["among_part"]["accuracy"] == 1  # one candidate
    bare = finer_type_report(tagger, finer, hubs, windows, 1, projected=False)
    assert bare["trained"]["mentions"] == report["trained"]["mentions"]
    assert tagger.config.evidence == "types"

"""Names that a user tries first, in sentences of our own with the right ids: `tests/linking/*.pubtator`.

`kogner eval --linking tests/linking/*.pubtator --wrong-links wrong.tsv` scores them and lists what is wrong.
"""

import pytest
from support import ROOT

from modeling_kogner import load
from modeling_kogner.evaluation.linking import judge_links, scores_of, wrong_links

FILES = sorted((ROOT / "tests" / "linking").glob("*.pubtator"))
# Mentions whose best concept has to be right, of how many.
LEAST = {
    "abbreviations": (25, 25),
    "anatomy": (46, 46),
    "brackets": (16, 16),
    "brands": (20, 20),
    "composites": (11, 11),
    "everyday": (32, 32),
    "explained": (18, 18),
    "formulas": (30, 30),
    "genes": (82, 82),
    "organisms": (11, 11),
    "plain": (23, 23),
    "shorthand": (58, 58),
    "species": (20, 20),
    "symbols": (59, 59),
    "within": (13, 14),
}


@pytest.fixture(scope="module")
def linker():
    return load(ROOT / "hub_card", device="cpu").linker


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_bundled_model_links_common_names(path, linker):
    """A change of graph, candidates or choice that helps a corpus may send TP53 to a frog."""
    judged = judge_links(path, linker)
    parts = [row["parts"]["all"] for row in scores_of(judged).values()]
    wrong = [f"{row['mention']}: {row['id']} for {row['gold']}" for row in wrong_links(judged)]
    least, mentions = LEAST[path.stem]
    assert sum(part["mentions"] for part in parts) == mentions
    assert all(part["reach"] == 1 for part in parts), "a gold id is not in the bundled graph"
    assert mentions - len(wrong) >= least, "\n".join(wrong)

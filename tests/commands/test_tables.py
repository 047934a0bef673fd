"""Tables on a terminal of the usual width."""

from modeling_kogner.commands.tables import draw_mentions
from modeling_kogner.corpora.document import Document
from modeling_kogner.corpora.mention import Mention

NAME = "gastrointestinal stromal tumours"
FOUND = [
    Mention(0, 32, NAME, "Disease", 1.0, "MESH:D000068877", "Gastrointestinal Stromal Tumors", link_score=0.9),
    Mention(0, 32, NAME, "GeneFamily", 1.0),
]


def drawn(monkeypatch, width: int, mentions: list[Mention]) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    document = Document.of(NAME)
    document.mentions.extend(mentions)
    lines = draw_mentions(document).splitlines()
    assert max(map(len, lines)) <= width
    return lines


def test_no_word_and_no_id_is_broken_on_80_columns(monkeypatch):
    """Half an id cannot be searched for, and half a name reads as another one."""
    words = " ".join(drawn(monkeypatch, 80, FOUND)).replace("│", " ").split()
    assert {"gastrointestinal", "Gastrointestinal", "MESH:D000068877", "GeneFamily"} <= set(words)


def test_what_is_longer_than_the_terminal_is_all_there(monkeypatch):
    """Names of chemicals have no spaces; cut off, they would be of another one."""
    long = "1-methyl-4-phenyl-1,2,3,6-tetrahydropyridine" * 2
    lines = drawn(monkeypatch, 60, [Mention(0, 32, long, "Chemical", 1.0, "MESH:D015632", "MPTP")])
    assert "".join(line.split("│")[1].strip() for line in lines if line.startswith("│")) == long

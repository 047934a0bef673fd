"""Write the README's table of the bundled model's scores, beside published ones, from the files of `eval.py`.

Usage: `python benchmarks/front_page.py benchmarks/results/release/*.json`; `make card` names them one by one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from comparison import markdown
from report import ROOT, write_between

from modeling_kogner.publishing.card_scores import (
    EVERY_TYPE,
    PEERS,
    ScoreRow,
    by_type,
    document_rows,
    left_out,
    published,
    score_rows,
)
from modeling_kogner.publishing.score_files import Scored, read_scored

SHOWN = ("a", "b")  # marks of protocols whose numbers may be read beside ours


def percent(scores: dict | None) -> str:
    """F1 in percent, or a dash."""
    return f"{100 * scores['f1']:.1f}" if scores else "-"


def heights(corpus: str, kind: str) -> str:
    """The range of published F1 of the comparable protocols, with their mark; empty without any."""
    found = [of for of in published(corpus, kind) if of["mark"] in SHOWN]
    if not found:
        return ""
    values = sorted({of["f1"] for of in found})
    between = " to ".join(f"{value:.1f}" for value in dict.fromkeys((values[0], values[-1])))
    return f"{corpus.partition('_')[0]} {between}<sup>{found[0]['mark']}</sup>"


def front_table(files: list[Path]) -> str:
    """A row for each type: test sets, whole documents, published heights; then what the heights are."""
    scored = read_scored(files)
    types = by_type(score_rows(scored), document_rows(scored))
    types[EVERY_TYPE] = ([], types.pop(EVERY_TYPE, ([], []))[1])  # of a corpus with a few types it says little
    rows, told = [], scored.told is not None
    for kind, (corpora, documents) in types.items():
        sentences = " · ".join(f"{row.corpus} {_both(row, told)}" for row in corpora)
        whole = " · ".join(f"{name.replace('_', ' ')} {percent(scores)}" for name, _, _, scores in documents)
        named = [*(row.corpus for row in corpora), *(row[0] for row in documents)]
        beside = dict.fromkeys(filter(None, (heights(corpus, kind) for corpus in named)))
        if sentences or whole:
            rows.append([kind.partition(",")[0], sentences or "-", whole or "-", " · ".join(beside) or "-"])
    header = ["type", f"test sets, {'with / ' if told else ''}without convention", "whole documents", "published"]
    return f"{markdown(header, rows)}\n\n{_explained()}{_unseen(scored)}"


def _both(row: ScoreRow, told: bool) -> str:
    return f"{percent(row.told)} / {percent(row.plain)}" if told else percent(row.plain)


def _explained() -> str:
    """What the marks mean, and whose numbers they are."""
    parts = []
    for name, protocol in PEERS["protocols"].items():
        if protocol["mark"] in SHOWN:
            systems = ", ".join(of["name"] for of in PEERS["systems"] if of["protocol"] == name)
            parts.append(f"<sup>{protocol['mark']}</sup> {systems}. {protocol['text']}.")
    return " ".join(parts)


def _unseen(scored: Scored) -> str:
    """What scores of documents that training did not see leave out."""
    content = scored.documents.content["documents"] if scored.documents else {}
    sentences = []
    for name, files in left_out(scored).items():
        whole = name.removesuffix("_unseen")
        known = content[whole]["documents"] - content[name]["documents"]
        places = ", ".join(f"{count} in {file}" for file, count in files.items())
        sentences.append(
            f" {name.replace('_', ' ')}: without the {known} of {content[whole]['documents']} documents that are also "
            f"in training files, with some of their types annotated ({places})."
        )
    return "".join(sentences)


def id_table(linking: Path, ids: Path) -> str:
    """A row for each type: gold mentions with the right concept first, and mentions found with the right concept."""
    files = json.loads(linking.read_text())["linking"]["files"]
    report = json.loads(ids.read_text())
    files = {name: scores for name, scores in files.items() if "_" in name}  # not our own sentences
    rows = []
    for kind in report["documents"]["BioRED_validation"]["ids"]["mentions"]["types"]:
        gold = " · ".join(
            f"{name.replace('_', ' ')} {100 * found[kind]['parts']['all']['accuracy@1']:.1f}"
            for name, found in files.items()
            if kind in found
        )
        ends = [found["ids"]["mentions"]["types"].get(kind) for found in report["documents"].values()]
        rows.append([kind, gold, " / ".join(map(percent, ends))])
    end = f"mentions found with their concept, F1: {' / '.join(name.replace('_', ' ') for name in report['documents'])}"
    return markdown(["type", "gold mentions, accuracy@1", end], rows) + "\n"


if __name__ == "__main__":
    reports = {Path(path).stem: Path(path) for path in sys.argv[1:]}
    linked = [reports.pop(name) for name in ("linking", "ids") if name in reports]
    write_between(ROOT / "README.md", "scores", front_table(list(reports.values())))
    if len(linked) == 2:
        write_between(ROOT / "README.md", "ids", id_table(*linked))

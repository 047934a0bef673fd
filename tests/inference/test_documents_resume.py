"""Runs that are interrupted at any moment and resumed."""

import io
import itertools
import json
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pyarrow.parquet as pq
import pytest

from modeling_kogner.corpora.formats import OUTPUTS, READERS
from modeling_kogner.corpora.mention import Mention
from modeling_kogner.corpora.record import Fields
from modeling_kogner.inference.annotation_steps import annotate_records
from modeling_kogner.inference.resumable_file import ResumableFile

LINES = [json.dumps({"text": f"{number} fever"}) for number in range(10)]
LINES[3] = "no JSON"


class Killed(BaseException):
    """Stands for the end of the process."""


class FirstWord:
    """An annotator that takes the first word for a gene, and remembers what it read."""

    def __init__(self):
        self.read, self.tagger = [], SimpleNamespace(can_be_forked=True, share=lambda threads: None)

    def annotate(self, texts, *_):
        """The documents with their mentions."""
        self.read += [document.text for document in texts]
        for document in texts:
            word = document.text.split()[0]
            yield replace(document, mentions=[Mention(0, len(word), word, "Gene", 1.0)])


def annotate(path, kind, skip=True, lines=LINES, **settings):
    """One run, as the command does it."""
    annotator, skipped = FirstWord(), []
    output = ResumableFile(path, OUTPUTS[kind], settings)
    if not output.complete:
        records = READERS["jsonl"](io.BytesIO("\n".join(lines).encode()), "file", Fields())
        rest = itertools.islice(records, output.counts.records, None)
        annotate_records(annotator, rest, output, skipped.append if skip else None, lambda *_: None, batch_size=1)
    return annotator.read, output.counts


def content(path, kind):
    if kind == "parquet":
        return pq.read_table(path).to_pylist()
    if kind == "excel":
        return pd.read_excel(path.open("rb"), sheet_name=None)["mentions"].to_csv()
    if kind == "brat":
        return {each.name: each.read_text() for each in path.iterdir()}
    return path.read_text()


@pytest.mark.parametrize("kind", OUTPUTS)
def test_a_run_cut_off_at_any_moment_ends_with_the_same_file(monkeypatch, tmp_path, kind):
    """A moment in which a kill loses, repeats or halves a record; there are about a dozen of them in this run."""
    annotate(tmp_path / "whole", kind)
    whole = content(tmp_path / "whole", kind)
    real = {(os, "fsync"): os.fsync, (Path, "replace"): Path.replace, (Path, "unlink"): Path.unlink}
    for moment in itertools.count():
        left = moment

        def fatal(*arguments, act, **settings):
            nonlocal left
            left -= 1
            if left == -1:
                raise Killed
            return act(*arguments, **settings)

        path = tmp_path / str(moment)
        with monkeypatch.context() as patch:
            for (owner, name), act in real.items():
                patch.setattr(owner, name, lambda *given, act=act, **settings: fatal(*given, act=act, **settings))
            try:
                annotate(path, kind)
            except Killed:
                pass
            else:
                break
        _, counts = annotate(path, kind)
        assert content(path, kind) == whole, f"killed at moment {moment}"
        assert (counts.records, counts.documents, counts.skipped, counts.mentions) == (10, 9, 1, 9)
        assert sorted(p.name for p in tmp_path.glob(f"{moment}*")) == [str(moment), f"{moment}.run.json"]
    assert moment > 8


def test_what_is_done_is_not_read_again(tmp_path):
    """A second run that starts again would cost as much as the first; one that is over must not touch the file."""
    path = tmp_path / "out.jsonl"
    with pytest.raises(ValueError, match=r"file, line 4: not JSON .* or continue with --on-error skip"):
        annotate(path, "jsonl", skip=False)
    assert not path.exists()
    read, counts = annotate(path, "jsonl")
    assert read[0] == "4 fever"
    assert counts.documents == 9
    assert annotate(path, "jsonl") == ([], counts)


def test_other_settings_and_foreign_files_are_refused(tmp_path):
    """Half a file of one model and half of another, or a file of the user's overwritten."""
    path = tmp_path / "out.jsonl"
    annotate(path, "jsonl", threshold=0.5)
    with pytest.raises(ValueError, match=r"other settings wrote it \(threshold\).* remove out\.jsonl"):
        annotate(path, "jsonl", threshold=0.6)
    path.with_name("out.jsonl.run.json").unlink()
    with pytest.raises(ValueError, match="exists already"):
        annotate(path, "jsonl", threshold=0.5)
    mistyped = tmp_path / "new.jsonl"
    with pytest.raises(ValueError, match="not JSON"):
        annotate(mistyped, "jsonl", skip=False, lines=["no JSON"], column="tex")
    annotate(mistyped, "jsonl", column="text")  # nothing was written yet, so the option may be corrected


def test_a_file_in_work_is_left_alone(tmp_path):
    """Two runs that append to one file would mix their records."""
    path = tmp_path / "out.jsonl"
    first = ResumableFile(path, OUTPUTS["jsonl"], {})
    with pytest.raises(ValueError, match="another process is writing it"):
        ResumableFile(path, OUTPUTS["jsonl"], {})
    first.stream.close()
    path.with_name("out.jsonl.run.json").write_text("{")
    with pytest.raises(ValueError, match="damaged; to start again remove"):
        ResumableFile(path, OUTPUTS["jsonl"], {})

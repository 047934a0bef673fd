"""Several jobs: the same file as from one, whatever ends them."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import TEXT
from support import heed_interrupts, kogner
from test_documents_resume import FirstWord
from tiny_tagger import save_tagger

from modeling_kogner.corpora.formats import OUTPUTS, READERS
from modeling_kogner.corpora.record import Fields
from modeling_kogner.inference.annotation_steps import annotate_records
from modeling_kogner.inference.jobs import can_fork, gpus_of
from modeling_kogner.inference.resumable_file import ResumableFile

pytestmark = pytest.mark.skipif(not can_fork(), reason="processes share memory on Linux alone")
LINES = [json.dumps({"text": f"w{number} fever"}) for number in range(40)]


class Uneven(FirstWord):
    """Early documents take longer, so that later steps are done before; 'die' ends the process."""

    def annotate(self, texts, *given):
        """As above."""
        for document in super().annotate(texts, *given):
            time.sleep(max(0, 20 - int(document.text.split()[0][1:] or 0)) / 1000)
            if "die" in document.text:
                os.kill(os.getpid(), signal.SIGKILL)
            yield document


def annotate(path, jobs, lines=LINES, annotator=None):
    output = ResumableFile(path, OUTPUTS["jsonl"], {})
    records = READERS["jsonl"](io.BytesIO("\n".join(lines).encode()), "file", Fields())
    positions = []
    try:
        annotate_records(
            annotator or Uneven(),
            (record for number, record in enumerate(records) if number >= output.counts.records),
            *(output, None),
            lambda counts, position: positions.append((counts.records, position)),
            batch_size=1,
            jobs=jobs,
        )
    finally:
        output.stream.close()
    return positions


def test_order_and_progress_are_those_of_one_process(tmp_path):
    """A step that overtakes another would put documents, or the place to resume from, out of order."""
    expected = annotate(tmp_path / "one.jsonl", 1)
    for jobs in (2, 4):  # threads, processes
        found = annotate(tmp_path / f"{jobs}.jsonl", jobs)
        assert [records for records, _ in found] == [*range(1, 41), 40]
        assert expected == found[3::4] + found[-1:]
        assert (tmp_path / f"{jobs}.jsonl").read_text() == (tmp_path / "one.jsonl").read_text()
    assert [records for records, _ in expected] == [*range(4, 41, 4), 40]


@pytest.mark.parametrize("jobs", [2, 4])
def test_a_wrong_record_comes_after_what_was_read_before_it(jobs, tmp_path):
    """Steps that are still being worked on would be lost, though the message says where to go on."""
    with pytest.raises(ValueError, match=r"file, line 31: not JSON"):
        annotate(tmp_path / "out.jsonl", jobs, [*LINES[:30], "no JSON", *LINES[30:]])
    annotate(tmp_path / "out.jsonl", jobs)
    texts = [json.loads(line)["text"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert texts == [json.loads(line)["text"] for line in LINES]


def test_a_process_that_is_ended_is_told_and_can_be_repeated(tmp_path):
    """Where memory runs out the system ends a process, and the others would wait for it for ever."""
    lines = [*LINES[:20], '{"text": "w20 die"}', *LINES[21:]]
    with pytest.raises(ValueError, match=r"ended from outside; repeat the command to continue, with fewer --jobs"):
        annotate(tmp_path / "out.jsonl", 4, lines)
    annotate(tmp_path / "out.jsonl", 4, lines, FirstWord())
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 40


def test_gpus_are_those_that_are_there(monkeypatch):
    """Processes on a GPU that is not there would end one by one, and nobody be told why."""
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    assert (gpus_of(None), gpus_of("cuda")) == (["cuda:0", "cuda:1"], ["cuda:0", "cuda:1"])
    assert (gpus_of("cuda:1"), gpus_of("cuda:2"), gpus_of("cpu"), gpus_of("mps")) == (["cuda:1"], [], [], [])
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    assert (gpus_of(None), gpus_of("cuda:0")) == ([], [])


def children(process):
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@pytest.mark.slow
def test_the_command_in_jobs_ends_and_goes_on(knowledge, tmp_path):
    """Processes that outlive a killed run hold its file and its memory; another number of jobs must not matter."""
    model, source = save_tagger(knowledge, tmp_path / "model"), tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps({"id": n, "text": f"{n}. {TEXT[n % 5]}"}) + "\n" for n in range(800)))
    command = ["--model", model, "--device", "cpu", "--input", source, "--batch-size", 1, "--precision", "fp32"]
    output, state = tmp_path / "out.jsonl", tmp_path / "out.jsonl.run.json"

    def start(jobs):
        module = [sys.executable, "-m", "modeling_kogner.commands.annotate"]
        whole = [*module, *map(str, [*command, "--output", output, "--jobs", jobs])]
        environment = os.environ | {"OMP_NUM_THREADS": "2", "HF_HUB_OFFLINE": "1"}
        return subprocess.Popen(whole, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts)

    def done():
        return json.loads(state.read_text())["counts"]["records"] if state.exists() else 0

    for end, records, jobs in ((signal.SIGKILL, 12, 4), (signal.SIGINT, 60, 4), (signal.SIGINT, 120, 2)):
        process = start(jobs)
        while done() < records:
            time.sleep(0.01)
            assert process.poll() is None
        workers = children(process.pid)
        assert len(workers) == (4 if jobs == 4 else 0)  # two are threads
        process.send_signal(end)
        message = process.communicate(timeout=60)[1]
        assert process.returncode == (130 if end == signal.SIGINT else -end)
        assert end == signal.SIGKILL or "the same command resumes from here" in message
        for _ in range(100):
            if not any(Path(f"/proc/{worker}").exists() for worker in workers):
                break
            time.sleep(0.1)
        else:
            pytest.fail("a process outlived the run")
        assert records <= done() < 800
    assert start(2).wait(120) == 0
    assert kogner("annotate", *command, "--output", tmp_path / "whole.jsonl", "--jobs", 1).exit_code == 0
    assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()

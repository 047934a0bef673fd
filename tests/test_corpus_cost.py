"""`benchmarks/corpus_cost.py` against values worked out by hand."""

import runpy

import pytest
from support import ROOT

main = runpy.run_path(str(ROOT / "benchmarks/corpus_cost.py"))["main"]


def test_hours_and_cost(capsys):
    """A factor of 60 too much or too little would look as likely."""
    main(["--machine", "slow", "10", "0.5", "--machine", "fast", "1000", "3", "--machines", "20"])
    *_, slow, fast = capsys.readouterr().out.splitlines()
    assert slow == "| slow | 10 | 1,000 | 50.0 | 500 |"  # 36e6 / 10 = 3.6e6 s = 1000 h
    assert fast == "| fast | 1,000 | 10 | 0.5 | 30 |"


@pytest.mark.parametrize("rate", ["0", "quick"])
def test_a_rate_that_is_none_is_one_message(rate, capsys):
    """A division by zero tells nobody which number to mend."""
    with pytest.raises(SystemExit):
        main(["--machine", "mine", rate, "1"])
    assert f"--machine 'mine' {rate} 1: give documents a second" in capsys.readouterr().err

"""greenlight backtest and demo at the door: what is shown, what is written, what a mistake gets."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from greenlight.cli import main
from greenlight.domain import UserError

SHORT = [
    "--symbols",
    "AAPL,JPM,XOM",
    "--start",
    "2015-01-02",
    "--end",
    "2018-12-31",
    "--tries",
    "1",
]
STRATEGY = '''
from greenlight.indicators import sma
from greenlight.signals import Integer, View, strategy


@strategy(lookback=lambda slow: slow, fast=Integer(10, 5, 50), slow=Integer(40, 20, 200))
def mine(view: View, fast: int, slow: int):
    """A user's own."""
    return (sma(view.close, fast) > sma(view.close, slow)) * 1.0
'''


@pytest.fixture
def here(tmp_path, monkeypatch):
    pytest.importorskip("skfolio", reason="carries the sample's prices")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_backtest_of_ones_own_file_writes_a_whole_folder_and_says_where(here, capsys):
    (here / "mine.py").write_text(STRATEGY)
    assert main(["backtest", "mine.py", *SHORT]) == 0
    shown = capsys.readouterr().out
    folder = here / "runs" / (here / "runs" / "latest").read_text().strip()
    assert folder.name.startswith("mine-")
    assert f"runs/{folder.name}/report.html" in shown.replace("\n", "")
    for said in (
        "out of sample",
        "Sharpe over bills",
        "Buy and hold, at own exposure",
        "Why no trade",
    ):
        assert said in shown
    config = json.loads((folder / "config.json").read_text())
    assert config["data"]["symbols"] == ["AAPL", "JPM", "XOM"]
    assert config["strategies"]["names"] == ["mine.py"]
    assert str(here) not in (folder / "config.json").read_text()


def test_json_is_all_that_stands_on_standard_output(here, capsys):
    (here / "mine.py").write_text(STRATEGY)
    assert main(["backtest", "mine.py", *SHORT, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert Path(found["report"]).is_file()
    assert found["symbols"] == ["AAPL", "JPM", "XOM"]
    assert found["trials"]["trials"] == 1
    assert found["whole"]["trades"]["count"] > 0


def test_run_twice_it_counts_once_and_gives_the_same_bytes(here, capsys):
    (here / "mine.py").write_text(STRATEGY)
    assert main(["backtest", "mine.py", *SHORT]) == 0
    folder = here / "runs" / (here / "runs" / "latest").read_text().strip()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(["backtest", "mine.py", *SHORT]) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert main(["backtest", "mine.py", *SHORT, "--cash", "50000", "--json"]) == 0
    out = capsys.readouterr().out
    assert json.loads(out[out.index("{") :])["trials"]["trials"] == 2


def test_a_strategy_that_looks_ahead_is_told_and_the_answer_is_no(here, capsys):
    cheat = STRATEGY.replace(
        "return (sma(view.close, fast) > sma(view.close, slow)) * 1.0",
        "import numpy as np\n    return np.append(np.diff(view.close) > 0, False) * 1.0",
    )
    (here / "cheat.py").write_text(cheat)
    assert main(["backtest", "cheat.py", *SHORT]) == 1
    assert "look-ahead audit failed" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["momentum_brakout"], "did you mean momentum_breakout?"),
        (["--symbols", "APL"], "AAPL"),
        (["--cash", "0"], "cash"),
        (["--split", "1.5"], "split"),
        (["--start", "2030-01-01"], "no bars from 2030-01-01"),
        (["--start", "2020-01-01", "--end", "2010-01-01"], "after end"),
        (["--sample", "--store", "x"], "exclude each other"),
        (["--store", "nowhere"], "nowhere"),
        (["--set", "limits.stopp=0.1"], "did you mean stop?"),
        (["nowhere.py"], "nowhere.py"),
    ],
)
def test_a_mistake_gets_one_line_and_leaves_nothing(here, capsys, arguments, said):
    assert main(["backtest", *arguments]) == 2
    told = capsys.readouterr().err
    line = told.strip().splitlines()[-1]
    assert line.startswith("greenlight: ")
    assert said in line
    assert not (here / "runs").exists()


def test_an_account_too_small_for_one_share_is_told_what_it_cannot_buy(here, capsys):
    (here / "mine.py").write_text(STRATEGY)
    assert main(["backtest", "mine.py", *SHORT, "--cash", "50"]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert "one share" in line
    assert "AAPL" in line


def test_the_demo_trades_the_whole_sample(capsys, monkeypatch):
    from greenlight.cli import demo

    asked = []
    monkeypatch.setattr(
        demo, "run", lambda config, *, as_json: asked.append((config, as_json)) or 0
    )
    assert main(["demo", "--json"]) == 0
    config, as_json = asked[0]
    assert as_json
    assert config.data.source == "sample"
    assert config.data.symbols == ()
    assert config.strategies.names == ()
    assert capsys.readouterr().out == ""


def test_interrupted_it_leaves_earlier_runs_as_they_were(here):
    (here / "mine.py").write_text(STRATEGY)
    assert main(["backtest", "mine.py", *SHORT]) == 0
    folder = here / "runs" / (here / "runs" / "latest").read_text().strip()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code = (
        "import sys; import greenlight.backtest.artefacts as a\n"
        "def stop(*_): raise KeyboardInterrupt\n"
        "a.build_report = stop\n"
        "from greenlight.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "backtest", "mine.py", *SHORT],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ.copy(),
    )
    assert done.returncode == 2
    assert "untouched" in done.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert not [path for path in (here / "runs").iterdir() if path.name.endswith(".part")]


def test_user_error_is_what_a_full_disk_becomes(here, monkeypatch, capsys):
    from greenlight.backtest import conduct as module

    (here / "mine.py").write_text(STRATEGY)

    def full(*_):
        raise UserError("cannot write the results to runs: No space left on device")

    monkeypatch.setattr(sys.modules[module.__module__], "write_run", full)
    assert main(["backtest", "mine.py", *SHORT]) == 2
    assert "No space left" in capsys.readouterr().err

"""greenlight audit: 0 clean, 1 something found, 2 could not run."""

import json
from datetime import date
from pathlib import Path

import pytest

from greenlight.cli import main
from greenlight.market import sample

EXAMPLE = Path(__file__).parents[2] / "examples" / "sma_cross.py"
CHEAT = """
import numpy as np
from greenlight.signals import strategy

@strategy(lookback=2)
def tomorrow(view):
    return np.append(np.sign(np.diff(view.close)) / 2, 0.0)
"""


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tomorrow.py").write_text(CHEAT)
    return tmp_path


def test_the_example_is_clean_at_every_bar(capsys):
    assert main(["audit", str(EXAMPLE), "--symbols", "AAPL", "--start", "2020-06-01"]) == 0
    told = capsys.readouterr().out
    bars = sample().only(("AAPL",)).between(date(2020, 6, 1), None).blocks[0].count
    looked = "1 strategy on 1 symbol, the future cut away after every bar"
    assert f"{looked}: {bars - 49} replays." in told
    assert "Clean: no vote changes." in told


def test_a_cheat_is_named_with_bar_and_values_and_exit_code_1(capsys):
    arguments = ["audit", "tomorrow.py", "--cuts", "12", "--symbols", "KO,AAPL"]
    assert main(arguments) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "tomorrow looks ahead: AAPL, bar " in told
    assert " ET (" in told
    assert "without what came after, which it reads ahead of time: close" in told
    assert main([*arguments, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["is_clean"], found["is_whole"], found["symbols"]) == (False, False, 2)
    assert {one["symbol"] for one in found["findings"]} == {"AAPL", "KO"}
    assert {one["fault"] for one in found["findings"]} == {"look_ahead"}
    assert found["findings"][0]["old"] in (0.5, -0.5)
    assert found["findings"][0]["new"] == 0.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tomorow.py"], "no file tomorow.py; did you mean tomorrow.py?"),
        (["macro_tend"], "no strategy macro_tend; did you mean macro_trend?"),
        (["tomorrow.py", "--symbols", "APPL"], "AAPL"),
        (
            ["macro_trend", "--start", "2022-10-03"],
            "no symbol has the 210 bars that a vote needs; choose a longer span",
        ),
    ],
)
def test_what_cannot_be_audited_is_told_in_one_line(capsys, arguments, words):
    assert main(["audit", *arguments]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_parameters_of_the_configuration_are_audited(capsys, here):
    (here / "greenlight.toml").write_text(
        "[strategies.parameters.sma_cross]\nslow = 200\n[data]\nsymbols = ['AAPL']\n"
    )
    assert main(["audit", str(EXAMPLE), "--start", "2022-03-15", "--cuts", "4"]) == 0
    capsys.readouterr()
    assert main(["audit", str(EXAMPLE), "--start", "2022-04-01", "--cuts", "4"]) == 2
    assert "the 200 bars" in capsys.readouterr().err

"""greenlight storm: seeds in, a summary out; a failing seed says how to replay it."""

import json

import pytest

from greenlight import storm
from greenlight.cli import main
from greenlight.storm import Failure, Summary, Tally


def tally(seed: int, failure: Failure | None = None) -> Tally:
    return Tally(seed, failure, 0.1, 3600.0, {"cut": 2}, 1, 10, 4, 3.0)


@pytest.fixture
def seeds(monkeypatch):
    """Stands in for the simulation: seed 3 fails."""

    def run(chosen, _jobs, told):
        summary = Summary()
        for seed in chosen:
            failed = Failure(seed, "stop-rests", 1_749_578_400_000_000_000, "S0 is bare")
            one = tally(seed, failed if seed == 3 else None)
            summary.add(one)
            told(one)
        return summary

    monkeypatch.setattr(storm, "run_seeds", run)
    monkeypatch.setattr("greenlight.engine.warm_up", lambda: None)


@pytest.mark.usefixtures("seeds")
def test_seeds_that_hold_end_with_0_and_say_what_was_done(capsys):
    assert main(["storm", "--seeds", "0..2"]) == 0
    told = capsys.readouterr().out
    assert "3 seeds" in told
    assert "Every invariant held." in told
    assert "cut 6" in told


@pytest.mark.usefixtures("seeds")
def test_a_failing_seed_ends_with_1_and_says_how_to_replay_it(capsys):
    assert main(["storm", "--seeds", "2..4"]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "seed 3, 2025-06-10 14:00 ET" in told
    assert "stop-rests" in told
    assert "greenlight storm --seed 3 --trace" in told


@pytest.mark.usefixtures("seeds")
def test_json_has_every_number(capsys):
    assert main(["storm", "--seeds", "2..4", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["held"] is False
    assert told["seeds"] == 3
    assert told["orders"] == 30
    assert told["faults"] == {"cut": 6}
    assert told["failures"][0]["replay"] == "greenlight storm --seed 3 --trace"


@pytest.mark.parametrize("words", [["--seeds", "5..2"], ["--seeds", "many"], ["--trace"]])
def test_what_cannot_be_run_is_said_in_one_line(words, capsys):
    assert main(["storm", *words]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_the_trace_of_a_seed_is_readable(capsys):
    assert main(["storm", "--seed", "8", "--trace"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("seed 8: ")
    assert "journal  1 RunBegan" in told

"""The bench's own sums: best rounds, ratios, verdicts, agreement to the cent, tables."""

import json
import sys

import pytest
from bench.harness import Measurement, PeerError, run_job
from bench.results import Row, as_json, disagreements, summarise, to_the_cent, verdicts
from bench.tables import rows_table, verdict_table
from bench.works import ENGINES, OURS, TARGETS, WORKS, Target, Unit


def measured(wall=2.0, user=1.0, equity=100.0, trades=3, rss=50.0):
    return Measurement(wall, user, equity, trades, rss, "1")


def row(engine, *, work="w", wall=1.0, user=1.0, rate=1e6, equity=100.0, trades=3):
    return Row(work, engine, wall, user, rate, equity, trades, 10.0)


def test_the_best_round_of_each_figure_counts():
    rounds = [measured(wall=3.0, user=0.5, rss=70.0), measured(wall=2.0, user=0.8, rss=60.0)]
    got = summarise("w", OURS, 1_000, rounds)
    assert (got.wall_s, got.user_s, got.rss_mb, got.rate) == (2.0, 0.5, 60.0, 2_000.0)


def test_two_results_of_one_engine_are_refused():
    with pytest.raises(ValueError, match="two runs, two results"):
        summarise("w", OURS, 1, [measured(equity=1.0), measured(equity=1.001)])


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [(100.0, 100.0049, True), (100.0, 99.9951, True), (100.0, 100.0051, False)],
)
def test_money_agrees_within_half_a_cent(one, other, agree):
    assert to_the_cent(one, other) is agree


def test_a_peer_with_other_money_or_other_trades_is_named():
    rows = [row(OURS), row("a", equity=100.02), row("b", trades=4), row("c", equity=100.001)]
    found = disagreements(rows)
    assert [line.split()[1] for line in found] == ["a", "b"]


def test_works_without_our_row_are_not_compared():
    assert disagreements([row("a", equity=1.0), row("b", equity=2.0)]) == []


def test_a_ratio_is_their_time_over_ours():
    target = Target("w", Unit.TIMES, 5, 20, "peer")
    ours, peer = row(OURS, user=0.5, wall=1.0), row("peer", user=5.0, wall=30.0)
    (verdict,) = verdicts([ours, peer], [target])
    assert (verdict.user, verdict.wall, verdict.word) == (10.0, 30.0, "least")


@pytest.mark.parametrize(
    ("unit", "user", "rate", "word"),
    [
        (Unit.RATE, 1.0, 70e6, "aim"),
        (Unit.RATE, 1.0, 30e6, "least"),
        (Unit.RATE, 1.0, 5e6, "MISSED"),
        (Unit.SECONDS, 10.0, 0.0, "aim"),
        (Unit.SECONDS, 20.0, 0.0, "least"),
        (Unit.SECONDS, 99.0, 0.0, "MISSED"),
    ],
)
def test_rates_are_better_high_and_seconds_better_low(unit, user, rate, word):
    least, aim = (20, 60) if unit is Unit.RATE else (30, 15)
    (verdict,) = verdicts([row(OURS, user=user, rate=rate)], [Target("w", unit, least, aim)])
    assert verdict.word == word


def test_a_target_whose_peer_did_not_run_is_left_out():
    assert verdicts([row(OURS)], [Target("w", Unit.TIMES, 5, 20, "absent")]) == []


def test_every_target_names_a_work_and_an_engine_of_it():
    works = {work.name: work for work in WORKS}
    for target in TARGETS:
        if target.unit is not Unit.SECONDS:
            work = works[target.work]
            assert OURS in work.engines
            assert target.against in ("", *work.engines)
            assert set(work.engines) <= set(ENGINES)


def test_rows_have_the_published_fields_and_are_plain_json():
    (plain,) = json.loads(json.dumps(as_json([row(OURS)])))
    wanted = ["work", "engine", "wall_s", "user_s", "rate", "equity", "trades", "rss_mb"]
    assert list(plain) == wanted


def test_tables_show_every_row_and_verdict():
    rows = [row(OURS), row("peer", user=12.0)]
    assert "12.0" in rows_table(rows).splitlines()[2]
    shown = verdict_table(verdicts(rows, [Target("w", Unit.TIMES, 5, 20, "peer")]))
    assert shown.splitlines()[1].endswith("least")


def test_a_process_is_measured_and_its_line_read(tmp_path):
    told = {"wall_s": 1, "user_s": 2, "equity": 3, "trades": 4, "version": "5"}
    (tmp_path / "peer.py").write_text(f"print('noise')\nprint({json.dumps(told)!r})\n")
    got = run_job(sys.executable, "peer", {}, tmp_path)
    assert (got.wall_s, got.user_s, got.equity, got.trades, got.version) == (1, 2, 3, 4, "5")
    assert got.rss_mb > 1  # no upper bound: a child begins with the peak of its parent


@pytest.mark.parametrize("script", ["raise SystemExit(3)", "print('nothing to read')", ""])
def test_a_peer_that_fails_or_says_nothing_is_an_error(tmp_path, script):
    (tmp_path / "peer.py").write_text(script + "\n")
    with pytest.raises(PeerError, match="peer"):
        run_job(sys.executable, "peer", {}, tmp_path)

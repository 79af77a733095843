"""A whole backtest on small markets: what it says can be recomputed from what it wrote."""

import json
from dataclasses import replace
from decimal import Decimal

import markets
import numpy as np
import polars as pl
import pytest

from greenlight.backtest import artefacts
from greenlight.backtest.artefacts import write_run
from greenlight.backtest.identity import Identity, identify
from greenlight.backtest.run import backtest
from greenlight.backtest.transfers import trips_of
from greenlight.backtest.trials import TrialCount
from greenlight.backtest.walkforward import Search
from greenlight.domain import StockMerger, UserError
from greenlight.market import Membership
from greenlight.scoring import Voice

CONFIG = {"limits": {"deployed": 1.0}}


def done(given, plan=None):
    chosen = markets.plan(given) if plan is None else plan
    identity = identify(given, [voice.strategy for voice in chosen.voices], CONFIG)
    return backtest(given, chosen, identity, TrialCount), identity


@pytest.fixture(scope="module")
def eventful():
    given = markets.eventful()
    return done(given, markets.plan(given, (Voice(markets.always, {}),), markets.PATIENT))


@pytest.fixture(scope="module")
def folder(eventful, tmp_path_factory):
    return write_run(eventful[0], eventful[1], CONFIG, tmp_path_factory.mktemp("runs"))


def test_the_market_of_these_tests_has_something_of_everything(eventful):
    run = eventful[0].run
    assert len(run.fills) > 50
    assert set(run.flows["kind"].tolist()) >= {0, 2, 4, 6}  # interest, dividend, lieu, delisting
    assert len(run.adjustments) >= 3


def recount(given, folder):
    """Differences in cash and equity between the files and a recount from fills and prices."""
    tables = {
        name: pl.read_parquet(folder / f"{name}.parquet")
        for name in ("fills", "cash", "actions", "equity")
    }
    column = {symbol: place for place, symbol in enumerate(given.symbols)}
    stamps = tables["equity"]["ts"].dt.epoch("ns").to_list()

    def row_of(moment, symbol=None):
        """The row whose bar opened then: that of the symbol's own block."""
        blocks = given.blocks if symbol is None else [given.block_of(symbol)]
        ts = int(moment.timestamp()) * 1_000_000_000
        closes = [b.close_ts[b.open_ts == ts] for b in blocks]
        return np.searchsorted(stamps, min(int(c[0]) for c in closes if len(c) > 0))

    cash = np.zeros(len(stamps))
    units = np.zeros((len(stamps), len(column)))
    for fill in tables["fills"].iter_rows(named=True):
        sign = {"buy": 1, "sell": -1}[fill["side"]]
        row = row_of(fill["ts"], fill["symbol"])
        cash[row] -= sign * fill["quantity"] * fill["price"] + fill["fee"]
        units[row, column[fill["symbol"]]] += sign * fill["quantity"]
    for flow in tables["cash"].iter_rows(named=True):
        cash[row_of(flow["ts"], flow["symbol"])] += flow["amount"]
    for change in tables["actions"].iter_rows(named=True):
        row = row_of(change["ts"], change["symbol"])
        units[row, column[change["symbol"]]] += change["after"] - change["before"]
    balance = 100_000.0 + np.cumsum(cash)
    worth = (np.cumsum(units, axis=0) * marks(given, stamps)).sum(axis=1)
    return (
        np.abs(balance - tables["equity"]["cash"].to_numpy()).max(),
        np.abs(balance + worth - tables["equity"]["equity"].to_numpy()).max(),
    )


def marks(given, stamps):
    """Last close of every symbol as of each row."""
    columns = []
    for block in given.blocks:
        for own in block.close.T:
            known = ~np.isnan(own)
            at = np.searchsorted(block.close_ts[known], stamps, side="right")
            columns.append(np.concatenate(([0.0], own[known]))[at])
    return np.stack(columns, axis=1)


def test_equity_is_recomputed_from_the_files_to_the_cent(eventful, folder):
    cash, equity = recount(eventful[0].assembled.history, folder)
    assert cash < 0.005
    assert equity < 0.005


def test_two_calendars_over_one_account(tmp_path):
    given = markets.two_calendars()
    found, identity = done(
        given, markets.plan(given, (Voice(markets.always, {}),), markets.PATIENT)
    )
    folder = write_run(found, identity, CONFIG, tmp_path)
    cash, equity = recount(given, folder)
    assert cash < 0.005
    assert equity < 0.005
    traded = set(pl.read_parquet(folder / "fills.parquet")["symbol"].to_list())
    assert {"AAA", "BTC"} <= traded
    assert found.result.out_of_sample.performance.end == found.result.end
    sessions = given.blocks[1].session
    assert len(found.assembled.sessions) > len(sessions)
    assert found.result.whole.performance.sessions == len(sessions)  # every day, weekends too


def test_a_takeover_for_shares_is_no_total_loss():
    plain = markets.history(sessions=120, seed=4)
    day = markets.day(plain.blocks[0].session[60])
    actions = (StockMerger("AAA", day, "BBB", Decimal("1.2"), Decimal(2)),)
    scale = np.ones((120, 4))
    scale[60:, 0] = np.nan
    bars = plain.blocks[0]
    raw = replace(bars, **{n: getattr(bars, n) * scale for n in ("open", "high", "low", "close")})
    given = replace(plain, actions=actions, blocks=(raw,))
    limits = markets.PATIENT._replace(max_bars=0)
    found = done(given, markets.plan(given, (Voice(markets.always, {}),), limits))[0]
    trips = trips_of(found.assembled, found.run)
    taken = trips.only(np.flatnonzero((trips.symbol == 0) & ~trips.is_open))
    assert len(taken.net) == 1
    value = 1.2 * bars.close[60, 1] + 2.0
    assert taken.returns[0] == pytest.approx(value / bars.close[1, 0] - 1.0, abs=0.05)
    assert taken.returns[0] > -0.9
    made = trips.net.sum() + found.run.flows["amount"][found.run.flows["symbol"] < 0].sum()
    assert made == pytest.approx(found.result.final_equity - 1e5)


def test_files_have_the_columns_that_were_promised(folder):
    columns = {path.stem: pl.read_parquet_schema(path) for path in folder.glob("*.parquet")}
    fills = ["ts", "symbol", "side", "quantity", "price", "fee", "role", "reason", "intent"]
    assert list(columns["fills"]) == [*fills, "reference"]
    assert list(columns["cash"]) == ["ts", "symbol", "amount", "kind"]
    assert list(columns["actions"]) == ["ts", "symbol", "kind", "before", "after"]
    assert list(columns["equity"]) == ["ts", "equity", "cash"]
    assert "decisions" in columns
    assert all(table["ts"] == pl.Datetime("ns", "UTC") for table in columns.values())
    account = pl.read_parquet(folder / "cash.parquet").filter(pl.col("kind") == "interest")
    assert account["symbol"].null_count() == len(account) > 0
    assert {path.name for path in folder.iterdir()} == {
        *(f"{name}.parquet" for name in columns),
        "config.json",
        "data.json",
        "result.json",
        "report.html",
    }


def test_the_same_inputs_give_the_same_bytes(eventful, folder, tmp_path):
    given = markets.eventful()
    again = backtest(
        given,
        markets.plan(given, (Voice(markets.always, {}),), markets.PATIENT),
        eventful[1],
        TrialCount,
    )
    other = write_run(again, eventful[1], CONFIG, tmp_path)
    assert other.name == folder.name
    for path in folder.iterdir():
        assert (other / path.name).read_bytes() == path.read_bytes(), path.name


def test_money_of_all_round_trips_is_the_money_made(eventful):
    result = eventful[0].result
    interest = float(eventful[0].run.flows["amount"][eventful[0].run.flows["symbol"] < 0].sum())
    groups = result.breakdown.sectors
    made = sum(group.net for group in groups)
    assert result.whole.trades.open_count > 0
    open_trips = result.final_equity - result.cash - interest - made
    assert abs(open_trips) < 0.05 * result.cash
    assert sum(group.net for group in result.breakdown.strategies) == pytest.approx(made)
    assert sum(group.net for group in result.breakdown.exits) == pytest.approx(made)


def test_costs_split_add_up_to_what_was_paid(eventful):
    run, costs = eventful[0].run, eventful[0].result.whole.costs
    worse = np.abs(run.fills["price"] - run.fills["reference"]) * run.fills["quantity"]
    assert costs.commission == pytest.approx(run.fills["fee"].sum())
    assert costs.spread + costs.slippage == pytest.approx(worse.sum())
    assert costs.spread > 0.0
    assert costs.slippage > costs.spread  # 2 bp and impact against 1 bp
    assert costs.borrow == 0.0


def test_segments_join_to_the_whole(eventful):
    result = eventful[0].result
    after, before, whole = result.out_of_sample, result.in_sample, result.whole
    assert (1 + after.performance.total_return) * (1 + before.performance.total_return) == (
        pytest.approx(1 + whole.performance.total_return)
    )
    assert after.trades.count + before.trades.count == whole.trades.count
    assert after.costs.total + before.costs.total == pytest.approx(whole.costs.total)
    assert result.cut == after.performance.start + 1 or result.cut > after.performance.start
    assert whole.performance.total_return == pytest.approx(result.final_equity / 100_000 - 1)


def test_the_funnel_adds_up(eventful):
    left = None
    for step in eventful[0].result.funnel[2:]:
        if step.refused == 0:
            if left is not None:
                assert step.count == left
            left = step.count
        else:
            assert step.count == left
            left -= step.refused


def test_delisting_sensitivity_is_worse_the_less_is_paid(eventful):
    rows = eventful[0].result.delisting
    assert [row.delist_return for row in rows] == [0.0, -0.3, -1.0]
    totals = [row.total_return for row in rows]
    assert totals == sorted(totals, reverse=True)
    assert totals[0] > totals[2]
    assert all(row.affected == 1 for row in rows)


def test_capacity_falls_with_size(eventful):
    rows = eventful[0].result.capacity
    assert [row.multiple for row in rows] == [1.0, 10.0, 100.0]
    assert rows[0].annual_return == eventful[0].result.whole.performance.annual_return
    assert rows[1].costs_bps > rows[0].costs_bps
    assert rows[2].refused_volume > rows[0].refused_volume


def test_result_json_has_dates_and_no_nan(folder):
    found = json.loads((folder / "result.json").read_text())
    assert found["start"] == "2014-01-02"
    assert found["whole"]["performance"]["end"] == found["end"]
    assert found["breakdown"]["months"][0]["month"] == 1
    json.dumps(found, allow_nan=False)


def test_a_repeated_run_replaces_its_folder_and_latest_points_to_it(eventful, tmp_path):
    first = write_run(*eventful, CONFIG, tmp_path)
    (first / "stray.txt").write_text("old")
    other = replace(eventful[1], key="f" * 64)
    second = write_run(eventful[0], other, CONFIG, tmp_path)
    assert write_run(*eventful, CONFIG, tmp_path) == first
    assert not (first / "stray.txt").exists()
    assert second.is_dir()
    assert (tmp_path / "latest").read_text() == f"{first.name}\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([first.name, second.name, "latest"])


@pytest.mark.parametrize("trouble", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_trouble_in_the_middle_leaves_earlier_runs_as_they_were(
    eventful, tmp_path, monkeypatch, trouble
):
    first = write_run(*eventful, CONFIG, tmp_path)
    before = {path.name: path.read_bytes() for path in first.iterdir()}

    def fail(*_):
        raise trouble

    monkeypatch.setattr(artefacts, "build_report", fail)
    with pytest.raises((UserError, KeyboardInterrupt)) as told:
        write_run(*eventful, CONFIG, tmp_path)
    if isinstance(trouble, OSError):
        assert "No space left" in str(told.value)
    assert {path.name: path.read_bytes() for path in first.iterdir()} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([first.name, "latest"])


def test_a_run_that_never_trades_is_told_so():
    given = markets.history(sessions=120)
    plan = markets.plan(given, limits=markets.LOOSE._replace(buy_score=101.0))
    result = done(given, plan)[0].result
    assert result.whole.trades.count == 0
    assert result.breakdown.month_average.count == 0
    assert result.funnel[-1].count == 0


def test_a_halted_run_is_measured_to_its_end_and_no_further():
    given = markets.history(sessions=300, seed=5)
    limits = markets.LOOSE._replace(drawdown=0.03, health_exit=0.0, watch=1.0)
    plan = markets.plan(given, (Voice(markets.always, {}),), limits)
    found = done(given, plan)[0]
    assert found.run.halted_row > 0
    result = found.result
    assert result.halt.unobserved > 0.0
    last = int(found.run.fills["row"].max())
    assert result.whole.performance.end == found.assembled.sessions[max(last, found.run.halted_row)]


def test_who_is_no_member_is_not_bought():
    given = markets.history(sessions=150)
    session = given.blocks[0].session
    spells = Membership.of([("AAA", markets.day(session[60]), markets.day(session[100]))])
    member = replace(given, membership=spells)
    found = done(member, markets.plan(member, (Voice(markets.always, {}),)))[0]
    entered = found.run.fills[found.run.fills["role"] == 0]
    assert set(entered["symbol"].tolist()) == {0}
    assert entered["row"].min() >= 61
    assert entered["row"].max() <= 100
    assert found.result.provenance.is_survivorship_controlled


def test_shorts_count_in_exposure_and_pay_borrow():
    given = markets.history(sessions=250, seed=3)
    limits = markets.LOOSE._replace(long_only=False)
    result = done(given, markets.plan(given, limits=limits))[0].result
    assert result.whole.costs.borrow > 0.0
    assert result.whole.exposure.peak > 0.1


def test_fitting_changes_nothing_before_it_could_know():
    given = markets.history(sessions=400, seed=7)
    search = Search(split=0.5, windows=2, tries=6)
    plan = markets.plan(given, search=search)
    found = done(given, plan)[0]
    fits = found.result.fits
    assert [fit.tried for fit in fits] == [6, 6]
    assert fits[0].end < fits[0].used_from <= fits[0].used_to < fits[1].used_from
    assert found.result.trials.trials == 1 + 12
    for fit in fits:
        session = given.blocks[0].session
        gap = np.searchsorted(session, fit.used_from) - np.searchsorted(session, fit.end)
        assert gap > 20  # look-back of the slow average, at least the longest holding


def test_identity_depends_on_code_data_configuration_and_strategy():
    given = markets.history(sessions=50)
    base = identify(given, [markets.crossing], {"a": 1})
    assert identify(given, [markets.crossing], {"a": 1}) == base
    assert isinstance(base, Identity)
    others = (
        identify(given, [markets.crossing], {"a": 2}),
        identify(given, [markets.always], {"a": 1}),
        identify(markets.history(sessions=51), [markets.crossing], {"a": 1}),
    )
    assert len({base.key, *(other.key for other in others)}) == 4
    assert base.folder == f"crossing-{base.key[:8]}"


def test_symbols_whose_bars_end_early_are_named():
    plain = markets.history(sessions=120)
    bars = plain.blocks[0]
    names = ("open", "high", "low", "close", "volume")
    cut = {name: getattr(bars, name).copy() for name in names}
    for field in cut.values():
        field[80:, 2] = np.nan
    made, _ = done(replace(plain, blocks=(replace(bars, **cut),)))
    assert [note for note in made.result.notes if "CCC" in note and "stands at its last" in note]


def test_where_only_closes_are_known_a_fill_bears_the_time_of_its_close(tmp_path):
    plain = markets.history(sessions=120)
    bars = plain.blocks[0]
    flat = replace(bars, open=bars.close, high=bars.close, low=bars.close, closes_only=True)
    made, identity = done(replace(plain, blocks=(flat,)))
    fills = pl.read_parquet(write_run(made, identity, CONFIG, tmp_path) / "fills.parquet")
    assert len(fills) > 0
    assert set(fills["ts"].dt.hour()) == {21}

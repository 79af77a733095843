"""What must hold of every run, checked by code that shares nothing with the engine."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from recount import ENTERING, Consent, Recount

from greenlight.domain import Action, CashKind, Happening, Reason, Role
from greenlight.engine import (
    FLAG_REGIME,
    FLAG_STALE,
    FLAG_UNIVERSE,
    FLAG_UNTRADABLE,
    simulate,
)
from reference.markets import Market, markets, random_market

SLACK = 1 + 1e-9
TAKING = (Role.STOP, Role.TRAIL, Role.EXIT)


def on_random_markets(check: Callable[[Recount], None]) -> Callable[[], None]:
    """Run a check on the engine's runs of many random markets."""

    @settings(derandomize=True, max_examples=60, deadline=None, database=None)
    @given(market=markets())
    def test(market: Market) -> None:
        check(Recount(market, market.run(simulate)))

    test.__name__ = check.__name__
    test.__doc__ = check.__doc__
    return test


@on_random_markets
def test_cash_is_what_fills_and_flows_make_of_it(it: Recount) -> None:
    fills, flows = it.run.fills, it.run.flows
    moved = np.zeros(it.rows)
    spent = fills["side"] * fills["quantity"] * fills["price"] + fills["fee"]
    np.add.at(moved, fills["row"], -spent)
    np.add.at(moved, flows["row"], flows["amount"])
    turnover = np.abs(spent).sum() + it.market.cash
    np.testing.assert_allclose(
        it.run.cash, it.market.cash + np.cumsum(moved), rtol=0, atol=1e-9 * turnover
    )


@on_random_markets
def test_equity_is_cash_and_positions_at_their_last_close(it: Recount) -> None:
    is_held = it.quantity != 0.0
    is_known = ~(is_held & np.isnan(it.marks)).any(axis=1)
    worth = np.where(is_held, it.quantity * it.marks, 0.0).sum(axis=1)
    gross = np.where(is_held, np.abs(it.quantity * it.marks), 0.0).sum(axis=1)
    wrong = np.abs(it.run.equity - it.run.cash - worth) > 1e-9 * (gross + it.market.cash)
    assert not (wrong & is_known).any(), np.flatnonzero(wrong & is_known)


@on_random_markets
def test_the_final_quantity_is_what_fills_and_adjustments_add_up_to(it: Recount) -> None:
    np.testing.assert_allclose(it.run.quantity, it.quantity[-1], rtol=1e-9, atol=1e-9)


@on_random_markets
def test_nothing_is_nan_and_time_never_runs_back(it: Recount) -> None:
    assert np.isfinite(it.run.equity).all()
    assert np.isfinite(it.run.cash).all()
    tape = it.market.tape
    for log in (it.run.fills, it.run.decisions, it.run.flows, it.run.adjustments):
        assert (np.diff(log["row"]) >= 0).all()
    for log in (it.run.fills, it.run.flows, it.run.adjustments):
        assert (log["ts"] == tape.open_ts[log["row"]]).all()
    assert (it.run.decisions["ts"] == tape.close_ts[it.run.decisions["row"]]).all()
    intents = it.run.decisions["intent"][np.isin(it.run.decisions["action"], ENTERING)]
    assert intents.tolist() == list(range(1, len(intents) + 1))


@on_random_markets
def test_quantities_are_whole_lots(it: Recount) -> None:
    for log in (it.run.fills, it.run.decisions):
        lots = log["quantity"] / it.market.rules.specs.lot[log["symbol"]]
        assert (np.abs(lots - np.round(lots)) <= 1e-6 + 1e-12 * lots).all()
    assert (it.run.fills["quantity"] > 0.0).all()


@on_random_markets
def test_a_fill_is_in_a_bar_that_exists_at_a_price_inside_it(it: Recount) -> None:
    tape = it.market.tape
    for fill in it.run.fills[it.run.fills["role"] != Role.MANUAL]:
        cell = it.cell(int(fill["row"]), int(fill["symbol"]))
        assert cell >= 0, fill
        slack = 1e-12 * tape.high[cell]
        assert tape.low[cell] - slack <= fill["reference"] <= tape.high[cell] + slack, fill


@on_random_markets
def test_takers_pay_at_least_the_reference_and_targets_get_exactly_theirs(it: Recount) -> None:
    fills = it.run.fills[it.run.fills["role"] != Role.MANUAL]
    worse = fills["side"] * (fills["price"] - fills["reference"])
    is_taking = np.isin(fills["role"], TAKING)
    assert (worse[is_taking] >= -1e-12 * fills["price"][is_taking]).all()
    spread = it.market.rules.costs.half_spread + it.market.rules.costs.slippage
    due = spread[fills["symbol"]] * fills["reference"]
    assert (worse[is_taking] >= due[is_taking] * (1 - 1e-6)).all()
    assert (worse[fills["role"] == Role.TARGET] == 0.0).all()


@on_random_markets
def test_every_fee_is_the_one_agreed(it: Recount) -> None:
    costs, fills = it.market.rules.costs, it.run.fills
    fills = fills[fills["role"] != Role.MANUAL]
    of, notional = fills["symbol"], fills["quantity"] * fills["price"]
    commission = costs.per_share[of] * fills["quantity"] + costs.percent[of] * notional
    fee = np.maximum(commission, costs.minimum[of])
    k = np.searchsorted(costs.fee_from, it.market.tape.close_ts[fills["row"]], side="right") - 1
    taf = np.minimum(costs.taf_rate[k] * fills["quantity"], costs.taf_cap[k])
    is_due = (fills["side"] < 0) & (costs.regulatory[of] == 1)
    fee += np.where(is_due, costs.sec_rate[k] * notional + taf, 0.0)
    np.testing.assert_allclose(fills["fee"], fee, rtol=1e-9)


@on_random_markets
def test_no_fill_comes_before_or_with_its_decision(it: Recount) -> None:
    decisions, fills = it.run.decisions, it.run.fills
    entering = decisions[np.isin(decisions["action"], ENTERING)]
    decided = dict(zip(entering["intent"].tolist(), entering["row"].tolist(), strict=True))
    for fill in fills[fills["role"] == Role.ENTRY]:
        assert decided[int(fill["intent"])] < fill["row"]
    leaving = decisions[np.isin(decisions["action"], (Action.EXIT, Action.TRIM))]
    for fill in fills[fills["role"] == Role.EXIT]:
        causes = leaving[(leaving["symbol"] == fill["symbol"]) & (leaving["row"] < fill["row"])]
        assert causes["reason"][-1] == fill["reason"]


@on_random_markets
def test_fills_of_a_bar_stay_within_its_share_of_the_volume(it: Recount) -> None:
    if it.market.surroundings.conditions is None:
        return
    filled: dict[int, float] = {}
    for fill in it.run.fills[it.run.fills["role"] != Role.MANUAL]:
        cell = it.cell(int(fill["row"]), int(fill["symbol"]))
        filled[cell] = filled.get(cell, 0.0) + float(fill["quantity"])
    for cell, quantity in filled.items():
        volume = it.market.tape.volume[cell]
        if not np.isnan(volume) and np.isfinite(it.market.rules.limits.bar_share):
            assert quantity <= it.market.rules.limits.bar_share * volume * SLACK


@on_random_markets
def test_what_is_committed_never_exceeds_the_limits(it: Recount) -> None:
    limits = it.market.rules.limits
    for consent in it.consents():
        exposure = it.exposures(consent)
        if exposure is None:
            continue
        equity, own = it.run.equity[consent.row], consent.symbol
        exposure[own] += consent.notional
        assert exposure.sum() <= limits.deployed * equity * SLACK, consent
        assert exposure.sum() <= limits.leverage * equity * (1 + 1e-8), consent
        assert exposure[own] <= limits.position * equity * SLACK, consent
        sector = it.sectors[consent.row]
        if sector[own] >= 0:
            together = exposure[sector == sector[own]].sum()
            assert together <= limits.sector * equity * SLACK, consent
        assert consent.notional >= limits.least_notional / SLACK, consent


@on_random_markets
def test_no_more_entries_a_day_than_allowed(it: Recount) -> None:
    day = np.cumsum(it.rolls)
    rows = [consent.row for consent in it.consents()]
    counts = np.bincount(day[rows], minlength=1) if rows else np.zeros(1)
    assert counts.max() <= it.market.rules.limits.entries_per_day


@on_random_markets
def test_nothing_is_entered_that_is_flagged_halted_or_may_not_be_shorted(it: Recount) -> None:
    rules, conditions = it.market.rules, it.market.surroundings.conditions
    closed = FLAG_STALE | FLAG_UNTRADABLE | FLAG_UNIVERSE | FLAG_REGIME
    for consent in it.consents():
        assert rules.limits.armed
        side = int(consent.decision["side"])
        assert side > 0 or (not rules.limits.long_only and rules.specs.shortable[consent.symbol])
        assert not _is_halted(it, consent), consent
        if conditions is None:
            continue
        cell = it.cell(consent.row, consent.symbol)
        assert not conditions.flags[cell] & closed
        rsi = conditions.rsi[cell]
        assert not (rsi > rules.limits.rsi_high if side > 0 else rsi < rules.limits.rsi_low)
        most = np.float64(conditions.usual_volume[cell]) * SLACK
        if np.isfinite(rules.limits.volume_share):
            assert not consent.decision["quantity"] > rules.limits.volume_share * most


def _is_halted(it: Recount, consent: Consent) -> bool:
    switches = [
        kind
        for row in sorted(it.happened)
        for symbol, kind in it.happened[row]
        if row <= consent.row and symbol == consent.symbol
        if kind in (Happening.HALT, Happening.RESUME)
    ]
    return bool(switches) and switches[-1] is Happening.HALT


@on_random_markets
def test_no_entry_is_too_like_what_is_held(it: Recount) -> None:
    conditions, limits = it.market.surroundings.conditions, it.market.rules.limits
    if conditions is None or np.isinf(limits.correlation):
        return
    for consent in it.consents():
        first, width = it.market.tape.first[consent.row], it.market.tape.width[consent.row]
        for other in range(first, first + width):
            held = it.quantity[consent.row, other]
            if held == 0.0 or other == consent.symbol:
                continue
            x, y = (_window(it, consent.row, i) for i in (consent.symbol, other))
            assert len(x) == limits.correlation_bars
            assert np.isfinite(x).all()
            assert np.isfinite(y).all()
            if np.ptp(x) > 0.0 and np.ptp(y) > 0.0:
                rho = np.corrcoef(x, y)[0, 1] * consent.decision["side"] * np.sign(held)
                assert rho <= limits.correlation + 1e-6, consent


def _window(it: Recount, row: int, symbol: int) -> np.ndarray:
    tape = it.market.tape
    rows = np.flatnonzero(tape.first == tape.first[row])
    rows = rows[rows <= row][-it.market.rules.limits.correlation_bars :]
    cells = [it.cell(int(r), symbol) for r in rows]
    return np.asarray(it.market.surroundings.conditions.returns[cells], dtype=np.float64)


@on_random_markets
def test_nothing_is_entered_after_the_halt_or_on_a_day_of_too_great_a_loss(it: Recount) -> None:
    limits, equity, starts = it.market.rules.limits, it.run.equity, it.day_starts()
    rows = np.array([consent.row for consent in it.consents()], dtype=np.int64)
    if it.run.halted_row >= 0:
        assert not (rows >= it.run.halted_row).any()
    is_lost = (starts - equity) >= np.minimum(
        limits.daily_loss * np.abs(starts) * SLACK, limits.daily_loss_money * SLACK
    )
    day = np.cumsum(it.rolls)
    for row in np.flatnonzero(is_lost):
        assert not ((rows >= row) & (day[rows] == day[row])).any(), row


@on_random_markets
def test_the_drawdown_halts_and_nothing_else_does(it: Recount) -> None:
    limits, flows = it.market.rules.limits, it.run.flows
    by_hand = any(k is Happening.MANUAL for events in it.happened.values() for _, k in events)
    if by_hand:  # a trade by hand moves the peak by what it makes at once
        return
    peak, expected = it.market.cash, -1
    for row, equity in enumerate(it.run.equity):
        paid_in = flows[(flows["row"] == row) & (flows["kind"] == CashKind.DEPOSIT)]
        peak = max(peak + float(paid_in["amount"].sum()), equity)
        if equity <= peak * (1 - limits.drawdown):
            expected = row
            break
    assert it.run.halted_row == expected


@on_random_markets
def test_a_symbol_that_lost_too_much_is_left_alone_for_a_while(it: Recount) -> None:
    limits, tape = it.market.rules.limits, it.market.tape
    rows = [(consent.row, consent.symbol) for consent in it.consents()]
    for trip in it.trips():
        if not trip.gain < -limits.cooloff_loss * SLACK - 1e-12:
            continue
        until = tape.elapsed[trip.closed_row] + limits.cooloff_ns
        for row, symbol in rows:
            if symbol == trip.symbol and row >= trip.closed_row:
                assert row > trip.closed_row, trip
                assert tape.elapsed[row] >= until, trip


@on_random_markets
def test_small_accounts_make_no_fourth_day_trade_in_a_week(it: Recount) -> None:
    rules, tape = it.market.rules, it.market.tape
    done = [
        (trip.closed_row, int(tape.session[trip.closed_row]))
        for trip in it.trips()
        if rules.specs.is_us_equity[trip.symbol]
        if tape.session[trip.opened_row] == tape.session[trip.closed_row]
    ]
    for consent in it.consents():
        row, today = consent.row, int(tape.session[consent.row])
        is_small = it.run.equity[row] < rules.limits.pdt_equity
        if rules.specs.is_us_equity[consent.symbol] and is_small:
            recent = [session for at, session in done if at <= row and today - session < 7]
            assert len(recent) < 3 or tape.close_ts[row] >= rules.limits.pdt_until, consent


@on_random_markets
def test_what_reduces_is_never_held_up(it: Recount) -> None:
    """Whatever the gates say, an exit fills in the next bar that can be traded in."""
    decisions, fills = it.run.decisions, it.run.fills
    leaving = decisions[np.isin(decisions["action"], (Action.EXIT, Action.TRIM))]
    for decision in leaving:
        symbol = int(decision["symbol"])
        later = np.flatnonzero(~np.isnan(it.closes[:, symbol]))
        later = later[later > decision["row"]]
        if later.size == 0 or _is_interrupted(it, symbol, int(decision["row"]), int(later[0])):
            continue
        row = int(later[0])
        mine = fills[(fills["row"] == row) & (fills["symbol"] == symbol)]
        left = mine[mine["role"] == Role.EXIT]
        assert left.size == 1, decision
        cap = _cap(it, row, symbol)
        assert left["quantity"][0] >= min(decision["quantity"], cap) * (1 - 1e-9), decision


def _is_interrupted(it: Recount, symbol: int, start: int, end: int) -> bool:
    """Something happened to the symbol meanwhile, or its bar has no volume, or it is halted."""
    events = [e for row in range(start, end + 1) for e in it.happened.get(row, [])]
    is_halting = any(
        kind is Happening.HALT and s == symbol
        for events in it.happened.values()
        for s, kind in events
    )
    is_touched = any(s == symbol for s, _ in events)
    return is_touched or is_halting or _cap(it, end, symbol) < it.market.rules.specs.lot[symbol]


def _cap(it: Recount, row: int, symbol: int) -> float:
    volume = it.market.tape.volume[it.cell(row, symbol)]
    share = it.market.rules.limits.bar_share
    if it.market.surroundings.conditions is None or np.isnan(volume) or np.isinf(share):
        return np.inf
    lot = it.market.rules.specs.lot[symbol]
    return float(np.floor(share * volume / lot + 1e-9) * lot)


@on_random_markets
def test_every_candidate_is_entered_or_told_why_not(it: Recount) -> None:
    decisions = it.run.decisions
    refused = decisions[decisions["action"] == Action.REFUSE]
    assert (refused["reason"] != Reason.OK).all()
    assert (refused["quantity"] == 0.0).all()
    entered = decisions[np.isin(decisions["action"], ENTERING)]
    assert (entered["reason"] == Reason.OK).all()
    assert (entered["quantity"] > 0.0).all()
    limits = it.market.rules.limits
    score = it.market.score
    for row in range(it.rows):
        decided = set(decisions["symbol"][decisions["row"] == row].tolist())
        for symbol in np.flatnonzero(~np.isnan(it.closes[row])):
            is_buy = score[it.cell(row, int(symbol))] >= limits.buy_score
            if is_buy and it.quantity[row, symbol] == 0.0:
                assert int(symbol) in decided, (row, symbol)


@pytest.mark.parametrize("factor", [0.25, 8.0])
def test_a_run_without_happenings_scales_with_the_money(factor: float) -> None:
    """Fractions of equity and no minimum fee: eight times the money is eight times the result."""
    for seed in range(0, 60, 2):  # even seeds: volumes do not grow with the money
        market = _scalable(seed, 1.0)
        one, many = market.run(simulate), _scalable(seed, factor).run(simulate)
        assert len(one.fills) == len(many.fills)
        np.testing.assert_allclose(many.equity, one.equity * factor, rtol=1e-12)


def _scalable(seed: int, factor: float) -> Market:
    market = random_market(seed)
    rules = market.rules
    count = len(rules.specs.lot)
    limits = rules.limits._replace(
        sizing=0, sizing_value=0.2, least_notional=0.0, pdt_equity=0.0, daily_loss_money=np.inf
    )
    costs = rules.costs._replace(minimum=np.zeros(count), taf_cap=np.full(2, np.inf))
    specs = rules.specs._replace(lot=np.full(count, 1e-9 * factor))
    surroundings = replace(market.surroundings, happenings=None)
    return replace(
        market,
        rules=rules._replace(limits=limits, costs=costs, specs=specs),
        cash=100_000.0 * factor,
        surroundings=surroundings,
    )

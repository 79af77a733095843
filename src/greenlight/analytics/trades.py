"""Round trips: from flat to a position and back to flat, and what they say together."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenlight.analytics.arrays import BOOL, F64, I64

_NS_A_DAY = 86_400_000_000_000
#: Of what was traded in a symbol: less than this is dust of rounding, not a position.
_DUST = 1e-9

Records = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class RoundTrips:
    """K round trips in order of their start; arrays of shape (K,).

    side: +1 long, -1 short. first, last: index of the fill that opened it and of the last one (-1:
    opened, or ended, by a corporate action). opened_ts, closed_ts: ns UTC; of a trip still open the
    last event's. entry_notional: money of the fills that opened or added. net: profit after fees,
    with dividends, borrow and the proceeds of corporate actions; of an open trip at the given mark.
    """

    symbol: I64
    side: I64
    first: I64
    last: I64
    opened_ts: I64
    closed_ts: I64
    entry_notional: F64
    fees: F64
    net: F64
    is_open: BOOL

    @property
    def returns(self) -> F64:
        """Net profit over entry notional; 0 where nothing was paid (a spun-off share)."""
        result = np.zeros_like(self.net)
        np.divide(self.net, self.entry_notional, out=result, where=self.entry_notional > 0.0)
        return result

    def only(self, index: I64) -> "RoundTrips":
        """The round trips at these places."""
        return RoundTrips(*(getattr(self, name)[index] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class TradeStatistics:
    """What K finished round trips say. NaN where there is nothing to say.

    win_rate with its binomial standard error; expectancy: mean return on entry notional, with its
    standard error; expectancy_money: mean net profit; payoff: mean win over mean loss (returns);
    profit_factor: money won over money lost; holding in calendar days.
    """

    count: int
    open_count: int
    win_rate: float
    win_rate_error: float
    expectancy: float
    expectancy_error: float
    expectancy_money: float
    payoff: float
    profit_factor: float
    mean_holding_days: float
    median_holding_days: float


@dataclass(frozen=True, slots=True)
class _Events:
    """Everything that moved a position or its cash, by symbol and then in order of time."""

    symbol: I64
    ts: I64
    fill: I64
    quantity: F64
    cash: F64
    fee: F64
    notional: F64

    def take(self, index: I64) -> "_Events":
        return _Events(*(getattr(self, name)[index] for name in self.__slots__))


def round_trips(
    fills: Records, adjustments: Records, flows: Records, marks: F64, worth: F64 | None = None
) -> RoundTrips:
    """Pair up fills into round trips.

    Parameters
    ----------
    fills : records with row, ts, symbol, side, quantity, price, fee
    adjustments : records with row, ts, symbol, before, after: positions changed without a fill
    flows : records with row, ts, symbol, amount; those of the account (symbol -1) are left out
    marks : shape (N,), the last known price of each symbol, for positions still open
    worth : one for each adjustment: the money that units that came are counted as bought for
    """
    given = np.zeros(len(adjustments)) if worth is None else worth
    events = _split_flips(_gather(fills, adjustments, flows, given))
    if len(events.symbol) == 0:
        whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
        return RoundTrips(whole, whole, whole, whole, whole, whole, real, real, real, whole > 0)
    _, is_flat = _positions(events)
    is_start = np.concatenate(([True], events.symbol[1:] != events.symbol[:-1]))
    ended = np.concatenate(([False], (is_flat & (events.quantity != 0.0))[:-1]))
    return _summarise(events, np.cumsum(is_start | ended) - 1, marks)


def trade_statistics(trips: RoundTrips) -> TradeStatistics:
    """Statistics of the finished round trips; open ones are only counted."""
    done = ~trips.is_open
    returns, net = trips.returns[done], trips.net[done]
    count = len(net)
    if count == 0:
        return TradeStatistics(0, int(np.sum(trips.is_open)), *[math.nan] * 9)
    won, lost = returns[net > 0.0], returns[net < 0.0]
    rate = len(won) / count
    money_lost = float(-np.sum(net[net < 0.0]))
    held = (trips.closed_ts - trips.opened_ts)[done] / _NS_A_DAY
    return TradeStatistics(
        count=count,
        open_count=int(np.sum(trips.is_open)),
        win_rate=rate,
        win_rate_error=math.sqrt(rate * (1.0 - rate) / count),
        expectancy=float(np.mean(returns)),
        expectancy_error=_mean_error(returns),
        expectancy_money=float(np.mean(net)),
        payoff=float(np.mean(won) / -np.mean(lost)) if len(won) > 0 and len(lost) > 0 else math.nan,
        profit_factor=float(np.sum(net[net > 0.0])) / money_lost if money_lost > 0.0 else math.nan,
        mean_holding_days=float(np.mean(held)),
        median_holding_days=float(np.median(held)),
    )


def _mean_error(values: F64) -> float:
    return float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.nan


def _gather(fills: Records, adjustments: Records, flows: Records, worth: F64) -> _Events:
    own = flows[flows["symbol"] >= 0]
    parts = (own, adjustments, fills)
    counts = [len(part) for part in parts]
    stage = np.repeat(np.arange(3), counts)
    row = np.concatenate([part["row"] for part in parts])
    signed = fills["side"] * fills["quantity"]
    zeros = [np.zeros(count) for count in counts]
    events = _Events(
        symbol=np.concatenate([part["symbol"] for part in parts]).astype(np.int64),
        ts=np.concatenate([part["ts"] for part in parts]),
        fill=np.concatenate([np.full(counts[0] + counts[1], -1), np.arange(counts[2])]),
        quantity=np.concatenate([zeros[0], adjustments["after"] - adjustments["before"], signed]),
        cash=np.concatenate([own["amount"], -worth, -signed * fills["price"]]),
        fee=np.concatenate([zeros[0], zeros[1], fills["fee"]]),
        notional=np.concatenate([zeros[0], np.abs(worth), fills["quantity"] * fills["price"]]),
    )
    # the engine's order within a row: cash and corporate actions before fills
    return events.take(np.lexsort((stage, row, events.symbol)))


def _positions(events: _Events) -> tuple[F64, BOOL]:
    """Position after each event, and whether that is flat."""
    total = np.cumsum(events.quantity)
    starts = np.flatnonzero(np.concatenate(([True], events.symbol[1:] != events.symbol[:-1])))
    counts = np.diff(np.append(starts, len(total)))
    before = np.where(starts > 0, total[starts - 1], 0.0)
    largest = np.maximum.reduceat(np.abs(events.quantity), starts)
    position = total - np.repeat(before, counts)
    return position, np.abs(position) <= _DUST * np.repeat(largest, counts)


def _split_flips(events: _Events) -> _Events:
    """Cut a fill that turns long into short (or back) in two: one that closes, one that opens."""
    if len(events.symbol) == 0:
        return events
    position, is_flat = _positions(events)
    before = position - events.quantity
    dust = _DUST * np.abs(events.quantity)
    flips = np.flatnonzero(~is_flat & (position * before < 0.0) & (np.abs(before) > dust))
    if len(flips) == 0:
        return events
    times = np.ones(len(position), dtype=np.int64)
    times[flips] = 2
    index = np.repeat(np.arange(len(position)), times)
    twice = events.take(index)
    weight = np.ones(len(index))
    at = flips + np.arange(len(flips))
    weight[at] = np.abs(before[flips] / events.quantity[flips])
    weight[at + 1] = 1.0 - weight[at]
    scaled = [getattr(twice, name) * weight for name in ("quantity", "cash", "fee", "notional")]
    return _Events(twice.symbol, twice.ts, twice.fill, *scaled)


def _summarise(events: _Events, number: I64, marks: F64) -> RoundTrips:
    """Sum the events of each trip; numbers without any change of position are no trips."""
    position, is_flat = _positions(events)
    moved = events.quantity != 0.0
    count = int(number[-1]) + 1
    order = np.arange(len(number))
    first = np.full(count, len(number), dtype=np.int64)
    np.minimum.at(first, number[moved], order[moved])
    last = np.full(count, -1, dtype=np.int64)
    np.maximum.at(last, number[moved], order[moved])
    real = np.flatnonzero(last >= 0)
    first, last = first[real], last[real]
    symbol = events.symbol[first]
    direction = np.zeros(count)
    direction[real] = np.sign(events.quantity[first])
    opening = np.sign(events.quantity) == direction[number]
    ends = np.append(np.flatnonzero(np.diff(number)), len(number) - 1)[real]
    left, is_open = position[ends], ~is_flat[ends]

    def total(values: F64) -> F64:
        return np.bincount(number, weights=values, minlength=count)[real].astype(np.float64)

    fees = total(events.fee)
    net = total(events.cash) - fees + np.where(is_open, left * marks[symbol], 0.0)
    trips = RoundTrips(
        symbol=symbol,
        side=direction[real].astype(np.int64),
        first=events.fill[first],
        last=events.fill[last],
        opened_ts=events.ts[first],
        closed_ts=events.ts[last],
        entry_notional=total(np.where(opening, events.notional, 0.0)),
        fees=fees,
        net=net,
        is_open=is_open,
    )
    by_start = np.lexsort((trips.symbol, trips.opened_ts))
    return trips.only(by_start)

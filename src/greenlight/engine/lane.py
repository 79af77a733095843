"""A symbol's own lane: its column of the tape alone, under the rules of a lone trade."""

from typing import NamedTuple

import numpy as np

from greenlight.domain import Happening, Sizing
from greenlight.engine.limits import UNLIMITED, Costs, Limits, Specs
from greenlight.engine.simulation import Surroundings
from greenlight.engine.state import Room, Rules, State, build_state
from greenlight.engine.tape import (
    F32,
    I64,
    Candidates,
    Conditions,
    Feed,
    Happenings,
    Tape,
    build_happenings,
)

NOTIONAL = 10_000.0
LOT = 1e-6
CASH_AT_HAND = 1_000.0 * NOTIONAL  # no loss, not even of a short, uses it up

_RULES_OF_A_POSITION = (
    *("buy_score", "sell_score", "watch", "stop", "target", "target_share", "trail", "trail_from"),
    *("protect_from", "max_bars", "momentum_bars", "health_exit", "health_trim", "delist_return"),
    *("entry_kind", "entry_offset", "limit_offset", "timeout_ns", "good_till_cancelled"),
)
#: What belongs to the account, not to the instrument.
_OF_THE_ACCOUNT = (Happening.DEPOSIT, Happening.MANUAL, Happening.SECTOR)
#: What makes a trade one in several instruments; none is carried beyond it.
_PARTING = (Happening.STOCK_MERGER, Happening.SPIN_OFF)


class Lane(NamedTuple):
    """One symbol's own tape of T rows. fresh: the book before a trade. partings: their rows."""

    feed: Feed
    conditions: Conditions | None
    rules: Rules
    room: Room
    fresh: State
    partings: I64


def limits_of_a_trade(limits: Limits) -> Limits:
    """Every gate off, one notional, and what ends a position as in `limits`."""
    kept = {name: getattr(limits, name) for name in _RULES_OF_A_POSITION}
    return UNLIMITED._replace(
        long_only=False, sizing=int(Sizing.NOTIONAL), sizing_value=NOTIONAL, **kept
    )


def rows_of(tape: Tape, symbol: int) -> I64:
    """The tape's rows of the block to which the symbol belongs."""
    return np.flatnonzero((tape.first <= symbol) & (symbol < tape.first + tape.width))


def build_lane(
    source: tuple[Tape, F32, I64], symbol: int, rules: Rules, surroundings: Surroundings
) -> Lane:
    """The lane of a symbol out of `source`: the tape, its scores (C), the rows of its block."""
    tape, score, rows = source
    count = len(rows)
    cells = tape.base[rows] + symbol - tape.first[rows]
    zeros, ones = np.zeros(count, dtype=np.int64), np.ones(count, dtype=np.int64)
    at = np.arange(count, dtype=np.int64)
    times = (tape.open_ts[rows], tape.close_ts[rows], tape.session[rows], tape.elapsed[rows])
    prices = (tape.open, tape.high, tape.low, tape.close, tape.volume)
    happenings = _happenings_of(surroundings.happenings, symbol, rows)
    own = Rules(rules.limits, _costs_of(rules.costs, symbol), _specs_of(rules.specs, symbol))
    parting = np.isin(happenings.kind, _PARTING)
    return Lane(
        feed=Feed(
            Tape(*times, at, at.copy(), zeros, ones, *(price[cells] for price in prices)),
            score[cells],
            Candidates(np.ones(count + 1, dtype=np.int64), np.zeros(1, dtype=np.int32)),
            happenings,
            np.empty(0),
        ),
        conditions=_conditions_of(surroundings.conditions, cells),
        rules=own,
        room=Room(count, 3 * len(happenings.row)),
        fresh=build_state(own.specs, own.limits, CASH_AT_HAND, Room(0)),
        partings=happenings.row[parting],
    )


def _happenings_of(happenings: Happenings | None, symbol: int, rows: I64) -> Happenings:
    """The symbol's own happenings, in the first of its rows that is not before theirs."""
    if happenings is None:
        return build_happenings([])
    mine = (happenings.symbol == symbol) & ~np.isin(happenings.kind, _OF_THE_ACCOUNT)
    own = Happenings(*(column[mine] for column in happenings))
    return own._replace(row=np.searchsorted(rows, own.row), symbol=np.zeros_like(own.symbol))


def _specs_of(specs: Specs, symbol: int) -> Specs:
    """Any size, long or short; tick and kind are the symbol's own."""
    one, mine = np.ones(1, dtype=np.int64), slice(symbol, symbol + 1)
    return Specs(
        lot=np.full(1, LOT),
        tick=specs.tick[mine].copy(),
        sector=-one,
        shortable=one,
        is_us_equity=specs.is_us_equity[mine].copy(),
    )


def _costs_of(costs: Costs, symbol: int) -> Costs:
    schedule = ("fee_from", "sec_rate", "taf_rate", "taf_cap")
    own = {
        name: getattr(costs, name)[symbol : symbol + 1].copy()
        for name in costs._fields
        if name not in schedule
    }
    return costs._replace(**own)


def _conditions_of(conditions: Conditions | None, cells: I64) -> Conditions | None:
    """What a position's rules look at: sigma. What only gates look at is unknown."""
    if conditions is None:
        return None
    unknown, nothing = np.full(len(cells), np.nan, dtype=np.float32), np.empty(0, dtype=np.float32)
    return Conditions(
        sigma=conditions.sigma[cells],
        usual_volume=np.full(len(cells), np.nan),
        rsi=unknown,
        flags=np.zeros(len(cells), dtype=np.uint8),
        p_win=nothing,
        win=nothing,
        loss=nothing,
        returns=unknown,
    )

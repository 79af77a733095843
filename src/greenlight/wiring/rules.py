"""[limits], [execution] and [costs] to what the engine obeys."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenlight.config import AssetCosts, Config, CostsConfig, RegulatoryFee
from greenlight.domain import AssetClass, Instrument, Sizing
from greenlight.engine import Costs, Limits, Rules, Specs
from greenlight.market import History

_NS = 1_000_000_000
_BPS = 1e-4
_ALWAYS_NS = -(1 << 62)
# the engine's codes count from 0 in this order; a test holds them to it
_ENTRY_KINDS = ("market", "limit", "stop", "stop_limit")
# half Kelly is the fraction's rule with odds in place of a fixed share, once they are known
_SIZINGS = {"kelly": Sizing.FRACTION} | {kind.name.lower(): kind for kind in Sizing}
_TRAIL_FROM = ("entry", "target")
_PROTECT_FROM = ("fill", "next_bar")
#: fields that bear another unit in the configuration than in the engine
_IN_HUMAN_UNITS = {"daily_loss_money", "pdt_until", "cooloff", "sizing", "trail_from"}


def build_rules(config: Config, history: History) -> Rules:
    """Everything the engine obeys in a run over `history`."""
    return Rules(build_limits(config), build_costs(config, history), build_specs(history))


def build_limits(config: Config) -> Limits:
    """Every gate's limit and every order's rule, from [limits] and [execution]."""
    limits, execution = config.limits, config.execution
    same: dict[str, Any] = {
        name: value if isinstance(value, bool | int) else float(value)
        for name, value in limits
        if name not in _IN_HUMAN_UNITS
    }
    money = limits.daily_loss_money
    return Limits(
        **same,
        daily_loss_money=float("inf") if money is None else float(money),
        pdt_until=_midnight_ns(limits.pdt_until),
        cooloff_ns=_ns(limits.cooloff),
        sizing=int(_SIZINGS[limits.sizing]),
        trail_from=_TRAIL_FROM.index(limits.trail_from),
        entry_kind=_ENTRY_KINDS.index(execution.entry),
        entry_offset=execution.entry_offset,
        limit_offset=execution.limit_offset,
        timeout_ns=_ns(execution.timeout),
        good_till_cancelled=execution.good_till_cancelled,
        protect_from=_PROTECT_FROM.index(execution.protect_from),
        bar_share=execution.bar_share,
    )


def build_costs(config: Config, history: History) -> Costs:
    """What each symbol costs by its asset class, in the order of the history's blocks."""
    kinds = [_costs_of(config.costs, item) for item in _instruments(history)]
    fees = config.costs.regulatory_fees or (
        RegulatoryFee(since=date.min, sec_rate=0, taf_rate=0, taf_cap=0),
    )
    return Costs(
        half_spread=_floats([kind.half_spread_bps * _BPS for kind in kinds]),
        slippage=_floats([kind.slippage_bps * _BPS for kind in kinds]),
        impact=_floats([kind.impact for kind in kinds]),
        per_share=_floats([kind.per_share for kind in kinds]),
        percent=_floats([kind.fee_bps * _BPS for kind in kinds]),
        minimum=_floats([kind.minimum for kind in kinds]),
        borrow=_floats([kind.borrow for kind in kinds]),
        regulatory=_ints([kind.regulatory for kind in kinds]),
        fee_from=_ints([_midnight_ns(fee.since) for fee in fees]),
        sec_rate=_floats([fee.sec_rate for fee in fees]),
        taf_rate=_floats([fee.taf_rate for fee in fees]),
        taf_cap=_floats([fee.taf_cap for fee in fees]),
    )


def build_specs(history: History) -> Specs:
    """Lot, tick, sector and rules of each symbol, in the order of the history's blocks.

    The sector is that of the first session of the run, -1 where none was known by then; what
    changes later happens in the run.
    """
    instruments, sectors = _instruments(history), _sectors_at_first(history)
    numbers = history.sector_numbers()
    return Specs(
        lot=_floats([float(item.lot_size) for item in instruments]),
        tick=_floats([float(item.tick_size) for item in instruments]),
        sector=_ints([-1 if name is None else numbers[name] for name in sectors]),
        shortable=_ints([item.is_shortable for item in instruments]),
        is_us_equity=_ints([item.asset_class is AssetClass.EQUITY for item in instruments]),
    )


def _instruments(history: History) -> list[Instrument]:
    return [history.instruments[symbol] for block in history.blocks for symbol in block.symbols]


def _costs_of(costs: CostsConfig, instrument: Instrument) -> AssetCosts:
    match instrument.asset_class:
        case AssetClass.EQUITY:
            return costs.equity
        case AssetClass.CRYPTO:
            return costs.crypto
        case AssetClass.INDEX:
            return costs.index


def _sectors_at_first(history: History) -> list[str | None]:
    table = history.sectors
    return [
        None if table is None else table.at(symbol, int(block.session[0]))
        for block in history.blocks
        for symbol in block.symbols
    ]


def _midnight_ns(day: date) -> int:
    if day == date.min:
        return _ALWAYS_NS
    return int(datetime.combine(day, time(), UTC).timestamp()) * _NS


def _ns(duration: timedelta) -> int:
    return duration // timedelta(microseconds=1) * 1_000


def _floats(values: list[float]) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


def _ints(values: list[int] | list[bool]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)

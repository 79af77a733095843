from dataclasses import replace
from datetime import date
from math import inf
from pathlib import Path

import numpy as np
import pytest

from greenlight import wiring
from greenlight.config import Config, load
from greenlight.domain import AssetClass, Instrument, Timeframe
from greenlight.engine import Limits
from greenlight.engine import limits as codes
from greenlight.market import Adjustment, Bars, History, Sectors

NOWHERE = Path("/dev/null")


def configured(**overrides: object) -> Config:
    keys = {key.replace("__", "."): value for key, value in overrides.items()}
    return load(NOWHERE, {}, keys).config


def bars(calendar: str, symbols: tuple[str, ...]) -> Bars:
    day = 86_400_000_000_000
    open_ts = np.array([0, day], dtype=np.int64)
    prices = np.ones((2, len(symbols)))
    return Bars(
        calendar,
        Timeframe.D1,
        Adjustment.RAW,
        symbols,
        open_ts,
        open_ts + day // 4,
        np.array([0, 1], dtype=np.int64),
        *(prices.copy() for _ in range(5)),
    )


@pytest.fixture
def history() -> History:
    instruments = [
        Instrument("AAPL", AssetClass.EQUITY, "XNYS"),
        Instrument("JPM", AssetClass.EQUITY, "XNYS", is_shortable=False),
        Instrument("BTC", AssetClass.CRYPTO, "24/7", lot_size=1e-6, tick_size=0.5),
    ]
    return History(
        blocks=(bars("XNYS", ("AAPL", "JPM")), bars("24/7", ("BTC",))),
        instruments={item.id: item for item in instruments},
        sectors=Sectors.of(
            [
                ("JPM", "Financials", date(1960, 1, 1), date(2010, 1, 1)),
                ("JPM", "Energy", date(2010, 1, 1), None),
                ("AAPL", "Technology", date(1999, 1, 1), None),
            ]
        ),
    )


def test_the_defaults_of_configuration_and_engine_are_the_same():
    assert wiring.build_limits(Config()) == Limits()


def test_every_limit_of_the_engine_but_arming_can_be_set():
    settings = {"limits." + name for name in type(Config().limits).model_fields}
    settings |= {"execution." + name for name in type(Config().execution).model_fields}
    known_as = {"cooloff_ns": "cooloff", "timeout_ns": "timeout", "entry_kind": "entry"}
    fields = [known_as.get(name, name) for name in Limits._fields if name != "armed"]
    assert sorted(fields) == sorted(name.partition(".")[2] for name in settings)


def test_human_units_become_the_engines():
    limits = wiring.build_limits(
        configured(
            limits__cooloff="90m",
            limits__daily_loss_money=250,
            limits__pdt_until="2020-01-01",
            limits__sizing="volatility",
            execution__timeout="2.5s",
        )
    )
    assert limits.cooloff_ns == 90 * 60 * 10**9
    assert limits.daily_loss_money == 250.0
    assert limits.pdt_until == 1_577_836_800 * 10**9
    assert limits.sizing == 3
    assert limits.timeout_ns == 2_500_000_000
    assert wiring.build_limits(Config()).daily_loss_money == inf


@pytest.mark.parametrize(
    ("key", "word", "field", "code"),
    [
        ("execution__entry", "market", "entry_kind", codes.ENTRY_MARKET),
        ("execution__entry", "limit", "entry_kind", codes.ENTRY_LIMIT),
        ("execution__entry", "stop", "entry_kind", codes.ENTRY_STOP),
        ("execution__entry", "stop_limit", "entry_kind", codes.ENTRY_STOP_LIMIT),
        ("execution__protect_from", "fill", "protect_from", codes.PROTECT_FROM_FILL),
        ("execution__protect_from", "next_bar", "protect_from", codes.PROTECT_FROM_NEXT_BAR),
        ("limits__trail_from", "entry", "trail_from", codes.TRAIL_FROM_ENTRY),
        ("limits__trail_from", "target", "trail_from", codes.TRAIL_FROM_TARGET),
    ],
)
def test_words_become_the_engines_codes(key, word, field, code):
    assert getattr(wiring.build_limits(configured(**{key: word})), field) == code


def test_each_symbol_costs_what_its_asset_class_does(history):
    costs = wiring.build_costs(configured(costs__crypto__slippage_bps=7), history)
    assert costs.half_spread.tolist() == pytest.approx([1e-4, 1e-4, 1e-4])
    assert costs.slippage.tolist() == pytest.approx([2e-4, 2e-4, 7e-4])
    assert costs.percent.tolist() == pytest.approx([0, 0, 25e-4])
    assert costs.regulatory.tolist() == [1, 1, 0]
    assert {array.dtype for array in costs} == {np.dtype("f8"), np.dtype("i8")}


def test_the_fee_schedule_begins_before_all_data_and_ascends(history):
    costs = wiring.build_costs(Config(), history)
    assert costs.fee_from[0] == -(1 << 62)
    assert np.all(np.diff(costs.fee_from) > 0)
    row = np.searchsorted(costs.fee_from, 1_577_923_200 * 10**9, side="right") - 1  # 2020-01-02
    assert costs.sec_rate[row] == pytest.approx(20.7e-6)
    assert (costs.taf_rate[row], costs.taf_cap[row]) == (0.000119, 5.95)


def test_no_schedule_means_no_regulatory_fees(history):
    costs = wiring.build_costs(configured(costs__regulatory_fees=[]), history)
    assert (costs.fee_from.tolist(), costs.sec_rate.tolist()) == ([-(1 << 62)], [0.0])


def test_specs_hold_lot_tick_sector_and_rules_in_the_order_of_the_blocks(history):
    specs = wiring.build_specs(history)
    assert specs.lot.tolist() == [1.0, 1.0, 1e-6]
    assert specs.tick.tolist() == [0.01, 0.01, 0.5]
    assert specs.shortable.tolist() == [1, 0, 1]
    assert specs.is_us_equity.tolist() == [1, 1, 0]


def test_the_sector_is_that_of_the_first_session_and_not_a_later_or_earlier_one(history):
    assert build_sectors(history) == [-1, 1, -1], "AAPL has none yet on the first day"
    later = replace(history, blocks=tuple(moved(block, 14_610) for block in history.blocks))
    assert build_sectors(later) == [2, 0, -1], "from 2010 on JPM is in energy here"
    assert build_sectors(replace(history, sectors=None)) == [-1, -1, -1]


def build_sectors(history: History) -> list[int]:
    return wiring.build_specs(history).sector.tolist()


def moved(block: Bars, days: int) -> Bars:
    return replace(block, session=block.session + days)

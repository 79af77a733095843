"""A bot put together as a user's would be, on the ports of a storm."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from math import inf

import numpy as np
from numpy.typing import NDArray

from greenlight.brokers.alpaca import AlpacaBroker, AlpacaFeed, AlpacaSettings
from greenlight.domain import BarConditions, Timeframe
from greenlight.engine import Limits, Rules, build_costs, build_specs
from greenlight.ledger import Mode, RunBegan
from greenlight.live import (
    ApprovalDesk,
    Block,
    BlockRow,
    Bot,
    Charter,
    LiveSettings,
    Opinion,
    Universe,
    World,
    write_rules,
)
from greenlight.storm.disk import StormJournal
from greenlight.storm.virtual import VirtualClock
from greenlight.storm.weather import Weather
from greenlight.storm.wire import Line, Transport, dial

RUN, ACCOUNT = "storm", "storm"
CASH = Decimal(100_000)
_URL = "127.0.0.1:1"
_NS_MINUTE = 60_000_000_000
_SETTINGS = AlpacaSettings(
    key="key",
    secret="secret",  # noqa: S106  # the exchange takes any
    trading_url=f"http://{_URL}",
    data_url=f"http://{_URL}",
    trading_stream_url=f"ws://{_URL}/stream",
    data_stream_url=f"ws://{_URL}",
)

#: what a storm trades by: limits that bind, and none that needs a long past
LIMITS = Limits(
    deployed=0.16,
    entries_per_day=8,
    sector=0.11,
    position=0.06,
    sizing_value=0.05,
    correlation=inf,
    cooloff_loss=inf,
    daily_loss=0.2,
    max_bars=15,
)


@dataclass(frozen=True, slots=True)
class Ports:
    """What a bot of a storm is given."""

    line: Line
    journal: StormJournal
    clock: VirtualClock
    alert: Callable[[str, str], None]
    rng: np.random.Generator


def universe(weather: Weather) -> Universe:
    """All symbols in one block."""
    history = weather.market.history
    instruments = tuple(history.instruments[symbol] for symbol in history.symbols)
    timeframe = {1: Timeframe.M1, 5: Timeframe.M5, 15: Timeframe.M15}[weather.minutes]
    return Universe((Block("XNYS", timeframe, 0, instruments),))


def first_record(weather: Weather) -> RunBegan:
    """The run as it begins; two sectors, and the last symbol in none."""
    it = universe(weather)
    count = len(it.symbols)
    sector = np.arange(count, dtype=np.int64) % 2
    sector[-1] = -1
    limits = LIMITS._replace(**weather.limits)
    rules = Rules(limits, build_costs(count), build_specs(count, sector=sector))
    return RunBegan(
        run=RUN,
        account=ACCOUNT,
        broker="alpaca",
        mode=Mode.STORM,
        symbols=it.symbols,
        widths=it.widths,
        blocks=tuple(f"{block.calendar} {block.timeframe}" for block in it.blocks),
        rules=write_rules(rules),
        settings={},
        cash=float(CASH),
        last_sector=1,
        asks_verdicts=weather.seed % 2 == 1,
        code_version="storm",
    )


def alpaca(line: Line) -> AlpacaBroker:
    """The broker at the other end of a wire."""
    return AlpacaBroker(_SETTINGS, transport=Transport(line), connect=dial(line))


def assemble(weather: Weather, ports: Ports) -> Bot:
    """A bot that goes on where the journal ends."""
    it = universe(weather)
    world = World(
        broker=alpaca(ports.line),
        feed=AlpacaFeed(
            _SETTINGS,
            ports.clock.now,
            transport=Transport(ports.line),
            connect=dial(ports.line),
        ),
        journal=ports.journal,
        clock=ports.clock,
        forecast=forecast_of(weather),
        reviewer=None,
        alert=ports.alert,
        rng=ports.rng,
    )
    charter = Charter(
        universe=it,
        settings=live_settings(weather),
        fence=ports.journal.fence,
        start_ts=weather.market.start_ts,
        approvals=ApprovalDesk(None, it.symbols, it.widths),
    )
    return Bot(world, charter)


def live_settings(weather: Weather) -> LiveSettings:
    """As shipped, but signs of life are fewer, for nights are long, and book and venue are compared
    more often, for storms are short."""
    return replace(LiveSettings(), **{"beat_s": 300.0, "reconcile_s": 600.0, **weather.settings})


def forecast_of(weather: Weather) -> Callable[[BlockRow], Awaitable[Opinion]]:
    """Scores as the weather has them at the minute in which a bar closes."""
    opens = weather.market.bars.open_ts

    async def forecast(row: BlockRow) -> Opinion:
        nth = int(np.searchsorted(opens, row.time.close_ts - _NS_MINUTE, side="right")) - 1
        return Opinion(weather.scores[max(nth, 0)].copy(), _nothing_known(len(row.close)))

    return forecast


def _nothing_known(count: int) -> BarConditions:
    unknown: NDArray[np.float32] = np.full(count, np.nan, dtype=np.float32)
    return BarConditions(
        sigma=unknown,
        usual_volume=np.full(count, np.nan),
        rsi=unknown,
        flags=np.zeros(count, dtype=np.uint8),
        returns=unknown,
    )

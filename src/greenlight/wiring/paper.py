"""`greenlight paper` on live data: broker, feed, clock, journal and bot, joined at the door."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

import numpy as np

from greenlight.backtest import code_version
from greenlight.brokers import SimulatedBroker, SimulatedMarket
from greenlight.config import Config
from greenlight.domain import (
    AssetClass,
    BarsClosed,
    Happened,
    Happening,
    Holding,
    Instrument,
    OrderState,
    Quote,
    RetryError,
    SessionBegan,
    Split,
    UserError,
    VenueAccount,
    VenueOrder,
)
from greenlight.ledger import Heard, Mode, Record, RunBegan
from greenlight.live import (
    ApprovalDesk,
    ApprovalRules,
    Block,
    BlockRow,
    Bot,
    Broker,
    Charter,
    Clock,
    Feed,
    Forecaster,
    Journal,
    KillState,
    Mailbox,
    Method,
    Opinion,
    Telemetry,
    Turn,
    Universe,
    VenueClock,
    Working,
    World,
    WorldClock,
    bars_of,
    fetch_rows,
    measure,
    write_rules,
)
from greenlight.market import History, Sectors, example_book
from greenlight.wiring.clocks import elapsed, wall
from greenlight.wiring.live_settings import build_live_settings
from greenlight.wiring.plan import build_voices, silence
from greenlight.wiring.rules import build_rules
from greenlight.wiring.starting import check_clock, check_known
from greenlight.wiring.venues import Learn, alpaca_settings, open_broker, open_feed

_MILLIONTH = Decimal("0.000001")
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 64.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scene:
    """What a paper run works with before there is a bot."""

    config: Config
    universe: Universe
    clock: Clock
    feed: Feed
    broker: Broker | None
    account: VenueAccount
    holdings: tuple[Holding, ...]
    rows: Sequence[BlockRow]
    history: History


async def open_scene(
    config: Config,
    environment: Mapping[str, str],
    told: Callable[[str], None],
    learn: Learn | None = None,
) -> Scene:
    """Connect, ask the account and read the past. learn: told of keys that replace refused ones.

    Raises UserError where something is missing, RetryError where somebody does not answer.
    """
    universe = live_universe(config)
    simulated = config.broker.name == "simulated"
    broker = None if simulated else open_broker(config, environment, universe.symbols, learn)
    clock = await patiently(lambda: _clock(config, environment, broker), told)
    feed = open_feed(config, environment, universe.symbols, clock.now, learn)
    told("asking the account")
    if broker is None:
        cash = config.account.cash
        account, held = VenueAccount(config.broker.account, cash, cash), {}
    else:
        account = await patiently(broker.account, told)
        held = dict(await patiently(broker.holdings, told))
        if account.blocked:
            raise UserError(f"the account is blocked by {broker.name}: {account.blocked}")
    told("reading the past")
    rows = await patiently(
        lambda: fetch_rows(feed, universe, clock.now(), config.live.history), told
    )
    check_known(universe, rows, held)
    for number, block in enumerate(universe.blocks):
        known = sum(row.block == number for row in rows)
        if (text := silence(build_voices(config), known)) is not None:
            told(f"{text}; raise live.history ({block.calendar} {block.timeframe})")
    history = _history(universe, rows, config)
    ours = tuple(one for name, one in held.items() if name in universe.symbols and one.quantity)
    return Scene(config, universe, clock, feed, broker, account, ours, rows, history)


async def patiently(ask: Callable[[], Awaitable[T]], told: Callable[[str], None]) -> T:
    """Ask again, later each time, what fails for the moment. Raises RetryError in the end."""
    wait = _FIRST_WAIT_S
    while True:
        try:
            return await ask()
        except RetryError as error:
            if wait > _LONGEST_WAIT_S:
                raise
            told(f"{error}; asking again in {wait:g} s")
            await asyncio.sleep(max(wait, error.wait_s))
            wait *= 2.0


def live_universe(config: Config) -> Universe:
    """[data] symbols, or the example book; pairs such as BTC/USD trade around the clock."""
    names = config.data.symbols or example_book().symbols
    if config.broker.name == "ccxt" and not config.data.symbols:
        raise UserError('name what to trade, e.g. --set data.symbols=["BTC/USDT"]')
    stocks = tuple(Instrument(n, AssetClass.EQUITY, "XNYS") for n in names if "/" not in n)
    coins = tuple(
        Instrument(n, AssetClass.CRYPTO, "24/7", _MILLIONTH, Decimal(0), is_shortable=False)
        for n in names
        if "/" in n
    )
    blocks, first = [], 0
    for calendar, ones in (("XNYS", stocks), ("24/7", coins)):
        if ones:
            blocks.append(Block(calendar, config.live.timeframe, first, ones))
            first += len(ones)
    return Universe(tuple(blocks))


def run_record(scene: Scene) -> RunBegan:
    """The run as it would begin now: with the account's cash and what its positions are worth."""
    config, universe = scene.config, scene.universe
    rules = build_rules(config, scene.history)
    worth = sum((one.quantity * (one.price or one.average) for one in scene.holdings), Decimal(0))
    approval = config.approval
    return RunBegan(
        run=f"paper-{scene.account.id[:13]}",
        account=scene.account.id,
        broker=config.broker.name,
        mode=Mode.PAPER,
        symbols=universe.symbols,
        widths=universe.widths,
        blocks=tuple(f"{block.calendar} {block.timeframe}" for block in universe.blocks),
        rules=write_rules(rules),
        settings=config.model_dump(mode="json"),
        cash=float(scene.account.cash + worth),
        last_sector=int(max(rules.specs.sector, default=-1)),
        asks_verdicts=approval.practise,
        code_version=code_version(),
    )


@dataclass(frozen=True, slots=True)
class Overseen:
    """Who is shown every record, and the mailbox in which another process says that it kills."""

    telemetry: Telemetry
    mailbox: Mailbox


#: Runs a computation and gives back what it came to; threads are where it may wait.
Compute = Callable[[Callable[[BlockRow], Opinion], BlockRow], Awaitable[Opinion]]


def build_bot(
    scene: Scene,
    journal: Journal,
    fence: int,
    overseen: Overseen,
    compute: Compute = asyncio.to_thread,
) -> Bot:
    """A bot that goes on where the journal ends; compute: forecasts, off the loop."""
    config, universe = scene.config, scene.universe
    entries = journal.entries()
    began = entries[0].record
    assert isinstance(began, RunBegan)  # noqa: S101  # a run's first entry is nothing else
    simulated = None
    broker = scene.broker
    if broker is None:
        simulated = SimulatedBroker(
            build_rules(config, scene.history),
            began.cash,
            SimulatedMarket(universe.symbols, universe.widths),
            scene.clock.now,
            began.account,
        )
        broker = simulated
    forecaster = _forecaster(scene)
    approval = config.approval
    rules = ApprovalRules(
        approval.notional, approval.share, approval.strict, approval.expires.total_seconds()
    )
    world = World(
        broker=broker,
        feed=scene.feed,
        journal=_Overseen(journal, overseen),
        clock=scene.clock,
        forecast=lambda row: compute(forecaster.advance, row),
        reviewer=None,
        alert=lambda _level, _text: None,
        rng=np.random.default_rng(fence),
        follow=scene.clock.follow if isinstance(scene.clock, VenueClock) else None,
    )
    charter = Charter(
        universe=universe,
        settings=build_live_settings(config),
        fence=fence,
        start_ts=entries[0].ts,
        approvals=ApprovalDesk(
            rules if approval.practise else None, universe.symbols, universe.widths
        ),
        warm=scene.rows[-_warm_count(config) * len(universe.blocks) :],
        holdings=scene.holdings,
    )
    bot = Bot(world, charter)
    bot.runner.listen(lambda turn: _hear_action(forecaster, universe, turn))
    if simulated is not None:
        _drive(bot, simulated, [e.record.event for e in entries if isinstance(e.record, Heard)])
    return bot


class _Overseen:
    """A journal whose records are shown as they are appended, and that a kill takes away."""

    def __init__(self, journal: Journal, overseen: Overseen) -> None:
        self._journal, self._it = journal, overseen
        self.durable, self.entries = journal.durable, journal.entries

    def append(self, record: Record) -> int:
        """Append, and show."""
        number = self._journal.append(record)
        self._it.telemetry.saw(record)
        return number

    async def holds(self) -> bool:
        """Whether the lease is ours and nobody empties the account: a frozen bot may hold a lock
        that keeps the lease from being raised."""
        mark = self._it.mailbox.mark()
        if mark is not None and mark.state is KillState.ELSEWHERE:
            return False
        return await self._journal.holds()


def _drive(bot: Bot, broker: SimulatedBroker, told: Sequence[object]) -> None:
    """Let quotes trade at the simulated exchange, and let it hear what the trader hears."""
    open_orders = [(one.ticket, _as_order(one)) for one in bot.executor.tickets()]
    broker.recall(told, open_orders)  # type: ignore[arg-type]  # events of the journal

    def hear(turn: Turn) -> None:
        match turn.event:
            case SessionBegan() | Happened() if not _is_booking(turn.event):
                for report in broker.begin(turn.event):
                    bot.executor.hear(report, "exchange")
            case BarsClosed():
                broker.show(turn.event)

    def quote(one: Quote) -> None:
        number = bot.charter.universe.numbers()[one.instrument]
        time = bot.times.bar_time_of(number, one.ts)
        for report in broker.quote(one, time):
            bot.executor.hear(report, "exchange")

    bot.runner.listen(hear)
    bot.listen_quotes(quote)


def _is_booking(event: SessionBegan | Happened) -> bool:
    """Whether the book was set right by what the venue knows already."""
    own = (Happening.MANUAL, Happening.DEPOSIT)
    return isinstance(event, Happened) and event.kind in own


def _as_order(working: Working) -> VenueOrder:
    """An open ticket as the simulated venue knew it."""
    ticket, filled = working.ticket, working.count.filled
    average = working.count.notional / filled if filled else None
    return VenueOrder(
        working.venue_id,
        ticket.client_id,
        ticket.instrument,
        ticket.side,
        ticket.kind,
        ticket.quantity,
        filled,
        average,
        OrderState.WORKING,
        ticket.price,
        ticket.limit,
        working.heard_ts,
    )


async def _clock(config: Config, environment: Mapping[str, str], broker: Broker | None) -> Clock:
    """The world's clock, or the broker's where it answers on this machine."""
    chosen = config.live.clock
    if broker is None:
        return WorldClock(wall)
    local = config.broker.name == "alpaca" and alpaca_settings(config, environment).is_local
    if chosen == "broker" or (chosen != "world" and local):
        return await measure(broker, elapsed)
    await check_clock(broker, wall, config.live.clock_skew.total_seconds())
    return WorldClock(wall)


def _history(universe: Universe, rows: Sequence[BlockRow], config: Config) -> History:
    blocks = []
    for number, block in enumerate(universe.blocks):
        own = [row for row in rows if row.block == number]
        if not own:
            raise UserError(
                f"the feed has no past bars of {', '.join(universe.symbols[:5])}; check the symbols"
            )
        blocks.append(bars_of(block, own))
    book = example_book().sectors.by_symbol
    known = {name: book[name] for name in universe.symbols if name in book}
    return History(
        tuple(blocks),
        {one.id: one for one in universe.instruments},
        sectors=Sectors(known) if known else None,
        source=config.broker.feed,
    )


def _forecaster(scene: Scene) -> Forecaster:
    config = scene.config
    return Forecaster(
        scene.history,
        Method(
            build_voices(config),
            build_rules(config, scene.history),
            is_learned=config.strategies.weighting == "learned",
            is_calibrated=config.limits.sizing == "kelly",
        ),
    )


def _hear_action(forecaster: Forecaster, universe: Universe, turn: Turn) -> None:
    """A split that was booked scales the bars before it."""
    event = turn.event
    if isinstance(event, Happened) and event.kind is Happening.SPLIT:
        day = date(1970, 1, 1) + timedelta(days=event.time.session)
        forecaster.act(Split(universe.symbols[event.symbol], day, Decimal(repr(event.a))))


def _warm_count(config: Config) -> int:
    return int(config.limits.correlation_bars)

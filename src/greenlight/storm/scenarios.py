"""Troubles that bots are known to fail by, each by name, with proof that it really happened.

Every complaint that users of trading systems have reported about lost, doubled and ghost orders,
missing stops and kill switches that do not kill is here once; `docs/storm.md` lists them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial

import numpy as np

from greenlight.domain import (
    AssetClass,
    CashDividend,
    CorporateAction,
    Instrument,
    Split,
    Timeframe,
)
from greenlight.ledger import Answered, Outcome
from greenlight.market import Adjustment, BarSpec, History, from_arrays
from greenlight.storm.prices import CALENDAR, NS_MINUTE, Market, Stretch, minutes_of
from greenlight.storm.simulation import Result
from greenlight.storm.weather import (
    Crash,
    Deed,
    DeedKind,
    Fault,
    FaultKind,
    Weather,
    Window,
)
from greenlight.storm.witness import Ended, Filled, Gone, Laid, Moved, Received, Written

Path = tuple[tuple[float, float], ...]
Proof = Callable[[Result], bool]

_SYMBOLS = ("S0", "S1", "S2")
_AFTERNOON = Stretch(date(2025, 6, 10), 120)
_NIGHT = Stretch(date(2025, 6, 10), 60, 60)
_HALF_DAY = Stretch(date(2025, 7, 2), 60, 60)
_WEEKEND = Stretch(date(2026, 3, 6), 60, 60)

#: S0 is bought at the close of minute 10, and sold at that of minute 50
_ROUND_TRIP: Path = ((0, 50), (10, 80), (15, 50), (50, 20), (60, 50))
_BUY: Path = ((0, 50), (10, 80), (15, 50))
_FLAT: Path = ((0, 100.0),)
#: the stop of a position bought at 100 is touched in minute 30
_FALL: Path = ((0, 100.0), (29, 100.0), (31, 96.0))
#: the order for S0 is sent 50 ms after this, arrives and fills 20 ms later, and is told of another
#: 20 ms later; its stop arrives a little after 110 ms
_BOUGHT_S = 602.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A trouble, the weather that brings it, and how one sees that it came."""

    name: str
    weather: Weather
    proof: Proof


def scenarios() -> tuple[Scenario, ...]:
    """All of them."""
    return (*_orders(), *_stops(), *_accounts(), *_stopping(), *_calendar(), *_machines())


def _orders() -> tuple[Scenario, ...]:
    """Lost, double and ghost orders."""
    hit, fall = partial(_hit, _BOUGHT_S + 0.01), _story(path=_FALL)
    around_fall = partial(_hit, 29 * 60.0)
    return (
        Scenario("accepted, then timed out", hit(FaultKind.LOST_ANSWER, 60), _unknown),
        Scenario("accepted, then answered 504", hit(FaultKind.GATEWAY, 60), _unknown),
        Scenario("timed out before it arrived", hit(FaultKind.LOST_REQUEST, 40), _unknown),
        Scenario(
            "accepted, then timed out, and the stream is cut",
            replace(
                _story(),
                faults=(
                    Fault(FaultKind.LOST_ANSWER, _BOUGHT_S + 0.01, 20),
                    Fault(FaultKind.CUT, _BOUGHT_S + 0.01, 60),
                ),
            ),
            _unknown,
        ),
        Scenario(
            "an outage longer than all retries",
            hit(FaultKind.UNREACHABLE, 600),
            _felt("unreachable"),
        ),
        Scenario(
            "an outage after orders were accepted",
            _hit(_BOUGHT_S + 60, FaultKind.UNREACHABLE, 1200),
            _felt("unreachable"),
        ),
        Scenario("too many requests", hit(FaultKind.BUSY, 60), _felt("busy")),
        Scenario("server errors", hit(FaultKind.BROKEN, 60), _felt("broken")),
        Scenario(
            "a fill while the stream is cut", around_fall(FaultKind.CUT, 240, of=fall), _stopped_out
        ),
        Scenario(
            "a fill while the stream is deaf",
            around_fall(FaultKind.DEAF, 240, of=fall),
            _stopped_out,
        ),
        Scenario(
            "replayed fills with the same execution id",
            hit(FaultKind.REPLAYED, 3000),
            _felt("replay_fill"),
        ),
        Scenario("reports that come twice", hit(FaultKind.TWICE, 3000), _felt("twice")),
        Scenario("reports out of order", hit(FaultKind.SHUFFLED, 3000), _felt("shuffled")),
        Scenario(
            "a cancellation races with a fill",
            replace(
                _story(path=((0, 100.0), (49.9, 99.0), (50.2, 97.0))), venue_delay_ns=2_000_000_000
            ),
            _ended("canceled"),
        ),
        Scenario(
            "a partial fill, then a cancellation",
            hit(FaultKind.PARTIAL, 120),
            _felt("partial_fill"),
        ),
        Scenario("orders refused by the venue", hit(FaultKind.REJECTED, 30), _felt("reject_order")),
    )


def _stops() -> tuple[Scenario, ...]:
    """Stops that are not where they should be."""
    drop: Path = ((0, 100.0), (10.0, 100.0), (10.2, 95.0))
    return (
        Scenario("the stop fills", _story(path=_FALL), _stopped_out),
        Scenario(
            "the price is through the stop before it is laid",
            _hit(_BOUGHT_S + 0.06, FaultKind.UNREACHABLE, 50, of=_story(path=drop)),
            _sold,
        ),
        Scenario("no stop is left behind after an exit", _story(), _sold),
        Scenario(
            "somebody cancels the stop at the broker",
            _do((DeedKind.CANCEL, 1500)),
            _ended("canceled"),
        ),
        Scenario(
            "an entry is filled in parts and protected",
            _hit(_BOUGHT_S, FaultKind.PARTIAL, 1),
            _felt("partial_fill"),
        ),
        Scenario(
            "the stop is refused",
            _hit(_BOUGHT_S + 0.1, FaultKind.REJECTED, 20),
            _felt("reject_order"),
        ),
        Scenario("trading is halted while a position is held", _halted(), _felt("halt")),
        Scenario("the market gaps through the stop overnight", _gap(), _sold),
    )


def _accounts() -> tuple[Scenario, ...]:
    """What happens at the broker without the bot."""
    return (
        Scenario("a position is closed by hand", _do((DeedKind.SELL, 1500)), _traded_by_hand),
        Scenario(
            "half a position is sold by hand",
            _do((DeedKind.SELL, 1500), share=0.5),
            _traded_by_hand,
        ),
        Scenario("more is bought by hand", _do((DeedKind.BUY, 1500), symbol="S1"), _traded_by_hand),
        Scenario("money comes in", _do((DeedKind.DEPOSIT, 1500), share=0.1), _moved("CSD")),
        Scenario(
            "cash comes that nothing explains",
            _do((DeedKind.SLIP, 1500), share=0.5, scores=_ROUND_TRIP),
            _moved("slip"),
        ),
        Scenario("money goes out", _do((DeedKind.WITHDRAW, 1500), share=0.1), _moved("CSW")),
        Scenario(
            "positions are told as they were",
            _hit(_BOUGHT_S - 30, FaultKind.STALE, 120),
            _felt("stale_positions"),
        ),
        Scenario(
            "the venue's clock stands still",
            _hit(300, FaultKind.CLOCK, 1800),
            _felt("stale_clock"),
        ),
    )


def _stopping() -> tuple[Scenario, ...]:
    """Kill switches that kill, halts that hold."""
    kill, resume = (DeedKind.KILL, 1500), (DeedKind.RESUME, 2400)
    frozen = ((DeedKind.FREEZE, 1400), kill, (DeedKind.THAW, 2000), resume)
    unreachable = Fault(FaultKind.UNREACHABLE, 1490, 60)
    return (
        Scenario("killed and resumed", _do(kill, resume), _closed_by_kill),
        Scenario("killed while the bot is frozen, which then wakes", _do(*frozen), _closed_by_kill),
        Scenario(
            "killed while the venue cannot be reached",
            replace(_do(kill, resume), faults=(unreachable,)),
            _closed_by_kill,
        ),
        Scenario("killed after the close", _killed_at_night(), _closed_by_kill),
        Scenario(
            "halted before the entry",
            _do((DeedKind.HALT, 300), (DeedKind.RESUME, 2400)),
            lambda result: _count(result, Filled) == 0,
        ),
        Scenario("halted while an entry rests", _resting_entry(), _ended("canceled")),
        Scenario(
            "halted while a position is held",
            _do((DeedKind.HALT, 1500), (DeedKind.RESUME, 4000), scores=_ROUND_TRIP),
            _sold,
        ),
    )


def _calendar() -> tuple[Scenario, ...]:
    """Nights, half days, changes of the clock, corporate actions."""
    hold = partial(_story, scores=_BUY)
    split = Split("S0", date(2025, 6, 11), Decimal(2))
    dividend = CashDividend("S0", date(2025, 6, 11), Decimal("0.5"))
    return (
        Scenario("a night with a position", hold(stretch=_NIGHT), _bought),
        Scenario("a night before a half day", hold(stretch=_HALF_DAY), _bought),
        Scenario("a weekend on which the clock changes", hold(stretch=_WEEKEND), _bought),
        Scenario("a split overnight", hold(stretch=_NIGHT, actions=(split,)), _moved("SPLIT")),
        Scenario("a dividend overnight", hold(stretch=_NIGHT, actions=(dividend,)), _moved("DIV")),
    )


def _machines() -> tuple[Scenario, ...]:
    """Processes that die, databases that go away, a second bot."""
    hold = _story(scores=_BUY, stretch=_NIGHT, path=((0, 100.0), (59, 100.0), (61, 95.0)))
    return (
        Scenario(
            "a restart after longer than anybody looks back",
            replace(hold, crashes=(Crash(90, 66_000.0),)),
            _crashed,
        ),
        Scenario(
            "the database is away while orders are under way",
            replace(_story(), outages=(Window(_BOUGHT_S - 2, 60),)),
            _bought,
        ),
        Scenario(
            "a second bot takes the account over", _do((DeedKind.SECOND_BOT, 1500)), _is_fenced_off
        ),
        Scenario(
            "a frozen bot wakes after another took over",
            _do((DeedKind.FREEZE, 590), (DeedKind.SECOND_BOT, 1500), (DeedKind.THAW, 2000)),
            _is_fenced_off,
        ),
        *(
            Scenario(
                f"killed at boundary {nth}, {kept:.0%} of the tail kept",
                replace(_story(), crashes=(Crash(nth, 0.5, kept),)),
                _crashed,
            )
            for nth in range(5, 75, 10)
            for kept in (0.0, 1.0)
        ),
    )


def _story(
    *,
    path: Path = _FLAT,
    scores: Path = _ROUND_TRIP,
    stretch: Stretch = _AFTERNOON,
    actions: tuple[CorporateAction, ...] = (),
) -> Weather:
    """One symbol has a story, the others stand still; bars of one minute."""
    stamps, day_of = minutes_of(stretch)
    minutes = np.arange(len(stamps), dtype=np.float64)
    closes = np.full((len(stamps), len(_SYMBOLS)), 100.0)
    at, levels = (np.array(column) for column in zip(*path, strict=True))
    closes[:, 0] = np.round(np.interp(minutes + 1.0, at, levels), 2)
    opens = np.vstack([closes[:1], closes[:-1]])
    opens[0, 0] = path[0][1]
    for action in actions:
        after = day_of >= (action.ex_date - date(1970, 1, 1)).days
        if isinstance(action, Split):
            opens[after, 0] /= float(action.ratio)
            closes[after, 0] /= float(action.ratio)
    prices = (opens, np.maximum(opens, closes), np.minimum(opens, closes), closes)
    volume = np.full(closes.shape, 50_000.0)
    spec = BarSpec(CALENDAR, Timeframe.M1, Adjustment.RAW)
    bars = from_arrays(spec, _SYMBOLS, stamps, prices, volume)
    instruments = {name: Instrument(name, AssetClass.EQUITY, CALENDAR) for name in _SYMBOLS}
    history = History((bars,), instruments, actions, source="scenario")
    market = Market(history, int(stamps[0]), int(stamps[-1]) + NS_MINUTE)
    wishes = np.full(closes.shape, 50.0, dtype=np.float32)
    marks, values = zip(*scores, strict=True)
    wishes[:, 0] = np.array(values)[np.searchsorted(marks, minutes + 1.0, side="right") - 1]
    return Weather(2, market, wishes, minutes=1, latency_s=0.02, limits={"max_bars": 0})


def _hit(at_s: float, kind: FaultKind, lasts_s: float, *, of: Weather | None = None) -> Weather:
    """A story with one fault; of: which story."""
    return replace(of or _story(), faults=(Fault(kind, at_s, lasts_s),))


def _do(
    *deeds: tuple[DeedKind, float], share: float = 1.0, symbol: str = "S0", scores: Path = _BUY
) -> Weather:
    """A story in which the owner does something."""
    done = tuple(Deed(kind, at_s, symbol, share) for kind, at_s in deeds)
    return replace(_story(scores=scores), deeds=done)


def _resting_entry() -> Weather:
    """An entry rests below the market when the owner halts; half an hour later it would fill."""
    fall: Path = ((0, 100.0), (55, 100.0), (58, 96.0))
    weather = replace(_story(path=fall), deeds=(Deed(DeedKind.HALT, 900),))
    limits = {**weather.limits, "entry_kind": 1, "entry_offset": 0.02}
    return replace(weather, limits=limits)


def _halted() -> Weather:
    fault = Fault(FaultKind.HALT, 1500, 600, symbol="S0")
    return replace(_story(path=_FALL), faults=(fault,))


def _gap() -> Weather:
    return _story(scores=_BUY, stretch=_NIGHT, path=((0, 100.0), (60, 100.0), (60.01, 90.0)))


def _killed_at_night() -> Weather:
    """The kill switch is pulled a minute after the close: what is sold waits for the open."""
    weather = _story(scores=_BUY, stretch=_NIGHT)
    kill = Deed(DeedKind.KILL, 60 * 60.0 - 1.0, "S0", after_s=61.0)
    return replace(weather, deeds=(kill, Deed(DeedKind.RESUME, 70 * 60.0)))


# what proves that the trouble came


def _count(result: Result, kind: type) -> int:
    return sum(isinstance(fact, kind) for fact in result.facts)


def _felt(kind: str) -> Proof:
    return lambda result: result.faults.get(kind, 0) > 0


def _unknown(result: Result) -> bool:
    """Whether the outcome of a request was not known."""
    records = [fact.entry.record for fact in result.facts if isinstance(fact, Written)]
    return any(isinstance(r, Answered) and r.outcome is Outcome.UNKNOWN for r in records)


def _moved(kind: str) -> Proof:
    return lambda result: any(isinstance(f, Moved) and f.kind == kind for f in result.facts)


def _ended(state: str) -> Proof:
    return lambda result: any(isinstance(f, Ended) and f.state == state for f in result.facts)


def _fills(result: Result) -> list[Laid]:
    laid = {fact.venue_id: fact for fact in result.facts if isinstance(fact, Laid)}
    return [laid[fact.venue_id] for fact in result.facts if isinstance(fact, Filled)]


def _bought(result: Result) -> bool:
    return any(one.side > 0 for one in _fills(result))


def _sold(result: Result) -> bool:
    return any(one.side < 0 for one in _fills(result))


def _stopped_out(result: Result) -> bool:
    return any(one.side < 0 and one.kind == "stop" for one in _fills(result))


def _traded_by_hand(result: Result) -> bool:
    return any(not one.client_id.startswith("gl") for one in _fills(result))


def _closed_by_kill(result: Result) -> bool:
    names = [f.client_id for f in result.facts if isinstance(f, Received) and f.bot[:4] == "kill"]
    return any(one.client_id in names for one in _fills(result))


def _crashed(result: Result) -> bool:
    return result.crashes > 0


def _is_fenced_off(result: Result) -> bool:
    ended = [fact for fact in result.facts if isinstance(fact, Gone) and "lease" in fact.why]
    return bool(ended) and any(isinstance(fact, Written) for fact in result.facts)

"""All that will happen to the bot, drawn from one seed before it begins."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenlight.storm.prices import Market, draw_market, draw_stretch, stand_still

_CALM_S = 900.0  # nothing befalls the bot at the end, so that it can come to rest


class FaultKind(StrEnum):
    """What goes wrong between bot and venue, or at the venue."""

    UNREACHABLE = "unreachable"
    """no connection: nothing arrives"""
    LOST_REQUEST = "lost-request"
    """timed out before it arrived"""
    LOST_ANSWER = "lost-answer"
    """taken, then timed out"""
    GATEWAY = "gateway"
    """taken, then answered 504"""
    BUSY = "busy"
    """429 with Retry-After, not taken"""
    BROKEN = "broken"
    """500, not taken"""
    SLOW = "slow"
    """the answer takes seconds"""
    CUT = "cut"
    """the stream of reports breaks, and stays away for a while"""
    DEAF = "deaf"
    """the stream stays open and says nothing"""
    TWICE = "twice"
    """reports come twice, with the same execution id"""
    SHUFFLED = "shuffled"
    """reports come out of order"""
    PARTIAL = "partial"
    """orders fill in parts"""
    REJECTED = "rejected"
    """orders are refused"""
    HALT = "halt"
    """trading of a symbol is halted"""
    STALE = "stale"
    """positions are told as they were"""
    REPLAYED = "replayed"
    """fills are told again later, with the same execution id"""
    CLOCK = "clock"
    """the venue's clock stands still"""


#: after these nobody knows whether it was done
_DOUBTFUL = (FaultKind.LOST_ANSWER, FaultKind.GATEWAY, FaultKind.LOST_REQUEST)


@dataclass(frozen=True, slots=True)
class Fault:
    """From `at_s` for `lasts_s` a `share` of what it concerns is hit; seconds of open market."""

    kind: FaultKind
    at_s: float
    lasts_s: float
    share: float = 1.0
    symbol: str = ""


class Boundary(StrEnum):
    """Where a process may die: between any two of what others can see."""

    APPENDED = "appended"
    SYNCED = "synced"
    DURABLE = "durable"
    SENDING = "sending"
    ARRIVED = "arrived"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Crash:
    """The process dies at the `nth` boundary it passes since its start, and comes again `down_s`
    later. kept: the share of the journal's tail not yet synced that reached the disk all the
    same."""

    nth: int
    down_s: float
    kept: float = 0.0


class DeedKind(StrEnum):
    """What the owner does."""

    KILL = "kill"
    HALT = "halt"
    RESUME = "resume"
    BUY = "buy"
    SELL = "sell"
    CANCEL = "cancel"
    DEPOSIT = "deposit"
    WITHDRAW = "withdraw"
    SLIP = "slip"
    """cash comes or goes, and the broker's record has no line of it"""
    SECOND_BOT = "second bot"
    FREEZE = "freeze"
    THAW = "thaw"


@dataclass(frozen=True, slots=True)
class Deed:
    """A deed of the owner's at `at_s`; share: of the position, or of equity. after_s: so much later
    by the clock, which reaches into the night."""

    kind: DeedKind
    at_s: float
    symbol: str = ""
    share: float = 0.0
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time; seconds of open market."""

    at_s: float
    lasts_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Weather:
    """A seed's whole fate. scores: (T, N), 0..100, by minute of the market.

    latency_s: of one way between bot and venue; venue_delay_ns: how long an order is on its way
    inside the venue. Everything in seconds counts open market from its
    start, so that nothing falls into the night unseen.
    settings, limits: what differs from a storm's usual LiveSettings and Limits.
    """

    seed: int
    market: Market
    scores: NDArray[np.float32]
    minutes: int = 5
    latency_s: float = 0.02
    venue_delay_ns: int = 0
    faults: tuple[Fault, ...] = ()
    crashes: tuple[Crash, ...] = ()
    deeds: tuple[Deed, ...] = ()
    outages: tuple[Window, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)

    @property
    def open_s(self) -> float:
        """Seconds of open market there are."""
        return 60.0 * self.market.bars.count

    def ts(self, at_s: float) -> int:
        """The moment after so many seconds of open market, ns UTC."""
        bars = self.market.bars
        row = min(int(at_s // 60.0), bars.count - 1)
        return int(bars.open_ts[row]) + round((at_s - 60.0 * row) * 1e9)

    def without_crashes(self) -> "Weather":
        """The same fate, and nobody dies."""
        return replace(self, crashes=())

    def told(self) -> list[str]:
        """The plan in lines that people read."""
        lines = [
            f"seed {self.seed}: {len(self.market.symbols)} symbols, {self.open_s / 60:.0f} minutes"
            f" of open market, bars of {self.minutes} minutes"
        ]
        lines += [f"action {action}" for action in self.market.history.actions]
        lines += [str(one) for one in (*self.faults, *self.crashes, *self.deeds, *self.outages)]
        return lines


def draw_weather(seed: int) -> Weather:
    """The fate of a seed."""
    rng = np.random.Generator(np.random.PCG64(seed))
    stretch = draw_stretch(rng)
    market = draw_market(rng, stretch, int(rng.integers(3, 6)))
    weather = Weather(
        seed,
        market,
        _scores(rng, market),
        minutes=5 if rng.random() < 0.7 else 1 if rng.random() < 0.3 else 15,
        latency_s=float(rng.choice([0.005, 0.05, 0.3])),
        venue_delay_ns=int(rng.choice([0, 30_000_000, 2_000_000_000], p=[0.4, 0.4, 0.2])),
        limits=_limits(rng),
    )
    span = weather.open_s - _CALM_S
    kinds = _kinds(rng)
    if kinds == {"crashes"}:
        return _comparable(rng, weather)
    return replace(
        weather,
        faults=_faults(rng, span, weather) if "faults" in kinds else (),
        crashes=_crashes(rng) if "crashes" in kinds else (),
        deeds=_deeds(rng, span, market.symbols) if "deeds" in kinds else (),
        outages=_outages(rng, span) if "outages" in kinds else (),
    )


def _limits(rng: np.random.Generator) -> dict[str, Any]:
    """Mostly a storm's own; sometimes entries rest below the market, or the ladder is another."""
    draw = rng.random()
    if draw < 0.25:
        return {"entry_kind": 1, "entry_offset": float(rng.choice([0.001, 0.005]))}
    if draw < 0.35:
        return {"trail_from": 0, "trail": 0.012}
    if draw < 0.45:
        return {"target": 0.0}
    return {}


def _comparable(rng: np.random.Generator, weather: Weather) -> Weather:
    """Crashes alone, short ones, and a market that moves between minutes only: what came a second
    later came at the same price, so that who was killed can be held against who was not."""
    crashes = tuple(replace(one, down_s=0.5) for one in _crashes(rng))
    market = stand_still(weather.market)
    return replace(weather, market=market, crashes=crashes, latency_s=0.005, venue_delay_ns=0)


def _kinds(rng: np.random.Generator) -> frozenset[str]:
    """What kinds of trouble a seed has: in one of twenty none, in three nothing but crashes."""
    every = ("faults", "crashes", "deeds", "outages")
    chances = (0.7, 0.6, 0.5, 0.25)
    draw = rng.random()
    if draw < 0.2:
        return frozenset() if draw < 0.05 else frozenset({"crashes"})
    return frozenset(kind for kind, p in zip(every, chances, strict=True) if rng.random() < p)


def _scores(rng: np.random.Generator, market: Market) -> NDArray[np.float32]:
    """Mostly neutral; wishes to buy and to be rid of it come often, and last some minutes."""
    shape = (market.bars.count, len(market.symbols))
    scores = np.full(shape, 50.0, dtype=np.float32)
    for column in range(shape[1]):
        row = 0
        while row < shape[0]:
            lasts = int(rng.integers(5, 25))
            mood = rng.random()
            if mood < 0.4:
                scores[row : row + lasts, column] = rng.uniform(61.0, 95.0)
            elif mood < 0.6:
                scores[row : row + lasts, column] = rng.uniform(5.0, 39.0)
            row += lasts
    return scores


def _faults(rng: np.random.Generator, span: float, weather: Weather) -> tuple[Fault, ...]:
    """One to six, most of them about a close, when most is sent."""
    kinds, symbols = list(FaultKind), weather.market.symbols
    faults = []
    for _ in range(int(rng.integers(1, 7))):
        kind = kinds[int(rng.integers(len(kinds)))]
        lasts = float(rng.choice([5.0, 30.0, 120.0, 900.0], p=[0.3, 0.3, 0.3, 0.1]))
        share = float(rng.choice([0.1, 0.4, 1.0]))
        if kind in (FaultKind.UNREACHABLE, FaultKind.HALT, FaultKind.CUT):
            share = 1.0
        at = float(rng.uniform(0.0, span))
        if rng.random() < 0.6:
            at = min(max(0.0, _nearest_close(weather, at) + rng.uniform(-3.0, 4.0)), span)
        symbol = symbols[int(rng.integers(len(symbols)))] if kind is FaultKind.HALT else ""
        faults.append(Fault(kind, at, min(lasts, span - at), share, symbol))
        if kind in _DOUBTFUL and rng.random() < 0.5:  # and no report tells what became of it
            faults.append(Fault(FaultKind.CUT, at, min(lasts + 60.0, span - at)))
    return tuple(sorted(faults, key=lambda fault: fault.at_s))


def _nearest_close(weather: Weather, at_s: float) -> float:
    """The bot's last close before, in seconds of open market (of the first session)."""
    period = 60.0 * weather.minutes
    phase = -(weather.market.start_ts / 1e9) % period
    return phase + (at_s - phase) // period * period


def _crashes(rng: np.random.Generator) -> tuple[Crash, ...]:
    """One to four; many soon after a start, which is when recovery is at work."""
    crashes = []
    for _ in range(int(rng.integers(1, 5))):
        nth = int(rng.integers(1, 30)) if rng.random() < 0.4 else int(rng.integers(30, 600))
        down = float(rng.choice([0.5, 5.0, 60.0, 600.0], p=[0.4, 0.3, 0.2, 0.1]))
        crashes.append(Crash(nth, down, float(rng.choice([0.0, 0.5, 1.0]))))
    return tuple(crashes)


def _deeds(rng: np.random.Generator, span: float, symbols: tuple[str, ...]) -> tuple[Deed, ...]:
    single = [
        DeedKind.BUY,
        DeedKind.SELL,
        DeedKind.CANCEL,
        DeedKind.DEPOSIT,
        DeedKind.WITHDRAW,
        DeedKind.SLIP,
        DeedKind.SECOND_BOT,
    ]
    deeds: list[Deed] = []
    for _ in range(int(rng.integers(1, 4))):
        at = float(rng.uniform(0.0, span))
        later = float(rng.uniform(at, span))
        symbol = symbols[int(rng.integers(len(symbols)))]
        draw = rng.random()
        if draw < 0.18:
            deeds += [Deed(DeedKind.KILL, at), Deed(DeedKind.RESUME, later)]
        elif draw < 0.42:
            deeds += [Deed(DeedKind.HALT, at), Deed(DeedKind.RESUME, later)]
        elif draw < 0.52:
            kill = (at + later) / 2
            deeds += [Deed(DeedKind.FREEZE, at), Deed(DeedKind.THAW, later)]
            if rng.random() < 0.5:
                deeds.append(Deed(DeedKind.KILL, kill))
                deeds.append(Deed(DeedKind.RESUME, float(rng.uniform(later, span))))
        else:
            kind = single[int(rng.integers(len(single)))]
            deeds.append(Deed(kind, at, symbol, float(rng.choice([0.002, 0.05, 0.5, 1.0]))))
    return tuple(sorted(deeds, key=lambda deed: deed.at_s))


def _outages(rng: np.random.Generator, span: float) -> tuple[Window, ...]:
    return tuple(
        Window(float(rng.uniform(0.0, span - 60.0)), float(rng.choice([1.0, 20.0, 60.0])))
        for _ in range(int(rng.integers(1, 3)))
    )

"""One seed from beginning to end: the whole bot, the exchange, the owner, and their fate."""

import asyncio
from dataclasses import dataclass

import numpy as np

from greenlight.ledger import MemoryDisk
from greenlight.market import sessions
from greenlight.storm.assembly import CASH, RUN, first_record
from greenlight.storm.deeds import Owner
from greenlight.storm.disk import Shelf
from greenlight.storm.invariants import BrokenError, Judge, Terms
from greenlight.storm.lives import Lives, Stage
from greenlight.storm.marketplace import Marketplace
from greenlight.storm.virtual import VirtualClock, run
from greenlight.storm.weather import Weather
from greenlight.storm.wire import Sky
from greenlight.storm.witness import Ended, Fact, Filled, Laid, Received, Session

_NS = 1_000_000_000
_NS_DAY = 86_400 * _NS
_SHOW_S = 300.0
_QUIET_S = 20.0  # so long nothing may happen before the end is looked at
_TRIES = 30
_LAST_LOOK_S = 660.0  # book and venue are compared once more


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a seed. open_s: of open market; faults: how often each was felt; exposure_s:
    the longest time a position was bare in open market, whoever was to blame; left: ids of the
    orders that rest at the end; said: the trace."""

    seed: int
    broken: BrokenError | None
    open_s: float
    days: float
    faults: dict[str, int]
    crashes: int
    orders: int
    fills: int
    exposure_s: float
    left: tuple[str, ...]
    facts: tuple[Fact, ...]
    said: tuple[tuple[int, str], ...]


class Simulation:
    """Runs a weather. It stops at the first invariant that does not hold."""

    def __init__(self, weather: Weather, terms: Terms) -> None:
        market = weather.market
        self._weather = weather
        self._clock = VirtualClock(market.start_ts)
        self._judge = Judge(CASH, terms, market.start_ts)
        self._said: list[tuple[int, str]] = []
        self._broken: BrokenError | None = None
        self._over = asyncio.Event()
        self._busy_ts = market.start_ts
        first = market.start_ts // _NS_DAY
        self._hours = sessions("XNYS", first, first + 21)
        chance, life = np.random.SeedSequence(weather.seed).spawn(2)
        times = [(weather.ts(f.at_s), weather.ts(f.at_s + f.lasts_s), f) for f in weather.faults]
        rng = np.random.Generator(np.random.PCG64(chance))
        self._sky = Sky(tuple(times), rng, self._clock.now, self._tell)
        self._away = [(weather.ts(w.at_s), weather.ts(w.at_s + w.lasts_s)) for w in weather.outages]
        self._place = Marketplace(weather, CASH, self._clock, self._tell)
        shelf = Shelf(MemoryDisk(), RUN, self._clock.now, self._tell, self._is_away)
        venue = self._place.local
        stage = Stage(weather, self._clock, shelf, venue, self._sky, self._tell, self._say)
        self._shelf = shelf
        self._lives = Lives(stage, life)
        self._owner = Owner(stage, self._place, self._lives)

    async def main(self) -> Result:
        """Let it all happen."""
        self._tell_hours()
        self._shelf.begin(first_record(self._weather))
        self._lives.begin()
        helpers = (self._place.exchange.run(), self._keep_hours(), self._keep_showing())
        tasks = [asyncio.ensure_future(one) for one in (*helpers, self._owner.do_all())]
        ending = asyncio.ensure_future(self._come_to_rest())
        over = asyncio.ensure_future(self._over.wait())
        await asyncio.wait({ending, over}, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
        if ending.done():
            ending.result()
        return self._result()

    def _tell(self, fact: Fact) -> None:
        """Show a fact to the judge; what it finds broken ends the simulation."""
        if isinstance(fact, Received | Laid | Filled | Ended):
            self._busy_ts = fact.ts
        if self._broken is not None:
            return
        try:
            self._judge.hear(fact)
        except BrokenError as error:
            self._broken = error
            self._over.set()

    def _say(self, text: str) -> None:
        self._said.append((self._clock.now(), text))

    def _is_away(self) -> bool:
        now = self._clock.now()
        return any(since <= now < until for since, until in self._away)

    async def _come_to_rest(self) -> None:
        """Wait for the end of the market, and then until nothing happens any more."""
        end_ts = self._weather.market.end_ts
        await self._clock.sleep((end_ts - self._clock.now()) / _NS + _LAST_LOOK_S)
        for _ in range(_TRIES):
            await self._clock.sleep(_QUIET_S)
            if self._clock.now() - self._busy_ts >= int(_QUIET_S * _NS):
                break
        self._place.show()
        if self._broken is None:
            try:
                self._judge.rest()
            except BrokenError as error:
                self._broken = error

    def _tell_hours(self) -> None:
        now = self._clock.now()
        nth = int(np.searchsorted(self._hours.close, now, side="right"))
        self._tell(Session(now, int(self._hours.open[nth]) <= now))

    async def _keep_hours(self) -> None:
        """Tell when the market opens and closes."""
        moments = np.sort(np.concatenate([self._hours.open, self._hours.close]))
        for due in moments[moments > self._clock.now()]:
            await self._clock.sleep((int(due) - self._clock.now()) / _NS)
            self._tell_hours()

    async def _keep_showing(self) -> None:
        while True:
            await self._clock.sleep(_SHOW_S)
            self._place.show()

    def _result(self) -> Result:
        facts = self._judge.facts
        struck = {str(kind): count for kind, count in self._sky.struck.items()}
        for line in self._place.exchange.faults.log:
            struck[str(line.kind)] = struck.get(str(line.kind), 0) + 1
        return Result(
            seed=self._weather.seed,
            broken=self._broken,
            open_s=self._judge.scene.open_s,
            days=(self._clock.now() - self._weather.market.start_ts) / _NS / 86_400,
            faults=struck,
            crashes=self._lives.crashes,
            orders=sum(isinstance(fact, Laid) for fact in facts),
            fills=sum(isinstance(fact, Filled) for fact in facts),
            exposure_s=self._judge.longest_exposure_s,
            left=tuple(one.laid.venue_id for one in self._judge.scene.venue.open_orders()),
            facts=tuple(facts),
            said=tuple(self._said),
        )


def simulate(weather: Weather, terms: Terms | None = None) -> Result:
    """What becomes of the bot in this weather."""

    async def main() -> Result:
        return await Simulation(weather, terms or Terms()).main()

    return run(main())

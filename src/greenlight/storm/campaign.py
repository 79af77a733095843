"""Many seeds, one after another or beside each other, and what came of them together."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from greenlight.storm.ending import differences
from greenlight.storm.simulation import Result, simulate
from greenlight.storm.weather import Weather, draw_weather


@dataclass(frozen=True, slots=True)
class Failure:
    """A seed in which something did not hold."""

    seed: int
    invariant: str
    ts: int
    why: str


@dataclass(frozen=True, slots=True)
class Tally:
    """A seed in numbers. days: of simulated time; open_s: of open market."""

    seed: int
    failure: Failure | None
    days: float
    open_s: float
    faults: dict[str, int]
    crashes: int
    orders: int
    fills: int
    exposure_s: float


@dataclass(slots=True)
class Summary:
    """Seeds together; `exposure_s` is the longest of all."""

    seeds: int = 0
    days: float = 0.0
    open_s: float = 0.0
    crashes: int = 0
    orders: int = 0
    fills: int = 0
    exposure_s: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def add(self, tally: Tally) -> None:
        """Count a seed."""
        self.seeds += 1
        self.days += tally.days
        self.open_s += tally.open_s
        self.crashes += tally.crashes
        self.orders += tally.orders
        self.fills += tally.fills
        self.exposure_s = max(self.exposure_s, tally.exposure_s)
        self.faults.update(tally.faults)
        if tally.failure is not None:
            self.failures.append(tally.failure)


def run_seed(seed: int) -> Tally:
    """One seed; where nothing but crashes befalls the bot, its twin that lives on as well."""
    weather = draw_weather(seed)
    result = simulate(weather)
    failure = _failure(result)
    if failure is None and _is_comparable(weather):
        twin = simulate(weather.without_crashes())
        failure = _failure(twin)
        if failure is None and (why := differences(result, twin)):
            end_ts = weather.market.end_ts
            failure = Failure(seed, "same-end", end_ts, "; ".join(why))
    return Tally(
        seed,
        failure,
        result.days,
        result.open_s,
        result.faults,
        result.crashes,
        result.orders,
        result.fills,
        result.exposure_s,
    )


def run_seeds(
    seeds: Iterable[int], jobs: int, told: Callable[[Tally], None] = lambda _tally: None
) -> Summary:
    """Every seed, `jobs` at a time; `told` hears of each as it ends, in order."""
    summary = Summary()
    for tally in _tallies(seeds, jobs):
        summary.add(tally)
        told(tally)
    return summary


def _tallies(seeds: Iterable[int], jobs: int) -> Iterator[Tally]:
    if jobs == 1:
        yield from map(run_seed, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(run_seed, seeds, chunksize=4)


def _failure(result: Result) -> Failure | None:
    broken = result.broken
    if broken is None:
        return None
    return Failure(result.seed, broken.invariant, broken.ts, broken.why)


def _is_comparable(weather: Weather) -> bool:
    others = weather.faults or weather.deeds or weather.outages
    return bool(weather.crashes) and not others

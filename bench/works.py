"""The works that are measured, who is asked to do them, and what Greenlight must reach."""

from dataclasses import dataclass, field
from enum import StrEnum

OURS = "greenlight"
VECTORBT = "vectorbt-rust"
BACKTESTING = "backtesting.py"
BACKTRADER = "backtrader"
NAUTILUS = "nautilus"

#: engine: its environment below .bench (None: this one) and the module that runs a job on it
ENGINES: dict[str, tuple[str | None, str]] = {
    OURS: (None, "bench.peers.greenlight"),
    VECTORBT: ("vectorbt", "bench.peers.vectorbt"),
    BACKTESTING: ("backtesting", "bench.peers.backtesting"),
    BACKTRADER: ("backtrader", "bench.peers.backtrader"),
    NAUTILUS: ("nautilus", "bench.peers.nautilus"),
}


@dataclass(frozen=True)
class Work:
    """One thing to do: a market of bench/data.py, the rules, and the engines that do it."""

    name: str
    market: str
    engines: tuple[str, ...]
    rules: dict[str, float | str] = field(default_factory=dict)
    module: str | None = None
    """Runs the job instead of the engine's own module."""


class Unit(StrEnum):
    """What a target counts."""

    TIMES = "x"  # times faster than the peer
    RATE = "M/s"  # symbol-bars a second and core
    SECONDS = "s"  # the less the better


@dataclass(frozen=True)
class Target:
    """What is asked of a work, and of which peer where it is a ratio."""

    work: str
    unit: Unit
    least: float
    aim: float
    against: str = ""


CROSSOVER: dict[str, float | str] = {"cash": 1e6, "notional": 1e4, "fee": 0.0005}
WIDE: dict[str, float | str] = CROSSOVER | {"cash": 1e7, "bar": "1D"}
BOOK = "bench.peers.greenlight_book"

WORKS = (
    Work(
        "100,000 bars", "walk-100k", (OURS, VECTORBT, BACKTESTING, BACKTRADER, NAUTILUS), CROSSOVER
    ),
    Work(
        "1,000,000 bars, stop and target",
        "walk-1m",
        (OURS, VECTORBT, BACKTESTING),
        CROSSOVER | {"stop": 0.01, "target": 0.02},
    ),
    Work("500 symbols x 2,520 days", "wide-daily", (OURS, VECTORBT), WIDE),
    Work(
        "500 symbols x 2,520 days, trailing stop",
        "wide-daily",
        (OURS, VECTORBT),
        WIDE | {"trail": 0.05},
    ),
    Work(
        "sweep, 1,000 pairs x 10,000 bars",
        "sweep",
        (OURS, VECTORBT),
        CROSSOVER | {"task": "sweep"},
    ),
    Work(
        "whole book, 500 x 2,520, 4 held",
        "wide-daily",
        (OURS,),
        {"cash": 1e6, "positions": 4, "hold": 20},
        BOOK,
    ),
    Work(
        "whole book, 38 x 98,280, 4 held",
        "book-minute",
        (OURS,),
        {"cash": 1e6, "positions": 4, "hold": 80},
        BOOK,
    ),
    Work(
        "whole book, 500 x 2,520, 50 held",
        "wide-daily",
        (OURS,),
        {"cash": 1e7, "positions": 50, "hold": 9},
        BOOK,
    ),
    Work(
        "whole book, 38 x 98,280, 30 held",
        "book-minute",
        (OURS,),
        {"cash": 1e7, "positions": 50, "hold": 300},
        BOOK,
    ),
)

COMPILE = "compile, once"
CACHED = "import and first call, from cache"

TARGETS = (
    Target("100,000 bars", Unit.TIMES, 5, 20, VECTORBT),
    Target("100,000 bars", Unit.TIMES, 500, 5_000, BACKTRADER),
    Target("100,000 bars", Unit.TIMES, 500, 5_000, NAUTILUS),
    Target("1,000,000 bars, stop and target", Unit.TIMES, 3, 10, VECTORBT),
    Target("500 symbols x 2,520 days", Unit.TIMES, 10, 30, VECTORBT),
    Target("500 symbols x 2,520 days, trailing stop", Unit.TIMES, 15, 50, VECTORBT),
    Target("whole book, 500 x 2,520, 4 held", Unit.RATE, 60, 250),
    Target("whole book, 38 x 98,280, 4 held", Unit.RATE, 60, 250),
    Target("whole book, 500 x 2,520, 50 held", Unit.RATE, 20, 60),
    Target("whole book, 38 x 98,280, 30 held", Unit.RATE, 20, 60),
    Target(COMPILE, Unit.SECONDS, 20, 10),
    Target(CACHED, Unit.SECONDS, 0.7, 0.3),
)

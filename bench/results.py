"""From measurements to rows, ratios and verdicts. Arithmetic only."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from bench.harness import Measurement
from bench.works import OURS, TARGETS, Target, Unit

CENT = 0.01


@dataclass(frozen=True)
class Row:
    """One line of results.json. rate: symbol-bars a second of user time."""

    work: str
    engine: str
    wall_s: float
    user_s: float
    rate: float
    equity: float
    trades: int
    rss_mb: float


@dataclass(frozen=True)
class Verdict:
    """A target and what was reached, by user and by wall time, in the target's unit."""

    target: Target
    user: float
    wall: float

    @property
    def word(self) -> str:
        """By user time: aim, least or MISSED."""
        sign = -1 if self.target.unit is Unit.SECONDS else 1
        if sign * self.user >= sign * self.target.aim:
            return "aim"
        return "least" if sign * self.user >= sign * self.target.least else "MISSED"


def summarise(work: str, engine: str, cells: int, rounds: Sequence[Measurement]) -> Row:
    """The best round of each figure, for every engine alike: noise only ever adds.

    Raises ValueError where two rounds of one engine do not give the same equity.
    """
    first = rounds[0]
    if any(r.equity != first.equity or r.trades != first.trades for r in rounds):
        raise ValueError(f"{work}, {engine}: two runs, two results")
    user = min(r.user_s for r in rounds)
    wall = min(r.wall_s for r in rounds)
    rss = min(r.rss_mb for r in rounds)
    return Row(work, engine, wall, user, cells / user, first.equity, first.trades, rss)


def disagreements(rows: Sequence[Row]) -> list[str]:
    """Peers whose final equity is not ours to the cent, or whose round trips are not as many."""
    ours = {row.work: row for row in rows if row.engine == OURS}
    found = []
    for row in rows:
        mine = ours.get(row.work)
        if mine is None or row is mine:
            continue
        if not to_the_cent(row.equity, mine.equity):
            found.append(
                f"{row.work}: {row.engine} ends with {row.equity:.4f}, we {mine.equity:.4f}"
            )
        if row.trades != mine.trades:
            found.append(
                f"{row.work}: {row.engine} made {row.trades} round trips, we {mine.trades}"
            )
    return found


def to_the_cent(one: float, other: float) -> bool:
    """Whether two sums of money differ by less than half a cent."""
    return abs(one - other) < CENT / 2


def verdicts(rows: Sequence[Row], targets: Sequence[Target] = TARGETS) -> list[Verdict]:
    """Each target whose rows are there, with what was reached."""
    by = {(row.work, row.engine): row for row in rows}
    found = []
    for target in targets:
        mine, peer = by.get((target.work, OURS)), by.get((target.work, target.against))
        if mine is None or (peer is None and target.unit is Unit.TIMES):
            continue
        if peer is not None:
            reached = peer.user_s / mine.user_s, peer.wall_s / mine.wall_s
        elif target.unit is Unit.RATE:
            reached = mine.rate / 1e6, mine.rate * mine.user_s / mine.wall_s / 1e6
        else:
            reached = mine.user_s, mine.wall_s
        found.append(Verdict(target, *reached))
    return found


def as_json(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Rows as plain dictionaries."""
    return [asdict(row) for row in rows]

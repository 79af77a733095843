"""Checks before a start: what is fine, what is not, and what to do about it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from greenlight.domain import GreenlightError, Timeframe, UserError
from greenlight.ledger import AwayError, Ledger
from greenlight.live import Broker, Feed, KillState, Mailbox

T = TypeVar("T")
_NS = 1_000_000_000
_MB = 1_000_000
_CALL_S = 15.0
_DAYS = 7


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, whether it is fine, what was seen or is to be done."""

    name: str
    is_fine: bool
    told: str


@dataclass(frozen=True, slots=True)
class Checkup:
    """What to look at; None where there is none to look at. Each of them is opened when it is
    looked at, so that one that cannot be opened is one line. folder: of the database.

    symbol: one that the feed must know. is_venue_time: the bot will live by the broker's clock.
    """

    open_ledger: Callable[[], Ledger]
    open_broker: Callable[[], Broker] | None
    open_feed: Callable[[Callable[[], int]], Feed] | None
    keys: Callable[[], str] | None
    folder: Path
    free_bytes: Callable[[Path], int]
    least_mb: int
    skew_s: float
    wall: Callable[[], int]
    is_venue_time: bool
    symbol: str
    mailbox: Mailbox


async def examine(checkup: Checkup) -> list[Check]:
    """Look at everything; whatever fails is a line of its own."""
    checks = [_keys(checkup), _disk(checkup), *await asyncio.to_thread(_ledger, checkup)]
    checks.append(_kill(checkup))
    seen, ahead = await _broker(checkup)
    checks += seen
    checks.append(await _feed(checkup, ahead if checkup.is_venue_time else 0))
    return checks


def _keys(checkup: Checkup) -> Check:
    if checkup.keys is None:
        return Check("keys", is_fine=True, told="none needed")
    try:
        return Check("keys", is_fine=True, told=f"from {checkup.keys()}")
    except GreenlightError as error:
        return Check("keys", is_fine=False, told=str(error))


def _disk(checkup: Checkup) -> Check:
    try:
        free = checkup.free_bytes(checkup.folder) // _MB
    except OSError as error:
        told = f"{checkup.folder}: {error.strerror}; create it, or change ledger.url"
        return Check("disk", is_fine=False, told=told)
    if free < checkup.least_mb:
        told = f"only {free} MB free in {checkup.folder}; free some ({checkup.least_mb} are needed)"
        return Check("disk", is_fine=False, told=told)
    return Check("disk", is_fine=True, told=f"{free:,} MB free in {checkup.folder}")


def _ledger(checkup: Checkup) -> list[Check]:
    """It opens only where it can be written, is of this version and does not forget."""
    try:
        with checkup.open_ledger() as ledger:
            runs = ledger.runs()
            count = sum(one.entries for one in runs)
            found = [Check("database", is_fine=True, told=f"{ledger.shown}, writable, up to date")]
            broken = [one for one in ledger.verify() if not one.is_whole]
    except (GreenlightError, AwayError) as error:
        return [Check("database", is_fine=False, told=str(error))]
    if broken:
        told = "; ".join(f"{one.run}: {one.problem}" for one in broken[:3])
        found.append(Check("journal", is_fine=False, told=f"{told}; greenlight ledger verify"))
    else:
        told = f"{len(runs)} runs, {count:,} entries, seals whole"
        found.append(Check("journal", is_fine=True, told=told))
    return found


def _kill(checkup: Checkup) -> Check:
    mark = checkup.mailbox.mark()
    if mark is None:
        return Check("kill switch", is_fine=True, told="not pulled")
    if mark.state is KillState.DONE:
        told = f"pulled by {mark.by} ({mark.text}); greenlight resume allows entries again"
    else:
        told = f"{checkup.mailbox.kill_file} is there; greenlight kill finishes it, then resume"
    return Check("kill switch", is_fine=False, told=told)


async def _broker(checkup: Checkup) -> tuple[list[Check], int]:
    """What there is to say of the broker, and how far its clock is ahead of ours, ns."""
    if checkup.open_broker is None:
        return [Check("broker", is_fine=True, told="simulated, in the bot's own process")], 0
    try:
        broker = checkup.open_broker()
    except GreenlightError as error:
        return [Check("broker", is_fine=False, told=str(error))], 0
    try:
        account = await _account(broker)
        before = checkup.wall()
        ahead = await _within(broker.now()) - (before + checkup.wall()) // 2
        await _within(broker.close())
    except GreenlightError as error:
        return [Check("broker", is_fine=False, told=f"{broker.name}: {error}")], 0
    return [account, _clock(ahead, checkup)], ahead


async def _account(broker: Broker) -> Check:
    account = await _within(broker.account())
    if account.blocked:
        told = f"{broker.name} account {account.id} is blocked: {account.blocked}; ask the broker"
        return Check("broker", is_fine=False, told=told)
    told = f"{broker.name} account {account.id}, equity {account.equity:,.2f}"
    return Check("broker", is_fine=True, told=told)


def _clock(ahead: int, checkup: Checkup) -> Check:
    skew = abs(ahead) / _NS
    if checkup.is_venue_time:
        return Check("clock", is_fine=True, told="the broker's own is taken (live.clock)")
    if skew > checkup.skew_s:
        told = f"{skew:.1f} s off the broker's; set this machine's clock (NTP), or see live.clock"
        return Check("clock", is_fine=False, told=told)
    return Check("clock", is_fine=True, told=f"within {skew:.1f} s of the broker's")


async def _feed(checkup: Checkup, ahead: int) -> Check:
    if checkup.open_feed is None:
        return Check("feed", is_fine=True, told="stored bars")
    try:
        feed = checkup.open_feed(lambda: checkup.wall() + ahead)
    except GreenlightError as error:
        return Check("feed", is_fine=False, told=str(error))
    now = checkup.wall() + ahead
    try:
        span = (now - _DAYS * 86_400 * _NS, now)
        bars = await _within(feed.bars([checkup.symbol], Timeframe.D1, *span))
        await _within(feed.close())
    except GreenlightError as error:
        return Check("feed", is_fine=False, told=f"{feed.name}: {error}")
    if not bars:
        told = f"{feed.name} has no bar of {checkup.symbol} in {_DAYS} days; is it the right feed?"
        return Check("feed", is_fine=False, told=told)
    return Check("feed", is_fine=True, told=f"{feed.name}, {len(bars)} bars of {checkup.symbol}")


async def _within(request: Awaitable[T]) -> T:
    """A request that does not answer is a failure like any other."""
    try:
        async with asyncio.timeout(_CALL_S):
            return await request
    except TimeoutError:
        raise UserError(f"no answer within {_CALL_S:.0f} s") from None

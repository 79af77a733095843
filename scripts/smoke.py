"""Hold a broker's paper account to the contract that every adapter is tested by.

    APCA_API_KEY_ID=... APCA_API_SECRET_KEY=... make smoke BROKER=alpaca

It lays, changes and cancels small orders and buys and sells a little, with paper money only: the
adapter takes no other address, and no arming token is ever given here. The account must hold
nothing of what is traded. What it finds that tests at home cannot: that the broker has changed.
"""

import argparse
import asyncio
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from greenlight.brokers.alpaca import AlpacaBroker, AlpacaFeed, AlpacaSettings
from greenlight.domain import (
    ClientId,
    GreenlightError,
    OrderKind,
    RefuseError,
    RetryError,
    Role,
    Side,
    Span,
    Ticket,
    UserError,
)
from greenlight.market import sessions

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "brokers" / "contract"))
from broker_contract import CHECKS, Skipped

if TYPE_CHECKING:
    from broker_contract import Check

_KEYS = ("APCA_API_KEY_ID", "ALPACA_KEY_ID"), ("APCA_API_SECRET_KEY", "ALPACA_SECRET_KEY")
_TRADED = {"SPY": Decimal(2), "BTC/USD": Decimal("0.002")}
_NS_DAY = 86_400_000_000_000
_NS_SECOND = 1_000_000_000
_PATIENCE_S = 120.0
_LOCAL_PACE = 20.0  # a local exchange answers at once


@dataclass(slots=True)
class PaperStand:
    """A paper account on trial: its market cannot be moved, its wire loses nothing on demand."""

    broker: AlpacaBroker
    feed: AlpacaFeed
    instrument: str
    quantity: Decimal
    fence: int
    pace: float
    serial: int = 0

    def name(self, role: Role) -> str:
        """A name that no earlier run has used: the fence is the time of this one."""
        self.serial += 1
        return str(ClientId(self.fence, 0, 0, role, self.serial))

    async def price(self) -> Decimal:
        """The middle of the next quote."""
        stream = self.feed.quotes([self.instrument])
        try:
            async with asyncio.timeout(_PATIENCE_S):
                quote = await anext(stream)
        finally:
            await stream.aclose()
        return (quote.bid + quote.ask) / 2

    async def move(self, price: Decimal) -> None:
        """Nobody moves a real market."""
        raise Skipped(f"the market is not at our command ({price})")

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds / self.pace)

    async def lose(self, *, taken: bool) -> None:
        """Nothing is lost on demand."""
        raise Skipped(f"no request is lost on demand (taken: {taken})")


async def smoke(settings: AlpacaSettings, chosen: list[str]) -> int:
    """Run every check on every instrument that trades now; how many failed."""
    broker = AlpacaBroker(settings)
    now = await broker.now()
    feed = AlpacaFeed(settings, lambda: now)
    failed = 0
    try:
        account = await broker.account()
        print(f"account {account.id}: equity {account.equity}, cash {account.cash}")
        for instrument in chosen:
            if not _trades(instrument, now):
                print(f"{instrument}: its market is closed; come back when it is open")
                continue
            quantity = _TRADED.get(instrument, Decimal(2))
            pace = _LOCAL_PACE if settings.is_local else 1.0
            stand = PaperStand(broker, feed, instrument, quantity, now // _NS_SECOND, pace)
            await _refuse_unless_flat(stand)
            for check in CHECKS:
                failed += not await _passes(check, stand)
    finally:
        await broker.close()
        await feed.close()
    return failed


async def _passes(check: "Check", stand: PaperStand) -> bool:
    told = f"{stand.instrument:8} {check.__name__.replace('_', ' ')}"
    try:
        await check(stand)
    except Skipped as reason:
        print(f"skipped  {told}: {reason}")
    except (AssertionError, GreenlightError, TimeoutError) as error:
        print(f"FAILED   {told}: {type(error).__name__} {error}")
        await _tidy(stand)
        return False
    else:
        print(f"ok       {told}")
    await _tidy(stand)
    return True


async def _tidy(stand: PaperStand) -> None:
    """Cancel what a check has left lying and sell what it has left held."""
    for order in await stand.broker.open_orders():
        ours = ClientId.parse(order.client_id)
        if order.instrument == stand.instrument and ours and ours.fence == stand.fence:
            try:
                await stand.broker.cancel(order.venue_id)
            except RefuseError as error:
                print(f"         {error}")
    for _ in range(int(_PATIENCE_S)):
        held = (await stand.broker.holdings()).get(stand.instrument)
        if held is None:
            return
        terms = (Side.SELL, OrderKind.MARKET, held.quantity, Span.DAY)
        with suppress(RetryError):  # a cancel has not released the units yet
            await stand.broker.submit(Ticket(stand.name(Role.MANUAL), stand.instrument, *terms))
        await stand.wait(1.0)
    raise UserError(f"{stand.instrument} could not be sold: look at the account")


async def _refuse_unless_flat(stand: PaperStand) -> None:
    orders = [one for one in await stand.broker.open_orders() if one.instrument == stand.instrument]
    if orders or stand.instrument in await stand.broker.holdings():
        raise UserError(
            f"the account holds {stand.instrument} or has open orders for it: choose another with "
            "--instrument, or an account of its own"
        )


def _trades(instrument: str, now: int) -> bool:
    day = now // _NS_DAY
    known = sessions("24/7" if "/" in instrument else "XNYS", day, day)
    return bool(len(known.open)) and int(known.open[0]) <= now < int(known.close[0])


def _key(names: tuple[str, ...]) -> str:
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def main() -> int:
    """Exit code: 0 all held, 1 something did not, 2 it could not be tried."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("broker", choices=["alpaca"])
    parser.add_argument("--instrument", action="append", help="default: SPY and BTC/USD")
    parser.add_argument("--url", help="a local exchange instead of Alpaca's paper host")
    given = parser.parse_args()
    places = {}
    if given.url:
        stream = given.url.replace("http", "ws", 1)
        places = {
            "trading_url": given.url,
            "data_url": given.url,
            "trading_stream_url": f"{stream}/stream",
            "data_stream_url": stream,
        }
    try:
        settings = AlpacaSettings(key=_key(_KEYS[0]), secret=_key(_KEYS[1]), **places)
        failed = asyncio.run(smoke(settings, given.instrument or list(_TRADED)))
    except GreenlightError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{failed} failed" if failed else "the contract holds")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

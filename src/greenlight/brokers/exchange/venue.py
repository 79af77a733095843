"""The venue: an account at an exchange with Alpaca's rules, without clock, network or chance.

Time is told to it (`advance`, `trade`); what changed is taken out with `drain`. Everything it does
follows from what it was told, and twice the same story gives twice the same ids.
"""

import copy
from collections.abc import Iterable, Sequence
from decimal import Decimal

from greenlight.brokers.exchange.account import Account
from greenlight.brokers.exchange.admitting import admit
from greenlight.brokers.exchange.assets import Asset
from greenlight.brokers.exchange.floor import (
    Conditions,
    Floor,
    Perfect,
    VenueSettings,
    assets_by_symbol,
)
from greenlight.brokers.exchange.hours import hours
from greenlight.brokers.exchange.matching import Tick
from greenlight.brokers.exchange.names import identity
from greenlight.brokers.exchange.orders import ZERO, Order, OrderRequest, Update
from greenlight.brokers.exchange.overnight import begin_day, dividend, reopen, split
from greenlight.brokers.exchange.pricing import bid_ask
from greenlight.brokers.exchange.refusals import (
    RefusalError,
    insufficient_quantity,
    invalid,
    missing,
)
from greenlight.brokers.exchange.replacing import (
    Changes,
    finish_replacing,
    start_cancelling,
    start_replacing,
)
from greenlight.brokers.exchange.reserving import held_for_orders
from greenlight.brokers.exchange.terms import Change, Force, Kind, Status, Way
from greenlight.brokers.exchange.working import arrive, cross, end, expire, trade
from greenlight.domain import CashDividend, Split
from greenlight.market import CALENDARS

_FINEST = Decimal("1e-9")
_HUNDRED = Decimal(100)
_EPOCH = 719_163  # ordinal of 1970-01-01


class Venue:
    """One account. Money and quantities are Decimal, times ns UTC; every no is a RefusalError.

    actions: splits and dividends, applied on the morning of their ex-date.
    """

    def __init__(
        self,
        assets: Iterable[Asset],
        start_ts: int,
        settings: VenueSettings | None = None,
        conditions: Conditions | None = None,
        actions: Iterable[Split | CashDividend] = (),
    ) -> None:
        chosen = settings or VenueSettings()
        account = Account(
            id=identity(f"{chosen.seed} account"),
            number=f"PA{identity(f'{chosen.seed} number')[:10].upper().replace('-', '')}",
            cash=chosen.cash,
            created_ts=start_ts,
            multiplier=chosen.multiplier,
            last_equity=chosen.cash,
        )
        self.floor = Floor(
            chosen, conditions or Perfect(), assets_by_symbol(assets), account, start_ts
        )
        self.floor.equity_curve.append((start_ts, chosen.cash))
        begun = hours("XNYS").last(start_ts).day
        known = (action for action in actions if _day(action) > begun)
        self._actions = sorted(known, key=_day)
        for calendar in CALENDARS:
            self._plan_day(calendar)

    @property
    def now(self) -> int:
        """How far time has been told, ns UTC."""
        return self.floor.now

    @property
    def account(self) -> Account:
        """Cash, positions and activities, to be read."""
        return self.floor.account

    def advance(self, ts: int) -> None:
        """Let time pass up to `ts`; what falls due on the way happens in its order."""
        while (due := self.floor.due(ts)) is not None:
            self._happen(*due)
        self.floor.now = max(self.floor.now, ts)

    def trade(
        self,
        symbol: str,
        ts: int,
        price: Decimal,
        size: Decimal | None = None,
        *,
        is_gap: bool = True,
    ) -> None:
        """A trade by others at `ts`, which may fill orders. While a symbol is halted: nothing."""
        self.advance(ts)
        if symbol not in self.floor.halted:
            trade(self.floor, Tick(symbol, ts, price, size, is_gap))
            self.settle()

    def bar(self, symbol: str, ts: int, prices: Sequence[Decimal], span_ns: int) -> None:
        """A whole bar from `ts` on: open, high, low, close, walked on the path of `bar_path`."""
        step = span_ns // 4
        for n, price in enumerate(bar_path(*prices)):
            self.trade(symbol, ts + n * step, price, is_gap=n == 0)

    def submit(self, request: OrderRequest) -> Order:
        """Take an order and let it arrive; the answer is the order as it was taken."""
        order = copy.copy(self.take(request))
        self.settle()
        return order

    def take(self, request: OrderRequest) -> Order:
        """Take an order, which is still on its way until `settle`."""
        return admit(self.floor, request)

    def replace(self, order_id: str, changes: Changes) -> Order:
        """Put another order in the place of one."""
        order = copy.copy(start_replacing(self.floor, self.floor.book.require(order_id), changes))
        self.settle()
        return order

    def cancel(self, order_id: str) -> None:
        """Ask for a cancel."""
        start_cancelling(self.floor, self.floor.book.require(order_id))
        self.settle()

    def cancel_all(self) -> list[tuple[Order, RefusalError | None]]:
        """Cancel every open order; each with why it could not be."""
        answers: list[tuple[Order, RefusalError | None]] = []
        for order in self.floor.book.open_orders():
            try:
                if order.is_open:
                    self.cancel(order.id)
                answers.append((order, None))
            except RefusalError as refusal:
                answers.append((order, refusal))
        return answers

    def close(
        self, symbol: str, qty: Decimal | None = None, percentage: Decimal | None = None
    ) -> Order:
        """Sell (or buy back) a position, or a part of it, at the market."""
        asset = self.floor.asset(symbol)
        held = self.account.quantity(asset.symbol)
        if held == 0:
            raise missing("position does not exist")
        if qty is not None and percentage is not None:
            raise invalid("only one of qty or percentage may be given")
        wanted = abs(held) if qty is None else qty
        if percentage is not None:
            wanted = (abs(held) * percentage / _HUNDRED).quantize(_FINEST, rounding="ROUND_DOWN")
        promised, related = held_for_orders(self.floor.book.open_of(asset.symbol), held)
        available = abs(held) - promised
        if wanted > available:
            raise insufficient_quantity(asset.symbol, wanted, available, promised, related)
        force = Force.GTC if asset.is_crypto else Force.DAY
        side = Way.SELL if held > 0 else Way.BUY
        return self.submit(OrderRequest(asset.symbol, side, Kind.MARKET, force, qty=wanted))

    def order(self, order_id: str) -> Order:
        """An order by its id."""
        return self.floor.book.require(order_id)

    def order_of_client(self, client_order_id: str) -> Order:
        """An order by the client's own id."""
        found = self.floor.book.by_client_id.get(client_order_id)
        if found is None:
            raise missing(f"order not found for {client_order_id}")
        return self.floor.book.by_id[found]

    def orders(self) -> list[Order]:
        """Every order ever taken, oldest first."""
        return list(self.floor.book.by_id.values())

    def quote(self, symbol: str) -> tuple[Decimal, Decimal] | None:
        """Bid and ask now, None before the first trade."""
        last = self.floor.price(symbol)
        return None if last is None else self.quote_at(symbol, last)

    def quote_at(self, symbol: str, price: Decimal) -> tuple[Decimal, Decimal]:
        """Bid and ask around a price."""
        is_crypto = self.floor.assets[symbol].is_crypto
        return bid_ask(price, self.floor.tariff(symbol), is_crypto=is_crypto)

    def halt(self, symbol: str) -> None:
        """Stop trading in a symbol; orders are taken and wait."""
        self.floor.halted.add(self.floor.asset(symbol).symbol)

    def resume(self, symbol: str) -> None:
        """End a halt; the next trade is a jump."""
        reopen(self.floor, self.floor.asset(symbol).symbol)

    def split(self, action: Split) -> None:
        """Apply a split now."""
        split(self.floor, action)

    def dividend(self, action: CashDividend) -> None:
        """Pay a dividend now."""
        dividend(self.floor, action)

    def transfer(self, amount: Decimal) -> None:
        """Money in (CSD) or, where negative, out (CSW)."""
        self.account.book_cash("CSD" if amount > 0 else "CSW", self.now, amount)

    def expire(self, order_id: str) -> None:
        """End an order as if its time were up: what a venue does on its own."""
        order = self.floor.book.require(order_id)
        end(self.floor, order, Status.EXPIRED, Change.EXPIRED)

    def drain(self) -> list[Update]:
        """Take out what has changed since the last time, in order."""
        updates, self.floor.outbox = self.floor.outbox, []
        return updates

    def held(self, symbol: str) -> Decimal:
        """Units of a position that are promised to open orders."""
        position = self.account.quantity(symbol)
        return held_for_orders(self.floor.book.open_of(symbol), position)[0] if position else ZERO

    def settle(self) -> None:
        """Carry out what is due at this very moment."""
        self.advance(self.floor.now)

    def _happen(self, what: str, about: str) -> None:
        match what:
            case "day":
                self._begin_day(about)
            case "arrive":
                arrive(self.floor, self.floor.book.by_id[about])
            case "cross":
                cross(self.floor, self.floor.book.by_id[about])
            case "expire":
                expire(self.floor, self.floor.book.by_id[about])
            case "cancel":
                end(self.floor, self.floor.book.by_id[about], Status.CANCELED, Change.CANCELED)
            case "replace":
                finish_replacing(self.floor, about)

    def _plan_day(self, calendar: str) -> None:
        session = hours(calendar).after(self.floor.now)
        self.floor.plan(
            session.open_ts if calendar == "24/7" else session.extended_open_ts, "day", calendar
        )

    def _begin_day(self, calendar: str) -> None:
        is_crypto = calendar == "24/7"
        begin_day(self.floor, is_crypto=is_crypto)
        if not is_crypto:
            self._apply_actions()
        session = hours(calendar).after(self.floor.now)
        if not is_crypto:  # the day begins before its session, which is thus the one just found
            session = hours(calendar).after(session.open_ts)
        self.floor.plan(session.open_ts if is_crypto else session.extended_open_ts, "day", calendar)

    def _apply_actions(self) -> None:
        day = hours("XNYS").after(self.floor.now).day
        while self._actions and _day(self._actions[0]) <= day:
            action = self._actions.pop(0)
            if action.symbol not in self.floor.assets:
                continue
            if isinstance(action, Split):
                self.split(action)
            else:
                self.dividend(action)


def _day(action: Split | CashDividend) -> int:
    return action.ex_date.toordinal() - _EPOCH


def bar_path(
    opened: Decimal, high: Decimal, low: Decimal, close: Decimal
) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """The way through a bar: the farther extreme last, so a rising bar dips first."""
    if close >= opened:
        return opened, low, high, close
    return opened, high, low, close

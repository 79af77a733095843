"""What the owner does meanwhile: stops the bot, lets it go on, trades by hand, moves money."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

from greenlight.brokers.exchange import Force, Kind, OrderRequest, RefusalError, Way
from greenlight.domain import GreenlightError
from greenlight.ledger import Resumed
from greenlight.live import Bot, Hold, KillOrder, kill
from greenlight.storm.assembly import alpaca, universe
from greenlight.storm.lives import Lives, Stage
from greenlight.storm.marketplace import Marketplace
from greenlight.storm.virtual import Process
from greenlight.storm.weather import Boundary, Deed, DeedKind
from greenlight.storm.witness import Disturbed, Moved

_OWNER = "owner"
_LOOK_AGAIN_S = 1.0


class Owner:
    """Does deeds, one after another."""

    def __init__(self, stage: Stage, place: Marketplace, lives: Lives) -> None:
        self._stage, self._place, self._lives = stage, place, lives
        self._is_killed = False
        self._kills = 0

    async def do_all(self) -> None:
        """Wait for the time of each deed and do it."""
        clock, weather = self._stage.clock, self._stage.weather
        for deed in weather.deeds:
            wait_s = (weather.ts(deed.at_s) - clock.now()) / 1e9 + deed.after_s
            await clock.sleep(max(0.0, wait_s))
            self._stage.say(f"the owner: {deed.kind} {deed.symbol}")
            self._stage.tell(Disturbed(clock.now(), deed.kind))
            await self._do(deed)

    async def _do(self, deed: Deed) -> None:
        match deed.kind:
            case DeedKind.KILL:
                self._kill()
            case DeedKind.RESUME if self._is_killed:
                await self._allow_again()
            case DeedKind.RESUME:
                await self._ask_bot(lambda bot: bot.resume(_OWNER))
            case DeedKind.HALT:
                await self._ask_bot(lambda bot: bot.halt(_OWNER, "the owner said so"))
            case DeedKind.SECOND_BOT:
                self._lives.begin()
            case DeedKind.FREEZE:
                self._lives.freeze()
            case DeedKind.THAW:
                self._lives.thaw()
            case _:
                self._at_the_broker(deed)

    async def _ask_bot(self, ask: Callable[[Bot], None]) -> None:
        """Have the running bot do something, as soon as one runs."""
        while not self._is_killed:
            life = self._lives.now
            if life is not None and life.process.is_alive and life.bot is not None:
                life.process.start(_asked(ask, life.bot))
                return
            await self._stage.clock.sleep(_LOOK_AGAIN_S)

    def _kill(self) -> None:
        """Pull the kill switch, as another process."""
        stage = self._stage
        self._is_killed, self._lives.may_run = True, False
        self._kills += 1
        name = f"kill{self._kills}"
        line = stage.line(name, _goes_on)

        async def seize() -> Hold:
            journal = stage.shelf.open(name, _goes_on)
            return Hold(journal.fence, universe(stage.weather).symbols, journal)

        async def pull() -> None:
            outcome = await kill(alpaca(line), stage.clock, seize, KillOrder(_OWNER))
            stage.say(f"{name}: flat {outcome.is_flat}, left {outcome.positions}")

        Process(name).start(pull())

    async def _allow_again(self) -> None:
        """What `greenlight resume` does after a kill, then the bot is started."""
        journal = self._stage.shelf.open(_OWNER, _goes_on)
        try:
            journal.append(Resumed(_OWNER))
            await journal.durable()
        except GreenlightError as error:
            self._stage.say(f"the owner cannot resume: {error}")
            return
        self._is_killed, self._lives.may_run = False, True
        self._lives.begin()

    def _at_the_broker(self, deed: Deed) -> None:
        """By hand, on the broker's own page."""
        venue = self._place.venue
        self._place.exchange.catch_up()
        try:
            match deed.kind:
                case DeedKind.BUY:
                    price = venue.floor.price(deed.symbol) or Decimal(1)
                    units = (venue.floor.equity() * _exact(deed.share) / 20 / price) // 1
                    if units > 0:
                        venue.submit(_at_market(deed.symbol, Way.BUY, units))
                case DeedKind.SELL:
                    self._sell(deed)
                case DeedKind.CANCEL:
                    for order in venue.floor.book.open_of(deed.symbol)[:1]:
                        venue.cancel(order.id)
                case DeedKind.DEPOSIT:
                    venue.transfer((venue.floor.equity() * _exact(deed.share)).quantize(_CENT))
                case DeedKind.SLIP:
                    amount = (venue.floor.equity() * _exact(deed.share) / 50).quantize(_CENT)
                    venue.account.cash += amount
                    self._stage.tell(Moved(venue.now, deed.kind, amount))
                case DeedKind.WITHDRAW:
                    venue.transfer(-(venue.account.cash * _exact(deed.share) / 2).quantize(_CENT))
                case _:
                    pass
        except RefusalError as refusal:
            self._stage.say(f"the owner is refused: {refusal}")
        self._place.exchange.tell_changes()

    def _sell(self, deed: Deed) -> None:
        """Take the orders away that hold the units, then sell a share of them."""
        venue = self._place.venue
        for order in venue.floor.book.open_of(deed.symbol):
            if order.side is Way.SELL and order.is_open:
                venue.cancel(order.id)
        units = (venue.account.quantity(deed.symbol) * _exact(deed.share)) // 1
        if units > 0:
            venue.submit(_at_market(deed.symbol, Way.SELL, units))


_CENT = Decimal("0.01")


def _exact(share: float) -> Decimal:
    return Decimal(repr(share))


def _at_market(symbol: str, way: Way, units: Decimal) -> OrderRequest:
    return OrderRequest(symbol, way, Kind.MARKET, Force.DAY, qty=units)


async def _asked(ask: Callable[[Bot], None], bot: Bot) -> None:
    with suppress(GreenlightError):  # a bot that has lost its lease heeds nobody
        ask(bot)


def _goes_on(boundary: Boundary) -> None:
    """Nobody dies here."""

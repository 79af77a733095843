"""What rests at the venue: one order for one wish, a stop for every position, nothing too much."""

from decimal import Decimal

from greenlight.storm.invariants.scene import Invariant, Scene
from greenlight.storm.replica import Resting, name_of
from greenlight.storm.witness import (
    Ended,
    Fact,
    Filled,
    Laid,
    Restated,
)

_NS = 1_000_000_000
_ZERO = Decimal(0)
_CENT = Decimal("0.01")


class OneOrder(Invariant):
    """No two open orders of one intent and role; no name used twice."""

    name = "one-order-per-intent"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._used: set[str] = set()

    def hear(self, fact: Fact) -> None:
        """Look at every order that is laid."""
        if not isinstance(fact, Laid) or (name := name_of(fact.client_id)) is None:
            return
        if fact.client_id in self._used:
            raise self.broken(f"{fact.client_id} was used twice")
        self._used.add(fact.client_id)
        if name.role == "M":
            return
        same = [one for one in self.scene.venue.open_orders(fact.symbol) if _is_same(one, fact)]
        if len(same) > 1:
            names = ", ".join(one.laid.client_id for one in same)
            raise self.broken(f"open at once for one intent and role: {names}")


def _is_same(one: Resting, laid: Laid) -> bool:
    mine, other = name_of(laid.client_id), one.name
    if mine is None or other is None:
        return False
    return (mine.symbol, mine.intent, mine.role) == (other.symbol, other.intent, other.role)


class NeverMoreThanWanted(Invariant):
    """All fills of an entry together are at most what was decided."""

    name = "never-more-than-wanted"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._filled: dict[tuple[int, int], float] = {}

    def hear(self, fact: Fact) -> None:
        """Count the fills of every entry."""
        if not isinstance(fact, Filled):
            return
        name = self.scene.venue.orders[fact.venue_id].name
        if name is None or name.role != "E":
            return
        key = (name.symbol, name.intent)
        self._filled[key] = self._filled.get(key, 0.0) + float(fact.quantity)
        wanted = self.scene.journal.wanted.get(key, 0.0)
        if self._filled[key] > wanted * (1 + 1e-9):
            raise self.broken(
                f"intent {name.intent} of symbol {name.symbol} wanted {wanted:g}, "
                f"and {self._filled[key]:g} were bought"
            )


class NeverOversold(Invariant):
    """A long-only bot's account is never short."""

    name = "never-oversold"

    def hear(self, fact: Fact) -> None:
        """Look at every fill."""
        if isinstance(fact, Filled):
            symbol = self.scene.venue.orders[fact.venue_id].laid.symbol
            if self.scene.venue.held(symbol) < 0:
                raise self.broken(f"{symbol} is short {-self.scene.venue.held(symbol)}")


class StopRests(Invariant):
    """What the bot has bought is covered by a resting stop or an exit under way, or soon is."""

    name = "stop-rests"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._bare: dict[str, tuple[float, float]] = {}  # since when, in calm and in open seconds
        self.longest_s = 0.0

    def hear(self, fact: Fact) -> None:
        """Count how long each position has been bare."""
        scene = self.scene
        for symbol, (calm, open_) in self._bare.items():
            self.longest_s = max(self.longest_s, scene.open_s - open_)
            if scene.calm_s - calm > scene.terms.exposure_s:
                raise self.broken(
                    f"{symbol}: {scene.venue.held(symbol)} held, {self._covered(symbol)} covered "
                    f"for {scene.open_s - open_:.0f} s of open market"
                )
        if not isinstance(fact, Laid | Filled | Ended | Restated):
            return
        symbol = scene.venue.orders[fact.venue_id].laid.symbol
        held = min(scene.venue.held(symbol), scene.venue.ours.get(symbol, _ZERO))
        if held // 1 > self._covered(symbol):
            self._bare.setdefault(symbol, (scene.calm_s, scene.open_s))
        else:
            self._bare.pop(symbol, None)

    def rest(self) -> None:
        """Nothing is bare at the end."""
        for symbol in self._bare:
            raise self.broken(f"{symbol} is left bare at the end")

    def _covered(self, symbol: str) -> Decimal:
        resting = self.scene.venue.open_orders(symbol)
        return sum((one.left for one in resting if _covers(one)), _ZERO)


def _covers(order: Resting) -> bool:
    if order.laid.side > 0:
        return False
    is_exit = order.name is not None and order.name.role in "XM"
    return order.is_stop or order.laid.kind == "market" or is_exit


class NothingLeftBehind(Invariant):
    """No stop, target or exit outlives its position for long."""

    name = "nothing-left-behind"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._since: dict[str, float] = {}

    def hear(self, fact: Fact) -> None:
        """Count how long an order has had nothing to sell."""
        scene = self.scene
        for venue_id, calm in list(self._since.items()):
            if not self._is_left(scene.venue.orders[venue_id]):
                del self._since[venue_id]
            elif scene.calm_s - calm > scene.terms.exposure_s:
                raise self.broken(
                    f"{scene.venue.orders[venue_id].laid.client_id} sells what is not held"
                )
        if isinstance(fact, Laid | Filled | Ended | Restated):
            for one in scene.venue.open_orders():
                if self._is_left(one):
                    self._since.setdefault(one.laid.venue_id, scene.calm_s)

    def rest(self) -> None:
        """Nothing is left at the end."""
        for one in self.scene.venue.open_orders():
            if self._is_left(one):
                raise self.broken(f"{one.laid.client_id} is left at the end")

    def _is_left(self, one: Resting) -> bool:
        is_ours = one.name is not None or one.laid.parent != ""
        held = self.scene.venue.held(one.laid.symbol)
        return one.is_open and is_ours and one.laid.side < 0 and held < one.left

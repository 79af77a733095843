"""The exchange in process: takes a trader's commands and fills them from closed bars.

What a bar fills is told one fill at a time, so that a stop laid because of one fill is live before
the next is looked for. `docs/engine.md` section 3 says what fills, and at what price.
"""

from collections.abc import Iterable, Iterator, Sequence

from greenlight.domain import (
    BarsClosed,
    CancelOrder,
    Command,
    Happened,
    OrderEnded,
    OrderFilled,
    OrderId,
    OrderUpdate,
    PlaceOrder,
    Reason,
    ReplaceOrder,
    Role,
    SessionBegan,
    Side,
)
from greenlight.engine import Ended, Matcher, Rules


class SimulatedExchange:
    """An account with `cash` at an exchange that charges the costs of `rules` and gives no more.

    widths: how many symbols each block has, in the order of the specs.
    """

    def __init__(self, rules: Rules, cash: float, widths: Sequence[int]) -> None:
        self._matcher = Matcher(rules, cash, widths)

    @property
    def cash(self) -> float:
        """Cash of the account, for comparing with the trader's."""
        return self._matcher.cash

    def begin(self, event: SessionBegan | Happened) -> None:
        """Pay interest and borrow, apply an action: the account's side of the event."""
        self._matcher.begin(event)

    def take(self, commands: Iterable[Command]) -> None:
        """Carry out orders; a command that is none is not for an exchange."""
        for command in commands:
            match command:
                case PlaceOrder():
                    self._matcher.place(command)
                case ReplaceOrder():
                    self._matcher.replace(command)
                case CancelOrder():
                    self._matcher.cancel(command)

    def trade(self, bar: BarsClosed) -> Iterator[OrderUpdate]:
        """What the bar does to the orders, in the order of it, before the bar is told to a trader.

        Commands taken between two updates are in force for the next.
        """
        for event in self._matcher.match(bar):
            role = Role.ENTRY if isinstance(event, Ended) else Role(event.role)
            order = OrderId(event.symbol, event.intent, role, event.attempt)
            if isinstance(event, Ended):
                yield OrderEnded(bar.time, order, Reason(event.reason))
            else:
                numbers = (event.quantity, event.price, event.reference, event.fee)
                yield OrderFilled(bar.time, order, Side(int(event.side)), *numbers)

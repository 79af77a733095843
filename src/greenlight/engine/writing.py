"""Writing down: one row a fill, decision, cash flow or adjustment. Room is made before each bar."""

from greenlight.engine.compiled import verb
from greenlight.engine.state import ADJUSTMENTS, CASH, DECISIONS, FLOWS, State
from greenlight.engine.tape import Moment


@verb
def write_decision(
    state: State,
    now: Moment,
    i: int,
    intent: int,
    what: tuple[int, int, int],
    numbers: tuple[float, float, float],
) -> None:
    """Log (side, action, reason) and (score, quantity, price) about symbol i."""
    count = state.book.counts
    d = state.logs.decisions[count[DECISIONS]]
    count[DECISIONS] += 1
    d["ts"] = now.close_ts
    d["intent"] = intent
    d["quantity"] = numbers[1]
    d["price"] = numbers[2]
    d["row"] = now.row
    d["symbol"] = i
    d["score"] = numbers[0]
    d["reason"] = what[2]
    d["side"] = what[0]
    d["action"] = what[1]
    d["calibrated"] = 0


@verb
def move_cash(state: State, now: Moment, i: int, kind: int, amount: float) -> None:
    """Change cash other than by a fill, and log why; symbol -1 is the account."""
    if amount == 0.0:
        return
    state.book.money[CASH] += amount
    count = state.book.counts
    f = state.logs.flows[count[FLOWS]]
    count[FLOWS] += 1
    f["row"] = now.row
    f["ts"] = now.open_ts
    f["symbol"] = i
    f["kind"] = kind
    f["amount"] = amount


@verb
def write_adjustment(
    state: State, now: Moment, i: int, kind: int, quantities: tuple[float, float]
) -> None:
    """Log that a position changed (before, after) other than by a fill."""
    count = state.book.counts
    a = state.logs.adjustments[count[ADJUSTMENTS]]
    count[ADJUSTMENTS] += 1
    a["row"] = now.row
    a["ts"] = now.open_ts
    a["symbol"] = i
    a["kind"] = kind
    a["before"] = quantities[0]
    a["after"] = quantities[1]

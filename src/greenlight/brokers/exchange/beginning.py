"""When the exchange begins: a stored day or time, or stored days told as if they were today's."""

from datetime import date

from greenlight.brokers.exchange.hours import NS_DAY, hours
from greenlight.brokers.exchange.names import moment, nanoseconds
from greenlight.brokers.exchange.shifting import shifted
from greenlight.domain import UserError
from greenlight.market import History

_DAYS_LEFT = 90  # of stored bars still to come where no beginning is given


def begin_at(history: History, text: str | None) -> int:
    """The time `text` names, ns UTC; a day is the open of its session, None the first bar.

    Raises UserError where it is no time, or has no bars.
    """
    first, last = _reach(history)
    if text is None:
        return first
    try:
        ts = nanoseconds(text)
    except ValueError:
        raise UserError(f"--start {text} is neither a day nor a time, e.g. 2020-03-02") from None
    if len(text) == len(date.min.isoformat()):
        session = hours("XNYS").coming(ts)
        ts = session.open_ts if session.day == ts // NS_DAY else ts
    if not first <= ts < last:
        days = " to ".join(moment(end).date().isoformat() for end in (first, last))
        raise UserError(f"--start {text} lies outside the stored bars, {days}")
    return ts


def told_until_today(history: History, text: str | None, now: int) -> tuple[History, int]:
    """The history with its session at `text` moved onto the last one before `now`; and its open.

    None: a session that leaves some months of bars to come. Raises UserError as `begin_at`.
    """
    first, last = _reach(history)
    chosen = max(first, last - _DAYS_LEFT * NS_DAY) if text is None else begin_at(history, text)
    market = hours("XNYS")
    onto = market.last(now)
    day = market.last((chosen // NS_DAY + 1) * NS_DAY - 1).day
    return shifted(history, day, onto.day), onto.open_ts


def _reach(history: History) -> tuple[int, int]:
    """When the first bar opens and the last one closes."""
    first = min(int(block.open_ts[0]) for block in history.blocks)
    return first, max(int(block.close_ts[-1]) for block in history.blocks)

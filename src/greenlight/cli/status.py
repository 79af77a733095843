"""greenlight status: what the bot holds and does, read from the ledger, whether it lives or not."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import RenderableType
from rich.text import Text

from greenlight.cli.asking import LEDGER_OPTION, mailbox_of, resolved
from greenlight.cli.config import CONFIG_OPTION, JSON_OPTION, SET_OPTION
from greenlight.cli.output import clock, emit, money, percent, table

if TYPE_CHECKING:  # they bring the database, which `--help` can do without
    from greenlight.control import PositionLine, Status
    from greenlight.ledger import OrderRow
    from greenlight.live import KillMark

_SHOWN = 12


@click.command()
@click.argument("run", required=False)
@LEDGER_OPTION
@CONFIG_OPTION
@SET_OPTION
@JSON_OPTION
def status(
    run: str | None,
    ledger_url: str | None,
    config_file: Path | None,
    assignments: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Show what RUN (default: the latest) holds, wants and decided; the bot may be dead or alive.

    Example: greenlight status
    """
    from greenlight.control import status_of, why_no_trade
    from greenlight.wiring import read_ledger, wall

    config = resolved(config_file, assignments, ledger_url)
    mark = mailbox_of(config).mark()
    with read_ledger(config) as ledger:
        found = status_of(ledger, wall(), run)
    why = why_no_trade(found)
    emit(_plain(found, mark, why), *_told(found, mark, why), as_json=as_json)


def _plain(found: "Status", mark: "KillMark | None", why: str) -> dict[str, object]:
    names = found.__dataclass_fields__
    return {
        **{name: getattr(found, name) for name in names},
        "covered_share": found.protection.share,
        "kill_file": mark,
        "why_no_trade": why or None,
    }


def _told(found: "Status", mark: "KillMark | None", why: str) -> Iterator[RenderableType]:
    yield from _heading(found, mark)
    yield ""
    yield from _holdings(found)
    yield from _waiting(found)
    yield ""
    yield from _today(found, why)
    yield ""
    yield from _health(found)


def _heading(found: "Status", mark: "KillMark | None") -> Iterator[RenderableType]:
    mode = f"{found.mode}, replayed time" if found.is_replayed else found.mode
    yield Text(f"Run {found.run}: {found.state} ({mode})", style="bold")
    yield f"Account {found.account} at {found.broker}; clock of the run {clock(found.ts)}"
    if found.holder is not None:
        silent = f"last heard of {found.holder.silent_s:.0f} s ago"
        yield f"Held by {found.holder.name} (lease {found.holder.fence}), {silent}"
    if found.beat_age_s is not None:
        yield f"Last beat {_age(found.beat_age_s)} ago"
    yield f"Equity {money(found.equity)}, cash {money(found.cash)}"
    if mark is not None:
        ended = f", {mark.text}" if mark.text else ""
        yield Text(f"KILL SWITCH pulled by {mark.by} ({mark.state}{ended})", style="bold red")
    elif found.is_killed:
        yield Text("KILLED: nothing but reducing orders until greenlight resume", style="bold red")
    elif found.is_halted:
        yield Text("Entries are HALTED until greenlight resume", style="bold red")
    if (found.is_halted or found.is_killed) and found.halts:
        last = found.halts[-1]
        yield Text(f"  {last.what} by {last.by} on {clock(last.ts)}: {last.why}", style="red")


def _holdings(found: "Status") -> Iterator[RenderableType]:
    from greenlight.control import is_emptied

    if not found.positions:
        yield "No position."
    else:
        if is_emptied(found):
            yield "The kill emptied the account; the book below hears of it when a bot starts."
        rows = [_position(one) for one in found.positions]
        columns = ["position", ">quantity", ">average", "since", "stop resting at the broker"]
        yield table(None, columns, rows)
    stops = {one.client_id for line in found.positions for one in line.stops}
    others = [one for one in found.orders if one.client_id not in stops]
    if others:
        rows = [_order(one) for one in others[:_SHOWN]]
        yield table(None, ["order", "what", ">filled", "state", "name"], rows)
        if len(others) > _SHOWN:
            yield f"... and {len(others) - _SHOWN} more orders; --json shows all."


def _position(line: "PositionLine") -> tuple[str, ...]:
    stops = ", ".join(
        f"{_number(one.quantity - one.filled)} at {_level(one)}" for one in line.stops
    )
    if not stops:
        stops = "NONE"
    elif not line.is_protected:
        stops += " (NOT ALL OF IT)"
    since = clock(line.opened_ts)
    return (line.instrument, _number(line.quantity), _number(line.average), since, stops)


def _level(order: "OrderRow") -> str:
    level = order.stop_price if order.stop_price is not None else order.price
    return "?" if level is None else _number(level)


def _order(order: "OrderRow") -> tuple[str, ...]:
    at = "" if order.price is None else f" at {_number(order.price)}"
    what = f"{order.side} {_number(order.quantity)} {order.kind.replace('_', '-')}{at}"
    return (order.instrument, what, _number(order.filled), order.state, order.client_id)


def _waiting(found: "Status") -> Iterator[RenderableType]:
    if not found.approvals:
        return
    rows = [
        (one.id, f"{one.side} {one.quantity:g} at {one.price:g}", clock(one.expires_ts))
        for one in found.approvals
    ]
    yield table("Waiting for you (greenlight approve | reject ID)", ["id", "what", "until"], rows)


def _today(found: "Status", why: str) -> Iterator[RenderableType]:
    refused = sum(found.refusals_today.values())
    yield (
        f"On {found.today}: {found.bars_today} bar times, {found.entries_today} entries, "
        f"{found.fills_today} fills, {refused} refused"
    )
    if why:
        yield f"Why no trade: {why}"
    if found.refusals_today:
        words = ", ".join(f"{name} {count}" for name, count in found.refusals_today.items())
        yield f"Refused by: {words}"
    if found.decisions:
        rows = [
            (clock(one.ts), one.instrument, one.action, one.reason, f"{one.quantity:g}")
            for one in found.decisions[-5:]
        ]
        yield table("Last decisions", ["bar's close", "what", "action", "reason", ">units"], rows)


def _health(found: "Status") -> Iterator[RenderableType]:
    feeds = ", ".join(f"{name} {state}" for name, state in found.feeds.items())
    yield f"Feeds: {feeds or 'no word of trouble'}"
    if found.latency is not None:
        late = found.latency
        order = "" if late.to_order_s is None else f"; to the next request {late.to_order_s:.3f} s"
        yield (
            f"Latency, close to decision: last {late.last_s:.3f} s, median {late.median_s:.3f} s, "
            f"worst {late.worst_s:.3f} s of {late.bars} bars{order}"
        )
    if found.lags:
        lags = ", ".join(f"{name} {seconds:.3f} s" for name, seconds in found.lags.items())
        yield f"Lags at the last beat: {lags}"
    share, protection = found.protection.share, found.protection
    if share is None:
        yield "Coverage: nothing measured yet"
    else:
        yield (
            f"Coverage: a stop rested {percent(share)} of the time in which one could; longest "
            f"without {protection.longest_s:.1f} s; could not rest for "
            f"{_age(protection.uncoverable_s)}"
        )


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _age(seconds: float) -> str:
    for size, unit in ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"

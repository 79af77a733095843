"""Bots with one thing wrong each, patched in from outside, and the weather they fail in."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from greenlight.brokers.alpaca import AlpacaBroker
from greenlight.brokers.exchange import Venue
from greenlight.domain import LeaseError, Role
from greenlight.engine import Limits
from greenlight.ledger import Outcome
from greenlight.live import recovery
from greenlight.live.accounting import Count
from greenlight.live.desk import Desk
from greenlight.live.executor import Executor
from greenlight.live.flattening import Sight
from greenlight.live.hearing import Hearing
from greenlight.live.planning import Cancel, Submit, Wait
from greenlight.live.reconciliation import Reconciler
from greenlight.live.runner import Runner
from greenlight.live.sending import Reply, Sender

Patch = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Mutant:
    """What is wrong, which invariant says so, and in which scenarios it is sought."""

    name: str
    patch: Patch
    caught_by: set[str]
    sought_in: tuple[str, ...]


def _change_steps(patch: pytest.MonkeyPatch, change) -> None:
    plan = Desk.plan
    patch.setattr(Desk, "plan", lambda desk, symbol: change(desk, symbol, plan(desk, symbol)))


def _protects(step) -> bool:
    is_laid = isinstance(step, Submit) and step.ticket.order is not None
    return is_laid and step.ticket.order.role in (Role.STOP, Role.TRAIL, Role.TARGET)


def skip_the_stop(patch):
    _change_steps(patch, lambda _desk, _symbol, step: Wait() if _protects(step) else step)


def lay_a_smaller_stop(patch):
    def change(_desk, _symbol, step):
        if not _protects(step) or step.ticket.quantity <= 1:
            return step
        return Submit(replace(step.ticket, quantity=step.ticket.quantity - 1))

    _change_steps(patch, change)


def forget_to_cancel_entries(patch):
    def change(_desk, _symbol, step):
        is_entry = isinstance(step, Cancel) and step.working.order.role is Role.ENTRY
        return Wait() if is_entry else step

    _change_steps(patch, change)


def keep_a_stop_when_flat(patch):
    """Lay it anew when nothing is held, and leave it there."""
    laid = {}

    def change(desk, symbol, step):
        if _protects(step) and step.ticket.order.role is Role.STOP:
            laid[symbol] = step
        stop = desk.newest(symbol, Role.STOP)
        if symbol not in laid or float(desk.want(symbol).room) != 0.0:
            return step
        return Wait() if stop is not None and stop.is_open else laid[symbol]

    _change_steps(patch, change)
    patch.setattr(Desk, "objection", lambda *_: None)


def send_again_after_silence(patch):
    ask = Sender._ask_broker

    async def asked(self, request):
        reply = await ask(self, request)
        if reply.outcome is Outcome.UNKNOWN and request.ticket is not None:
            return await ask(self, request)
        return reply

    patch.setattr(Sender, "_ask_broker", asked)


def take_silence_for_failure(patch):
    ask = Sender._ask_broker

    async def asked(self, request):
        reply = await ask(self, request)
        return Reply(Outcome.FAILED) if reply.outcome is Outcome.UNKNOWN else reply

    patch.setattr(Sender, "_ask_broker", asked)


def send_before_it_is_written(patch):
    async def only_ask(self):
        if not await self._bench.journal.holds():
            raise LeaseError("lost")

    patch.setattr(Sender, "make_safe", only_ask)


def never_ask_for_the_lease(patch):
    async def only_write(self):
        await self._bench.journal.durable()

    patch.setattr(Sender, "make_safe", only_write)


def lose_a_fill(patch):
    book = Hearing._book

    def booked(self, working, leg, report):
        if working.order.role is not Role.ENTRY:
            count = working.count if leg is None else leg.count
            gain = count.gain(report)
            if gain is not None:
                count.book(gain)
            return False
        return book(self, working, leg, report)

    patch.setattr(Hearing, "_book", booked)


def count_fills_twice(patch):
    patch.setattr(Count, "book", lambda *_: None)


def ignore_halts(patch):
    patch.setattr(Runner, "put", _put_all_but_switches(Runner.put))
    patch.setattr(Executor, "permit", lambda *_: None)


def _put_all_but_switches(put):
    def told(self, event, *rest, **more):
        if type(event).__name__ != "Switched":
            put(self, event, *rest, **more)

    return told


def ignore_the_gates(patch):
    read = recovery.read_rules

    def loose(written):
        rules = read(written)
        wide = Limits(**{**rules.limits._asdict(), "position": 1.0, "deployed": 5.0, "sector": 5.0})
        return rules._replace(limits=wide._replace(sizing_value=0.2))

    patch.setattr(recovery, "read_rules", loose)


def adopt_everything(patch):
    patch.setattr(Reconciler, "_tolerance", lambda *_: Decimal("Infinity"))


def die_of_a_bug(patch):
    def drained(_self):
        raise ZeroDivisionError

    patch.setattr(Runner, "drain", drained)


def lose_cash_at_the_venue(patch):
    take = Venue.take

    def taken(self, request):
        self.account.cash -= Decimal(1)
        return take(self, request)

    patch.setattr(Venue, "take", taken)


def say_flat_without_looking(patch):
    patch.setattr(Sight, "is_flat", property(lambda _sight: True))


def exit_twice(patch):
    """What an exit sold is forgotten, so that it is sold again."""
    submit = AlpacaBroker.submit

    async def submitted(self, ticket):
        order = await submit(self, ticket)
        if ticket.order is not None and ticket.order.role is Role.EXIT:
            again = replace(ticket, client_id=ticket.client_id + "0")
            await submit(self, again)
        return order

    patch.setattr(AlpacaBroker, "submit", submitted)


_PLAIN = ("no stop is left behind after an exit",)
_SILENCE = (
    "accepted, then timed out, and the stream is cut",
    "accepted, then timed out",
    "accepted, then answered 504",
    "timed out before it arrived",
)

MUTANTS = (
    Mutant("skips the stop", skip_the_stop, {"stop-rests"}, _PLAIN),
    Mutant("lays a stop for less than is held", lay_a_smaller_stop, {"stop-rests"}, _PLAIN),
    Mutant(
        "forgets to cancel an entry",
        forget_to_cancel_entries,
        {"only-reducing"},
        ("halted while an entry rests",),
    ),
    Mutant("keeps a stop when flat", keep_a_stop_when_flat, {"nothing-left-behind"}, _PLAIN),
    Mutant(
        "sends again what was not answered", send_again_after_silence, {"journal-first"}, _SILENCE
    ),
    Mutant(
        "takes silence for failure",
        take_silence_for_failure,
        {"one-order-per-intent", "never-more-than-wanted"},
        _SILENCE,
    ),
    Mutant("sends before it is written", send_before_it_is_written, {"journal-first"}, _PLAIN),
    Mutant("never asks for the lease", never_ask_for_the_lease, {"stale-bot-silent"}, _PLAIN),
    Mutant(
        "loses a fill", lose_a_fill, {"booked-once", "never-oversold"}, ("the stop fills", *_PLAIN)
    ),
    Mutant(
        "counts a fill twice",
        count_fills_twice,
        {"booked-once"},
        ("reports that come twice", *_PLAIN),
    ),
    Mutant("ignores a halt", ignore_halts, {"only-reducing"}, ("halted before the entry",)),
    Mutant("ignores the gates", ignore_the_gates, {"gates-hold"}, _PLAIN),
    Mutant(
        "adopts every difference",
        adopt_everything,
        {"drift-answered"},
        ("cash comes that nothing explains",),
    ),
    Mutant("dies of a bug", die_of_a_bug, {"bot-lives"}, _PLAIN),
    Mutant(
        "says flat without looking",
        say_flat_without_looking,
        {"kill-empties", "bot-lives"},
        ("killed after the close", "killed while the venue cannot be reached"),
    ),
    Mutant("exits twice", exit_twice, {"journal-first", "never-oversold"}, _PLAIN),
)

VENUE_MUTANTS = (Mutant("loses cash", lose_cash_at_the_venue, {"cash-conserved"}, _PLAIN),)

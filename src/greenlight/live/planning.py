"""The next step for one symbol: what is wanted against what rests. Pure; it asks nobody.

Level-triggered: it looks at how things are, never at how they came to be so, and takes one step;
asked again after each, it ends where nothing is left to do. Its order of thought:

1. whatever nobody knows is asked for, and so is what has had no word for too long;
2. what should rest is derived from the slots (`aiming`);
3. what should not rest is cancelled, what differs is changed;
4. what is missing is laid, never more units than there is room for, never against an order of the
   other side where the venue would call that a wash trade.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from greenlight.domain import OrderId, OrderKind, OrderState, Reason, Role, Ticket
from greenlight.live.aiming import aims
from greenlight.live.entering import Over, entry_aim
from greenlight.live.settings import OrderSettings
from greenlight.live.situation import NS as _NS
from greenlight.live.situation import Situation
from greenlight.live.wanting import NOTHING
from greenlight.live.working import Working

_WATCHED = (Role.ENTRY, Role.EXIT, Role.TARGET)  # these should fill soon: word is asked for


@dataclass(frozen=True, slots=True)
class Submit:
    """Lay an order; the ticket has no name yet."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Replace:
    """Change one that rests."""

    working: Working
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take one back."""

    working: Working


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the venue about one."""

    working: Working


@dataclass(frozen=True, slots=True)
class Look:
    """Ask the venue what is held."""


@dataclass(frozen=True, slots=True)
class End:
    """Tell the trader that what is left of an ENTRY will not come."""

    order: OrderId
    reason: Reason


@dataclass(frozen=True, slots=True)
class Leave:
    """Tell the trader that the position cannot be protected where it is."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be done before `until_ts`, or before something is heard; None: only then."""

    until_ts: int | None = None


Step = Submit | Replace | Cancel | Ask | Look | End | Leave | Wait


def next_step(s: Situation, settings: OrderSettings) -> Step:
    """What to do now for the symbol of situation `s`."""
    tickets = [one for one in s.tickets if one.is_open]
    waits: list[int] = []
    asked = _asking(s, tickets, settings, waits)
    if asked is not None:
        return asked
    if s.check is not None and s.wants.room > NOTHING:
        if s.check.due_ts <= s.now:
            return Look()
        waits.append(s.check.due_ts)
    if _is_passed(s, settings, waits):
        return Leave(Reason.STOP if any(t.family is Role.STOP for t in tickets) else Reason.WATCH)
    entry = entry_aim(s, settings, waits)
    if isinstance(entry, Over) and not any(t.order.role is Role.ENTRY for t in tickets):
        return End(entry.order, entry.reason)
    wanted = aims(s, settings, entry if isinstance(entry, Ticket) else None, waits)
    pairs, extra = _match(tickets, wanted)
    changed = _change(s, pairs, extra, waits)
    if changed is not None:
        return changed
    missing = [aim for aim, ticket in pairs if ticket is None]
    for aim in missing:
        if _may_lay(s, aim, tickets, waits):
            is_exit = _family(aim) is Role.EXIT
            is_seen = s.now - s.seen_ts <= int(settings.confirm_s * _NS)
            return Look() if is_exit and not is_seen else Submit(aim)
    return Wait(min(waits, default=None))


def _asking(
    s: Situation, tickets: Iterable[Working], settings: OrderSettings, waits: list[int]
) -> Ask | Wait | None:
    """Ask about what is unknown before anything else; chase what has had no word."""
    for one in tickets:
        if one.is_unsure or one.open_act is not None:
            return Ask(one) if one.ask_ts <= s.now else Wait(one.ask_ts)
    for one in tickets:
        queued = one.state is OrderState.PENDING and not s.is_open
        if one.cancel_ts is None and (one.family not in _WATCHED or queued):
            continue
        if one.ticket.stop is not None and one.cancel_ts is None:
            continue  # a pair rests like a stop
        due = max(one.heard_ts + int(settings.confirm_s * _NS), one.ask_ts)
        if due <= s.now:
            return Ask(one)
        waits.append(due)
    return None


def _is_passed(s: Situation, settings: OrderSettings, waits: list[int]) -> bool:
    """Whether quotes have been through the stop's level for too long, and no exit is wanted yet."""
    if s.passed_ts is None or Role.EXIT in s.wants.slots or s.room == NOTHING:
        return False
    due = s.passed_ts
    if any(one.is_open and one.family is Role.STOP for one in s.tickets):
        due += int(settings.confirm_s * _NS)
    if s.left_ts is not None:
        due = max(due, s.left_ts + int(settings.longest_wait_s * _NS))
    if due <= s.now:
        return True
    waits.append(due)
    return False


def _match(
    tickets: Iterable[Working], wanted: Iterable[Ticket]
) -> tuple[list[tuple[Ticket, Working | None]], list[Working]]:
    """Each aim with the ticket that stands for it, and the tickets that stand for none."""
    left = list(tickets)
    pairs: list[tuple[Ticket, Working | None]] = []
    for aim in wanted:
        found = [t for t in left if t.family is _family(aim) and _intent(aim) == t.order.intent]
        best = max(found, key=lambda t: t.sent_ts, default=None)
        if best is not None:
            left.remove(best)
        pairs.append((aim, best))
    return pairs, left


def _change(
    s: Situation,
    pairs: Iterable[tuple[Ticket, Working | None]],
    extra: Iterable[Working],
    waits: list[int],
) -> Cancel | Replace | None:
    """Take back what stands for nothing, shrink before growing."""
    for one in extra:
        if one.cancel_ts is None and not _is_early(s, one, waits):
            return Cancel(one)
    changes = []
    for aim, found in pairs:
        if found is None or found.cancel_ts is not None or is_met(aim, found):
            continue
        if _is_early(s, found, waits):
            continue
        changes.append((aim.quantity - found.leaves, aim, found))
    for growth, aim, changed in sorted(changes, key=lambda change: change[0]):
        if not _can_replace(s, aim, changed):
            return Cancel(changed)
        if growth <= NOTHING or growth <= _free(s, aim, s.tickets):
            return Replace(changed, aim)
    return None


def _is_early(s: Situation, one: Working, waits: list[int]) -> bool:
    """Whether the last try with a ticket failed a moment ago."""
    if one.not_before_ts <= s.now:
        return False
    waits.append(one.not_before_ts)
    return True


def is_met(aim: Ticket, one: Working) -> bool:
    """Whether a ticket is as it should be, or filling and therefore best left alone."""
    has = one.ticket
    if has.kind is OrderKind.MARKET and aim.kind is OrderKind.MARKET:
        return has.side is aim.side and one.leaves <= aim.quantity
    if one.family is Role.STOP and one.filled > NOTHING:
        return has.side is aim.side and one.leaves == aim.quantity  # it was triggered
    return (
        (has.side, has.kind, has.price, has.limit) == (aim.side, aim.kind, aim.price, aim.limit)
        and (has.stop, has.stop_limit) == (aim.stop, aim.stop_limit)
        and one.leaves == aim.quantity
    )


def _can_replace(s: Situation, aim: Ticket, one: Working) -> bool:
    has = one.ticket
    return (
        s.capabilities.replaces
        and not one.is_fixed
        and one.filled == NOTHING
        and (has.side, has.kind, has.span) == (aim.side, aim.kind, aim.span)
        and has.stop is None
        and aim.stop is None
        and (s.is_open or s.capabilities.queues)
    )


def _may_lay(s: Situation, aim: Ticket, tickets: Iterable[Working], waits: list[int]) -> bool:
    """Whether an order may be laid now; `waits` is told when it may, where that is known."""
    held_back = s.holds.get(_family(aim), 0)
    if held_back > s.now:
        waits.append(held_back)
        return False
    if not (s.is_open or s.capabilities.queues):
        waits.append(s.opens_ts)
        return False
    if not s.capabilities.opposes and any(one.ticket.side is not aim.side for one in tickets):
        return False
    if _family(aim) is Role.ENTRY:
        return not any(one.order.role is Role.ENTRY for one in tickets)
    return aim.quantity <= _free(s, aim, tickets)


def _free(s: Situation, aim: Ticket, tickets: Iterable[Working]) -> Decimal:
    """Units not promised to another order; unless they are reserved, stop and target share."""
    family = _family(aim)
    if family is Role.ENTRY:
        return s.wants.leaves(Role.ENTRY)
    promised = dict.fromkeys((Role.EXIT, Role.STOP, Role.TARGET), NOTHING)
    for one in tickets:
        if one.family in promised:
            promised[one.family] += one.leaves
    if s.capabilities.reserves:
        return s.room - sum(promised.values(), start=NOTHING)
    shared = max(promised[Role.STOP], promised[Role.TARGET])
    own = shared if family is Role.EXIT else promised[family]
    return s.room - promised[Role.EXIT] - own


def _family(aim: Ticket) -> Role:
    role = Role.MANUAL if aim.order is None else aim.order.role
    return Role.STOP if role is Role.TRAIL else role


def _intent(aim: Ticket) -> int:
    return 0 if aim.order is None else aim.order.intent
